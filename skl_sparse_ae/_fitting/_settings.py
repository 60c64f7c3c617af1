"""The parameters of the constructor as training reads them."""

import numpy as np

from .._sklearn import validate_parameter_constraints

#: Parameters that also matter after `fit`.
OF_METHODS = "engine", "penalty", "sparse_output", "pooling", "pool_size"


def settings_of(estimator):
    """Return an estimator of the same class with its parameters and nothing else.

    NumPy's numbers become Python's: whole numbers of few bits would overflow, and
    floats of another precision would change that of arrays.
    """
    settings = object.__new__(type(estimator))
    for name in estimator._parameter_constraints:
        value = getattr(estimator, name)
        setattr(
            settings, name, value.item() if isinstance(value, np.generic) else value
        )
    return settings


def check_parameters_of_methods(estimator):
    """Validate the parameters that `transform` and other methods read."""
    constraints = {
        name: estimator._parameter_constraints[name]
        for name in OF_METHODS
        if name in estimator._parameter_constraints  # pooling is of images
    }
    validate_parameter_constraints(
        constraints,
        {name: getattr(estimator, name) for name in constraints},
        type(estimator).__name__,
    )
