"""Adam: minimisation by steps on mini-batches."""

from math import sqrt

import numpy as np

from .._arrays._array_api import zeros
from .._arrays._blocks import SHORT
from .._network._passes import Passes
from ._progress import Diverged, Outcome, Progress

# A search whose value has grown by this factor does not come back.
GROWTH_LIMIT = 100


class Adam:
    """Adam's two moments [1]_ and its step, element by element.

    Parameters
    ----------
    groups : list of (slice, float, float)
        Parts of the vector, each with the unit of its parameters and the factor that
        brings a gradient to the same units. Adam then works on numbers of order one,
        whatever the scale of the data.
    step : callable
        `Passes.adam_step`, or what does the same.

    References
    ----------
    .. [1] D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization",
       arXiv:1412.6980, 2014.
    """

    beta_1 = 0.9
    beta_2 = 0.999
    # Moments of parameters whose gradient has become zero decay for ever; denormal
    # numbers are slow, so what can no longer matter is set to zero now and then.
    flush_every = 64
    negligible = 1e-30
    epsilon = 1e-8

    def __init__(self, groups, step=Passes.adam_step):
        self._step = step
        self.first = self.second = None  # until the kind of array is known
        self.n_steps = 0
        # Python's floats take the arrays' precision; NumPy's would bring their own.
        self._groups = [(part, float(u), float(f)) for part, u, f in groups]
        self._each = None

    @property
    def state(self):
        """What there is to remember, in plain values, for `resume`."""
        return {"first": self.first, "second": self.second, "n_steps": self.n_steps}

    def resume(self, state):
        """Go on where `state` was taken."""
        self.first = state["first"]
        self.second = state["second"]
        self.n_steps = state["n_steps"]

    def begin_step(self, theta, learning_rate):
        """Count a step, and return what takes it for a part of the parameters.

        That is a function of a slice and the gradient there, to be called once for each
        part, from any thread: it updates `theta` in place, and the gradient is lost.
        """
        if self.first is None:
            self.first, self.second = (zeros(theta.shape, theta) for _ in range(2))
        if self._each is None and isinstance(theta, np.ndarray) and theta.size <= SHORT:
            self._each = self._units_of_each(theta.dtype)
        self.n_steps += 1
        # The moments are sums: the factors that make means of them and correct their
        # start at zero are left to two numbers.
        mean_1 = (1 - self.beta_1) / (1 - self.beta_1**self.n_steps)
        mean_2 = sqrt((1 - self.beta_2) / (1 - self.beta_2**self.n_steps))
        rate, epsilon = float(learning_rate) * mean_1 / mean_2, self.epsilon / mean_2

        def update(piece, gradient):
            for part, unit, factor in self._within(piece):
                g = gradient[part.start - piece.start : part.stop - piece.start]
                self._update(theta, g, part, rate * unit, factor, epsilon)

        return update

    def _units_of_each(self, dtype):
        """The unit and the factor of each parameter, as two vectors."""
        parts, *both = zip(*self._groups, strict=True)
        lengths = [part.stop - part.start for part in parts]
        return [np.repeat(np.array(values, dtype), lengths) for values in both]

    def _within(self, piece):
        """The parts of a piece that have one unit, with that and the factor."""
        if self._each is not None:
            # A call costs more than its numbers: one piece, whatever their units.
            unit, factor = self._each
            return [(piece, unit[piece], factor[piece])]
        found = []
        for part, unit, factor in self._groups:
            start, stop = max(piece.start, part.start), min(piece.stop, part.stop)
            if start < stop:
                found.append((slice(start, stop), unit, factor))
        return found

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
    learning_rate,
    max_iter,
    tol,
    n_iter_no_change,
    value_unit,
    is_settled,
    monitor,
):
    """Minimise over mini-batches: a constant rate, then a linear decrease to zero.

    The decrease begins when the mean value of an epoch falls by less than the fraction
    `tol` per epoch, over `n_iter_no_change` epochs, and takes as many epochs again as
    went before. It begins at half of `max_iter` at the latest.

    Parameters
    ----------
    value_and_grad : callable
        Called with the parameters, an array for the gradient, which it has returned
        before, or None, and the function that is to update the parameters part by part,
        for the batch that `batches` has just set. Returns the value and the array.
    batches : callable
        Returns an iterable that sets one batch of an epoch after the other and yields
        the fraction of the epoch done before it.
    theta : ndarray
        Start; updated in place.
    adam : Adam
    learning_rate : float
    max_iter, n_iter_no_change : int
        Numbers of epochs.
    tol : float
    value_unit : float
        Size of a bad value: an epoch that ends a hundred times above this and the very
        first value means that the search diverges.
    is_settled : callable
        Whether, after a number of epochs, the objective itself no longer changes, so
        that its values tell something about convergence.
    monitor : object
        See `_progress`.
    """
    gradient = None
    schedule = _Schedule(learning_rate, max_iter, Progress(tol, n_iter_no_change))
    for epoch in range(max_iter):
        monitor.begin(theta)
        values = []
        for progress in batches():
            update = adam.begin_step(theta, schedule.rate(epoch + progress))
            value, gradient = value_and_grad(theta, gradient, update)
            values.append(value)
        value = np.mean(values)
        if epoch == 0:
            limit = GROWTH_LIMIT * (values[0] + value_unit)
        if not value < limit:
            raise Diverged(f"the objective is {value:.3g} in epoch {epoch + 1}")
        if is_settled(epoch + 1):
            schedule.record(epoch + 1, value)
        if monitor.end(theta, value):
            return Outcome(theta, epoch + 1, True, "stopped by a callback")
        if epoch + 1 >= schedule.end:
            break
    return Outcome(theta, epoch + 1, schedule.converged, "max_iter epochs reached")


class _Schedule:
    """The learning rate as a function of the epochs done and the values seen."""

    def __init__(self, learning_rate, max_iter, progress):
        self._initial = learning_rate
        self._progress = progress
        self._turn = max_iter / 2
        self.end = max_iter
        self.converged = False

    def rate(self, time):
        remaining = (self.end - time) / (self.end - self._turn)
        return self._initial * min(1.0, remaining)

    def record(self, n_epochs, value):
        """Take an epoch's mean value into account."""
        if not self.converged and n_epochs < self._turn:
            self.converged = self._progress.has_ended(value)
            if self.converged:
                self._turn, self.end = n_epochs, 2 * n_epochs
