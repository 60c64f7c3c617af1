"""Full-batch training by L-BFGS."""

from functools import partial

import numpy as np
from sklearn import get_config

from .._solvers._lbfgs import minimize_lbfgs
from ._problem import corruption_of

# At the start all units are nearly alike. This is near a saddle point of J, a plateau
# on which only the penalty and the decay may fall. The plateau counts as passed when
# the reconstruction explains this fraction of the variance.
PLATEAU_EXPLAINED = 0.05


def train_lbfgs(settings, problem, theta, *, team, monitor, rng):
    """Minimise J over all rows and return the solver's `Outcome`.

    `theta` is overwritten. Corruption is drawn once, since L-BFGS needs a fixed
    objective.
    """
    rows, scaling = problem.rows, problem.scaling
    budget = get_config()["working_memory"] * 2**20
    corrupt = corruption_of(settings)
    inputs = None if corrupt is None else rows.corrupted(corrupt, rng)
    objective = problem.objective(
        team, inputs=inputs, mean=scaling.mean, memory_budget=budget
    )

    def is_past_plateau():
        return (
            2 * objective.last_terms.reconstruction
            < (1 - PLATEAU_EXPLAINED) * scaling.value
        )

    def level(point):
        objective.means(scaling.to_centred(point))  # encodes without decoding
        return objective.active_fraction

    search = partial(
        minimize_lbfgs,
        scaling.wrap(objective.value_and_grad, team),
        team=team,
        tol=settings.tol,
        n_iter_no_change=settings.n_iter_no_change,
        precision=np.finfo(rows.dtype).eps,
        is_past_plateau=is_past_plateau,
        monitor=monitor.set_conversion(
            scaling.from_solver, lambda: objective.last_terms, scaling.value
        ),
    )
    if problem.target is not None:
        search = problem.target.staged(search, level)
    start = rows.to_device(scaling.to_solver(theta))
    outcome = search(start, max_iter=settings.max_iter)
    return outcome._replace(point=scaling.from_solver(outcome.point))
