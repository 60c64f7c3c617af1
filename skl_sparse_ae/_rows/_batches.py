"""Mini-batches of shuffled rows."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .._arrays._blocks import blocks, split_evenly

# A table that is larger than this may be on a disk, where neighbouring rows are read
# fast and others slowly. It is read by runs of neighbours, in random order, as many as
# fit a window, in which rows are shuffled. What decides is the size and not where the
# table is, so that the same rows give the same fit.
LARGE_BYTES = 2**30


WINDOW_BYTES = 2**28


RUN_BYTES = 2**22


def windows(X, sample_weight, rng):
    """Rows in random order, as many at a time as may be in memory.

    Parameters
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
    sample_weight : ndarray of shape (n_samples,) or None
    rng : numpy.random.RandomState

    Yields
    ------
    rows : ndarray or CSR
        X itself, where it is not large; else in memory that the next ones will take.
    weights : ndarray or None
    order : ndarray of int
        In which the rows are to be used.
    """
    n_rows = X.shape[0]
    if not isinstance(X, np.ndarray) or X.nbytes <= LARGE_BYTES:
        yield X, sample_weight, rng.permutation(n_rows)
        return
    runs = blocks(0, n_rows, X.nbytes // n_rows, RUN_BYTES)
    order = rng.permutation(len(runs))
    chosen = [order[part] for part in blocks(0, len(runs), RUN_BYTES, WINDOW_BYTES)]
    # Windows differ by some rows, and each is to find room where the first one was.
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
    """Some rows of a table, for one step of mini-batch training.

    Attributes
    ----------
    X : ndarray, CSR array or DeviceArray of shape (n_rows, n_features)
    inputs : array like X
        What the encoder receives: X itself, or corrupted or centred rows.
    sample_weight : ndarray of shape (n_rows,) or None
    total_weight : float
        What sums over the rows are divided by: the number of rows times the mean weight
        in the whole table, so that batches of heavy rows count for more.
    load : callable or None
        Given a slice, writes these rows to X and inputs, which are empty before.
    progress : float
        The fraction of the epoch done before this batch.
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
        Batches have this many rows or slightly fewer, all nearly the same number.
    rng : numpy.random.RandomState
    corrupt : callable or None
        Given rows and a random state, returns corrupted rows for the encoder.
    mean : ndarray of shape (n_features,) or None
        Subtracted from the encoder's inputs; None for rows that are not dense.
    """

    def __init__(self, X, sample_weight, batch_size, rng, corrupt=None, mean=None):
        self._X = X
        self._weights = sample_weight
        self._rng = rng
        self._corrupt, self._mean = corrupt, mean
        self._batch_size = min(batch_size, X.shape[0])
        if isinstance(X, np.ndarray):
            # The same memory for each batch: new pages cost more.
            self._rows = np.empty((self._batch_size, X.shape[1]), X.dtype)
            self._inputs = self._rows if mean is None else np.empty_like(self._rows)
        self._mean_weight = 1.0
        if sample_weight is not None:
            self._mean_weight = float(np.mean(sample_weight, dtype=np.float64))

    def __iter__(self):
        n_done = 0
        take = self._dense if isinstance(self._X, np.ndarray) else self._other
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

    def _other(self, table, rows):
        """Rows, inputs and no `load`, of rows that are not dense."""
        X = table[rows]
        return X, X if self._corrupt is None else self._corrupt(X, self._rng), None

    def _dense(self, table, rows):
        """Memory for rows and inputs, and `load`, which writes to both."""
        X, inputs, mean = self._rows[: len(rows)], self._inputs[: len(rows)], self._mean

        def load(part):
            np.take(table, rows[part], axis=0, out=X[part], mode="clip")
            if mean is not None:
                np.subtract(X[part], mean, out=inputs[part])

        if self._corrupt is None:
            return X, inputs, load
        # Noise is drawn at once: its order must not depend on who works on which rows.
        load(slice(None))
        noisy = self._corrupt(X, self._rng)
        if mean is not None:
            noisy = np.subtract(noisy, mean, out=inputs)
        return X, noisy, None
