"""What is told about a fit that has not gone well: warnings, and one error."""

import warnings
from contextlib import contextmanager

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from .._objective import objective_class
from .._objective._sums import explained_variance
from .._solvers._progress import Diverged

# From `_warn` past a function of this module, `warn_about`, `fitted_by`, `fit` and
# scikit-learn's wrapper of `fit` to the line that called `fit`.
CALLER = 7
# What rounding may be, as a part of the variance, in sums over sparse rows.
LOST = 1e-3


@contextmanager
def explained_divergence(settings):
    """Turn `Diverged` into a ValueError that tells what to change."""
    try:
        # Overflow on the way to divergence is reported once, by the error.
        with np.errstate(over="ignore", invalid="ignore"):
            yield
    except Diverged as error:
        raise ValueError(
            f"Training diverged: {error}. Scale X, for instance with "
            "sklearn.preprocessing.StandardScaler or MinMaxScaler, or, where "
            "solver is 'adam', lower "
            f"learning_rate_init={settings.learning_rate_init}."
        ) from error


def warn_about(settings, problem, outcome, reconstruction, level):
    """Warn of whatever the result of a fit suffers from.

    Parameters
    ----------
    settings : SparseAutoencoder
    problem : Problem
    outcome : Outcome
        Of the solver.
    reconstruction : float
        The reconstruction term of J in the end.
    level : float
        The fraction of units that are active in the end.
    """
    if not outcome.converged:
        _warn_not_converged(settings)
    _warn_if_digits_are_lost(problem)
    _warn_if_nothing_is_explained(problem, reconstruction)
    _warn_if_level_is_missed(problem, level)


def _warn(message, category=UserWarning):
    warnings.warn(message, category, stacklevel=CALLER)


def _warn_not_converged(settings):
    _warn(
        f"max_iter={settings.max_iter} was reached before J fell by less than the "
        f"fraction tol={settings.tol} per iteration (a hundredth of it, as long as "
        "hardly anything is explained). The result can be used; a larger max_iter "
        "may improve it, a larger tol ends training earlier.",
        ConvergenceWarning,
    )


def _warn_if_digits_are_lost(problem):
    rows, mean, variance = problem.rows, problem.scaling.mean, problem.scaling.variance
    if not objective_class(rows, problem.network).subtracts_squares:
        return
    squares = float(mean @ mean)
    if np.finfo(rows.dtype).eps * squares > LOST * variance > 0:
        _warn(
            f"The rows are sparse and of dtype {rows.dtype}, and the squares of the "
            f"columns' means sum to {squares / variance:.2g} times their "
            "variance: J and its gradient lose their digits in sums of such terms. "
            "Drop or scale columns that hardly vary, or use float64 or an array."
        )


def _warn_if_nothing_is_explained(problem, reconstruction):
    variance = problem.scaling.variance
    if 1 - explained_variance(reconstruction, variance) > 0.99 and variance > 0:
        spread, penalty = problem.scaling.spread, problem.network.penalty
        _warn(
            "The reconstruction explains less than 1 % of the variance of X: the "
            f"decay alpha={problem.alpha:.2g} or the penalty {penalty} outweighs "
            "it, or training ended too early. The standard deviation of a column "
            f"is about {spread:.2g}; scale X, or lower alpha or beta."
        )


def _warn_if_level_is_missed(problem, level):
    if problem.target is None or problem.target.is_reached(level):
        return
    penalty = problem.network.penalty
    _warn(
        f"beta='adaptive' was to make the fraction rho={penalty.rho} of the units "
        f"active on average, and has reached {level:.3g}, with beta_="
        f"{penalty.beta:.3g}. A larger max_iter may help, or another rho."
    )
