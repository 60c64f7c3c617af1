"""Result and convergence test of the solvers.

Solvers report to a *monitor*. They call ``monitor.begin(point)`` before each iteration,
and ``monitor.end(point, value)`` after it, which returns True to stop. Where J itself
changes during training, a third argument says whether it still does.
"""

from collections import deque
from typing import NamedTuple

import numpy as np

# Factor of `tol` on the plateau around the start.
PLATEAU_TOL_FACTOR = 0.01
# Reason of an outcome.
STOPPED = "stopped by a callback"
# Values below this part of the unit are not compared with themselves.
LEAST_SCALE = 0.1


class Outcome(NamedTuple):
    """Final point of a solver and why it stopped."""

    point: np.ndarray
    n_iter: int
    converged: bool
    reason: str

    @property
    def is_stopped(self):
        """Whether a callback or early stopping has ended the search."""
        return self.reason == STOPPED


class Diverged(ArithmeticError):
    """The objective or its gradient is no longer finite."""


class Progress:
    """Convergence test based on the decrease of the objective.

    Values no longer decrease when, over the last `n_iter` iterations, they have
    decreased by at most ``n_iter * tol`` times the last value, or a tenth of the unit
    if that is more: what the last tenth of the variance is explained by is not worth
    many iterations. On the plateau around the start, where the decrease may be slow, a
    hundredth of `tol` is used; values on the plateau are discarded after it.

    Parameters
    ----------
    tol : float
    n_iter : int
    unit : float, default=1.0
        The variance of X, in the units of the values.
    """

    def __init__(self, tol, n_iter, unit=1.0):
        self._tol = tol
        self._least = LEAST_SCALE * unit
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
        scale = max(abs(value), self._least)
        return values[0] - value <= tol * (values.maxlen - 1) * scale
