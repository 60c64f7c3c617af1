"""Spectrum of the covariance of rows, dense or sparse."""

from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.special import entr

from .._arrays._sparse_products import less_offsets
from ._moments import mean_and_variance, shares

# Relative difference of variances below which they count as equal.
ROUNDING = 1e-9


class SampledSpectrum:
    """Figures of the spectrum of rows, from a sample of them; computed when needed.

    Parameters
    ----------
    rows : Rows
    size : int
        Maximum number of rows in the sample.
    """

    def __init__(self, rows, size):
        self._rows, self._size = rows, size

    @cached_property
    def _sample(self):
        return self._rows.sample(self._size)

    @cached_property
    def principal_variance(self):
        """As `principal_variance` estimates it."""
        return principal_variance(*self._sample)

    def effective_rank(self, least):
        """As `effective_rank` estimates it, or `least` if that is larger.

        Parameters
        ----------
        least : int

        Returns
        -------
        rank : float
        """
        X, sample_weight, _ = self._sample
        if least >= min(X.shape):  # which is not smaller than the rank
            return float(least)
        return max(effective_rank(X, sample_weight), float(least))


def principal_variance(X, sample_weight=None, fraction=1.0):
    """Return the mean variance along the principal directions, weighted by variance.

    This is ``tr(C^2) / tr(C)`` with the covariance C. For uncorrelated columns of equal
    variance it is that variance, if there are many more rows than columns; for
    correlated columns it is larger, up to the sum of their variances. Constant columns
    do not make it smaller.

    Parameters
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
        Few rows: the cost grows with the square of their number.
    sample_weight : ndarray of shape (n_samples,), default=None
    fraction : float, default=1.0
        The part of all rows that are in X, which may be a sample. With the scalar
        products ``g_ij`` of centred rows, ``tr(C^2) = sum_ij p_i p_j g_ij^2``; in a
        sample, the terms with i = j are too large a part of this sum.

    Returns
    -------
    variance : float
        Zero if all columns are constant.
    """
    X, mean, total = _prepared(X, sample_weight)
    if total == 0:
        return 0.0
    share = shares(X, sample_weight)
    # Divided by the total first, since squares could overflow or underflow.
    if X.shape[1] <= X.shape[0]:
        centred = _centred(X, mean)
        covariance = centred.T @ (share[:, np.newaxis] * centred) / total
        all_pairs = float(np.vdot(covariance, covariance))
        lengths = np.einsum("ij,ij->i", centred, centred) / total
    else:
        products = _centred_products(X, mean) / total
        all_pairs = float(share @ products**2 @ share)
        lengths = np.diag(products)
    own = float(share**2 @ lengths**2)
    others = (all_pairs - own) / float(share @ (1 - share))
    return total * (fraction * own + (1 - fraction * float(share @ share)) * others)


def effective_rank(X, sample_weight=None):
    """Return the number of directions among which the variance of rows is spread.

    The effective rank [1]_ of the covariance: the exponential of the entropy of its
    eigenvalues over their sum. It is the number of directions if the variances along
    these are equal, and otherwise between one and that number.

    Parameters
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
        Few rows: the cost grows with the cube of the smaller of both numbers. It is
        less than the number of rows: a sample has a smaller one than all rows.
    sample_weight : ndarray of shape (n_samples,), default=None

    Returns
    -------
    rank : float
        One if all columns are constant.

    References
    ----------
    .. [1] O. Roy, M. Vetterli, "The effective rank: a measure of effective
       dimensionality", EUSIPCO 2007.
    """
    X, mean, total = _prepared(X, sample_weight)
    if total == 0:
        return 1.0
    matrix = _like_covariance(X, mean, shares(X, sample_weight))
    variances = np.maximum(np.linalg.eigvalsh(matrix / total), 0)
    return float(np.exp(entr(variances / variances.sum()).sum()))


def principal_directions(X, sample_weight=None, least=0.0, n_max=None):
    """Return the principal directions along which rows vary most.

    Parameters
    ----------
    X : ndarray or CSR array of shape (n_samples, n_features)
        Few rows: the cost grows with the cube of the smaller of both numbers.
    sample_weight : ndarray of shape (n_samples,), default=None
    least : float, default=0.0
        Only directions of a larger variance are returned.
    n_max : int, default=None
        Maximum number of directions. None stands for no maximum.

    Returns
    -------
    directions : ndarray of shape (n_features, n_directions)
        Orthonormal columns, in float64.
    variances : ndarray of shape (n_directions,)
    """
    X, mean, _ = _prepared(X, sample_weight)
    share = shares(X, sample_weight)
    variances, vectors = np.linalg.eigh(_like_covariance(X, mean, share))
    vectors, variances = _largest(variances, vectors, least, n_max)
    if X.shape[1] <= X.shape[0]:
        return vectors, variances
    vectors = np.sqrt(share)[:, np.newaxis] * vectors
    directions = X.T @ vectors - np.outer(mean, vectors.sum(axis=0))
    return directions / np.sqrt(variances), variances


def _largest(values, vectors, least, n_max):
    """Return eigenvectors and eigenvalues above `least`, of `n_max` at most."""
    # Of equal variances, as in a single column, all or none exceed their mean.
    start = np.searchsorted(values, (1 + ROUNDING) * least, side="right")
    if n_max is not None:
        start = max(start, len(values) - n_max)
    return vectors[:, start:], values[start:]


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


def _like_covariance(X, mean, share):
    """Return the covariance, or a smaller matrix with the same eigenvalues above zero.

    With fewer rows than columns these are the weighted scalar products of the rows.
    """
    root = np.sqrt(share)[:, np.newaxis]
    if X.shape[1] > X.shape[0]:
        return root * _centred_products(X, mean) * root.T
    centred = root * _centred(X, mean)
    return centred.T @ centred


def _centred(X, mean):
    return (X.toarray() if sparse.issparse(X) else X) - mean


def _centred_products(X, mean):
    """Return the scalar products of the rows minus their mean."""
    if sparse.issparse(X):
        along = X @ mean
        return (X @ X.T).toarray() + (mean @ mean - along - along[:, np.newaxis])
    centred = X - mean
    return centred @ centred.T
