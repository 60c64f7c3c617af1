"""Training with all rows at once, by L-BFGS."""

from functools import partial

import numpy as np
from sklearn import get_config

from .._solvers._lbfgs import minimize_lbfgs
from ._problem import corruption_of

# The fraction of variance that a search explains which has left its start, where units
# are all alike: a saddle of J, near which the penalty and the decay may still fall.
BEGUN = 0.05


def train_lbfgs(settings, problem, theta, *, team, monitor, rng):
    """Minimise J over all rows at once; returns the solver's outcome.

    The start, `theta`, is overwritten. Corruption, if there is any, is drawn once: the
    search needs an objective that stays the same.
    """
    rows, scaling = problem.rows, problem.scaling
    budget = get_config()["working_memory"] * 2**20
    corrupt = corruption_of(settings)
    inputs = None if corrupt is None else rows.corrupted(corrupt, rng)
    objective = problem.objective(
        team, inputs=inputs, mean=scaling.mean, memory_budget=budget
    )

    def has_left_start():
        return 2 * objective.last_terms.reconstruction < (1 - BEGUN) * scaling.value

    def level(point):
        objective.means(scaling.to_centred(point))  # encodes, and decodes nothing
        return objective.active_fraction

    search = partial(
        minimize_lbfgs,
        scaling.wrap(objective.value_and_grad, team),
        team=team,
        tol=settings.tol,
        n_iter_no_change=settings.n_iter_no_change,
        precision=np.finfo(rows.dtype).eps,
        has_left_start=has_left_start,
        monitor=monitor.translating(
            scaling.from_solver, lambda: objective.last_terms, scaling.value
        ),
    )
    if problem.target is not None:
        search = problem.target.staged(search, level)
    start = rows.to_device(scaling.to_solver(theta))
    outcome = search(start, max_iter=settings.max_iter)
    return outcome._replace(point=scaling.from_solver(outcome.point))
