"""Weighted mean, total variance and principal variance of rows, dense or sparse."""

import numpy as np
from scipy import sparse
from sklearn.utils.sparsefuncs import mean_variance_axis

from .._arrays._blocks import blocks


def mean_and_variance(X, sample_weight=None):
    """Mean of each column and the sum of the columns' variances, in float64.

    Parameters
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
    sample_weight : ndarray of shape (n_samples,) or None

    Returns
    -------
    mean : ndarray of shape (n_features,)
    variance : float
        ``sum_i p_i ||x_i - mean||^2`` with weights ``p`` that sum to one.
    """
    total = X.shape[0]
    if sample_weight is not None:
        total = np.sum(sample_weight, dtype=np.float64)

    def shares(rows):
        """The weights of some rows, as parts of one."""
        if sample_weight is None:
            return np.full(rows.stop - rows.start, 1 / total)
        return sample_weight[rows].astype(np.float64) / total

    if sparse.issparse(X):
        X = sparse.csr_matrix(X, dtype=np.float64)
        weights = shares(slice(0, X.shape[0]))
        mean, variances = mean_variance_axis(X, axis=0, weights=weights)
        return mean, without_rounding(float(variances.sum()), mean)
    # In two passes: the mean of squares less the square of the mean would lose every
    # digit of a small variance beside a large mean.
    parts = blocks(0, X.shape[0], 8 * X.shape[1])
    mean = sum(shares(rows) @ X[rows].astype(np.float64) for rows in parts)
    variance = 0.0
    for rows in parts:
        centred = X[rows] - mean
        variance += shares(rows) @ np.einsum("ij,ij->i", centred, centred)
    return mean, without_rounding(float(variance), mean)


def rows_to_sample(n_rows, size):
    """Indices of some rows in order, drawn at random but always the same: an ndarray.

    At random, since every n-th row of a table with a period is no sample.
    """
    if n_rows <= size:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(0).choice(n_rows, size, replace=False))


def principal_variance(X, sample_weight=None, fraction=1.0):
    """Mean variance along the principal directions, each weighed by its variance.

    That is ``tr(C^2) / tr(C)`` with the covariance C. Of columns that are not
    correlated and vary alike it is the variance of each, if there are many more rows
    than columns, and up to their sum where they are correlated. Columns without any
    variance do not make it smaller.

    Parameters
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
        Few rows: the cost grows with their square.
    sample_weight : ndarray of shape (n_samples,) or None
    fraction : float
        Which part these rows are of those that are meant. With the scalar products
        ``g_ij`` of centred rows, ``tr(C^2) = sum_ij p_i p_j g_ij^2``; in a sample those
        of rows with themselves are too large a part of the sum.

    Returns
    -------
    variance : float
        Zero where nothing varies.
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
    # In parts of the total, whose squares neither overflow nor vanish.
    squares = (products / total) ** 2
    own = fraction * float(share**2 @ np.diag(squares))
    np.fill_diagonal(squares, 0)
    others = float(share @ squares @ share) / float(share @ (1 - share))
    return total * (own + (1 - fraction * float(share @ share)) * others)


def without_rounding(variance, mean, dtype=np.float64):
    """Zero where the variance is no more than the rounding of equal rows."""
    rounding = 10 * np.finfo(dtype).eps * np.abs(mean).max()
    return variance if np.sqrt(variance / len(mean)) > rounding else 0.0
