"""Measures of how often and how much units are active."""

import numpy as np

from .._reading._codes import check_rows, column_means, is_active
from .._rows._weights import checked_weights
from ._checks import validate_parameters


@validate_parameters
def n_active_units(A, *, threshold=None):
    """Number of active units in each row, also called the row's L0.

    Parameters
    ----------
    A : {array-like, sparse matrix} of shape (n_samples, n_components)
        Code.

    threshold : float, array-like of shape (n_components,), "mean" or None, \
            default=None
        Activations above it count as active. "mean", for logistic and tanh units, is
        the unit's mean. None: all activations that are not zero. Must not be negative
        for sparse codes.

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


@validate_parameters
def mean_activation(A, *, sample_weight=None):
    """Mean activation of each unit.

    Parameters
    ----------
    A : {array-like, sparse matrix} of shape (n_samples, n_components)
        Code.

    sample_weight : array-like of shape (n_samples,), default=None
        Non-negative weights of the rows.

    Returns
    -------
    means : ndarray of shape (n_components,)
        For logistic and rectified units on the training rows, equal to the
        `mean_activation_` of :class:`SparseAutoencoder`.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.mean_activation([[0, 3], [1, 5]])
    array([0.5, 4. ])
    """
    A = check_rows(A, "A")
    return column_means(A, checked_weights(sample_weight, A.shape[0]))


@validate_parameters
def activation_density(A, *, threshold=None, sample_weight=None):
    """Fraction of the rows on which each unit is active.

    Parameters
    ----------
    A : {array-like, sparse matrix} of shape (n_samples, n_components)
        Code.

    threshold : float, array-like of shape (n_components,), "mean" or None, \
            default=None
        Activations above it count as active. "mean", for logistic and tanh units, is
        the unit's mean. None: all activations that are not zero. Must not be negative
        for sparse codes.

    sample_weight : array-like of shape (n_samples,), default=None
        Non-negative weights of the rows.

    Returns
    -------
    density : ndarray of shape (n_components,)
        From 0 to 1. Its mean is the mean fraction of units that are active on a row.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.activation_density([[0, 3], [1, 5], [0, 2], [0, 0]])
    array([0.25, 0.75])
    """
    A = check_rows(A, "A")
    weights = checked_weights(sample_weight, A.shape[0])
    return column_means(is_active(A, threshold, weights), weights)


@validate_parameters
def dead_units(A, *, threshold=None):
    """Mask of the units that are not active on any row.

    Parameters
    ----------
    A : {array-like, sparse matrix} of shape (n_samples, n_components)
        Code.

    threshold : float, array-like of shape (n_components,), "mean" or None, \
            default=None
        Activations above it count as active. "mean", for logistic and tanh units, is
        the unit's mean: dead units are then those that are constant. None: all
        activations that are not zero. Must not be negative for sparse codes.

    Returns
    -------
    mask : ndarray of shape (n_components,), dtype bool
        ``mask.sum()`` is the number of dead units, ``np.flatnonzero(mask)`` are their
        indices and ``components_[~mask]`` is the dictionary without them.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.dead_units([[0, 3, 0], [1, 5, 0]])
    array([False, False,  True])
    """
    return _n_active_rows(check_rows(A, "A"), threshold) == 0


@validate_parameters
def always_on_units(A, *, threshold=None):
    """Mask of the units that are active on every row.

    Whether such a unit is active does not distinguish any row from another.

    Parameters
    ----------
    A : {array-like, sparse matrix} of shape (n_samples, n_components)
        Code.

    threshold : float, array-like of shape (n_components,), "mean" or None, \
            default=None
        Activations above it count as active. "mean", for logistic and tanh units, is
        the unit's mean. None: all activations that are not zero. Must not be negative
        for sparse codes.

    Returns
    -------
    mask : ndarray of shape (n_components,), dtype bool
        To be used like that of :func:`dead_units`.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.always_on_units([[0, 3, 0], [1, 5, 0]])
    array([False,  True, False])
    """
    A = check_rows(A, "A")
    return _n_active_rows(A, threshold) == A.shape[0]


def _n_active_rows(A, threshold):
    """Number of rows on which each unit is active."""
    return np.asarray(is_active(A, threshold).sum(axis=0))
