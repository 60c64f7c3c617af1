"""Rows in the blocks of a Dask array.

Blocks are processed by Dask's workers, which keep them in memory, or by threads of this
process if there is no cluster.
"""

from functools import partial

import dask
import numpy as np
from scipy import sparse

from ._base import Rows
from ._dask_blocks import (
    Distinct,
    Limits,
    MeansOf,
    Missing,
    Moments,
    apply_block,
    corrupt_block,
    observed_of_block,
    part_of_block,
    seen_block,
)
from ._dask_sums import Crew, RowBlocks, keep_in_memory
from ._moments import sample_indices, total_variance


class OnDask(Rows):
    """Rows in a Dask array.

    There are no mini-batches, since each would need a round trip to the workers.

    Parameters
    ----------
    X : dask.array.Array of shape (n_samples, n_features)
        With one block of columns; the blocks of rows are dense or sparse.
    sample_weight : dask.array.Array of shape (n_samples,), default=None
        With the chunks of the rows.
    to_caller, view
        As for `Rows`. The first is None, since parameters are NumPy arrays and other
        results are Dask arrays.
    """

    kind = "dask"
    has_mini_batches = False

    def team(self):
        return Crew()

    def of_positive_weight(self):
        return self  # sums need no removal, which would take a pass over all blocks

    def hold_out(self, fraction, rng):
        # The same fraction of each block, as far as whole rows allow, so that no rows
        # are sent to other workers.
        lengths = np.array(self.X.chunks[0])
        stops = np.cumsum(lengths)
        n_held_out = np.clip(np.ceil(fraction * stops[-1]), 1, stops[-1] - 1)
        n_before = np.round(n_held_out * np.append(0, stops) / stops[-1]).astype(int)
        n_of_block, seed = np.diff(n_before), _draw_seed(rng)
        train = self._part(lengths - n_of_block, seed, held_out=False)
        held_out = self._part(n_of_block, seed, held_out=True)
        # In memory, rows of weight zero are not held out.
        for part, what in ((train, "all"), (held_out, "no")):
            if part.sample_weight is not None and not sum(part._positive_counts()):
                raise ValueError(
                    f"early_stopping=True has held out {what} rows of positive weight "
                    "of the Dask array. Use early_stopping=False, or another "
                    "validation_fraction."
                )
        return train, held_out

    def _positive_counts(self):
        """Return the number of rows of positive weight in each block, a list."""
        counts = [_count_positive(w) for w in _delayed_blocks(self.sample_weight)]
        return dask.compute(counts)[0]

    def _part(self, lengths, seed, held_out):
        """Return the rows of each block that are held out, or the others."""
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
        return self._replace(X, weights[0] if weights else None)

    def moments(self):
        blocks = RowBlocks(self.inputs, self.sample_weight, crew=Crew())
        moments = blocks.sum(partial(Moments.of_block, dtype=self.dtype))
        return moments.mean, total_variance(moments.variances, moments.mean)

    def column_means(self, function):
        blocks = RowBlocks(self.complete, self.sample_weight, crew=Crew())
        find = partial(MeansOf.of_block, dtype=self.dtype, function=function)
        means = blocks.sum(find)
        return means.sums / means.weight

    def has_missing(self):
        blocks = RowBlocks(self.X, crew=Crew())
        return blocks.sum(partial(Missing.of_block, dtype=self.dtype)).found

    def observed_means(self):
        blocks = RowBlocks(self.X, self.sample_weight, crew=Crew())
        return blocks.sum(partial(observed_of_block, dtype=self.dtype))

    def _seen(self, view):
        # Not kept in memory: computing it again takes less time than a product.
        X = self.X
        return X.map_blocks(seen_block, view=view, dtype=X.dtype, meta=X._meta)

    def limits(self):
        blocks = RowBlocks(self.complete, self.sample_weight, crew=Crew())
        return blocks.sum(partial(Limits.of_block, dtype=self.dtype)).ends

    def _find_distinct(self, enough):
        blocks = RowBlocks(self.inputs, self.sample_weight, crew=Crew())
        find = partial(Distinct.of_block, dtype=self.dtype, enough=enough)
        return min(enough, len(blocks.sum(find).digests))

    def sample(self, size):
        # The same rows as in memory, where those of weight zero have been removed.
        lengths = self.X.chunks[0]
        if self.sample_weight is not None:
            lengths = self._positive_counts()
        starts = np.cumsum([0, *lengths])
        rows = sample_indices(int(starts[-1]), size)
        parts = np.split(rows, np.searchsorted(rows, starts[1:-1]))
        weights = [None] * len(parts)
        if self.sample_weight is not None:
            weights = _delayed_blocks(self.sample_weight)
        samples = [
            _take_positive(block, weights_of_block, part - start)
            for block, weights_of_block, part, start in zip(
                _delayed_blocks(self.inputs), weights, parts, starts, strict=False
            )
            if len(part)
        ]
        X, weights = zip(*dask.compute(*samples), strict=True)
        is_sparse = sparse.issparse(X[0])
        X = sparse.vstack(X, format="csr") if is_sparse else np.concatenate(X)
        weights = None if self.sample_weight is None else np.concatenate(weights)
        return X, weights, len(rows) / int(starts[-1])

    def corrupted(self, corrupt, rng):
        X = self.inputs
        inputs = X.map_blocks(
            corrupt_block,
            corrupt=corrupt,
            seed=_draw_seed(rng),
            dtype=X.dtype,
            meta=X._meta,
        )
        return keep_in_memory(inputs)[0]

    def to_device(self, arrays):
        return arrays  # parameters are sent to the workers with each task

    def apply(self, step, n_columns, as_csr=False):
        # A Dask array, which is not computed yet.
        meta = np.empty((0, n_columns), self.dtype)
        return self.X.map_blocks(
            apply_block,
            step=dask.delayed(step),  # sent to each worker once
            n_columns=n_columns,
            as_csr=as_csr,
            has_missing=self.fill is not None,
            dtype=self.dtype,
            meta=sparse.csr_array(meta) if as_csr else meta,
            chunks=(self.X.chunks[0], (n_columns,)),
        )


def _draw_seed(rng):
    return rng.randint(np.iinfo(np.int32).max)


def _delayed_blocks(array):
    """Return the blocks of rows as delayed objects."""
    return array.to_delayed().ravel().tolist()


@dask.delayed
def _count_positive(weights):
    """Return the number of rows of positive weight in a block."""
    return np.count_nonzero(weights)


@dask.delayed
def _take_positive(block, weights, rows):
    """Return rows of a block and their weights.

    `rows` are indices among the rows of positive weight, or of all rows without
    weights.
    """
    if weights is None:
        return block[rows], None
    rows = np.flatnonzero(weights)[rows]
    return block[rows], weights[rows]
