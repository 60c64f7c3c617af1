"""Terms of J, and sums over rows for J and its gradient."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import sparse

from .._arrays._array_api import as_factor, namespace, to_numpy


class Terms(NamedTuple):
    """The three terms of J."""

    reconstruction: float
    decay: float
    sparsity: float

    @property
    def total(self):
        return self.reconstruction + self.decay + self.sparsity


class CodeSums:
    """Weighted sums of phi and of the number of active units over rows of a code.

    Parameters
    ----------
    network : Network
    counts_active : bool
    """

    def __init__(self, network, counts_active):
        self._penalty, self._activation = network.penalty, network.activation
        self._counts_active = counts_active
        self.phi = np.zeros(network.layout.n_components)
        self.n_active = 0.0

    def add(self, code, weights=None):
        """Add rows of a code, with their sample weights."""
        phi = self._penalty.phi(code, self._activation)
        self.phi += sum_rows(phi, weights)
        if self._counts_active:
            active = as_factor(code != 0, code)
            self.n_active += float(np.sum(sum_rows(1 * active, weights)))


def finish_delta(network, delta, code, slope, weights=None):
    """Convert the error at the code to the error at its pre-activation, in place.

    Parameters
    ----------
    network : Network
    delta : ndarray of shape (n_rows, n_components)
        Errors of the reconstruction, times the sample weights, times ``W_d^T``.
    code : ndarray of shape (n_rows, n_components)
    slope : ndarray of shape (n_components,) or None
        psi' of each unit; None if the penalty has no term.
    weights : ndarray of shape (n_rows,) or None
    """
    penalty, penalty_gradient = network.penalty, None
    if slope is not None:
        penalty_gradient = slope * penalty.phi_derivative(code, network.activation)
    network.passes.pull_back(delta, code, penalty_gradient, weights)
    if penalty.selects:
        delta *= as_factor(code != 0, code)


def threshold_sums(network, before, delta, slope, weights=None):
    """Return the sums over rows of the gradient of the penalty's thresholds.

    Parameters
    ----------
    network : Network
        With a penalty that learns thresholds.
    before : array of shape (n_rows, n_components)
        Activations before selection.
    delta, slope, weights
        As for `finish_delta`, which must not have been called.

    Returns
    -------
    sums : ndarray of shape (n_components,)
    """
    if weights is not None:
        slope = weights[:, None] * slope
    return sum_rows(network.penalty.threshold_gradient(before, delta, slope))


def squared_norm(matrix):
    """Return the sum of the squares of an array of any library."""
    if isinstance(matrix, np.ndarray):
        return float(np.vdot(matrix, matrix))
    return float(namespace(matrix).sum(matrix * matrix))


def sum_rows(array, weights=None):
    """Return the weighted sum of rows, as a product, which is the faster way."""
    if sparse.issparse(array):
        return array.T @ (np.ones(array.shape[0]) if weights is None else weights)
    if not isinstance(array, np.ndarray):  # on a device; the sum is NumPy's
        weighted = array if weights is None else array * weights[:, None]
        return to_numpy(namespace(array).sum(weighted, axis=0)).astype(np.float64)
    if weights is None:
        weights = _ones(len(array), array.dtype)
    return weights @ array


@lru_cache(maxsize=8)
def _ones(length, dtype):
    """Return a read-only vector of ones, cached."""
    ones = np.ones(length, dtype)
    ones.flags.writeable = False
    return ones
