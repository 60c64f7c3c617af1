"""Codes as arrays: how they are checked and made, and which activations count."""

from numbers import Real

from scipy import sparse
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array

from ._arrays import float_dtypes, to_numpy
from ._blocks import blocks
from ._sklearn import Interval, _num_samples, _safe_indexing

#: What `threshold` may be. Below zero, every zero of a sparse code would be active.
THRESHOLD = [Interval(Real, 0, None, closed="left"), None]
#: Of the code of a block of rows: many rows at a time, and little memory all the same.
CODE_BYTES = 2**26


def check_rows(array, input_name):
    """A finite 2-D array as NumPy's in a float dtype, or as CSR in canonical form."""
    array = check_array(
        array, accept_sparse="csr", dtype=float_dtypes(array), input_name=input_name
    )
    array = to_numpy(array)
    if not sparse.issparse(array):
        return array
    # Unlike csr_matrix, csr_array sums to vectors and multiplies as an ndarray does.
    array = sparse.csr_array(array)
    if not array.has_canonical_format:
        array = array.copy()
        array.sum_duplicates()
    return array


def is_active(code, threshold):
    """Which activations count as active, an ndarray or CSR array of bool."""
    return code != 0 if threshold is None else code > threshold


def last_step(estimator):
    """The estimator itself, or that at the end of a pipeline."""
    return estimator[-1] if isinstance(estimator, Pipeline) else estimator


def threshold_of(estimator):
    """The threshold that suits the units of a fitted estimator.

    A rectified unit is active where its pre-activation is positive; 1/2 for a logistic
    unit and 0 for a tanh unit say the same. With a penalty that selects, as top-k does,
    the selected activations are those that are not zero.
    """
    estimator = last_step(estimator)
    if getattr(getattr(estimator, "penalty_", None), "selects", False):
        return None
    activation = getattr(estimator, "activation_", None)
    return {"logistic": 0.5, "tanh": 0.0}.get(activation)


def encode_blocks(estimator, X):
    """Yield slices of rows of X, each with its code.

    X may be whatever the estimator takes: an array, a memory map, a data frame, a
    sparse matrix, a list of texts.
    """
    if sparse.issparse(X):
        X = X.tocsr()

    def encode(rows):
        code = estimator.transform(_safe_indexing(X, rows))
        return check_rows(code, "the code of X")

    n_components = encode(slice(0, 1)).shape[1]
    for rows in blocks(0, _num_samples(X), 8 * n_components, CODE_BYTES):
        yield rows, encode(rows)
