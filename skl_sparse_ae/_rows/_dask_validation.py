"""Checks of Dask arrays and of their weights."""

import dask
import dask.array as da
import numpy as np
from sklearn.utils.validation import validate_data

from ._dask_sums import keep_in_memory
from ._on_dask import OnDask
from ._weights import checked_weights


def check_rows(estimator, X, sample_weight, reset, method):
    """Check a Dask array and sample_weight of a call of an estimator's method.

    In `fit`, they are computed and kept in the memory of the workers.

    Parameters
    ----------
    estimator : SparseAutoencoder
    X : Dask collection
    sample_weight : {array-like, Dask array} of shape (n_samples,) or None
    reset : bool
        Whether to set `n_features_in_` instead of comparing X with it.
    method : str
        Name of the method that was called.

    Returns
    -------
    rows : OnDask

    Raises
    ------
    TypeError
        If X is another collection than an array, or the method is `partial_fit`.
    ValueError
        If X or sample_weight cannot be used. Values of X are checked later, when its
        blocks are computed.
    """
    if method == "partial_fit":
        raise TypeError(
            "partial_fit takes rows in memory, not a Dask array. Use fit, or call "
            "partial_fit with X.blocks[i].compute() for one block after the other."
        )
    is_fit = method == "fit"
    X = _check_array(X, needs_lengths=method != "transform")
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    if sample_weight is None:
        return OnDask(keep_in_memory(X)[0] if is_fit else X)
    sample_weight = _with_chunks_of(X, sample_weight)
    if is_fit:
        X, sample_weight = keep_in_memory(X, sample_weight)
    # As `checked_weights` does.
    sample_weight = (sample_weight / _checked_maximum(sample_weight)).astype(X.dtype)
    if is_fit:
        (sample_weight,) = keep_in_memory(sample_weight)
    return OnDask(X, sample_weight)


def check_code(X):
    """Check the code that is passed to `inverse_transform`.

    Parameters
    ----------
    X : Dask collection

    Returns
    -------
    rows : OnDask
    """
    return OnDask(_check_array(X, needs_lengths=False))


def _check_array(X, needs_lengths):
    """Return X as a Dask array of floats with one block of columns."""
    if not isinstance(X, da.Array):
        raise TypeError(
            f"X is a {type(X).__module__}.{type(X).__name__}; of Dask's collections, "
            "arrays are expected. Use X.to_dask_array(lengths=True) for a data frame "
            "of Dask, X.data for xarray."
        )
    if X.ndim != 2:
        raise ValueError(
            f"X is a Dask array of {X.ndim} dimension(s), and 2 are expected: rows and "
            "columns. Use X.reshape(-1, 1) for a single column, X.reshape(1, -1) for a "
            "single row."
        )
    if X.dtype.kind not in "biuf":
        raise ValueError(
            f"X is a Dask array of dtype {X.dtype}, and real numbers are expected. Use "
            "X.astype(float) where its values are numbers."
        )
    _check_shape(X, needs_lengths)
    return X if X.dtype in (np.float64, np.float32) else X.astype(np.float64)


def _check_shape(X, needs_lengths):
    n_rows, n_columns = X.shape
    if np.isnan(n_columns) or (needs_lengths and np.isnan(n_rows)):
        raise ValueError(
            f"X is a Dask array of unknown shape {X.shape}. Call "
            "X.compute_chunk_sizes() first."
        )
    if 0 in X.shape:
        raise ValueError(
            f"X is a Dask array of shape {X.shape}. At least one row and one column "
            "are required."
        )
    if X.numblocks[1] > 1:
        raise ValueError(
            f"X is a Dask array whose columns are cut into {X.numblocks[1]} blocks; "
            "rows have to be whole. Use X.rechunk({1: -1})."
        )


def _with_chunks_of(X, sample_weight):
    """Return weights as a Dask array with the chunks of the rows."""
    if not dask.is_dask_collection(sample_weight):
        weights = checked_weights(sample_weight, X.shape[0])
        return da.from_array(weights, chunks=X.chunks[:1])
    if sample_weight.shape != X.shape[:1]:
        raise ValueError(
            f"sample_weight is a Dask array of shape {sample_weight.shape}; one number "
            f"for each of the {X.shape[0]} rows of X is expected. Call "
            "sample_weight.compute_chunk_sizes() first where the shape is unknown."
        )
    return sample_weight.astype(np.float64).rechunk(X.chunks[:1])


def _checked_maximum(sample_weight):
    """Check the values of the weights and return the largest one."""
    low, high = dask.compute(sample_weight.min(), sample_weight.max())
    if not np.isfinite([low, high]).all():
        raise ValueError("sample_weight contains NaN or infinity.")
    if low < 0:
        raise ValueError(f"sample_weight contains negative values, such as {low:.3g}.")
    if high == 0:
        raise ValueError("sample_weight must contain at least one positive number.")
    return high
