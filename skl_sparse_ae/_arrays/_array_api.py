"""Conversion of arrays of other libraries, such as PyTorch's tensors, and operations.

With scikit-learn's ``array_api_dispatch``, arrays in the CPU's memory are viewed as
NumPy arrays, and results are converted to the caller's library. Arrays on another
device stay there: all operations on them are those of the array API standard [1]_.

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
    """Return the array as a NumPy array; sparse matrices and None unchanged."""
    if isinstance(array, np.ndarray):
        return array
    return move_to(array, xp=np, device="cpu")


def canonical_csr(X):
    """Return a CSR array of floats without duplicate entries, a view of X if possible.

    Nor does it have stored zeros, which noise on the entries would treat as others.

    pandas' sparse columns may arrive as other numbers, and compiled functions need the
    indices in one dtype.
    """
    X = sparse.csr_array(X)  # for which, unlike for a matrix, * is element-wise
    if X.dtype.kind != "f":
        X = X.astype(np.float64)
    if X.indices.dtype != X.indptr.dtype:
        X = sparse.csr_array((X.data, X.indices, X.indptr), X.shape)
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    if np.count_nonzero(X.data) < X.nnz:
        X = X.copy()
        X.eliminate_zeros()
    return X


def is_on_device(array):
    """Whether this is another library's array that is not in the CPU's memory."""
    _, is_array_api, device = get_namespace_and_device(array)
    if not is_array_api or isinstance(array, np.ndarray):
        return False
    return "cpu" not in str(device).lower()


def converter_to(array):
    """Return a function that moves NumPy arrays to the library and device of `array`.

    It returns them unchanged if `array` is a NumPy array.
    """
    xp, is_array_api, device = get_namespace_and_device(array)
    if not is_array_api or xp is get_namespace_and_device(np.empty(0))[0]:
        return lambda result: result
    return lambda result: move_to(result, xp=xp, device=device)


def float_dtypes(array):
    """Return the dtypes that such an array may have in training, the default first."""
    xp, _, device = get_namespace_and_device(array)
    # Half precision is too coarse to train in.
    half = getattr(xp, "float16", None)
    return [t for t in supported_float_dtypes(xp, device=device) if t != half]


def namespace(array):
    """Return the module whose functions operate on the array."""
    return np if isinstance(array, np.ndarray) else array_namespace(array)


def zeros(shape, like):
    """Return an array of zeros with the library, device and dtype of `like`."""
    if isinstance(like, np.ndarray):
        return np.zeros(shape, like.dtype)
    return namespace(like).zeros(shape, dtype=like.dtype, device=get_device(like))


def into(out, name, *args):
    """Write the result of a function of the array API to the array `out`.

    Parameters
    ----------
    out : array
    name : str
        Name of the function.
    *args : array
        Arguments of the function.
    """
    if isinstance(out, np.ndarray):
        getattr(np, name)(*args, out=out)
    else:
        out[...] = getattr(namespace(out), name)(*args)


def rectify(array):
    """Set negative entries to zero, in place."""
    if isinstance(array, np.ndarray):
        np.maximum(array, 0, out=array)
    else:
        array[...] = namespace(array).clip(array, min=0)


def clip_below(array, smallest):
    """Return an array with smaller entries replaced by a number."""
    if isinstance(array, np.ndarray):
        return np.maximum(array, smallest)
    return namespace(array).clip(array, min=smallest)


def clip_above(array, largest):
    """Return an array with larger entries replaced by a number."""
    if isinstance(array, np.ndarray):
        return np.minimum(array, largest)
    return namespace(array).clip(array, max=largest)


def as_factor(mask, like):
    """Return a mask as an array that `like` can be multiplied by."""
    if isinstance(like, np.ndarray):
        return mask
    return namespace(like).astype(mask, like.dtype)


def to_writable(array):
    """Return a writable NumPy array; those that come from a device may be read-only."""
    return np.require(to_numpy(array), requirements="W")


def move_to_numpy(*arrays):
    """Return arrays of one library as NumPy arrays."""
    return move_to(*arrays, xp=np, device="cpu")
