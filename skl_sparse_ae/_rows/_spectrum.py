"""Spectrum of the covariance of rows, dense or sparse."""

from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.special import entr

from .._arrays._sparse_products import less_offsets
from ._moments import mean_and_variance, shares


class Scatter(NamedTuple):
    """The covariance of rows, or a smaller matrix with the same eigenvalues above zero.

    With fewer rows than columns these are the weighted scalar products of centred rows.

    Attributes
    ----------
    matrix : ndarray of shape (n, n)
        n is the smaller of the numbers of rows and of columns.
    own : ndarray of shape (n_samples,)
        What each row adds to the trace of the matrix.
    share : ndarray of shape (n_samples,)
        Weights of the rows; their sum is one.
    total : float
        Sum of the variances of the columns that are not constant.
    """

    matrix: np.ndarray
    own: np.ndarray
    share: np.ndarray
    total: float


class Spectrum:
    """Spectrum of the covariance of a sample of rows; computed when it is needed.

    The cost grows with the cube of the number of rows or columns, whichever is smaller.

    Parameters
    ----------
    X : ndarray or CSR array of shape (n_samples, n_features)
    sample_weight : ndarray of shape (n_samples,), default=None
    fraction : float, default=1.0
        The part of all rows that are in X.

    Attributes
    ----------
    X, sample_weight, fraction
        The parameters.
    """

    def __init__(self, X, sample_weight=None, fraction=1.0):
        self.X, self.sample_weight, self.fraction = X, sample_weight, fraction

    @cached_property
    def principal_variance(self):
        """Mean variance along the principal directions, weighted by variance.

        This is ``tr(C^2) / tr(C)`` with the covariance C of all rows. For uncorrelated
        columns of equal variance it is that variance, if there are many more rows than
        columns; for correlated columns it is larger, up to the sum of their variances.
        Constant columns do not make it smaller. Zero if all columns are constant.

        With the scalar products ``g_ij`` of centred rows, ``tr(C^2) = sum_ij p_i p_j
        g_ij^2``; in a sample, the terms with i = j are too large a part of this sum.
        """
        matrix, own, share, total = self._scatter
        if total == 0:
            return 0.0
        # Divided by the total first, since squares could overflow or underflow.
        own = float(np.sum((own / total) ** 2))
        others = float(np.sum((matrix / total) ** 2)) - own
        others /= float(share @ (1 - share))
        of_others = 1 - self.fraction * float(share @ share)
        return total * (self.fraction * own + of_others * others)

    def effective_rank(self, least=1):
        """Return the number of directions among which the variance of rows is spread.

        The effective rank [1]_ of the covariance: the exponential of the entropy of its
        eigenvalues over their sum. It is the number of directions if the variances
        along these are equal, and otherwise between one and that number. It is less
        than the number of rows: a sample has a smaller one than all rows.

        Parameters
        ----------
        least : int, default=1
            Returned where the rank is smaller, or undefined as all columns are
            constant.

        Returns
        -------
        rank : float

        References
        ----------
        .. [1] O. Roy, M. Vetterli, "The effective rank: a measure of effective
           dimensionality", EUSIPCO 2007.
        """
        if least >= min(self.X.shape) or self._scatter.total == 0:
            return float(least)
        variances = np.maximum(self._variances / self._scatter.total, 0)
        rank = np.exp(entr(variances / variances.sum()).sum())
        return max(float(rank), float(least))

    def n_directions(self, least):
        """Return the number of principal directions along which rows vary.

        A sample has no more directions than rows. The part of them along which it
        varies is taken for that of all rows.

        Parameters
        ----------
        least : float
            Only directions of a larger variance count.

        Returns
        -------
        n_directions : float
        """
        n_rows, n_features = self.X.shape
        found = np.count_nonzero(self._variances > least)
        return found * min(n_rows / self.fraction, n_features) / min(n_rows, n_features)

    def principal_directions(self, least=0.0, n_max=None):
        """Return the principal directions along which rows vary most.

        Parameters
        ----------
        least : float, default=0.0
            Only directions of a larger variance are returned.
        n_max : int, default=None
            Maximum number of directions. None stands for no maximum.

        Returns
        -------
        directions : ndarray of shape (n_features, n_directions)
            Orthonormal columns, in float64; with fewer rows than columns, those of
            small variances are orthogonal up to rounding over these variances.
        variances : ndarray of shape (n_directions,)
        """
        variances, vectors = _largest(*self._decomposition, least, n_max)
        if self.X.shape[1] <= self.X.shape[0]:
            return vectors, variances
        X, mean, _ = _prepared(self.X, self.sample_weight)
        vectors = np.sqrt(self._scatter.share)[:, np.newaxis] * vectors
        directions = X.T @ vectors - np.outer(mean, vectors.sum(axis=0))
        return directions / np.sqrt(variances), variances

    @cached_property
    def _scatter(self):
        X, mean, total = _prepared(self.X, self.sample_weight)
        share = shares(X, self.sample_weight)
        root = np.sqrt(share)[:, np.newaxis]
        if X.shape[1] > X.shape[0]:
            matrix = root * _centred_products(X, mean) * root.T
            return Scatter(matrix, np.diag(matrix), share, total)
        centred = root * (X.toarray() - mean if sparse.issparse(X) else X - mean)
        own = np.einsum("ij,ij->i", centred, centred)
        return Scatter(centred.T @ centred, own, share, total)

    @cached_property
    def _decomposition(self):
        return np.linalg.eigh(self._scatter.matrix)

    @cached_property
    def _variances(self):
        # Of all rows the directions are wanted, too; values alone take half the time.
        if self.fraction == 1:
            return self._decomposition[0]
        return np.linalg.eigvalsh(self._scatter.matrix)


def _largest(values, vectors, least, n_max):
    """Return eigenvalues above `least`, `n_max` at most, and their eigenvectors."""
    start = np.searchsorted(values, least, side="right")
    if n_max is not None:
        start = max(start, len(values) - n_max)
    return values[start:], vectors[:, start:]


def _prepared(X, sample_weight):
    """Return rows as float64 with a small mean, this mean, and the total variance.

    The mean is zero for an array; CSR keeps that of the columns with zeros.
    """
    X = X.astype(np.float64)
    mean, total = mean_and_variance(X, sample_weight)
    if not sparse.issparse(X):
        return X - mean, np.zeros_like(mean), total
    X, offsets = less_offsets(X)
    return X, mean if offsets is None else mean - offsets, total


def _centred_products(X, mean):
    """Return the scalar products of the rows minus their mean."""
    if sparse.issparse(X):
        along = X @ mean
        return (X @ X.T).toarray() + (mean @ mean - along - along[:, np.newaxis])
    centred = X - mean
    return centred @ centred.T
