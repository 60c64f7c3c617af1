"""Properties of fitted estimators that displays show."""

import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_is_fitted

from .._arrays._array_api import to_numpy
from .._arrays._norms import unit_rows
from .._penalties._contractive import Contractive
from .._reading._codes import check_rows
from .._reading._pipelines import check_units, last_step, stack_of
from ..inspection._unit_weights import unit_weights as components_in_first_layer
from ._checks import check_choice, check_positive

WEIGHTS = {"components": "components_", "encoder": "encoder_coef_"}


def unit_weights(estimator, weights):
    """Weights of each unit of a fitted estimator.

    Parameters
    ----------
    estimator : object
    weights : {"components", "encoder"}
        Weights of the decoder, through all layers to the columns of the first one, or
        those of the encoder scaled to norm 1.

    Returns
    -------
    weights : ndarray of shape (n_components, n_features)
    """
    check_choice("weights", weights, WEIGHTS)
    check_is_fitted(estimator)
    name, fitted = WEIGHTS[weights], last_step(estimator)
    if not hasattr(fitted, name):
        raise TypeError(f"weights={weights!r} needs {name}, and {estimator} has none.")
    if weights == "components":
        return components_in_first_layer(estimator)
    if stack_of(estimator) is not fitted:
        raise ValueError(
            "weights='encoder' are inputs of norm 1, and those of the last step are "
            "codes of another layer. Use weights='components', or pass the last step "
            "alone."
        )
    return unit_rows(to_numpy(fitted.encoder_coef_).T)


def dense(array):
    """An array, data frame or sparse matrix as an ndarray."""
    return array.toarray() if sparse.issparse(array) else np.asarray(array)


def table(rows):
    """Rows as an ndarray of float64, with NaN for missing entries."""
    return dense(check_rows(rows, "X", "allow-nan")).astype(np.float64)


def limits_of(rows):
    """The smallest and the largest entry that is not missing; zeros without any."""
    observed = rows[~np.isnan(rows)]
    return (observed.min(), observed.max()) if observed.size else (0.0, 0.0)


def activation_levels(estimator, X):
    """Non-negative activations of the units on each row.

    Activations of tanh are mapped to (0, 1), as "kl" does; of all others the absolute
    values are taken.

    Returns
    -------
    levels : ndarray of shape (n_samples, n_components)
    """
    code = dense(estimator.transform(X))
    if getattr(last_step(estimator), "activation_", None) == "tanh":
        return (code + 1) / 2
    return np.abs(code)


def mean_n_active(estimator, X, threshold):
    """Mean number of units per row whose activation level is above a threshold.

    With the threshold None, the mean sum of the activation levels of a row.
    """
    levels = activation_levels(estimator, X)
    if threshold is not None:
        levels = levels > threshold
    return levels.sum(axis=1).mean()


def mean_activation(estimator, X=None):
    """Mean activation level of each unit over the rows of X, or over those of `fit`."""
    check_is_fitted(estimator)
    if X is not None:
        return activation_levels(estimator, X).mean(axis=0)
    fitted = last_step(estimator)
    means = getattr(fitted, "mean_activation_", None)
    if isinstance(getattr(fitted, "penalty_", None), Contractive):
        means = None  # There, they are means of squared slopes.
    if means is None:
        raise ValueError(
            f"X=None: {estimator} has no mean_activation_, or none that is of its "
            "activations. Give the rows X over which to average."
        )
    return np.asarray(means)


def target_rho(estimator, statistic):
    """`rho` if it is the penalty's target for this statistic of the units, or None.

    Parameters
    ----------
    estimator : object
    statistic : {"mean", "frequency"}
        The mean activation, or the fraction of the rows on which it is not zero.

    Returns
    -------
    rho : float or None
    """
    estimator = last_step(estimator)
    penalty = getattr(estimator, "penalty_", None)
    rho = getattr(penalty, "rho", None)
    if rho is None:
        return None
    is_frequency = penalty.selects
    if penalty.has_target:
        params = estimator.get_params()
        beta = params.get("penalty__beta", params["beta"])
        if beta == "scale" and penalty.scale_is_adaptive:
            beta = "adaptive"
        if beta != "adaptive":
            return None
        is_frequency = True
    return rho if is_frequency == (statistic == "frequency") else None


def choose_units(estimator, X, order, n_units):
    """Choose the units to show.

    Parameters
    ----------
    estimator : object
        Fitted, with `components_`.
    X : array-like or None
        Rows for ``order="activation"``.
    order : None, "activation" or array-like of int
    n_units : int or None
        None chooses all.

    Returns
    -------
    units : ndarray of int
        Their indices, in the order in which to show them.
    """
    units = _ordered_units(estimator, X, order)
    if n_units is not None:
        check_positive("n_units", n_units)
    return units[:n_units]


def _ordered_units(estimator, X, order):
    n_components = len(last_step(estimator).components_)
    if order is None:
        return np.arange(n_components)
    if isinstance(order, str):
        check_choice("order", order, ["activation"])
        means = mean_activation(estimator, X)
        check_units(len(means), n_components)
        return np.argsort(-means, kind="stable")
    units = np.asarray(order)
    if not (units.ndim == 1 and np.issubdtype(units.dtype, np.integer)):
        raise ValueError(f"order={order!r} must be None, 'activation' or indices.")
    if len(units) == 0 or units.min() < 0 or units.max() >= n_components:
        raise ValueError(
            f"order={order!r} must have indices from 0 to {n_components - 1}."
        )
    return units
