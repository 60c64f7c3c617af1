"""Early stopping by the score of rows that are held out."""

import numpy as np

from .._objective._sums import explained_variance


def hold_out(settings, rows, rng):
    """Rows to train on, and those that are held out, or None."""
    if not settings.early_stopping:
        return rows, None
    if rows.shape[0] < 2:
        raise ValueError(
            "early_stopping=True holds out rows, which n_samples=1 (of positive "
            "weight) does not allow. Use early_stopping=False."
        )
    return rows.hold_out(settings.validation_fraction, rng)


def make_validation(settings, problem, held_out, team):
    """The `Validation` for rows that are held out, or None without such rows."""
    if held_out is None:
        return None
    _, variance = held_out.moments()
    if variance == 0:
        raise ValueError(
            f"early_stopping=True has held out {held_out.shape[0]} row(s) without "
            "variance, on which nothing can be judged. Use a larger "
            f"validation_fraction than {settings.validation_fraction}, or "
            "early_stopping=False."
        )
    objective = problem._replace(rows=held_out).objective(team)

    def score(theta):
        return explained_variance(objective.terms(theta).reconstruction, variance)

    return Validation(score, settings.tol, settings.n_iter_no_change)


class Validation:
    """Early stopping: the best parameters on rows that were held out.

    Parameters
    ----------
    score : callable
        Score of a parameter vector on the held-out rows; larger is better.
    tol : float
        What counts as an improvement.
    n_iter_no_change : int
        Iterations without an improvement after which to stop.
    """

    def __init__(self, score, tol, n_iter_no_change):
        self._score = score
        self._tol = tol
        self._patience = n_iter_no_change
        self._target = -np.inf
        self._n_without = 0
        self.best_score = -np.inf
        self.best_theta = None
        self.scores = []

    def add(self, theta):
        """Score the parameters of an iteration; whether to stop."""
        score = self._score(theta)
        self.scores.append(score)
        if score > self.best_score:
            self.best_score, self.best_theta = score, theta.copy()
        self._n_without += 1
        if score > self._target:
            self._target, self._n_without = score + self._tol, 0
        return self._n_without >= self._patience
