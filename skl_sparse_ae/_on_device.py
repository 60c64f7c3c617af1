"""What is done with all the rows where they are on a device, such as a GPU."""

import numpy as np
from scipy import sparse

from . import _in_memory
from ._arrays import to_numpy
from ._blocks import Team, blocks
from ._device_objective import BLOCK_BYTES, DeviceObjective
from ._in_memory import corrupted, hold_out, with_weight
from ._moments import without_rounding
from ._parameters import Parameters
from ._sklearn import _align_api_if_sparse

__all__ = [
    "HAS_MINI_BATCHES",
    "Team",
    "apply",
    "beside",
    "corrupted",
    "hold_out",
    "mean_and_variance",
    "objective_class",
    "sample",
    "with_weight",
]

HAS_MINI_BATCHES = True


def mean_and_variance(X, sample_weight=None):
    """Mean of each column and the sum of the columns' variances, in float64.

    Sums of blocks are in the precision of the rows, which may be the device's only one.
    """
    if sample_weight is None:
        sample_weight = np.ones(X.shape[0], X.dtype)
    shares = sample_weight / np.sum(sample_weight, dtype=np.float64)
    parts = blocks(0, X.shape[0], X.dtype.itemsize * X.shape[1], BLOCK_BYTES)
    weights = [X.from_numpy(shares[rows], X.dtype) for rows in parts]
    mean, correction, variance = 0.0, 0.0, 0.0
    for rows, w in zip(parts, weights, strict=True):
        mean = mean + to_numpy(w @ X[rows].array).astype(np.float64)
    rounded = X.from_numpy(mean, X.dtype)
    for rows, w in zip(parts, weights, strict=True):
        centred = X[rows].array - rounded
        variance += float(w @ X.xp.sum(centred * centred, axis=1))
        correction = correction + to_numpy(w @ centred).astype(np.float64)
    variance = max(0.0, variance - float(correction @ correction))
    return mean, without_rounding(variance, mean, X.dtype)


def sample(X, sample_weight, size):
    """Some rows as NumPy's, their weights, and which part of all the rows they are."""
    X, sample_weight, fraction = _in_memory.sample(X, sample_weight, size)
    return to_numpy(X.array), sample_weight, fraction


def objective_class(network, X):
    """The objective for rows like these."""
    del network, X
    return DeviceObjective


def beside(X, arrays):
    """Parameters, or a vector of them, where the rows are."""
    if isinstance(arrays, Parameters):
        return Parameters(*map(X.from_numpy, arrays))
    return X.from_numpy(arrays)


def apply(step, X, n_columns, as_csr=False):
    """The results of ``step(X, out)``, an encoder or decoder, on all rows."""
    out = step(X.array, X.empty(n_columns))
    if not as_csr:
        return out
    return _align_api_if_sparse(sparse.csr_array(to_numpy(out)))
