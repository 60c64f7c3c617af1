"""Running means over the latest rows of a stream."""

import numpy as np


class RunningMeans:
    """Exponentially weighted means of the units' activations over the latest rows.

    The mean over a mini-batch is noisy, and the divergence of a noisy mean is too large
    on average. A mean over many mini-batches is less noisy but delayed, and a delayed
    gradient makes units oscillate. Until there are `n_rows` rows, all have the same
    weight.

    Parameters
    ----------
    n_rows : int
        Number of rows over which the means are taken.
    idle_after : int
        Number of rows without any activation after which a unit counts as idle.

    Attributes
    ----------
    means : ndarray of shape (n_components,) or None
        None before the first rows.
    """

    def __init__(self, n_rows, idle_after=np.inf):
        self._n_rows = n_rows
        self._idle_after = idle_after
        self._n_seen = 0
        self._n_idle = 0
        self.means = None

    def __call__(self, means, n_rows):
        """Update the means.

        Parameters
        ----------
        means : ndarray of shape (n_components,)
            Means over further rows.
        n_rows : float
            Number of these rows.

        Returns
        -------
        means : ndarray of shape (n_components,)
            The running means, which the next call overwrites.
        """
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
        """The state as plain values, for `resume`."""
        return dict(vars(self))

    def resume(self, state):
        """Continue from a `state`; return the object itself."""
        vars(self).update(state)
        return self

    def idle_units(self):
        """Return the indices of units without activations for `idle_after` rows."""
        return np.flatnonzero(self._n_idle >= self._idle_after)
