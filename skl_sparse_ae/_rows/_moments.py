"""Weighted mean and variances of rows, dense or sparse."""

import numpy as np
from scipy import sparse
from sklearn.utils.sparsefuncs import mean_variance_axis

from .._arrays._blocks import blocks


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
    share = shares(X, sample_weight)
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
    share = shares(X, sample_weight)
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


def shares(X, sample_weight):
    """Return the weights of the rows, divided by their sum."""
    if sample_weight is None:
        return np.full(X.shape[0], 1 / X.shape[0])
    weights = sample_weight.astype(np.float64)
    return weights / weights.sum()


def total_variance(variances, mean, dtype=np.float64):
    """Return the sum of the variances of the columns that are not constant."""
    return float(np.sum(variances, where=~is_constant(variances, mean, dtype)))


def is_constant(variances, mean, dtype=np.float64):
    """Whether the variance of each column may be the rounding error of equal values."""
    return np.sqrt(variances) <= 10 * np.finfo(dtype).eps * np.abs(mean)
