"""Mini-batches of shuffled rows, and the running means that go with them."""

import numpy as np

from ._blocks import split_evenly


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
    """

    def __init__(self, objective, X, sample_weight, batch_size, rng):
        self._objective = objective
        self._X = X
        self._weights = sample_weight
        self._rng = rng
        self._parts = split_evenly(0, X.shape[0], -(-X.shape[0] // batch_size))
        self._mean_weight = 1.0
        if sample_weight is not None:
            self._mean_weight = float(np.mean(sample_weight, dtype=np.float64))

    def __call__(self):
        """One epoch; yields the fraction of it done before each batch."""
        order = self._rng.permutation(self._X.shape[0])
        for i, part in enumerate(self._parts):
            rows = order[part]
            weights = None if self._weights is None else self._weights[rows]
            self._objective.use_rows(
                self._X[rows], weights, total_weight=self._mean_weight * len(rows)
            )
            yield i / len(self._parts)


class RunningMeans:
    """Exponentially weighted means of the units over the batches seen.

    The mean over a batch is a noisy estimate of the mean over all rows, and the
    divergence of a noisy mean is too large on average; the running mean is not so
    noisy. The first batches are averaged evenly.

    Parameters
    ----------
    horizon : float
        Number of batches that the mean remembers.
    """

    def __init__(self, horizon):
        self._horizon = horizon
        self.n_seen = 0
        self.means = None

    def __call__(self, means):
        self.n_seen += 1
        if self.means is None:
            self.means = np.array(means)
        else:
            share = 1 / min(self.n_seen, self._horizon)
            self.means += share * (means - self.means)
        return self.means
