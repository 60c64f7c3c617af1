"""Arrays of other libraries at the estimator's door, such as PyTorch's tensors.

With scikit-learn's ``array_api_dispatch`` they are taken as NumPy arrays inside (on the
CPU without a copy), and what the estimator returns goes back to where they came from.
"""

import numpy as np

from ._sklearn import get_namespace_and_device, move_to, supported_float_dtypes


def to_numpy(array):
    """The array as NumPy's; sparse matrices and None pass through."""
    return move_to(array, xp=np, device="cpu")


def way_back(array):
    """A function that moves NumPy arrays to the library and device of `array`."""
    xp, is_array_api, device = get_namespace_and_device(array)
    if not is_array_api or xp is get_namespace_and_device(np.empty(0))[0]:
        return lambda result: result
    return lambda result: move_to(result, xp=xp, device=device)


def float_dtypes(array):
    """The dtypes in which rows like these are kept, the preferred one first."""
    xp, _, device = get_namespace_and_device(array)
    # Half precision, where a library has it, is too coarse to train in.
    half = getattr(xp, "float16", None)
    return [t for t in supported_float_dtypes(xp, device=device) if t != half]
