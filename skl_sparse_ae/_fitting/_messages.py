"""Warnings about the result of a fit, and the error for divergence."""

import warnings
from contextlib import contextmanager

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from .._penalties import Penalty, is_built_in
from .._solvers._progress import Diverged
from ._column_scales import lost_columns
from ._fitted import fitted_parameters
from ._null_loss import explained_fraction

# Stack level of the caller of `fit`, counted from `_warn`: between them are a function
# of this module, `warn_about`, `fitted_by`, `fit` and scikit-learn's wrapper of `fit`.
STACK_LEVEL = 7
# Largest acceptable rounding error of the values of a row, relative to the variance.
MAX_ROUNDING = 1e-3
# Largest J after convergence, in parts of that of the columns' means: searches that end
# near these may exceed it.
MAX_EXCESS = 1.05
# Below this part of its first value, an adaptive weight no longer keeps units inactive.
NEARLY_ZERO = 0.01
LOST_DIGITS = (
    "The rows are of dtype {dtype}, and the squares of the columns' means sum to "
    "{ratio:.2g} times their variance: codes, reconstructions and J lose their digits "
    "to rounding. Drop columns that hardly vary, subtract the means, for instance with "
    "sklearn.preprocessing.StandardScaler, or use float64."
)


@contextmanager
def divergence_as_value_error(settings):
    """Turn `Diverged` into a ValueError that suggests parameter changes."""
    try:
        # The error reports divergence; NumPy's overflow warnings would repeat it.
        with np.errstate(over="ignore", invalid="ignore"):
            yield
    except Diverged as error:
        raise ValueError(
            f"Training diverged: {error}. Scale X, for instance with "
            "sklearn.preprocessing.StandardScaler or MinMaxScaler, or, where "
            "solver is 'adam', lower "
            f"learning_rate_init={settings.learning_rate_init}."
        ) from error


