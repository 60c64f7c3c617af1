"""Arrays of other libraries, such as PyTorch's tensors, and operations on either kind.

With scikit-learn's ``array_api_dispatch``, those in the CPU's memory are taken as NumPy
arrays (without a copy), and what the estimator returns goes back to where they came
from. Rows on another device are worked on where they are, by the library that they
belong to, in operations of the array API standard [1]_.

.. [1] https://data-apis.org/array-api/
"""

import numpy as np
from scipy import sparse

from .._sklearn import (
    array_namespace,
    get_device,
    get_namespace_and_device,
    move_to,
    supported_float_dtypes,
)


def to_numpy(array):
    """The array as NumPy's; sparse matrices and None pass through."""
    if isinstance(array, np.ndarray):
        return array
    return move_to(array, xp=np, device="cpu")


def canonical_csr(X):
    """Sparse rows in which every entry is stored once."""
    X = sparse.csr_array(X)  # a view, with the arrays' meaning of operators
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X


def is_on_device(array):
    """Whether this is another library's array, and not in the CPU's memory."""
    _, is_array_api, device = get_namespace_and_device(array)
    if not is_array_api or isinstance(array, np.ndarray):
        return False
    return "cpu" not in str(device).lower()


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


def namespace(array):
    """The module whose functions take the array."""
    return np if isinstance(array, np.ndarray) else array_namespace(array)


def zeros(shape, like):
    """An array of zeros of the kind that `like` is."""
    if isinstance(like, np.ndarray):
        return np.zeros(shape, like.dtype)
    return namespace(like).zeros(shape, dtype=like.dtype, device=get_device(like))


def into(out, name, *args):
    """Write the result of a function of the array API to an array that exists."""
    if isinstance(out, np.ndarray):
        getattr(np, name)(*args, out=out)
    else:
        out[...] = getattr(namespace(out), name)(*args)


def rectify(array):
    """Set what is negative to zero, in place."""
    if isinstance(array, np.ndarray):
        np.maximum(array, 0, out=array)
    else:
        array[...] = namespace(array).clip(array, min=0)


def as_factor(mask, like):
    """A mask as something that `like` can be multiplied by."""
    if isinstance(like, np.ndarray):
        return mask
    return namespace(like).astype(mask, like.dtype)


def to_writable(array):
    """The array as NumPy's and writable, which what comes from a device may not be."""
    return np.require(to_numpy(array), requirements="W")


def move_to_numpy(*arrays):
    """Arrays of any one library as NumPy's."""
    return move_to(*arrays, xp=np, device="cpu")
