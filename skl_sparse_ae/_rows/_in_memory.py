"""Rows in memory or in a memory map."""

import numpy as np
from sklearn.model_selection import train_test_split

from .._arrays._team import Team
from .._sklearn import _align_api_if_sparse
from ._base import Rows
from ._batches import MiniBatches
from ._distinct import distinct_rows
from ._limits import column_limits
from ._mapping import map_rows, map_rows_to_csr
from ._missing import ObservedMeans, has_missing
from ._moments import column_means, mean_and_variance, sample_indices


class InMemory(Rows):
    """Rows in memory or in a memory map.

    Parameters
    ----------
    X : ndarray or CSR array of shape (n_samples, n_features)
    sample_weight : ndarray of shape (n_samples,), default=None
    to_caller, view
        As for `Rows`.
    """

    kind = "memory"

    def team(self):
        return Team()

    def of_positive_weight(self):
        if self.sample_weight is None:
            return self
        is_positive = self.sample_weight > 0
        return self if is_positive.all() else self._take(is_positive)

    def hold_out(self, fraction, rng):
        indices = np.arange(self.shape[0])
        parts = train_test_split(indices, test_size=fraction, random_state=rng)
        return [self._take(part) for part in parts]

    def moments(self):
        return mean_and_variance(self.inputs, self.sample_weight)

    def column_means(self, function):
        return column_means(self.complete, self.sample_weight, function)

    def has_missing(self):
        return has_missing(self.X)

    def observed_means(self):
        return ObservedMeans.of(self.X, self.sample_weight)

    def _seen(self, view):
        return view(self.X)

    def limits(self):
        return column_limits(self.of_positive_weight().complete)

    def _find_distinct(self, enough):
        return len(distinct_rows([self.inputs], enough))

    def sample(self, size):
        rows = self
        if self.shape[0] > size:
            rows = self._take(sample_indices(self.shape[0], size))
        return rows.inputs, rows.sample_weight, rows.shape[0] / self.shape[0]

    def batches(self, size, rng, corrupt=None, mean=None):
        options = size, rng, corrupt, mean, self.view
        return MiniBatches(self.X, self.sample_weight, *options)

    def astype(self, dtype):
        return self._replace(self.X.astype(dtype, copy=False), self.sample_weight)

    def corrupted(self, corrupt, rng):
        return corrupt(self.inputs, rng)

    def to_device(self, arrays):
        return arrays

    def apply(self, step, n_columns, as_csr=False):
        with self.team() as team:
            if as_csr:
                code = map_rows_to_csr(step, self.X, n_columns, team)
                return _align_api_if_sparse(code)
            out = np.empty((self.shape[0], n_columns), self.dtype)
            return self.to_caller(map_rows(step, self.X, out, team))

    def _take(self, rows):
        """Return the rows of an array of indices or of a mask."""
        weights = None if self.sample_weight is None else self.sample_weight[rows]
        return self._replace(self.X[rows], weights)
