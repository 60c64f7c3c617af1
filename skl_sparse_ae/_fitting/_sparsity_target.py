"""Adjustment of the penalty's weight to reach a given sparsity level.

The level is the fraction of active units. It decreases with the weight, roughly as a
power law, so the logarithms of both are used. In mini-batch training the weight changes
a little after every batch. Full-batch training is repeated from its start with new
weights until the level is reached, since units that a large weight has turned off do
not come back when the weight falls.
"""

from copy import copy

import numpy as np

from .._rows._running_means import RunningMeans

# Relative tolerance within which the level counts as reached.
TOLERANCE = 0.05
# Tolerance in training; smaller, since the level of other rows differs a little.
TRAINING_TOLERANCE = TOLERANCE / 2
# Number of batches in which a level that is off by some factor changes the weight by
# the same factor. Units take about as many steps of "adam" to adapt.
RESPONSE_BATCHES = 100
# The same for learned thresholds, which move by steps of the learning rate: their level
# follows the weight with a delay, in which a sum of errors would grow far too large.
# There the weight also follows the error itself, raised to this power, within a factor.
LARGEST_ERROR, POWER, LARGEST_FACTOR = 0.1, 2.0, np.exp(1.0)
# Largest number of rows over which the level of mini-batches is averaged.
AVERAGED_ROWS = 1000
# The part of the interval between a weight that is too small and one that is too large
# by which the next weight is at least away from both.
MARGIN = 0.1
# The width of this interval, in logarithms, below which it is not halved any more.
NARROW = 0.1
# Largest factor by which the weight may differ from its first value.
MAX_FACTOR = 1e6


class SparsityTarget:
    """Target fraction of active units, reached by changing the penalty's weight.

    Parameters
    ----------
    penalty : Penalty
        `rho` is the target level; `beta`, a first guess, is modified.
    n_rows : int
        Number of training rows.
    """

    def __init__(self, penalty, n_rows):
        self._penalty = penalty
        self._first = penalty.beta
        self._log_factor = 0.0
        self._is_delayed = penalty.learns_thresholds
        self._levels = RunningMeans(min(AVERAGED_ROWS, n_rows))
        self._last = None
        self._too_small, self._too_large = -np.inf, np.inf  # logarithms of factors
        self._is_narrow = False
        self._has_to_step = False
        self.error = np.inf

    @property
    def state(self):
        """The state of mini-batch training as plain values, for `resume`."""
        return {
            "first": self._first,
            "log_factor": self._log_factor,
            "levels": self._levels.state,
        }

    def resume(self, state):
        """Restore a `state`."""
        self._first = state["first"]
        self._log_factor = state["log_factor"]
        self._levels.resume(state["levels"])

    def passed_on(self, penalty):
        """Return the target for the penalty of further training on similar rows."""
        target = copy(self)
        target._penalty, target._has_to_step = penalty, False
        if self._has_to_step:
            target._secant_step()
        target._shift(0.0)  # which sets the weight
        return target

    @property
    def is_near(self):
        """Whether the last level is within the tolerance of training."""
        return abs(self.error) < TRAINING_TOLERANCE

    @property
    def part_of_first(self):
        """The weight in parts of its first value."""
        return self._penalty.beta / self._first

    def is_reached(self, level):
        """Whether a level is within the tolerance."""
        return abs(level / self._penalty.rho - 1) <= TOLERANCE

    def update(self, level, n_rows):
        """Change the weight after a mini-batch, given its level and number of rows."""
        self._set_error(self._levels(np.array([level]), n_rows)[0])
        largest = LARGEST_ERROR if self._is_delayed else 1
        self._shift(np.clip(self.error, -largest, largest) / RESPONSE_BATCHES)
        if self._is_delayed:
            factor = np.exp(POWER * self.error)
            self._penalty.beta *= float(
                np.clip(factor, 1 / LARGEST_FACTOR, LARGEST_FACTOR)
            )

    def staged(self, search, level):
        """Return a full-batch search that also reaches the target level.

        Parameters
        ----------
        search : callable
            Called with a starting point and `max_iter`; returns an `Outcome`.
        level : callable
            Returns the level at a point.

        Returns
        -------
        staged_search : callable
            With the signature of `search`.
        """

        def staged_search(start, max_iter):
            n_iter, dense_point = 0, start
            while True:
                # Where a small change of the weight makes the level jump, the search
                # goes on from a point with too many active units.
                point = dense_point if self._is_narrow else start
                outcome = search(point, max_iter=max_iter - n_iter)
                # At least one, so that the loop ends if a search makes no progress.
                n_iter += max(1, outcome.n_iter)
                self._set_error(level(outcome.point))
                if self.is_near and outcome.converged:
                    break
                if n_iter >= max_iter:
                    outcome = outcome._replace(converged=False)
                    self._has_to_step = not self.is_near
                    break
                if self.error > 0:
                    dense_point = outcome.point
                self._secant_step()
            return outcome._replace(n_iter=n_iter)

        return staged_search

    def _set_error(self, level):
        """Set the error, the logarithm of level / target."""
        self.error = float(np.log(max(level, 1e-10) / self._penalty.rho))

    def _secant_step(self):
        """Change the weight by a secant step; the first one assumes a typical slope.

        It stays between the largest weight that was too small and the smallest one that
        was too large.
        """
        factor, slope = self._log_factor, -0.7
        if self.error > 0:
            self._too_small = max(self._too_small, factor)
        else:
            self._too_large = min(self._too_large, factor)
        if self._last is not None and self._last[0] != factor:
            slope = (self.error - self._last[1]) / (factor - self._last[0])
        self._last = factor, self.error
        step = np.clip(-self.error / np.clip(slope, -2.0, -0.3), -2, 2)
        width = self._too_large - self._too_small
        if 0 < width < np.inf and not self._is_narrow:
            low, high = self._too_small, self._too_large
            margin = MARGIN * width
            step = np.clip(factor + step, low + margin, high - margin) - factor
            self._is_narrow = width < NARROW
        self._shift(step)

    def _shift(self, step):
        """Add a step to the logarithm of the weight."""
        limit = np.log(MAX_FACTOR)
        self._log_factor = float(np.clip(self._log_factor + step, -limit, limit))
        self._penalty.beta = float(self._first * np.exp(self._log_factor))
