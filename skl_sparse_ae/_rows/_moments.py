"""Weighted mean, total variance and principal variance of rows, dense or sparse."""

import numpy as np
from scipy import sparse
from sklearn.utils.sparsefuncs import mean_variance_axis

from .._arrays._blocks import blocks
from .._arrays._sparse_products import less_offsets

# Relative difference of variances below which they count as equal.
ROUNDING = 1e-9


def mean_and_variance(X, sample_weight=None):
    """Return the mean of each column and the sum of the columns' variances.

    Parameters
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
    sample_weight : ndarray of shape (n_samples,) or None

    Returns
    -------
    mean : ndarray of shape (n_features,)
        In float64.
    variance : float
        ``sum_i p_i ||x_i - mean||^2`` with weights ``p`` that sum to one.
    """
    mean, variances = column_moments(X, sample_weight)
    return mean, total_variance(variances, mean)


def column_moments(X, sample_weight=None):
    """Return the mean and the variance of each column, as `mean_and_variance` does."""
    share = _shares(X, sample_weight)
    if sparse.issparse(X):
        return _moments_of_csr(X, share)
    return _moments_of_array(X, share)


def _moments_of_array(X, share):
    """Return the mean and the variance of each column of an array.

    In two passes: the mean of squares minus the square of the mean would lose all
    digits of a variance that is small compared with the mean. The second pass also
    takes the rounding error out of the mean, so that it is exact for constant columns.
    """
    parts = blocks(0, X.shape[0], 8 * X.shape[1])
    # A variance that overflows is an error where it matters.
    with np.errstate(over="ignore", invalid="ignore"):
        mean = sum(share[rows] @ X[rows].astype(np.float64) for rows in parts)
        correction, variances = 0.0, 0.0
        for rows in parts:
            centred = X[rows] - mean
            correction = correction + share[rows] @ centred
            variances = variances + share[rows] @ np.square(centred, out=centred)
        return mean + correction, np.maximum(variances - correction**2, 0)


def _moments_of_csr(X, share):
    """Return the mean and the variance of each column of a CSR matrix."""
    X = sparse.csr_matrix(X, dtype=np.float64)
    mean, variances = mean_variance_axis(X, axis=0, weights=share)
    full = np.flatnonzero(np.bincount(X.indices, minlength=X.shape[1]) == X.shape[0])
    if len(full):  # only these can be constant, or vary little compared with the mean
        dense = X[:, full].toarray()
        mean[full], variances[full] = _moments_of_array(dense, share)
    return mean, variances


def column_means(X, sample_weight, function):
    """Return the weighted mean of a function of the entries of each column.

    Parameters
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
    sample_weight : ndarray of shape (n_samples,) or None
    function : callable
        Acts on each entry of an array by itself; zero remains zero.

    Returns
    -------
    means : ndarray of shape (n_features,)
        In float64.
    """
    share = _shares(X, sample_weight)
    if sparse.issparse(X):
        data = function(X.data.astype(np.float64))
        return share @ sparse.csr_array((data, X.indices, X.indptr), X.shape)
    parts = blocks(0, X.shape[0], 8 * X.shape[1])
    return sum(share[rows] @ function(X[rows].astype(np.float64)) for rows in parts)


def sample_indices(n_rows, size):
    """Draw indices of rows without replacement, the same ones in each call.

    Every n-th row would not represent a table with a period.

    Parameters
    ----------
    n_rows : int
    size : int
        Maximum number of indices.

    Returns
    -------
    indices : ndarray of int
        Sorted.
    """
    if n_rows <= size:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(0).choice(n_rows, size, replace=False))


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
    share = _shares(X, sample_weight)
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
    root = np.sqrt(_shares(X, sample_weight))[:, np.newaxis]
    if X.shape[1] <= X.shape[0]:
        centred = root * _centred(X, mean)
        variances, directions = np.linalg.eigh(centred.T @ centred)
        return _largest(variances, directions, least, n_max)
    # The covariance has the eigenvalues of the scalar products of the rows.
    variances, vectors = np.linalg.eigh(root * _centred_products(X, mean) * root.T)
    vectors, variances = _largest(variances, vectors, least, n_max)
    vectors = root * vectors
    directions = X.T @ vectors - np.outer(mean, vectors.sum(axis=0))
    return directions / np.sqrt(variances), variances


def _largest(values, vectors, least, n_max):
    """Return eigenvectors and eigenvalues above `least`, of `n_max` at most."""
    # Of equal variances, as in a single column, all or none exceed their mean.
    start = np.searchsorted(values, (1 + ROUNDING) * least, side="right")
    if n_max is not None:
        start = max(start, len(values) - n_max)
    return vectors[:, start:], values[start:]


def _shares(X, sample_weight):
    """Return the weights of the rows, divided by their sum."""
    if sample_weight is None:
        return np.full(X.shape[0], 1 / X.shape[0])
    weights = sample_weight.astype(np.float64)
    return weights / weights.sum()


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


def _centred(X, mean):
    return (X.toarray() if sparse.issparse(X) else X) - mean


def _centred_products(X, mean):
    """Return the scalar products of the rows minus their mean."""
    if sparse.issparse(X):
        along = X @ mean
        return (X @ X.T).toarray() + (mean @ mean - along - along[:, np.newaxis])
    centred = X - mean
    return centred @ centred.T


def total_variance(variances, mean, dtype=np.float64):
    """Return the sum of the variances of the columns that are not constant."""
    return float(np.sum(variances, where=~is_constant(variances, mean, dtype)))


def is_constant(variances, mean, dtype=np.float64):
    """Whether the variance of each column may be the rounding error of equal values."""
    return np.sqrt(variances) <= 10 * np.finfo(dtype).eps * np.abs(mean)
