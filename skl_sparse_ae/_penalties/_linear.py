"""Base class of penalties that are linear in the unit means."""

import numpy as np

from .._arrays._array_api import namespace
from ._base import WEIGHT, Penalty


class _LinearPenalty(Penalty):
    """Base class of penalties with ``psi(s) = beta * s``."""

    _parameter_constraints = {"beta": [WEIGHT]}

    def psi(self, s):
        return self.beta * s

    def psi_derivative(self, s):
        return np.full_like(s, self.beta)


def _squared_norms(matrix):
    """Return the squared norm of each column of a matrix."""
    if isinstance(matrix, np.ndarray):
        return np.einsum("fj,fj->j", matrix, matrix)
    return namespace(matrix).sum(matrix * matrix, axis=0)
