"""The parameters of the constructor as training reads them."""

import numpy as np


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
