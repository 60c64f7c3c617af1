"""Mini-batches of shuffled rows, and the running means that go with them."""

import numpy as np

from ._blocks import blocks, split_evenly

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
    corrupt : callable or None
        Gives, from rows and a random state, what the encoder sees of the rows.
    mean : ndarray of shape (n_features,) or None
        What is subtracted from what the encoder sees; None for rows that are not dense.
    """

    def __init__(
        self, objective, X, sample_weight, batch_size, rng, corrupt=None, mean=None
    ):
        self._objective = objective
        self._X = X
        self._weights = sample_weight
        self._rng = rng
        self._corrupt, self._mean = corrupt, mean
        self._batch_size = min(batch_size, X.shape[0])
        if isinstance(X, np.ndarray):
            # Written again for each batch: new pages cost more.
            self._rows = np.empty((self._batch_size, X.shape[1]), X.dtype)
            self._seen = self._rows if mean is None else np.empty_like(self._rows)
        self._mean_weight = 1.0
        if sample_weight is not None:
            self._mean_weight = float(np.mean(sample_weight, dtype=np.float64))

    def __call__(self):
        """One epoch; yields the fraction of it done before each batch."""
        n_done = 0
        take = self._dense if isinstance(self._X, np.ndarray) else self._other
        for table, table_weights, order in windows(self._X, self._weights, self._rng):
            n_batches = -(-len(order) // self._batch_size)
            for part in split_evenly(0, len(order), n_batches):
                rows = order[part]
                X, batch = take(table, rows)
                self._objective.use_rows(
                    X,
                    None if table_weights is None else table_weights[rows],
                    total_weight=self._mean_weight * len(rows),
                    **batch,
                )
                yield n_done / self._X.shape[0]
                n_done += len(rows)

    def _other(self, table, rows):
        """A batch of rows that are not dense; what the encoder sees of it."""
        X = table[rows]
        return X, {
            "inputs": X if self._corrupt is None else self._corrupt(X, self._rng)
        }

    def _dense(self, table, rows):
        """Room for a batch and for what the encoder sees of it; what writes to both."""
        X, seen, mean = self._rows[: len(rows)], self._seen[: len(rows)], self._mean

        def load(part):
            np.take(table, rows[part], axis=0, out=X[part], mode="clip")
            if mean is not None:
                np.subtract(X[part], mean, out=seen[part])

        if self._corrupt is None:
            return X, {"inputs": seen, "load": load}
        # Noise is drawn at once: its order must not depend on who works on which rows.
        load(slice(None))
        noisy = self._corrupt(X, self._rng)
        if mean is not None:
            noisy = np.subtract(noisy, mean, out=seen)
        return X, {"inputs": noisy}


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

    @property
    def state(self):
        """What there is to remember, in plain values, for `resume`."""
        return dict(vars(self))

    def resume(self, state):
        """Go on where `state` was taken; returns itself."""
        vars(self).update(state)
        return self

    def idle_units(self):
        """Indices of the units that were not active for too many rows."""
        return np.flatnonzero(self._n_idle >= self._idle_after)
