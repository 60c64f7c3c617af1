"""How a search goes on and how it ends, whichever the solver.

Solvers receive a callable and know no penalty, no rows and no estimator. Each reports
to a *monitor*: ``monitor.begin(point)`` before an iteration and
``monitor.end(point, value)`` after it, which returns True to stop.
"""

from collections import deque
from typing import NamedTuple

import numpy as np

# The part of `tol` that counts before a search has left its start.
PATIENCE = 0.01


class Outcome(NamedTuple):
    """Where a solver ended and why."""

    point: np.ndarray
    n_iter: int
    converged: bool
    reason: str


class Diverged(ArithmeticError):
    """The objective or its gradient is no longer finite."""


class Progress:
    """Decides whether values still fall.

    They do not when the fall over the last `n_iter` values is less than `n_iter` times
    `tol`, relative to the last one. As long as a search has not left its start, only a
    hundredth of `tol` counts; then the values are counted anew.
    """

    def __init__(self, tol, n_iter):
        self._tol = tol
        self._values = deque(maxlen=n_iter + 1)
        self._has_left_start = False

    def has_ended(self, value, has_left_start=True):
        """Take the next value into account."""
        values = self._values
        if has_left_start and not self._has_left_start:
            self._has_left_start = True
            values.clear()
        values.append(value)
        if len(values) < values.maxlen:
            return False
        tol = self._tol if has_left_start else PATIENCE * self._tol
        return values[0] - value <= tol * (values.maxlen - 1) * abs(value)
