"""Result and convergence test of the solvers.

Solvers report to a *monitor*. They call ``monitor.begin(point)`` before each iteration,
and ``monitor.end(point, value)`` after it, which returns True to stop.
"""

from collections import deque
from typing import NamedTuple

import numpy as np

# Factor of `tol` on the plateau around the start.
PLATEAU_TOL_FACTOR = 0.01


class Outcome(NamedTuple):
    """Final point of a solver and why it stopped."""

    point: np.ndarray
    n_iter: int
    converged: bool
    reason: str


class Diverged(ArithmeticError):
    """The objective or its gradient is no longer finite."""


class Progress:
    """Convergence test based on the decrease of the objective.

    Values no longer decrease when, over the last `n_iter` iterations, they have
    decreased by at most ``n_iter * tol`` times the last value. On the plateau around
    the start, where the decrease may be slow for many iterations, a hundredth of `tol`
    is used; values on the plateau are discarded after it.

    Parameters
    ----------
    tol : float
    n_iter : int
    """

    def __init__(self, tol, n_iter):
        self._tol = tol
        self._values = deque(maxlen=n_iter + 1)
        self._is_past_plateau = False

    def has_ended(self, value, is_past_plateau=True):
        """Add the value of an iteration; return whether values no longer decrease."""
        values = self._values
        if is_past_plateau and not self._is_past_plateau:
            self._is_past_plateau = True
            values.clear()
        values.append(value)
        if len(values) < values.maxlen:
            return False
        tol = self._tol if is_past_plateau else PLATEAU_TOL_FACTOR * self._tol
        return values[0] - value <= tol * (values.maxlen - 1) * abs(value)
