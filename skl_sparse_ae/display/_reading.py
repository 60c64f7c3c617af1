"""What displays read off a fitted estimator, whichever it is."""

import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_is_fitted

from .._penalties._contractive import Contractive
from .._penalties._l1 import L1
from .._reading._pipelines import check_units, last_step
from ._checks import check_choice, check_positive

WEIGHTS = {"components": "components_", "encoder": "encoder_coef_"}


def unit_weights(estimator, weights):
    """The weights of each unit, one row for each; the encoder's of unit norm."""
    check_choice("weights", weights, WEIGHTS)
    check_is_fitted(estimator)
    name = WEIGHTS[weights]
    array = getattr(last_step(estimator), name, None)
    if array is None:
        raise TypeError(f"weights={weights!r} needs {name}, and {estimator} has none.")
    array = np.asarray(array)
    return array if weights == "components" else unit_norm(array.T)


def unit_norm(rows):
    """Rows divided by their norms; rows of zeros stay what they are."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)


def dense(array):
    """An array, data frame or sparse matrix as a NumPy array."""
    return array.toarray() if sparse.issparse(array) else np.asarray(array)


def activation_levels(estimator, X):
    """How active the units are on each row, from 0.

    Activations of tanh are mapped to (0, 1), as "kl" does; those of all others are
    taken without their signs.
    """
    code = dense(estimator.transform(X))
    if getattr(last_step(estimator), "activation_", None) == "tanh":
        return (code + 1) / 2
    return np.abs(code)


def mean_n_active(estimator, X, threshold):
    """How many units are above a threshold on a row, on average.

    With None, the sum of the activations instead.
    """
    levels = activation_levels(estimator, X)
    if threshold is not None:
        levels = levels > threshold
    return levels.sum(axis=1).mean()


def mean_activation(estimator, X=None):
    """Mean activation of each unit over the training rows, or over those of X."""
    check_is_fitted(estimator)
    if X is not None:
        return activation_levels(estimator, X).mean(axis=0)
    fitted = last_step(estimator)
    means = getattr(fitted, "mean_activation_", None)
    if isinstance(getattr(fitted, "penalty_", None), Contractive):
        means = None  # Those of the squared slopes, which are no activations.
    if means is None:
        raise ValueError(
            f"X=None: {estimator} has no mean_activation_, or none that is of its "
            "activations. Give the rows X over which to average."
        )
    return np.asarray(means)


def target(estimator, statistic):
    """`rho`, where it is what the penalty wants this statistic of a unit to be.

    Parameters
    ----------
    estimator : object
    statistic : {"mean", "frequency"}
        The mean activation, or the fraction of the rows on which it is not zero.
    """
    estimator = last_step(estimator)
    penalty = getattr(estimator, "penalty_", None)
    rho = getattr(penalty, "rho", None)
    if rho is None:
        return None
    counts = penalty.selects
    if isinstance(penalty, L1):
        params = estimator.get_params()
        if params.get("penalty__beta", params["beta"]) != "adaptive":
            return None
        counts = True
    return rho if counts == (statistic == "frequency") else None


def choose_units(estimator, X, order, n_units):
    """The indices of the units to show, in order.

    Parameters
    ----------
    estimator : object
    X : array-like or None
    order : None, "activation" or array-like of int
    n_units : int or None
    """
    n_components = len(last_step(estimator).components_)
    if order is None:
        units = np.arange(n_components)
    elif isinstance(order, str):
        check_choice("order", order, ["activation"])
        means = mean_activation(estimator, X)
        check_units(len(means), n_components)
        units = np.argsort(-means, kind="stable")
    else:
        units = np.asarray(order)
        if not (units.ndim == 1 and np.issubdtype(units.dtype, np.integer)):
            raise ValueError(f"order={order!r} must be None, 'activation' or indices.")
        if len(units) == 0 or units.min() < 0 or units.max() >= n_components:
            raise ValueError(
                f"order={order!r} must have indices from 0 to {n_components - 1}."
            )
    if n_units is not None:
        check_positive("n_units", n_units)
    return units[:n_units]
