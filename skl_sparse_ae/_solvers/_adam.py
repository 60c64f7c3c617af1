"""Mini-batch optimisation by Adam."""

from math import sqrt

import numpy as np

from .._arrays._array_api import zeros
from .._arrays._blocks import SHORT, vector_shares
from .._network._passes import Passes
from ._progress import STOPPED, Diverged, Outcome, Progress

# Training counts as diverged when the objective has grown by this factor.
GROWTH_LIMIT = 100
# What a step costs for each parameter, in multiply-adds of a product.
STEP_WORK = 128


class Adam:
    """Moments and steps of Adam [1]_.

    Parameters
    ----------
    groups : list of (slice, float, float)
        Slices of the parameter vector, each with the unit of its parameters and the
        factor that converts a gradient to these units. Adam then works on numbers of
        order one, whatever the scale of the data.
    step : callable
        Element-wise step, with the signature of `Passes.adam_step`.

    References
    ----------
    .. [1] D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization",
       arXiv:1412.6980, 2014.
    """

    beta_1 = 0.9
    beta_2 = 0.999
    # Moments of parameters whose gradient stays zero decay to denormal numbers, which
    # are slow, so negligible moments are set to zero from time to time.
    flush_every = 64
    negligible = 1e-30
    epsilon = 1e-8

    def __init__(self, groups, step=Passes.adam_step):
        self._step = step
        self.first = self.second = None  # allocated by the first step, like its vector
        self.n_steps = 0
        # Python floats, since NumPy's float64 would convert float32 arrays to float64.
        self._groups = [(part, float(u), float(f)) for part, u, f in groups]
        self._units_and_factors = None

    @property
    def state(self):
        """The state as plain values and arrays, for `resume`."""
        return {"first": self.first, "second": self.second, "n_steps": self.n_steps}

    def resume(self, state):
        """Restore a `state`."""
        self.first = state["first"]
        self.second = state["second"]
        self.n_steps = state["n_steps"]

    def step(self, theta, gradient, learning_rate, team):
        """Take a step in place.

        Parameters
        ----------
        theta : array of shape (n_parameters,)
        gradient : array of shape (n_parameters,)
            Overwritten.
        learning_rate : float
        team : Team
        """
        if self.first is None:
            self.first, self.second = (zeros(theta.shape, theta) for _ in range(2))
        self.n_steps += 1
        # The moments are stored as sums. Two scalars contain the factors that turn them
        # into means and correct the bias of their start at zero.
        mean_1 = (1 - self.beta_1) / (1 - self.beta_1**self.n_steps)
        mean_2 = sqrt((1 - self.beta_2) / (1 - self.beta_2**self.n_steps))
        rate, epsilon = float(learning_rate) * mean_1 / mean_2, self.epsilon / mean_2
        if isinstance(theta, np.ndarray) and theta.size <= SHORT:
            # One call with vectors of units is faster than several.
            if self._units_and_factors is None:
                self._units_and_factors = self._expand_groups(theta.dtype)
            unit, factor = self._units_and_factors
            whole = slice(0, theta.size)
            self._update(theta, gradient, whole, rate * unit, factor, epsilon)
            return

        def update(share):
            for i, piece in share:
                _, unit, factor = self._groups[i]
                self._update(
                    theta, gradient[piece], piece, rate * unit, factor, epsilon
                )

        parts = [part for part, _, _ in self._groups]
        team.map(update, vector_shares(theta, parts, team, STEP_WORK))

    def _expand_groups(self, dtype):
        """Return the unit and the factor of each parameter, as two vectors."""
        parts, *both = zip(*self._groups, strict=True)
        lengths = [part.stop - part.start for part in parts]
        return [np.repeat(np.array(values, dtype), lengths) for values in both]

    def _update(self, theta, g, piece, rate, factor, epsilon):
        m, v = self.first[piece], self.second[piece]
        betas = self.beta_1, self.beta_2
        self._step(theta[piece], g, m, v, betas, rate, factor, epsilon)
        if self.n_steps % self.flush_every == 0:
            m[abs(m) < self.negligible] = 0
            v[v < self.negligible] = 0


def minimize_adam(
    value_and_grad,
    batches,
    theta,
    adam,
    *,
    team,
    learning_rate,
    max_iter,
    tol,
    n_iter_no_change,
    value_unit,
    is_settled,
    set_relative_rate,
    monitor,
):
    """Minimise over mini-batches by Adam.

    The learning rate is constant at first and then decreases linearly to zero. The
    decrease begins when the mean value of an epoch falls by less than the fraction
    `tol` per epoch, over `n_iter_no_change` epochs, or after half of `max_iter`, and
    takes as many epochs as the constant rate did.

    Parameters
    ----------
    value_and_grad : callable
        Evaluates the current batch. Called with the parameters and the array it
        returned before, for the gradient, or None. Returns the value and the array.
    batches : callable
        Returns an iterator over the batches of an epoch. Each step makes the next batch
        current and yields the fraction of the epoch before this batch.
    theta : ndarray of shape (n_parameters,)
        Starting point; updated in place.
    adam : Adam
    team : Team
    learning_rate : float
    max_iter, n_iter_no_change : int
        Numbers of epochs.
    tol : float
    value_unit : float
        Typical size of a bad value. Training counts as diverged when the mean value of
        an epoch exceeds a hundred times the sum of this and of the first value.
    is_settled : callable
        Called with the number of epochs done. Returns whether the objective itself no
        longer changes, so that its values can be used to test convergence.
    set_relative_rate : callable
        Called before each evaluation with the learning rate as a part of the first one.
    monitor : object
        See `_progress`.

    Returns
    -------
    outcome : Outcome

    Raises
    ------
    Diverged
    """
    gradient = None
    schedule = _Schedule(max_iter, Progress(tol, n_iter_no_change, value_unit))
    for epoch in range(max_iter):
        monitor.begin(theta)
        values = []
        for progress in batches():
            rate = schedule.relative_rate(epoch + progress)
            set_relative_rate(rate)
            value, gradient = value_and_grad(theta, gradient)
            adam.step(theta, gradient, learning_rate * rate, team)
            values.append(value)
        value = np.mean(values)
        if epoch == 0:
            limit = GROWTH_LIMIT * (values[0] + value_unit)
        if not value < limit:
            raise Diverged(f"the objective is {value:.3g} in epoch {epoch + 1}")
        settled = is_settled(epoch + 1)
        if settled:
            schedule.record(epoch + 1, value)
        if monitor.end(theta, value, settled):
            return Outcome(theta, epoch + 1, True, STOPPED)
        if epoch + 1 >= schedule.end:
            break
    return Outcome(theta, epoch + 1, schedule.converged, "max_iter epochs reached")


class _Schedule:
    """Learning rate as a function of the number of epochs and their values."""

    def __init__(self, max_iter, progress):
        self._progress = progress
        self._decrease_start = max_iter / 2
        self.end = max_iter
        self.converged = False

    def relative_rate(self, time):
        """Return the learning rate after `time` epochs as a part of the first one."""
        remaining = (self.end - time) / (self.end - self._decrease_start)
        return min(1.0, remaining)

    def record(self, n_epochs, value):
        """Add the mean value of an epoch, which may start the decrease."""
        if not self.converged and n_epochs < self._decrease_start:
            self.converged = self._progress.has_ended(value)
            if self.converged:
                self._decrease_start, self.end = n_epochs, 2 * n_epochs
