"""Weighted mean, total variance and principal variance of rows, dense or sparse."""

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
    total = X.shape[0]
    if sample_weight is not None:
        total = np.sum(sample_weight, dtype=np.float64)

    def shares(rows):
        """Return the weights of some rows, divided by the sum of all weights."""
        if sample_weight is None:
            return np.full(rows.stop - rows.start, 1 / total)
        return sample_weight[rows].astype(np.float64) / total

    if sparse.issparse(X):
        X = sparse.csr_matrix(X, dtype=np.float64)
        weights = shares(slice(0, X.shape[0]))
        mean, variances = mean_variance_axis(X, axis=0, weights=weights)
        return mean, zero_if_rounding(float(variances.sum()), mean)
    # In two passes: the mean of squares minus the square of the mean would lose all
    # digits of a variance that is small compared with the mean.
    parts = blocks(0, X.shape[0], 8 * X.shape[1])
    mean = sum(shares(rows) @ X[rows].astype(np.float64) for rows in parts)
    variance = 0.0
    for rows in parts:
        centred = X[rows] - mean
        variance += shares(rows) @ np.einsum("ij,ij->i", centred, centred)
    return mean, zero_if_rounding(float(variance), mean)


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
    X = X.astype(np.float64)
    mean, total = mean_and_variance(X, sample_weight)
    if total == 0:
        return 0.0
    if sample_weight is None:
        sample_weight = np.ones(X.shape[0])
    share = sample_weight / np.sum(sample_weight, dtype=np.float64)
    if sparse.issparse(X):
        along = X @ mean
        products = (X @ X.T).toarray() + (mean @ mean - along - along[:, np.newaxis])
    else:
        centred = X - mean
        products = centred @ centred.T
    # Divided by the total first, since squares could overflow or underflow.
    squares = (products / total) ** 2
    own = fraction * float(share**2 @ np.diag(squares))
    np.fill_diagonal(squares, 0)
    others = float(share @ squares @ share) / float(share @ (1 - share))
    return total * (own + (1 - fraction * float(share @ share)) * others)


def zero_if_rounding(variance, mean, dtype=np.float64):
    """Return the variance, or zero if it may be the rounding error of equal rows."""
    rounding = 10 * np.finfo(dtype).eps * np.abs(mean).max()
    return variance if np.sqrt(variance / len(mean)) > rounding else 0.0
