"""Mini-batch training by Adam."""

import numpy as np

from .._arrays._array_api import to_numpy, to_writable
from .._solvers._adam import minimize_adam
from ._stream import AVERAGED_ROWS, IDLE_AFTER, Stream

# The multiple of `tol` that counts for an epoch. At a constant learning rate J
# fluctuates more from epoch to epoch than from iteration to iteration over all rows.
EPOCH_TOL = 2.5
# Number of epochs over which a gradual penalty reaches its full strength.
SETTLING_EPOCHS = 10


def train_adam(settings, problem, theta, *, team, monitor, rng):
    """Minimise J over mini-batches and return the solver's `Outcome`.

    `theta` is overwritten.
    """
    rows, scaling = problem.rows, problem.scaling
    n_rows = rows.shape[0]
    stream = Stream(problem, rng, min(AVERAGED_ROWS, n_rows), min(IDLE_AFTER, n_rows))
    value_and_grad, epoch = stream.batches(settings, rows, team)
    penalty, target = problem.network.penalty, problem.target
    n_settling = (
        min(SETTLING_EPOCHS, settings.max_iter // 2) if penalty.is_gradual else 0
    )

    def is_settled(n_epochs):
        return n_epochs > n_settling and (target is None or target.is_near)

    def to_theta(point):
        return scaling.uncentre(np.array(to_numpy(point)))

    outcome = minimize_adam(
        value_and_grad,
        _with_progress(epoch, penalty, n_settling),
        rows.to_device(scaling.centre(theta)),
        stream.adam,
        team=team,
        learning_rate=settings.learning_rate_init,
        max_iter=settings.max_iter,
        tol=EPOCH_TOL * settings.tol,
        n_iter_no_change=settings.n_iter_no_change,
        value_unit=scaling.value,
        is_settled=is_settled,
        monitor=monitor.set_conversion(to_theta, stream.terms.take),
    )
    return outcome._replace(point=scaling.uncentre(to_writable(outcome.point)))


def _with_progress(epoch, penalty, n_epochs):
    """Wrap `epoch` to set the progress of a gradual penalty before each batch."""
    n_done = 0

    def epoch_with_progress():
        nonlocal n_done
        for fraction in epoch():
            penalty.set_progress(min(1.0, (n_done + fraction) / max(1, n_epochs)))
            yield fraction
        n_done += 1
        penalty.set_progress(1.0)

    return epoch_with_progress
