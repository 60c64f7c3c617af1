"""The terms of J, and sums over rows from which they and the gradient are made."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .._arrays._array_api import as_factor, namespace


class Terms(NamedTuple):
    """The three terms of J."""

    reconstruction: float
    decay: float
    sparsity: float

    @property
    def total(self):
        return self.reconstruction + self.decay + self.sparsity


class CodeSums:
    """Sums over the rows of a code: of phi, and of the number of active units.

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
        """Add some rows, with their weights."""
        phi = self._penalty.phi(code, self._activation)
        self.phi += sum_rows(phi, weights)
        if self._counts_active:
            n_active = np.count_nonzero(code, axis=1)
            self.n_active += (n_active if weights is None else n_active * weights).sum()


def finish_delta(network, delta, code, slope, weights=None):
    """Turn the error at the code into that at its pre-activation, in place.

    Parameters
    ----------
    network : Network
    delta : ndarray of shape (n_rows, n_components)
        The errors of the reconstruction, times the weights, times ``W_d^T``.
    code : ndarray of shape (n_rows, n_components)
    slope : ndarray of shape (n_components,) or None
        psi' of each unit, or None without a term.
    weights : ndarray of shape (n_rows,) or None
    """
    penalty, push = network.penalty, None
    if slope is not None:
        push = slope * penalty.phi_derivative(code, network.activation)
    network.passes.pull_back(delta, code, push, weights)
    if penalty.selects:
        delta *= as_factor(code != 0, code)


def squared_norm(matrix):
    """The sum of the squares of an array of any kind."""
    if isinstance(matrix, np.ndarray):
        return float(np.vdot(matrix, matrix))
    return float(namespace(matrix).sum(matrix * matrix))


def sum_rows(array, weights=None):
    """Weighted sum of rows; as a product, it is faster than ``sum(axis=0)``."""
    if weights is None:
        weights = _ones(len(array), array.dtype)
    return weights @ array


@lru_cache(maxsize=8)
def _ones(length, dtype):
    """A vector of ones, for all who need one as long."""
    ones = np.ones(length, dtype)
    ones.flags.writeable = False
    return ones


def explained_variance(reconstruction, variance):
    """The fraction of a variance that is explained, from a reconstruction term of J.

    As for R2 in scikit-learn, without variance it is 1 or 0.
    """
    if variance == 0:
        return float(reconstruction == 0)
    return float(1 - 2 * reconstruction / variance)
