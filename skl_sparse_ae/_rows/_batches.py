"""Mini-batches of shuffled rows."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .._arrays._blocks import blocks, split_evenly
from ._base import PLAIN

# A larger table may be a memory map of a file, of which consecutive rows are read fast
# and single rows slowly. So runs of consecutive rows are read in random order, as many
# as fit a window, and the rows of a window are shuffled. Only the size decides, so that
# the fit does not depend on where the table is.
LARGE_BYTES = 2**30
WINDOW_BYTES = 2**28
RUN_BYTES = 2**22


def windows(X, sample_weight, rng):
    """Yield all rows once in random order, as many at a time as fit in memory.

    Parameters
    ----------
    X : ndarray, CSR array or DeviceArray of shape (n_samples, n_features)
    sample_weight : ndarray of shape (n_samples,) or None
    rng : numpy.random.RandomState

    Yields
    ------
    rows : ndarray, CSR array or DeviceArray of shape (n_rows, n_features)
        X itself if it is not large, else a buffer that the next rows overwrite.
    weights : ndarray of shape (n_rows,) or None
    order : ndarray of int of shape (n_rows,)
        Permutation of the rows.
    """
    n_rows = X.shape[0]
    if not isinstance(X, np.ndarray) or X.nbytes <= LARGE_BYTES:
        yield X, sample_weight, rng.permutation(n_rows)
        return
    runs = blocks(0, n_rows, X.nbytes // n_rows, RUN_BYTES)
    order = rng.permutation(len(runs))
    chosen = [order[part] for part in blocks(0, len(runs), RUN_BYTES, WINDOW_BYTES)]
    # Windows differ by some rows; the buffer is large enough for each of them.
    longest = max(run.stop - run.start for run in runs)
    buffer = np.empty((longest * max(map(len, chosen)), X.shape[1]), X.dtype)
    for window in chosen:
        parts = [runs[i] for i in window]
        n_window = sum(part.stop - part.start for part in parts)
        rows = np.concatenate([X[part] for part in parts], out=buffer[:n_window])
        weights = None
        if sample_weight is not None:
            weights = np.concatenate([sample_weight[part] for part in parts])
        yield rows, weights, rng.permutation(len(rows))


class Batch(NamedTuple):
    """The rows of a mini-batch.

    Attributes
    ----------
    X : ndarray, CSR array or DeviceArray of shape (n_rows, n_features)
    inputs : array like X
        Input of the encoder: X itself, or what it sees of X, corrupted or centred.
    sample_weight : ndarray of shape (n_rows,) or None
    total_weight : float
        Divisor of sums over the rows: the number of rows times the mean weight of all
        rows of the table, so that a mini-batch of larger weights has more influence.
    load : callable or None
        ``load(part)`` writes the rows of a slice to X and inputs, which are
        uninitialised before. None if X and inputs are complete.
    progress : float
        The fraction of the epoch done before this mini-batch.
    """

    X: np.ndarray
    inputs: np.ndarray
    sample_weight: np.ndarray | None
    total_weight: float
    load: Callable | None
    progress: float


class MiniBatches:
    """Mini-batches of shuffled rows; each iteration is one epoch.

    Parameters
    ----------
    X : ndarray, CSR array or DeviceArray of shape (n_samples, n_features)
    sample_weight : ndarray of shape (n_samples,) or None
    batch_size : int
        Maximum number of rows of a mini-batch; all have nearly the same number.
    rng : numpy.random.RandomState
    corrupt : callable or None
        ``corrupt(X, rng)`` returns a corrupted copy of some rows.
    mean : ndarray of shape (n_features,) or None
        Subtracted from the encoder's inputs; None for rows that are not dense.
    view : View, default=View()
        What the encoder sees of the rows.
    """

    def __init__(
        self, X, sample_weight, batch_size, rng, corrupt=None, mean=None, view=PLAIN
    ):
        self._X = X
        self._weights = sample_weight
        self._rng = rng
        self._corrupt, self._mean, self._view = corrupt, mean, view
        self._batch_size = min(batch_size, X.shape[0])
        if isinstance(X, np.ndarray):
            # One buffer for all mini-batches: new memory pages would cost time.
            self._rows = np.empty((self._batch_size, X.shape[1]), X.dtype)
            is_same = mean is None and view.is_plain
            self._inputs = self._rows if is_same else np.empty_like(self._rows)
        self._mean_weight = 1.0
        if sample_weight is not None:
            self._mean_weight = float(np.mean(sample_weight, dtype=np.float64))

    def __iter__(self):
        n_done = 0
        is_dense = isinstance(self._X, np.ndarray)
        take = self._take_dense if is_dense else self._take_other
        for table, table_weights, order in windows(self._X, self._weights, self._rng):
            n_batches = -(-len(order) // self._batch_size)
            for part in split_evenly(0, len(order), n_batches):
                rows = order[part]
                X, inputs, load = take(table, rows)
                yield Batch(
                    X,
                    inputs,
                    None if table_weights is None else table_weights[rows],
                    self._mean_weight * len(rows),
                    load,
                    n_done / self._X.shape[0],
                )
                n_done += len(rows)

    def _take_other(self, table, rows):
        """Return X and inputs of a mini-batch that is not an ndarray, and no `load`."""
        X = table[rows]
        inputs = self._view(X)
        if self._corrupt is not None:
            inputs = self._corrupt(inputs, self._rng)
        return X, inputs, None

    def _take_dense(self, table, rows):
        """Return buffers for X and inputs of a mini-batch, and `load` to fill both."""
        X, mean = self._rows[: len(rows)], self._mean
        inputs = X if self._inputs is self._rows else self._inputs[: len(rows)]

        def load(part):
            np.take(table, rows[part], axis=0, out=X[part], mode="clip")
            seen = self._view(X[part])
            if mean is not None:
                np.subtract(seen, mean, out=inputs[part])
            elif not self._view.is_plain:
                inputs[part] = seen

        if self._corrupt is None:
            return X, inputs, load
        # Noise is drawn for all rows at once, not by threads in any order.
        load(slice(None))
        noisy = self._corrupt(self._view(X), self._rng)
        if mean is not None:
            noisy = np.subtract(noisy, mean, out=inputs)
        return X, noisy, None
