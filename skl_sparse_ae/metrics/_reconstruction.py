"""Measures of a reconstruction: variance explained, errors and shrinkage."""

import numpy as np
from scipy import sparse

from .._arrays._blocks import blocks, rows_as_dense
from .._fitting._null_loss import explained_fraction, null_deviance
from .._reading._codes import check_rows
from .._rows._in_memory import InMemory
from .._rows._missing import ObservedMeans, filled, has_missing
from .._rows._moments import mean_and_variance
from ._checks import check_pair, check_same_shape, validate_parameters


@validate_parameters
def variance_explained(X, X_hat, *, sample_weight=None):
    """Fraction of the variance of X that its reconstruction explains.

    ``1 - sum_i w_i ||x_i - x_hat_i||^2 / sum_i w_i ||x_i - mean||^2``, one ratio of
    sums over all rows and features. It equals :meth:`SparseAutoencoder.score` and, for
    PCA on its training rows, the sum of ``explained_variance_ratio_``.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows. Entries that are NaN are missing, and do not count.

    X_hat : {array-like, sparse matrix} of shape (n_samples, n_features)
        Reconstruction of the rows.

    sample_weight : array-like of shape (n_samples,), default=None
        Non-negative weights of the rows.

    Returns
    -------
    score : float
        At most 1. It is 0 for a reconstruction by the mean of X, and negative for
        worse ones. If X has no variance, 1 if it is reconstructed exactly and 0 if not.

    Raises
    ------
    ValueError
        If X and X_hat differ in shape.

    See Also
    --------
    sklearn.metrics.r2_score : The same with ``multioutput="variance_weighted"``, except
        that it ignores errors in columns without variance.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.variance_explained([[0, 1], [4, 1]], [[1, 1], [3, 1]])
    0.75
    """
    X, X_hat, weights = check_pair(X, X_hat, sample_weight)
    X, X_hat = _in_range(X, X_hat)
    return _explained(X, weights, float(_mean_squared_errors(X, X_hat, weights).sum()))


def explained_by_code(X, code, decode, weights, loss):
    """The score of `SparseAutoencoder`, but reconstructions are made in blocks of rows.

    Parameters
    ----------
    X : {ndarray, csr_array} of shape (n_samples, n_features)
    code : {ndarray, csr_array} of shape (n_samples, n_components)
    decode : callable
        Reconstructs rows from their code.
    weights : ndarray of shape (n_samples,)
        Weights of the rows.
    loss : Loss
    """
    total = 0.0
    for rows, losses in losses_by_code(X, code, decode, loss):
        total += float(weights[rows] @ losses.sum(axis=1))
    rows = InMemory(X, weights)
    if loss.skips_missing:
        rows = rows.with_view(fill=rows.observed_means().mean)
    deviance = null_deviance(loss, rows, rows.moments())
    return explained_fraction(total / weights.sum(), deviance)


def losses_by_code(X, code, decode, loss):
    """Losses of entries in blocks of rows.

    Parameters
    ----------
    X, code, decode, loss
        As for `explained_by_code`.

    Yields
    ------
    rows : slice
    losses : ndarray of shape (n_rows, n_features)
        In float64.
    """
    for rows in blocks(0, X.shape[0], 8 * X.shape[1]):
        x, x_hat = X[rows], check_rows(decode(code[rows]), "X_hat")
        check_same_shape(x, x_hat)
        x, x_hat = (rows_as_dense(a, slice(None)) for a in (x, x_hat))
        yield rows, loss.entries_of(x_hat.astype(np.float64), x.astype(np.float64))


def _explained(X, weights, error):
    """The fraction of the variance of X that a mean squared error leaves."""
    _, variance = mean_and_variance(_filled_by_means(X, weights), weights)
    return float(1 - error / variance if variance else error == 0)


@validate_parameters
def mean_squared_error_per_feature(X, X_hat, *, sample_weight=None):
    """Mean squared error of the reconstruction of each feature.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows. Entries that are NaN are missing, and do not count.

    X_hat : {array-like, sparse matrix} of shape (n_samples, n_features)
        Reconstruction of the rows.

    sample_weight : array-like of shape (n_samples,), default=None
        Non-negative weights of the rows.

    Returns
    -------
    errors : ndarray of shape (n_features,)
        In the squared unit of each feature, over its observed entries; nan for a
        feature without any. Half of their sum is the reconstruction term of the
        objective of :class:`SparseAutoencoder`, if no entry is missing.

    Raises
    ------
    ValueError
        If X and X_hat differ in shape.

    See Also
    --------
    sklearn.metrics.mean_squared_error : The same with ``multioutput="raw_values"``, for
        dense rows.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.mean_squared_error_per_feature([[0, 1], [4, 1]], [[1, 1], [1, 1]])
    array([5., 0.])
    """
    X, X_hat, weights = check_pair(X, X_hat, sample_weight)
    errors = _mean_squared_errors(X, X_hat, weights)
    with np.errstate(invalid="ignore"):
        return errors / _observed_shares(X, weights)


