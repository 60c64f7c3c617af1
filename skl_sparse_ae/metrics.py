"""What to measure on a code, a reconstruction and a dictionary.

The functions take arrays, the true one first, as those of :mod:`sklearn.metrics` do:
rows `X`, their reconstruction `X_hat` (what `inverse_transform` returns), their code
`A` (what `transform` returns) and a dictionary `components`. They serve PCA, NMF and
dictionary learning as well. A code in CSR is never made dense.

What counts as active is up to `threshold`: activations above it are, where it is a
number or an array of one for each unit.

- None, the default: all that are not zero are active. Right for rectified units, for
  top-k codes and for dictionary learning.
- "mean": those are that exceed the unit's own mean over the rows. For logistic and tanh
  units, which are never zero and hence always active in the first sense. A unit is dead
  in this sense if it is constant.

An array does not tell which units it comes from, so that the default cannot suit all.
Fixed thresholds for logistic units are deceptive: 0.5, where the pre-activation becomes
positive, is above anything that most units reach when they are to be active by 0.1 on
average, although they tell rows apart well.

Examples
--------
>>> from sklearn.datasets import load_digits
>>> from skl_sparse_ae import SparseAutoencoder, metrics
>>> X = load_digits().data / 16
>>> autoencoder = SparseAutoencoder(32, penalty="topk", random_state=0).fit(X)
>>> A = autoencoder.transform(X)
>>> X_hat = autoencoder.inverse_transform(A)
>>> bool(metrics.variance_explained(X, X_hat) > 0.7)
True
>>> int(metrics.n_active_units(A).max())
3
"""

import numpy as np
from scipy import sparse
from sklearn.utils import check_array

from ._arrays._array_api import to_numpy
from ._arrays._blocks import blocks, rows_as_dense
from ._reading._codes import THRESHOLD, check_rows, column_means, is_active
from ._rows._moments import mean_and_variance
from ._sklearn import Options, _check_sample_weight, validate_params

__all__ = [
    "activation_density",
    "always_on_units",
    "dead_units",
    "hoyer_sparsity",
    "mean_activation",
    "mean_squared_error_per_feature",
    "mutual_coherence",
    "n_active_units",
    "relative_reconstruction_bias",
    "variance_explained",
]

_checked = validate_params(
    {
        "threshold": THRESHOLD,
        "centered": ["boolean"],
        "axis": [Options(int, {0, 1})],
        "sample_weight": ["array-like", None],
    },
    prefer_skip_nested_validation=True,
)


@_checked
def variance_explained(X, X_hat, *, sample_weight=None):
    """Fraction of the variance of X that its reconstruction explains.

    ``1 - sum_i w_i ||x_i - x_hat_i||^2 / sum_i w_i ||x_i - mean||^2``, one ratio of
    sums over all rows and features. It is what :meth:`SparseAutoencoder.score` gives
    and, for PCA on its training rows, the sum of ``explained_variance_ratio_``.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows.

    X_hat : {array-like, sparse matrix} of shape (n_samples, n_features)
        Their reconstruction.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows, not negative.

    Returns
    -------
    score : float
        At most 1; 0 is what the mean of X would explain, and worse is below 0. Where X
        has no variance, 1 if it is reconstructed exactly and 0 if not.

    Raises
    ------
    ValueError
        When X and X_hat differ in shape.

    See Also
    --------
    sklearn.metrics.r2_score : With ``multioutput="variance_weighted"`` the same, except
        that errors in columns without variance do not count.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.variance_explained([[0, 1], [4, 1]], [[1, 1], [3, 1]])
    0.75
    """
    X, X_hat, weights = _check_pair(X, X_hat, sample_weight)
    _, variance = mean_and_variance(X, weights)
    error = float(_mean_squared_errors(X, X_hat, weights).sum())
    if variance == 0:
        return float(error == 0)
    return 1 - error / variance


@_checked
def mean_squared_error_per_feature(X, X_hat, *, sample_weight=None):
    """Mean squared error of the reconstruction of each feature.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows.

    X_hat : {array-like, sparse matrix} of shape (n_samples, n_features)
        Their reconstruction.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows, not negative.

    Returns
    -------
    errors : ndarray of shape (n_features,)
        In the squared units of each feature. Half their sum is the reconstruction term
        of the objective of :class:`SparseAutoencoder`.

    Raises
    ------
    ValueError
        When X and X_hat differ in shape.

    See Also
    --------
    sklearn.metrics.mean_squared_error : With ``multioutput="raw_values"`` the same, for
        dense rows.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.mean_squared_error_per_feature([[0, 1], [4, 1]], [[1, 1], [1, 1]])
    array([5., 0.])
    """
    return _mean_squared_errors(*_check_pair(X, X_hat, sample_weight))


