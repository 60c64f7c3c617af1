"""What is done with all the rows where they are blocks of a Dask array.

Rows stay where they are. Blocks are worked on by Dask's workers, or by threads of this
process where there is no cluster.
"""

from functools import partial

import dask
import dask.array as da
import numpy as np
from scipy import sparse
from sklearn.utils.validation import validate_data

from ._dask_blocks import Moments, apply_block, corrupt_block, part_of_block
from ._dask_objective import DaskObjective
from ._dask_sums import Crew as Team
from ._dask_sums import RowBlocks, keep_in_memory
from ._moments import rows_to_sample, without_rounding
from ._sklearn import _check_sample_weight

__all__ = [
    "HAS_MINI_BATCHES",
    "Team",
    "apply",
    "beside",
    "check_code",
    "check_rows",
    "corrupted",
    "hold_out",
    "mean_and_variance",
    "objective_class",
    "sample",
    "with_weight",
]

#: A step of "adam" would take a round trip to the workers.
HAS_MINI_BATCHES = False


def check_rows(estimator, X, sample_weight, reset, method):
    """Rows and weights as Dask arrays of floats, kept by the workers in `fit`."""
    if method == "partial_fit":
        raise TypeError(
            "partial_fit takes rows in memory, not a Dask array. Use fit, or call "
            "partial_fit with X.blocks[i].compute() for one block after the other."
        )
    is_fit = method == "fit"
    X = _check_array(X, needs_lengths=method != "transform")
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    if sample_weight is None:
        return (keep_in_memory(X)[0] if is_fit else X), None, _as_it_is
    sample_weight = _aligned(sample_weight, X)
    if is_fit:
        X, sample_weight = keep_in_memory(X, sample_weight)
    # Only ratios matter, and sums of large weights could overflow.
    sample_weight = sample_weight / _largest(sample_weight)
    if is_fit:
        (sample_weight,) = keep_in_memory(sample_weight)
    return X, sample_weight, _as_it_is


def check_code(estimator, X):
    """Codes as a Dask array of floats."""
    del estimator
    return _check_array(X, needs_lengths=False), _as_it_is


def with_weight(X, sample_weight):
    """All rows: those without weight add nothing to a sum."""
    return X, sample_weight


def hold_out(X, sample_weight, fraction, rng):
    """Two pairs of rows and weights: those to train on and those held out.

    Each block gives the same fraction of its rows, as nearly as whole rows allow.
    """
    lengths = np.array(X.chunks[0])
    stops = np.cumsum(lengths)
    n_held_out = np.clip(np.ceil(fraction * stops[-1]), 1, stops[-1] - 1)
    n_before = np.round(n_held_out * np.append(0, stops) / stops[-1]).astype(int)
    n_of_block = np.diff(n_before)
    arrays = [array for array in (X, sample_weight) if array is not None]
    seed = _seed(rng)

    def part(held_out):
        n_rows = n_of_block if held_out else lengths - n_of_block
        parts = [
            array.map_blocks(
                part_of_block,
                seed=seed,
                held_out=held_out,
                dtype=array.dtype,
                meta=array._meta,
                chunks=(tuple(n_rows.tolist()), *array.chunks[1:]),
            )
            for array in arrays
        ]
        X, *weights = keep_in_memory(*parts)
        return X, (weights[0] if weights else None)

    return part(held_out=False), part(held_out=True)


def mean_and_variance(X, sample_weight=None):
    """Mean of each column and the sum of the columns' variances, in float64."""
    blocks = RowBlocks(X, sample_weight, crew=Team())
    moments = blocks.sum(partial(Moments.of_block, dtype=X.dtype))
    return moments.mean, without_rounding(moments.variance, moments.mean)