@validate_parameters
def relative_reconstruction_bias(X, X_hat, *, centered=True, sample_weight=None):
    """Size of reconstructions relative to the size that would fit the rows best.

    The g for which ``sum_i w_i ||x_hat_i / g - x_i||^2`` is smallest [1]_, that is
    ``g = sum_i w_i ||x_hat_i||^2 / sum_i w_i x_hat_i . x_i``. Below 1, reconstructions
    are too small, and dividing them by g would improve them. Such shrinkage is caused
    by penalties on the size of activations, such as L1 [2]_; orthogonal projections,
    such as those of PCA, have none.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows. Entries that are NaN are missing, and do not count.

    X_hat : {array-like, sparse matrix} of shape (n_samples, n_features)
        Reconstruction of the rows.

    centered : bool, default=True
        Whether to subtract the column means from X and X_hat first. Otherwise a large
        mean, which the decoder's intercepts reproduce, hides the shrinkage of the
        deviations from it. False is the formula as published.

    sample_weight : array-like of shape (n_samples,), default=None
        Non-negative weights of the rows.

    Returns
    -------
    bias : float
        1 without bias, below 1 for shrinkage, above 1 for exaggeration; negative if
        reconstructions point in the opposite direction. The special cases, where
        constant means zero with ``centered=False``: 1 if both X and X_hat are
        constant, 0 if only X_hat is, and inf if only X is or the two are uncorrelated.

    Raises
    ------
    ValueError
        If X and X_hat differ in shape.

    References
    ----------
    .. [1] S. Rajamanoharan et al., "Improving Dictionary Learning with Gated Sparse
       Autoencoders", arXiv:2404.16014v2, 2024, equations 9 and 10.
    .. [2] B. Wright, L. Sharkey, "Addressing Feature Suppression in SAEs", AI Alignment
       Forum, 2024.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.relative_reconstruction_bias([[1], [5]], [[2], [4]])
    0.5
    """
    X, X_hat, weights = check_pair(X, X_hat, sample_weight)
    X, X_hat = _in_range(X, X_hat)
    observed = _observed_shares(X, weights)
    X, X_hat = (_filled_by_means(array, weights) for array in (X, X_hat))
    mean, power = mean_and_variance(X, weights)
    mean_hat, power_hat = mean_and_variance(X_hat, weights)
    product = _mean_of_rows(
        lambda x, x_hat: np.einsum("ij,ij->i", x - mean, x_hat - mean_hat),
        (X, X_hat),
        weights,
    )
    if not centered:
        power = power + (observed * mean) @ mean
        power_hat = power_hat + (observed * mean_hat) @ mean_hat
        product = product + (observed * mean) @ mean_hat
    if power_hat == 0:
        return 1.0 if power == 0 else 0.0
    # Without variance of X, the product is a rounding error.
    return float(power_hat / product) if power and product else np.inf


def _in_range(*arrays):
    """Divide arrays by one number if squares of their entries leave the range."""
    largest = max(_largest(array) for array in arrays)
    if largest == 0 or 1e-100 < largest < 1e100:
        return arrays
    return [array.astype(np.float64) / largest for array in arrays]


def _largest(array):
    """The largest absolute value of the entries that are not missing."""
    entries = array.data if sparse.issparse(array) else array
    return float(np.max(np.abs(entries), initial=0, where=~np.isnan(entries)))


def _filled_by_means(array, weights):
    """Rows with column means, over the other rows, in place of missing entries."""
    if not has_missing(array):
        return array
    return filled(array, ObservedMeans.of(array, weights).mean)


def _observed_shares(X, weights):
    """The part of the weight of the rows that have an entry, for each column."""
    if not has_missing(X):
        return np.ones(X.shape[1])
    return ObservedMeans.of(X, weights).weight / weights.sum()


def _mean_of_rows(function, arrays, weights):
    """Weighted mean of a function of rows, made dense in blocks.

    Parameters
    ----------
    function : callable
        Maps one float64 block of shape (n_rows, n_features) of each array to an array
        of shape (n_rows, ...).
    arrays : tuple of ndarray or csr_array of shape (n_samples, n_features)
    weights : ndarray of shape (n_samples,)
    """
    n_samples, n_features = arrays[0].shape
    total = sum(
        weights[rows]
        @ function(*(rows_as_dense(a, rows).astype(np.float64) for a in arrays))
        for rows in blocks(0, n_samples, 8 * n_features)
    )
    return total / weights.sum()


def _mean_squared_errors(X, X_hat, weights):
    """Sums of squared errors of observed entries, divided by the rows' weights."""

    def squares(x, x_hat):
        return np.nan_to_num((x - x_hat) ** 2, posinf=np.inf)

    return _mean_of_rows(squares, (X, X_hat), weights)
