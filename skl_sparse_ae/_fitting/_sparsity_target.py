"""Reaches a sparsity level that is asked for, by adjusting the penalty's weight.

The level falls as the weight rises, roughly by a power of it, so both are taken as
logarithms. Mini-batch training corrects the weight a little after every batch; a
full-batch search is interrupted, corrected and taken up again until the level is right.
"""

import numpy as np

from .._rows._running_means import RunningMeans

# A level within this fraction of the one asked for counts as reached.
TOLERANCE = 0.05


# Training aims at half of it, which leaves room for rows that were not measured.
AIM = TOLERANCE / 2


# After this many batches a level that is off by a factor has moved the weight by as
# much: units need about as many steps of "adam" to follow.
RESPONSE = 100


# Rows over which the level of mini-batches is averaged, at most.
MEMORY = 1000


# Iterations of a full-batch search between two corrections.
STAGE = 20


# The weight may leave its first value by this factor.
REACH = 1e6


class SparsityTarget:
    """The fraction of active units that a fit is to reach, and how far it has come.

    Parameters
    ----------
    penalty : Penalty
        Its `rho` is the level; its `beta`, a first guess, is changed.
    n_rows : int
        Number of training rows.
    """

    def __init__(self, penalty, n_rows):
        self._penalty = penalty
        self._first = penalty.beta
        self._log_factor = 0.0
        self._levels = RunningMeans(min(MEMORY, n_rows))
        self._last = None
        self.error = np.inf

    @property
    def state(self):
        """What mini-batches have taught it, in plain values, for `resume`."""
        return {
            "first": self._first,
            "log_factor": self._log_factor,
            "levels": self._levels.state,
        }

    def resume(self, state):
        """Go on where `state` was taken."""
        self._first = state["first"]
        self._log_factor = state["log_factor"]
        self._levels.resume(state["levels"])

    @property
    def is_near(self):
        """Whether the level heard last needs no correction."""
        return abs(self.error) < AIM

    def is_reached(self, level):
        """Whether a level is within the tolerance."""
        return abs(level / self._penalty.rho - 1) <= TOLERANCE

    def hear_batch(self, level, n_rows):
        """Correct the weight a little after a mini-batch of so many rows."""
        self._hear(self._levels(np.array([level]), n_rows)[0])
        self._move(np.clip(self.error, -1, 1) / RESPONSE)

    def staged(self, search, level):
        """A full-batch search as one that also reaches the level.

        Parameters
        ----------
        search : callable
            Takes a start and `max_iter`; returns an `Outcome`.
        level : callable
            The level at a point.
        """

        def staged_search(start, max_iter):
            n_iter = 0
            while True:
                n_left = max_iter - n_iter
                is_last = self.is_near
                length = n_left if is_last else min(STAGE, n_left)
                outcome = search(start, max_iter=length)
                # A stage counts even where rounding hides any further fall.
                n_iter += max(1, outcome.n_iter)
                start = outcome.point
                self._hear(level(start))
                if is_last and self.is_near and outcome.converged:
                    break
                if n_iter >= max_iter:
                    outcome = outcome._replace(converged=False)
                    break
                self._correct()
            return outcome._replace(n_iter=n_iter)

        return staged_search

    def _hear(self, level):
        self.error = float(np.log(max(level, 1e-10) / self._penalty.rho))

    def _correct(self):
        """A secant step; the first one with the slope that is usual."""
        slope = -0.7
        if self._last is not None and self._last[0] != self._log_factor:
            factor, error = self._last
            slope = (self.error - error) / (self._log_factor - factor)
        self._last = self._log_factor, self.error
        self._move(np.clip(-self.error / np.clip(slope, -2.0, -0.3), -2, 2))

    def _move(self, step):
        limit = np.log(REACH)
        self._log_factor = float(np.clip(self._log_factor + step, -limit, limit))
        self._penalty.beta = float(self._first * np.exp(self._log_factor))