def sample(X, sample_weight, size):
    """Some rows that count, their weights, and which part of these they are.

    The rows are those that are drawn in memory, where others have been left out.
    """
    lengths = X.chunks[0]
    if sample_weight is not None:
        lengths = dask.compute([_count(block) for block in _blocks(sample_weight)])[0]
    starts = np.cumsum([0, *lengths])
    rows = rows_to_sample(int(starts[-1]), size)
    parts = np.split(rows, np.searchsorted(rows, starts[1:-1]))
    weights = [None] * len(parts) if sample_weight is None else _blocks(sample_weight)
    drawn = [
        _draw(block, weights_of, part - start)
        for block, weights_of, part, start in zip(
            _blocks(X), weights, parts, starts, strict=False
        )
        if len(part)
    ]
    X, weights = zip(*dask.compute(*drawn), strict=True)
    X = sparse.vstack(X, format="csr") if sparse.issparse(X[0]) else np.concatenate(X)
    weights = None if sample_weight is None else np.concatenate(weights)
    return X, weights, len(rows) / int(starts[-1])


def _blocks(array):
    """The blocks of rows, yet to be computed."""
    return array.to_delayed().ravel().tolist()


@dask.delayed
def _count(weights):
    """How many rows of a block count."""
    return np.count_nonzero(weights)


@dask.delayed
def _draw(block, weights, rows):
    """Those of the rows that count with some indices, and their weights."""
    if weights is None:
        return block[rows], None
    rows = np.flatnonzero(weights)[rows]
    return block[rows], weights[rows]


def corrupted(corrupt, X, rng):
    """What the encoder sees of the rows, given a function that adds noise."""
    inputs = X.map_blocks(
        corrupt_block, corrupt=corrupt, seed=_seed(rng), dtype=X.dtype, meta=X._meta
    )
    return keep_in_memory(inputs)[0]


def objective_class(network, X):
    """The objective for rows like these."""
    del network, X
    return DaskObjective


def beside(X, arrays):
    """Parameters where they are: they travel with the tasks."""
    del X
    return arrays


def apply(step, X, n_columns, as_csr=False):
    """The results of ``step(X, out)``, an encoder or decoder: a Dask array to come."""
    meta = np.empty((0, n_columns), X.dtype)
    return X.map_blocks(
        apply_block,
        step=dask.delayed(step),  # travels to each worker once
        n_columns=n_columns,
        as_csr=as_csr,
        dtype=X.dtype,
        meta=sparse.csr_array(meta) if as_csr else meta,
        chunks=(X.chunks[0], (n_columns,)),
    )


def _check_array(X, needs_lengths):
    """X as a Dask array of floats with one block of columns."""
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
    return X if X.dtype in (np.float64, np.float32) else X.astype(np.float64)


def _aligned(sample_weight, X):
    """Weights as a Dask array that is cut as the rows are."""
    if not dask.is_dask_collection(sample_weight):
        weights = _check_sample_weight(
            sample_weight, X, dtype=X.dtype, ensure_non_negative=True
        )
        return da.from_array(weights, chunks=X.chunks[:1])
    if sample_weight.shape != X.shape[:1]:
        raise ValueError(
            f"sample_weight is a Dask array of shape {sample_weight.shape}; one number "
            f"for each of the {X.shape[0]} rows of X is expected. Call "
            "sample_weight.compute_chunk_sizes() first where the shape is unknown."
        )
    return sample_weight.astype(X.dtype).rechunk(X.chunks[:1])


def _largest(sample_weight):
    """The largest weight of all, once they have been checked."""
    low, high = dask.compute(sample_weight.min(), sample_weight.max())
    if not np.isfinite([low, high]).all():
        raise ValueError("sample_weight contains NaN or infinity.")
    if low < 0:
        raise ValueError(f"sample_weight contains negative values, such as {low:.3g}.")
    if high == 0:
        raise ValueError("sample_weight must contain at least one positive number.")
    return high


def _seed(rng):
    return rng.randint(np.iinfo(np.int32).max)


def _as_it_is(result):
    return result
