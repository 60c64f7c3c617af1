"""Mini-batch training by Adam."""

from functools import partial

from .._solvers._adam import minimize_adam
from ._encoder_stream import stream_class
from ._stream import AVERAGED_ROWS, IDLE_AFTER

# Number of epochs over which a gradual penalty reaches its full strength.
SETTLING_EPOCHS = 10


def train_adam(settings, problem, theta, *, team, monitor, rng):
    """Minimise J over mini-batches and return the solver's `Outcome`.

    `theta` is overwritten.
    """
    rows = problem.rows
    n_rows = rows.shape[0]
    cls = stream_class(rows, problem.network)
    stream = cls(problem, rng, min(AVERAGED_ROWS, n_rows), min(IDLE_AFTER, n_rows))
    value_and_grad, epoch = stream.batches(settings, rows, team)
    penalty, target = problem.network.penalty, problem.target
    n_settling = (
        min(SETTLING_EPOCHS, settings.max_iter // 2) if penalty.is_gradual else 0
    )

    def is_settled(n_epochs):
        return n_epochs > n_settling and (target is None or target.is_near)

    tol, n_iter_no_change = stream.convergence(settings, rows)
    outcome = minimize_adam(
        value_and_grad,
        _with_progress(epoch, penalty, n_settling),
        stream.point(rows, theta),
        stream.adam,
        team=team,
        learning_rate=settings.learning_rate_init,
        max_iter=settings.max_iter,
        tol=tol,
        n_iter_no_change=n_iter_no_change,
        value_unit=problem.scaling.value,
        is_settled=is_settled,
        set_relative_rate=partial(stream.set_relative_rate, n_rows=n_rows),
        monitor=monitor.set_conversion(stream.to_theta, stream.terms.take),
    )
    return outcome._replace(point=stream.to_theta(outcome.point))


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
