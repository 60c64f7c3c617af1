"""Rows on a device, such as a GPU."""

import numpy as np
from scipy import sparse

from .._arrays._array_api import to_numpy
from .._arrays._blocks import blocks
from .._sklearn import _align_api_if_sparse
from ._distinct import distinct_rows
from ._in_memory import InMemory
from ._missing import ObservedMeans
from ._moments import total_variance

# Size of a block of rows.
BLOCK_BYTES = 2**28


class OnDevice(InMemory):
    """Rows on a device.

    Parameters
    ----------
    X : DeviceArray of shape (n_samples, n_features)
    sample_weight : ndarray of shape (n_samples,), default=None
    to_caller, view
        As for `Rows`.
    """

    kind = "device"

    def moments(self):
        # Sums over a block are in the precision of the rows: not every device has
        # float64.
        X, weight = self.inputs, self.sample_weight
        if weight is None:
            weight = np.ones(X.shape[0], X.dtype)
        shares = weight / np.sum(weight, dtype=np.float64)
        parts = blocks(0, X.shape[0], X.dtype.itemsize * X.shape[1], BLOCK_BYTES)
        weights = [X.from_numpy(shares[rows], X.dtype) for rows in parts]
        mean, correction, variances = 0.0, 0.0, 0.0
        for rows, w in zip(parts, weights, strict=True):
            mean = mean + to_numpy(w @ X[rows].array).astype(np.float64)
        rounded = X.from_numpy(mean, X.dtype)
        for rows, w in zip(parts, weights, strict=True):
            centred = X[rows].array - rounded
            squares = to_numpy(w @ (centred * centred)).astype(np.float64)
            variances = variances + squares
            correction = correction + to_numpy(w @ centred).astype(np.float64)
        mean = to_numpy(rounded) + correction
        variances = np.maximum(variances - correction**2, 0)
        return mean, total_variance(variances, mean, X.dtype)

    def column_means(self, function):
        X, weight = self.complete, self.sample_weight
        if weight is None:
            weight = np.ones(X.shape[0], X.dtype)
        weight = X.from_numpy(weight / np.sum(weight, dtype=np.float64), X.dtype)
        parts = blocks(0, X.shape[0], X.dtype.itemsize * X.shape[1], BLOCK_BYTES)
        means = (weight[rows] @ function(X[rows].array) for rows in parts)
        return sum(to_numpy(mean).astype(np.float64) for mean in means)

    def observed_means(self):
        parts = blocks(0, self.shape[0], self.dtype.itemsize * self.shape[1])
        weight = self.sample_weight
        return sum(
            ObservedMeans.of(
                to_numpy(self.X[rows].array), None if weight is None else weight[rows]
            )
            for rows in parts
        )

    def limits(self):
        X = self.of_positive_weight().complete
        ends = X.xp.min(X.array, axis=0), X.xp.max(X.array, axis=0)
        return np.stack([to_numpy(end) for end in ends])

    def _find_distinct(self, enough):
        parts = blocks(0, self.shape[0], self.dtype.itemsize * self.shape[1])
        moved = (to_numpy(self.inputs[rows].array) for rows in parts)
        return len(distinct_rows(moved, enough))

    def sample(self, size):
        X, sample_weight, fraction = super().sample(size)
        return to_numpy(X.array), sample_weight, fraction

    def to_device(self, arrays):
        if isinstance(arrays, tuple):
            return type(arrays)(*map(self.X.from_numpy, arrays))
        return self.X.from_numpy(arrays)

    def apply(self, step, n_columns, as_csr=False):
        out = step(self.X.array, self.X.empty(n_columns))
        if not as_csr:
            return out
        return _align_api_if_sparse(sparse.csr_array(to_numpy(out)))
