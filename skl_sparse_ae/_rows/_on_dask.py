"""Rows in the blocks of a Dask array.

Rows stay where they are. Blocks are worked on by Dask's workers, or by threads of this
process where there is no cluster.
"""

from functools import partial

import dask
import dask.array as da
import numpy as np
from scipy import sparse
from sklearn.utils.validation import validate_data

from .._sklearn import _check_sample_weight
from ._base import Rows
from ._dask_blocks import Moments, apply_block, corrupt_block, part_of_block
from ._dask_sums import Crew, RowBlocks, keep_in_memory
from ._moments import rows_to_sample, without_rounding


class OnDask(Rows):
    """Rows in a Dask array with one block of columns. Parameters are those of `Rows`.

    A step of "adam" would take a round trip to the workers: there are no mini-batches.
    """

    kind = "dask"
    has_mini_batches = False

    def team(self):
        return Crew()

    def of_positive_weight(self):
        return self  # rows of weight zero add nothing to a sum

    def hold_out(self, fraction, rng):
        """Split at random; each block gives the same fraction of its rows.

        The fraction is met as nearly as whole rows allow.
        """
        lengths = np.array(self.X.chunks[0])
        stops = np.cumsum(lengths)
        n_held_out = np.clip(np.ceil(fraction * stops[-1]), 1, stops[-1] - 1)
        n_before = np.round(n_held_out * np.append(0, stops) / stops[-1]).astype(int)
        n_of_block, seed = np.diff(n_before), _seed(rng)
        return (
            self._part(lengths - n_of_block, seed, held_out=False),
            self._part(n_of_block, seed, held_out=True),
        )

    def _part(self, lengths, seed, held_out):
        """The rows of each block that are held out, or the others."""
        arrays = [a for a in (self.X, self.sample_weight) if a is not None]
        parts = [
            array.map_blocks(
                part_of_block,
                seed=seed,
                held_out=held_out,
                dtype=array.dtype,
                meta=array._meta,
                chunks=(tuple(lengths.tolist()), *array.chunks[1:]),
            )
            for array in arrays
        ]
        X, *weights = keep_in_memory(*parts)
        return self._with(X, weights[0] if weights else None)

    def moments(self):
        blocks = RowBlocks(self.X, self.sample_weight, crew=Crew())
        moments = blocks.sum(partial(Moments.of_block, dtype=self.dtype))
        return moments.mean, without_rounding(moments.variance, moments.mean)

    def sample(self, size):
        """A random sample of the rows: those that would be drawn in memory.

        There, rows of weight zero have been left out.
        """
        lengths = self.X.chunks[0]
        if self.sample_weight is not None:
            counts = [_count(block) for block in _blocks(self.sample_weight)]
            lengths = dask.compute(counts)[0]
        starts = np.cumsum([0, *lengths])
        rows = rows_to_sample(int(starts[-1]), size)
        parts = np.split(rows, np.searchsorted(rows, starts[1:-1]))
        weights = [None] * len(parts)
        if self.sample_weight is not None:
            weights = _blocks(self.sample_weight)
        drawn = [
            _draw(block, weights_of, part - start)
            for block, weights_of, part, start in zip(
                _blocks(self.X), weights, parts, starts, strict=False
            )
            if len(part)
        ]
        X, weights = zip(*dask.compute(*drawn), strict=True)
        is_sparse = sparse.issparse(X[0])
        X = sparse.vstack(X, format="csr") if is_sparse else np.concatenate(X)
        weights = None if self.sample_weight is None else np.concatenate(weights)
        return X, weights, len(rows) / int(starts[-1])

    def corrupted(self, corrupt, rng):
        X = self.X
        inputs = X.map_blocks(
            corrupt_block, corrupt=corrupt, seed=_seed(rng), dtype=X.dtype, meta=X._meta
        )
        return keep_in_memory(inputs)[0]

    def to_device(self, arrays):
        return arrays  # they travel with the tasks

    def apply(self, step, n_columns, as_csr=False):
        """The results of ``step(X, out)``: a Dask array that is yet to be computed."""
        meta = np.empty((0, n_columns), self.dtype)
        return self.X.map_blocks(
            apply_block,
            step=dask.delayed(step),  # travels to each worker once
            n_columns=n_columns,
            as_csr=as_csr,
            dtype=self.dtype,
            meta=sparse.csr_array(meta) if as_csr else meta,
            chunks=(self.X.chunks[0], (n_columns,)),
        )


def check_rows(estimator, X, sample_weight, reset, method):
    """Check rows and weights; in `fit`, the workers keep them in their memory.

    Parameters and what is returned are those of `_validation.check_rows`.
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
    sample_weight = _aligned(sample_weight, X)
    if is_fit:
        X, sample_weight = keep_in_memory(X, sample_weight)
    # Only ratios matter, and sums of large weights could overflow.
    sample_weight = sample_weight / _largest(sample_weight)
    if is_fit:
        (sample_weight,) = keep_in_memory(sample_weight)
    return OnDask(X, sample_weight)


def check_code(X):
    """Check the code that is passed to `inverse_transform`; returns `OnDask`."""
    return OnDask(_check_array(X, needs_lengths=False))


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
