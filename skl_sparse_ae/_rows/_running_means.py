"""Running means over the latest rows of a stream."""

import numpy as np


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
