"""Training by turns with the reconstruction of missing entries.

Rows whose missing entries are reconstructed are complete, so that each turn is a fit
like any other: with the best decoder for each encoder, and the same for all solvers.
"""

import copy

import numpy as np

from .._rows._missing import mean_square_change
from .._solvers._progress import PLATEAU_TOL_FACTOR
from ._fitted import reconstruction_at
from ._full_batch import PLATEAU_EXPLAINED
from ._missing import Filled
from ._problem import make_problem

#: Iterations or epochs between two reconstructions. Where the decoder is solved for,
#: entries are filled equally well with 3 to 30 iterations, and the fewer, the sooner.
#: Otherwise L-BFGS has to learn the curvature in each turn, and Adam's learning rate to
#: fall in its second half.
SHORT_TURN, LONG_TURN = 3, 15
#: Mean squared change of missing entries at which turns end, as a multiple of `tol` and
#: of the mean variance of a column.
CHANGE_OF_A_TURN = 0.3


def train_by_turns(settings, rows, previous, train, length):
    """Reconstruct missing entries and train on complete rows by turns.

    Parameters
    ----------
    settings : SparseAutoencoder
    rows : Rows
        With missing entries and their column means.
    previous : (Network, ndarray) or None
        As for `fitted_by`.
    train : callable
        ``train(settings, problem, previous)`` returns the solver's `Outcome`.
    length : int
        Maximum number of iterations or epochs of a turn.

    Returns
    -------
    problem : Problem
        That of the last turn.
    outcome : Outcome
        With the number of iterations of all turns.
    """
    turn, n_iter, target = copy.copy(settings), 0, None
    means = filled = rows.replaced_by(rows.complete)
    was_missing = Filled(rows.fill, rows.observed_fraction)
    while True:
        problem = make_problem(settings, filled, was_missing=was_missing)
        if target is not None:
            target = target.passed_on(problem.network.penalty)
            problem = problem._replace(target=target)
        target = problem.target
        turn.max_iter = min(length, settings.max_iter - n_iter)
        outcome = train(turn, problem, previous)
        n_iter, turn.warm_start = n_iter + outcome.n_iter, True
        previous = problem.network, np.array(outcome.point, np.float64)
        reconstruct = reconstruction_at(problem, outcome.point)
        last, filled = filled, rows.replaced_by(reconstruct.once(rows.X, filled.X))
        unit = CHANGE_OF_A_TURN * settings.tol
        if _change(rows, means, filled, problem) < PLATEAU_EXPLAINED:
            unit *= PLATEAU_TOL_FACTOR
        is_settled = _change(rows, last, filled, problem) <= unit
        is_settled &= target is None or target.is_near
        is_over = is_settled or outcome.is_stopped
        if is_over or n_iter >= settings.max_iter:
            return problem, outcome._replace(n_iter=n_iter, converged=is_over)


def _change(rows, before, after, problem):
    """Return the mean squared change of missing entries, in variances of a column."""
    change = mean_square_change(rows.X, before.X, after.X, rows.sample_weight)
    return change / problem.scaling.spread**2
