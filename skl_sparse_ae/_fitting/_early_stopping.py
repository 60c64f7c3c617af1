"""Early stopping by the score on held-out rows."""

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
    fill = problem.missing_fill
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
    # The score is that of the reconstruction from all units.
    network = replace(problem.network, widths=None)
    problem = problem._replace(network=network, rows=held_out)
    objective = problem.objective(team)
    reconstructs = held_out.fill is not None and fill == "reconstruction"

    def score(theta):
        if reconstructs:
            seen = held_out.with_view(improve=reconstruction_at(problem, theta))
            objective.use_rows(seen.X, seen.sample_weight, inputs=seen.inputs)
        return explained_fraction(objective.terms(theta).reconstruction, deviance)

    return Validation(score, settings.tol, settings.n_iter_no_change)


class Validation:
    """Track the score on held-out rows and keep the best parameters.

    Parameters
    ----------
    score : callable
        Score of a parameter vector on the held-out rows; larger is better.
    tol : float
        Smallest increase of the score that counts as an improvement.
    n_iter_no_change : int
        Number of iterations without improvement after which to stop.
    """

    def __init__(self, score, tol, n_iter_no_change):
        self._score = score
        self._tol = tol
        self._patience = n_iter_no_change
        self._target = -np.inf
        self._n_not_improved = 0
        self.best_score = -np.inf
        self.best_theta = None
        self.scores = []

    def add(self, theta):
        """Score the parameters after an iteration; return whether to stop."""
        score = self._score(theta)
        self.scores.append(score)
        if self.best_theta is None or score > self.best_score:
            self.best_score, self.best_theta = score, theta.copy()
        self._n_not_improved += 1
        if score > self._target:
            self._target, self._n_not_improved = score + self._tol, 0
        return self._n_not_improved >= self._patience
