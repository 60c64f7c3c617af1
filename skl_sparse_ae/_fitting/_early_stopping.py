"""Early stopping by the score on held-out rows."""

from copy import deepcopy
from dataclasses import replace

import numpy as np

from ._fitted import reconstruction_at
from ._null_loss import explained_fraction, null_deviance


def hold_out(settings, rows, rng):
    """Return the training rows, and the held-out rows or None."""
    if not settings.early_stopping:
        return rows, None
    if rows.shape[0] < 2:
        raise ValueError(
            "early_stopping=True holds out rows, which n_samples=1 (of positive "
            "weight) does not allow. Use early_stopping=False."
        )
    n_rows, fraction = rows.shape[0], settings.validation_fraction
    if np.ceil(fraction * n_rows) >= n_rows:
        raise ValueError(
            f"validation_fraction={fraction} of n_samples={n_rows} leaves no rows to "
            "train on. Use a smaller fraction, or early_stopping=False."
        )
    return rows.hold_out(fraction, rng)


def make_validation(settings, problem, held_out, team):
    """Return the `Validation` on the held-out rows, or None if there are none."""
    if held_out is None:
        return None
    deviance = null_deviance(problem.network.loss, held_out)
    if deviance == 0:
        raise ValueError(
            f"early_stopping=True has held out {held_out.shape[0]} row(s) without "
            "variance, on which no score can be computed. Use a larger "
            f"validation_fraction than {settings.validation_fraction}, or "
            "early_stopping=False."
        )

    def score_of(problem):
        return _score_of(problem, held_out, deviance, team)

    return Validation(score_of, settings.tol, settings.n_iter_no_change)


def _score_of(problem, held_out, deviance, team):
    """Return the score on the held-out rows as a function of the parameter vector."""
    # It is that of the reconstruction from all units.
    network = replace(problem.network, widths=None).skipping_missing(
        held_out.fill is not None
    )
    fill = problem.missing_fill
    problem = problem._replace(network=network, rows=held_out)
    objective = problem.objective(team)
    reconstructs = held_out.fill is not None and fill == "reconstruction"

    def score(theta):
        if reconstructs:
            seen = held_out.with_view(improve=reconstruction_at(problem, theta))
            objective.use_rows(seen.X, seen.sample_weight, inputs=seen.inputs)
        return explained_fraction(objective.terms(theta).reconstruction, deviance)

    return score


class Validation:
    """Track the score on held-out rows and keep the best parameters.

    Parameters
    ----------
    score_of : callable
        Given a `Problem`, returns the score on the held-out rows as a function of the
        parameter vector; larger is better.
    tol : float
        Smallest increase of the score that counts as an improvement.
    n_iter_no_change : int
        Number of iterations without improvement after which to stop.
    """

    def __init__(self, score_of, tol, n_iter_no_change):
        self._score_of = score_of
        self._tol = tol
        self._patience = n_iter_no_change
        self._target, self._n_not_improved = -np.inf, 0
        self._has_settled = False
        self._best_state = {}
        self.best_score, self.best_theta = -np.inf, None
        self.scores = []

    def follow(self, problem):
        """Score the parameters of a problem from now on.

        What training changes of its penalty, such as a threshold or a weight, is kept
        with the best parameters.
        """
        self._score, self._penalty = self._score_of(problem), problem.network.penalty

    def add(self, theta, is_settled=True):
        """Score the parameters after an iteration; return whether to stop.

        Those of a denser code have a better score: as long as the sparsity is not yet
        that which is asked for, the last parameters count as the best.

        Parameters
        ----------
        theta : ndarray
        is_settled : bool, default=True
            Whether the sparsity is reached.
        """
        score = self._score(theta)
        self.scores.append(score)
        if not is_settled:
            if not self._has_settled:
                self._keep(score, theta)
            return False
        if not self._has_settled or score > self.best_score:
            self._keep(score, theta)
        self._has_settled = True
        self._n_not_improved += 1
        if score > self._target:
            self._target, self._n_not_improved = score + self._tol, 0
        return self._n_not_improved >= self._patience

    def _keep(self, score, theta):
        self.best_score, self.best_theta = score, theta.copy()
        self._best_state = deepcopy(vars(self._penalty))

    def use_best(self):
        """Give the penalty the state of the best parameters, and return these."""
        vars(self._penalty).update(self._best_state)
        return self.best_theta