def finite(objective, theta):
    """Return the terms of J; raise ValueError if they overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        terms = objective.terms(theta)
    if not np.isfinite(terms.total):
        raise ValueError(
            f"J of these rows overflows in {objective.dtype}. Scale X as the training "
            "rows were scaled, or use float64."
        )
    return terms


def warn_about(
    settings,
    problem,
    outcome,
    theta,
    terms,
    level,
    *,
    patches=None,
    by_turns=False,
):
    """Warn about problems with the result of a fit.

    Parameters
    ----------
    settings : SparseAutoencoder
    problem : Problem
    outcome : Outcome
        Result of the solver.
    theta : array
        The fitted parameters.
    terms : Terms
        Of the final J.
    level : float
        Final fraction of active units.
    patches : PatchTraining, default=None
        Given if the problem is that of patches of images.
    by_turns : bool, default=False
        Whether missing entries have been reconstructed by turns.
    """
    if problem.scaling.deviance == 0:
        return  # any rows of constant columns are reconstructed by their means
    if not outcome.converged:
        _warn_not_converged(settings, by_turns, has_target=problem.target is not None)
    _warn_if_digits_are_lost(problem)
    convolution = (problem.network if patches is None else patches).convolution
    if convolution is not None and convolution.leaves_gaps:
        _warn_of_gaps(convolution)  # which explains what the others would say
    else:
        if _is_worse_than_means(settings, problem, outcome, terms):
            _warn_of_a_bad_search(settings, problem, terms)
        else:
            _warn_if_nothing_is_explained(settings, problem, terms.reconstruction)
        if patches is not None:
            _warn_if_images_are_not_explained(patches.reconstruction, patches.variance)
    _warn_if_level_is_missed(problem, outcome, level)
    # Images have one unit, and losses other than squares know that of each column.
    if not (settings._takes_images or problem.network.loss.is_canonical):
        _warn_if_columns_are_lost(problem, theta)


def _warn(message, category=UserWarning):
    warnings.warn(message, category, stacklevel=STACK_LEVEL)


def _warn_not_converged(settings, by_turns, has_target):
    what = "J still decreases by more than the fraction"
    if by_turns:
        what = "missing entries still change by more than the fraction"
    what += f" tol={settings.tol} per iteration"
    if has_target:
        what += ", or beta still changes"
    _warn(
        f"max_iter={settings.max_iter} was reached before training converged: {what}. "
        "The result can be used. A larger max_iter may improve it, and a larger tol "
        "stops earlier.",
        ConvergenceWarning,
    )


def _warn_if_digits_are_lost(problem):
    mean, dtype = problem.scaling.mean, problem.rows.dtype
    if problem.coordinates.skipped is not None:
        mean = mean[~problem.coordinates.skipped]
    ratio = _ratio_that_loses_digits(mean @ mean, problem.scaling.variance, dtype)
    if ratio is not None:
        _warn(LOST_DIGITS.format(dtype=dtype, ratio=ratio))


def warn_if_digits_were_lost(estimator, dtype, stacklevel):
    """Warn where a method computes in a dtype that is too coarse for the training rows.

    Of these, the moments are known; those of the method's own rows would take time.

    Parameters
    ----------
    estimator : SparseAutoencoder
        Fitted.
    dtype : dtype
    stacklevel : int
        That of the method's caller, from here.
    """
    mean, variance, *_ = vars(estimator).get("_moments") or (np.zeros(0), 0.0)
    if _ratio_that_loses_digits(mean @ mean, variance, dtype) is None:
        return
    is_used = fitted_parameters(estimator).encoder_coef.any(axis=1)
    n_positions = estimator.n_features_in_ / len(mean)  # of the patches of an image
    squares = n_positions * np.sum(mean[is_used] ** 2)
    ratio = _ratio_that_loses_digits(squares, variance, dtype)
    if ratio is not None:
        message = LOST_DIGITS.format(dtype=dtype, ratio=ratio)
        warnings.warn(message, UserWarning, stacklevel=stacklevel)


def _ratio_that_loses_digits(squares, variance, dtype):
    """Return the ratio of squared means and variance; None if it does no harm."""
    if np.finfo(dtype).eps ** 2 * squares > MAX_ROUNDING * variance > 0:
        return squares / variance
    return None


def _warn_if_nothing_is_explained(settings, problem, reconstruction):
    deviance, unit = problem.scaling.deviance, "variance"
    if problem.network.loss.is_canonical:
        unit = "deviance"
    if 1 - explained_fraction(reconstruction, deviance) > 0.99 and deviance > 0:
        penalty = problem.network.penalty
        encoder, decoder = problem.alpha.weights
        _warn(
            f"The reconstruction explains less than 1 % of the {unit} of X: the "
            f"decay alpha=({encoder:.2g}, {decoder:.2g}) or the penalty {penalty} is "
            "too strong for it, training stopped too early, or "
            f"n_components={problem.network.layout.n_components} is too small. "
            + _remedy(settings, problem)
        )


def _remedy(settings, problem):
    """Return what makes the decay and the penalty weaker, relative to X.

    Those of the defaults are in units of X: they do not change if X is scaled.
    """
    penalty = problem.network.penalty
    encoder, decoder = problem.alpha.weights
    remedy = f"Try alpha=({encoder / 10:.2g}, {decoder / 10:.2g})"
    beta = getattr(penalty, "beta", 0)
    if beta:
        remedy += f", a beta below {beta:.2g}"
    if hasattr(penalty, "rho") and (not penalty.has_target or problem.target):
        remedy += ", a larger rho"
    remedy += " or more units."
    has_given_penalty = isinstance(settings.penalty, Penalty)
    if settings.alpha != "scale" or settings.beta != "scale" or has_given_penalty:
        spread = problem.scaling.spread
        remedy += (
            " The given weights are for X of another scale than these columns, whose "
            f"standard deviation is about {spread:.2g}, perhaps: if so, scale X."
        )
    return remedy


def _is_worse_than_means(settings, problem, outcome, terms):
    """Whether J has converged above that of a reconstruction by each column's mean.

    There, all weights and the terms of the library's own penalties are zero.
    """
    has_ended = outcome.converged and not outcome.is_stopped
    is_known = not settings._takes_images and is_built_in(problem.network.penalty)
    of_means = 0.5 * problem.scaling.deviance
    return has_ended and is_known and terms.total > MAX_EXCESS * of_means > 0


def _warn_of_a_bad_search(settings, problem, terms):
    of_means = 0.5 * problem.scaling.deviance
    _warn(
        f"J has converged to {terms.total:.3g}, and would be {of_means:.3g} if each "
        "row were reconstructed by the means of the columns. Where solver is 'adam', "
        f"lower learning_rate_init={settings.learning_rate_init}; where warm_start is "
        "True and the rows are unlike those of the last fit, set it to False."
    )


def _warn_of_gaps(convolution):
    _warn(
        f"stride={convolution.stride} is larger than kernel_size="
        f"{convolution.kernel_shape}: pixels between the kernels' positions are in no "
        "patch, and are not reconstructed. Use a stride of at most the kernel's size."
    )


def _warn_if_images_are_not_explained(reconstruction, variance):
    if 1 - explained_fraction(reconstruction, variance) > 0.99 and variance > 0:
        _warn(
            "The reconstruction explains less than 1 % of the variance of the images, "
            "though the kernels were learned from patches of them. With "
            "padding='same', images are surrounded by zeros, which make edges if "
            "pixels are far from zero: subtract the mean of X, or use "
            "padding='valid'. Pixels much larger than the others have the same effect."
        )


def _warn_if_level_is_missed(problem, outcome, level):
    if problem.target is None or problem.target.is_reached(level):
        return
    penalty, part = problem.network.penalty, problem.target.part_of_first
    longer = "a larger max_iter"
    if outcome.converged:
        longer = "a smaller tol, with a larger max_iter"
    advice = f"Use {longer}, or another rho."
    if level < penalty.rho and part < 1:
        advice = (
            f"Fewer are active although beta has fallen to {part:.2g} of its first "
            "value: the rows may need no more. Use a smaller rho or fewer units"
        )
        advice += "." if part < NEARLY_ZERO else f", or {longer}."
    _warn(
        f"beta='adaptive' should make the fraction rho={penalty.rho:.3g} of the units "
        f"active on average, but has reached {level:.3g}, with beta_="
        f"{penalty.beta:.3g}. {advice}"
    )


def _warn_if_columns_are_lost(problem, theta):
    found = lost_columns(problem, theta)
    if found is not None:
        _warn(
            f"{found.n_dominant} of the {found.n_varying} columns that vary have "
            f"{found.share:.1%} of the variance of X, and {found.n_lost} others are "
            "reconstructed by less than half of their variance, which the score of "
            f"{found.score:.3f} does not show. If columns have different units, scale "
            "X with sklearn.preprocessing.StandardScaler or MinMaxScaler. If all have "
            "one unit, as pixels and spectra, and these others are mostly noise, "
            "nothing is wrong."
        )
