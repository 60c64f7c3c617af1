"""TODO interchange._checked"""

import numpy as np


def checked_array(array, name, shape, dtype):
    """A copy of an array from a file, which must have a shape and finite numbers."""
    if array.shape != shape or array.size == 0:
        raise ValueError(f"{name} has the shape {array.shape}; it must be {shape}.")
    if not (np.isrealobj(array) and np.isfinite(array).all()):
        raise ValueError(f"{name} must hold finite real numbers.")
    return np.array(array, dtype=dtype, order="C")
