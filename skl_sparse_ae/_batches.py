"""Mini-batches of shuffled rows, and the running means that go with them."""

import numpy as np
from scipy import sparse

from ._blocks import blocks, split_evenly

# A table that is larger than this may be on a disk, where rows are read by pages and
# neighbouring ones fast. It is shuffled by runs of neighbours, as many as fit a window,
# whose rows are then shuffled once more. What decides is the size and not where the
# table is, so that the same rows give the same fit.
LARGE_BYTES = 2**30
WINDOW_BYTES = 2**27
RUN_BYTES = 2**17


def shuffled(X, rng):
    """Indices of all rows in random order, some at a time.

    Parameters
    ----------
    X : ndarray or CSR
    rng : numpy.random.RandomState

    Yields
    ------
    rows : ndarray of int
    """
    n_rows = X.shape[0]
    if sparse.issparse(X) or X.nbytes <= LARGE_BYTES:
        yield rng.permutation(n_rows)
        return
    row_bytes = X.nbytes // n_rows
    runs = blocks(0, n_rows, row_bytes, RUN_BYTES)
    order = rng.permutation(len(runs))
    for window in blocks(0, len(runs), RUN_BYTES, WINDOW_BYTES):
        rows = [np.arange(runs[i].start, runs[i].stop) for i in order[window]]
        yield rng.permutation(np.concatenate(rows))


class MiniBatches:
    """Sets one batch of shuffled rows after the other on an objective.

    Parameters
    ----------
    objective : Objective
    X : ndarray or CSR of shape (n_samples, n_features)
    sample_weight : ndarray of shape (n_samples,) or None
    batch_size : int
        Batches have this many rows or slightly fewer, all nearly the same number.
    rng : numpy.random.RandomState
    inputs : callable or None
        Gives, from rows and a random state, what the encoder sees of the rows.
    """

    def __init__(self, objective, X, sample_weight, batch_size, rng, inputs=None):
        self._objective = objective
        self._X = X
        self._weights = sample_weight
        self._rng = rng
        self._inputs = inputs
        self._parts = split_evenly(0, X.shape[0], -(-X.shape[0] // batch_size))
        self._rows = None
        if not sparse.issparse(X):
            n_rows = max(part.stop - part.start for part in self._parts)
            self._rows = np.empty((n_rows, X.shape[1]), X.dtype)
        self._mean_weight = 1.0
        if sample_weight is not None:
            self._mean_weight = float(np.mean(sample_weight, dtype=np.float64))

    def __call__(self):
        """One epoch; yields the fraction of it done before each batch."""
        windows = shuffled(self._X, self._rng)
        waiting = next(windows)
        for i, part in enumerate(self._parts):
            n_rows = part.stop - part.start
            while len(waiting) < n_rows:
                waiting = np.concatenate([waiting, next(windows)])
            rows, waiting = waiting[:n_rows], waiting[n_rows:]
            weights = None if self._weights is None else self._weights[rows]
            X = self._take(rows)
            self._objective.use_rows(
                X,
                weights,
                total_weight=self._mean_weight * len(rows),
                inputs=None if self._inputs is None else self._inputs(X, self._rng),
            )
            yield i / len(self._parts)

    def _take(self, rows):
        """Copies of some rows, in the same memory each time: new pages cost more."""
        if self._rows is None:
            return self._X[rows]
        return np.take(self._X, rows, axis=0, out=self._rows[: len(rows)], mode="clip")


class RunningMeans:
    """Exponentially weighted means of the units over the latest rows.

    The mean over a batch is noisy, and the divergence of a noisy mean is too large on
    average; a mean over many batches is not noisy but late, and units that are pushed
    too late oscillate. The first rows are averaged evenly.

    Parameters
    ----------
    n_rows : int
        Number of rows that the means remember.
    idle_after : int
        Number of rows without any activation after which a unit counts as idle.
    """

    def __init__(self, n_rows, idle_after=np.inf):
        self._n_rows = n_rows
        self._idle_after = idle_after
        self._n_seen = 0
        self._n_idle = 0
        self.means = None

    def __call__(self, means, n_rows):
        """Take the means over some further rows into account."""
        self._n_seen += n_rows
        self._n_idle = np.where(means == 0, self._n_idle + n_rows, 0)
        if self.means is None:
            self.means = np.array(means)
        else:
            share = min(1.0, n_rows / min(self._n_seen, self._n_rows))
            self.means += share * (means - self.means)
        return self.means

    def idle_units(self):
        """Indices of the units that were not active for too many rows."""
        return np.flatnonzero(self._n_idle >= self._idle_after)