@_checked
def relative_reconstruction_bias(X, X_hat, *, centered=True, sample_weight=None):
    """How large reconstructions are, as a multiple of what they should be.

    The g for which ``sum_i w_i ||x_hat_i / g - x_i||^2`` is smallest [1]_, that is
    ``g = sum_i w_i ||x_hat_i||^2 / sum_i w_i x_hat_i . x_i``. Below 1, reconstructions
    are too small and dividing them by g would improve them. That is the shrinkage which
    penalties on the size of activations cause, such as L1 [2]_; orthogonal projections,
    such as PCA's, have none.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows.

    X_hat : {array-like, sparse matrix} of shape (n_samples, n_features)
        Their reconstruction.

    centered : bool, default=True
        Whether X and X_hat are taken as deviations from their column means, so that a
        mean which the decoder's intercepts reproduce does not hide the shrinkage of the
        rest. False is the formula as published.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows, not negative.

    Returns
    -------
    bias : float
        1 without bias, below 1 for shrinkage, above 1 for exaggeration; negative where
        reconstructions point the wrong way. 0 where X_hat is constant (zero, for
        ``centered=False``) and X is not, inf where X is and X_hat is not, or where the
        two are uncorrelated, and 1 where both are.

    Raises
    ------
    ValueError
        When X and X_hat differ in shape.

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
    X, X_hat, weights = _check_pair(X, X_hat, sample_weight)
    mean, power = mean_and_variance(X, weights)
    mean_hat, power_hat = mean_and_variance(X_hat, weights)
    product = _mean_of_rows(
        lambda x, x_hat: np.einsum("ij,ij->i", x - mean, x_hat - mean_hat),
        (X, X_hat),
        weights,
    )
    if not centered:
        power = power + mean @ mean
        power_hat = power_hat + mean_hat @ mean_hat
        product = product + mean @ mean_hat
    if power_hat == 0:
        return 1.0 if power == 0 else 0.0
    # Where X has no variance the product is rounding.
    return float(power_hat / product) if power and product else np.inf


@_checked
def n_active_units(A, *, threshold=None):
    """Number of active units in each row, also called the row's L0.

    Parameters
    ----------
    A : {array-like, sparse matrix} of shape (n_samples, n_components)
        Code.

    threshold : float, array-like of shape (n_components,), "mean" or None, \
            default=None
        What activations must exceed to count as active. None: not be zero. "mean",
        for logistic and tanh units: the unit's mean. Not negative for sparse codes.

    Returns
    -------
    counts : ndarray of shape (n_samples,)
        From 0 to n_components.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.n_active_units([[0, 3, -1], [0, 0, 0]])
    array([2, 0])
    >>> metrics.n_active_units([[0.1, 0.9], [0.3, 0.8]], threshold="mean")
    array([1, 1])
    """
    return np.asarray(is_active(check_rows(A, "A"), threshold).sum(axis=1))


@_checked
def mean_activation(A, *, sample_weight=None):
    """Mean activation of each unit.

    Parameters
    ----------
    A : {array-like, sparse matrix} of shape (n_samples, n_components)
        Code.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows, not negative.

    Returns
    -------
    means : ndarray of shape (n_components,)
        For logistic and rectified units, on the training rows, the `mean_activation_`
        of :class:`SparseAutoencoder`.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.mean_activation([[0, 3], [1, 5]])
    array([0.5, 4. ])
    """
    A = check_rows(A, "A")
    return column_means(A, _check_weights(sample_weight, A))


@_checked
def activation_density(A, *, threshold=None, sample_weight=None):
    """Fraction of the rows on which each unit is active.

    Parameters
    ----------
    A : {array-like, sparse matrix} of shape (n_samples, n_components)
        Code.

    threshold : float, array-like of shape (n_components,), "mean" or None, \
            default=None
        What activations must exceed to count as active. None: not be zero. "mean",
        for logistic and tanh units: the unit's mean. Not negative for sparse codes.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows, not negative.

    Returns
    -------
    density : ndarray of shape (n_components,)
        From 0 to 1. Its mean is the fraction of units that are active on a row.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.activation_density([[0, 3], [1, 5], [0, 2], [0, 0]])
    array([0.25, 0.75])
    """
    A = check_rows(A, "A")
    weights = _check_weights(sample_weight, A)
    return column_means(is_active(A, threshold, weights), weights)


@_checked
def dead_units(A, *, threshold=None):
    """Which units are active on no row; with ``threshold="mean"``, are constant.

    Parameters
    ----------
    A : {array-like, sparse matrix} of shape (n_samples, n_components)
        Code.

    threshold : float, array-like of shape (n_components,), "mean" or None, \
            default=None
        What activations must exceed to count as active. None: not be zero. "mean",
        for logistic and tanh units: the unit's mean. Not negative for sparse codes.

    Returns
    -------
    mask : ndarray of shape (n_components,), dtype bool
        ``mask.sum()`` is their number, ``np.flatnonzero(mask)`` their indices and
        ``components_[~mask]`` the dictionary without them.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.dead_units([[0, 3, 0], [1, 5, 0]])
    array([False, False,  True])
    """
    return _rows_with_unit_active(check_rows(A, "A"), threshold) == 0


@_checked
def always_on_units(A, *, threshold=None):
    """Which units are active on every row, and thus tell no row from another.

    Parameters
    ----------
    A : {array-like, sparse matrix} of shape (n_samples, n_components)
        Code.

    threshold : float, array-like of shape (n_components,), "mean" or None, \
            default=None
        What activations must exceed to count as active. None: not be zero. "mean",
        for logistic and tanh units: the unit's mean. Not negative for sparse codes.

    Returns
    -------
    mask : ndarray of shape (n_components,), dtype bool
        As of :func:`dead_units`.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.always_on_units([[0, 3, 0], [1, 5, 0]])
    array([False,  True, False])
    """
    A = check_rows(A, "A")
    return _rows_with_unit_active(A, threshold) == A.shape[0]


@_checked
def hoyer_sparsity(A, *, axis=1):
    """Sparsity of each row or of each unit, from 0 to 1, without a threshold.

    ``(sqrt(n) - ||a||_1 / ||a||_2) / (sqrt(n) - 1)`` for a vector of n activations
    [1]_: 1 if a single one is not zero, 0 if all have the same absolute value.

    Parameters
    ----------
    A : {array-like, sparse matrix} of shape (n_samples, n_components)
        Code.

    axis : {0, 1}, default=1
        1 for the sparsity of each row over the units (population sparsity), 0 for that
        of each unit over the rows (lifetime sparsity).

    Returns
    -------
    sparsity : ndarray of shape (n_samples,) or (n_components,)
        The formula says nothing about vectors of zeros and of length 1. The former
        are given 1, since fewer active entries make the measure larger; look for them
        with :func:`n_active_units` and :func:`dead_units`. The latter are given 0:
        all that can be active is.

    References
    ----------
    .. [1] P. O. Hoyer, "Non-negative Matrix Factorization with Sparseness
       Constraints", Journal of Machine Learning Research 5, 2004.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.hoyer_sparsity([[0, 3, 0, 0], [1, 1, 1, 1]])
    array([1., 0.])
    """
    A = check_rows(A, "A").astype(np.float64, copy=False)
    squares = A.multiply(A) if sparse.issparse(A) else A * A
    l1 = np.asarray(abs(A).sum(axis=axis))
    l2 = np.sqrt(np.asarray(squares.sum(axis=axis)))
    root = np.sqrt(A.shape[axis])
    if root == 1:
        return (l2 == 0).astype(np.float64)
    # Where there are only zeros, the ratio is that of a single entry.
    ratio = np.divide(l1, l2, out=np.ones_like(l1), where=l2 > 0)
    return np.clip((root - ratio) / (root - 1), 0, 1)


def mutual_coherence(components):
    """Largest absolute cosine between two different atoms of a dictionary [1]_.

    Parameters
    ----------
    components : array-like of shape (n_components, n_features)
        Dictionary, as in `components_` of a fitted estimator. Its rows are the atoms.

    Returns
    -------
    coherence : float
        From 0, for orthogonal atoms, to 1, when two atoms are multiples of each other.
        Atoms of length zero are orthogonal to all others; a single atom has
        coherence 0.

    References
    ----------
    .. [1] D. L. Donoho, M. Elad, "Optimally sparse representation in general
       (nonorthogonal) dictionaries via l1 minimization", PNAS 100, 2003.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.mutual_coherence([[1, 0], [0, 2], [-3, 4]])
    0.8
    """
    components = to_numpy(check_array(components, input_name="components"))
    components = components.astype(np.float64)
    products = np.abs(components @ components.T)
    lengths = np.sqrt(products.diagonal())
    scales = np.outer(lengths, lengths)
    np.fill_diagonal(products, 0)
    cosines = np.divide(products, scales, out=products, where=scales > 0)
    return min(1.0, float(cosines.max()))


def _check_pair(X, X_hat, sample_weight):
    """Rows and their reconstruction, of one shape, and weights."""
    X, X_hat = check_rows(X, "X"), check_rows(X_hat, "X_hat")
    if X.shape != X_hat.shape:
        raise ValueError(
            f"X and X_hat must have the same shape, and have {X.shape} and "
            f"{X_hat.shape}."
        )
    return X, X_hat, _check_weights(sample_weight, X)


def _check_weights(sample_weight, X):
    sample_weight = _check_sample_weight(
        to_numpy(sample_weight), X, dtype=np.float64, ensure_non_negative=True
    )
    # Only ratios matter, and sums of large weights could overflow.
    return sample_weight / sample_weight.max()


def _mean_of_rows(function, arrays, weights):
    """Weighted mean of a function of rows, of which only blocks are ever dense."""
    n_samples, n_features = arrays[0].shape
    total = sum(
        weights[rows]
        @ function(*(rows_as_dense(a, rows).astype(np.float64) for a in arrays))
        for rows in blocks(0, n_samples, 8 * n_features)
    )
    return total / weights.sum()


def _mean_squared_errors(X, X_hat, weights):
    return _mean_of_rows(lambda x, x_hat: (x - x_hat) ** 2, (X, X_hat), weights)


def _rows_with_unit_active(A, threshold):
    return np.asarray(is_active(A, threshold).sum(axis=0))
