"""Codes as arrays: how they are checked and made, and which activations count."""

from numbers import Real

import numpy as np
from scipy import sparse
from sklearn.utils import check_array

from .._arrays._array_api import canonical_csr, float_dtypes, to_numpy
from .._arrays._blocks import blocks
from .._sklearn import StrOptions, _num_samples, _safe_indexing
from ._pipelines import last_step

#: What `threshold` may be.
THRESHOLD = [Real, "array-like", StrOptions({"mean"}), None]


#: How far above the mean, relative to it, an activation is more than rounding.
ROUNDING = 1e-8


#: Of the code of a block of rows: many rows at a time, and little memory all the same.
CODE_BYTES = 2**26


def check_rows(array, input_name):
    """A finite 2-D array as NumPy's in a float dtype, or as CSR in canonical form."""
    array = check_array(
        array, accept_sparse="csr", dtype=float_dtypes(array), input_name=input_name
    )
    array = to_numpy(array)
    return canonical_csr(array) if sparse.issparse(array) else array


def column_means(code, weights=None):
    """Weighted mean of each column of an ndarray or CSR array, in float64."""
    if weights is None:
        weights = np.ones(code.shape[0])
    if sparse.issparse(code):
        return weights @ code / weights.sum()
    # In blocks, since the product copies what is not float64 already.
    parts = blocks(0, code.shape[0], 8 * code.shape[1])
    return sum(weights[rows] @ code[rows] for rows in parts) / weights.sum()


def above(means):
    """The thresholds that ``threshold="mean"`` stands for.

    A constant unit must not be above its mean, whichever way the mean is rounded.
    """
    return means + ROUNDING * np.abs(means)


def is_active(code, threshold, weights=None):
    """Which activations count as active, an ndarray or CSR array of bool.

    `weights` are those of the rows, for the mean.
    """
    if threshold is None:
        return code != 0
    if isinstance(threshold, str):
        threshold = above(column_means(code, weights))
    threshold = np.asarray(threshold, dtype=np.float64)
    if threshold.shape not in [(), code.shape[1:]]:
        raise ValueError(
            f"threshold has shape {threshold.shape}, but must be a number or have one "
            f"for each of the {code.shape[1]} units."
        )
    if not sparse.issparse(code):
        return code > threshold
    if (threshold < 0).any():
        raise ValueError(
            f"threshold={threshold.min():.3g} is below zero, and every zero of the "
            "sparse code would be active. Use an array for such a code."
        )
    exceeds = code.data > np.broadcast_to(threshold, code.shape[1:])[code.indices]
    active = sparse.csr_array(
        (exceeds, code.indices, code.indptr), code.shape, copy=True
    )
    active.eliminate_zeros()
    return active


def threshold_of(estimator):
    """The threshold that suits the units of a fitted estimator.

    Units that are never zero are compared with themselves. A common threshold would
    not do: logistic units reach 1/2, where their pre-activation is positive, only with
    some penalties and data. Of 100 default units on the bundled digits, some 60 never
    do, though all together they explain nine tenths of the variance.
    """
    estimator = last_step(estimator)
    selects = getattr(getattr(estimator, "penalty_", None), "selects", False)
    activation = getattr(estimator, "activation_", "relu")
    return None if selects or activation == "relu" else "mean"


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
