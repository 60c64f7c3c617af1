"""Training for `SparseAutoencoder.fit`."""

from functools import partial

import numpy as np
from sklearn.utils import check_random_state

from .._arrays._sparse_products import row_work
from .._network._losses import LOSSES, out_activation_of
from .._objective import can_project, can_project_batches
from .._solvers._progress import Diverged
from ._combinations import check_combinations
from ._early_stopping import hold_out, make_validation
from ._filling import LONG_TURN, SHORT_TURN, train_by_turns
from ._fitted import fitted_attributes
from ._full_batch import train_lbfgs
from ._initial import initial_parameters
from ._messages import divergence_as_value_error, warn_about
from ._mini_batch import train_adam
from ._missing import filled_by_means
from ._monitor import Monitor
from ._output_range import check_output_range
from ._patch_training import PatchTraining
from ._problem import make_problem
from ._unused import warn_about_unused

LBFGS_MAX_ROWS = 100_000
# Where mini-batches need a few epochs only, since the decoder is computed, that is the
# largest number of multiply-adds of all rows with the encoder, down to a number of
# rows. With two threads, of which L-BFGS makes better use, both then take about the
# same time.
LBFGS_MAX_WORK, LBFGS_MAX_ROWS_OF_LARGE = 4_000_000_000, 20_000
# With more units than both, that number of rows is smaller in proportion.
MANY_UNITS, MANY_UNITS_PER_COLUMN = 256, 4
# L-BFGS needs 80 to 110 bytes for each parameter in float32, twice that in float64.
LBFGS_MAX_PARAMETERS = 5_000_000


def fitted_by(settings, rows, previous, callbacks):
    """Train on all rows and return the fitted attributes.

    Parameters
    ----------
    settings : SparseAutoencoder
    rows : Rows
    previous : (Network, ndarray) or None
        Network and parameter vector of the last fit, for `warm_start`.
    callbacks : FitCallbacks

    Returns
    -------
    attributes : dict
        Fitted attributes by name, with NumPy arrays.
    """
    check_combinations(settings, rows.shape[1])
    rng = check_random_state(settings.random_state)
    columns = rows.columns
    names = columns.get("feature_names_in_")
    out_activation = out_activation_of(settings.loss, settings.out_activation)
    rows = rows.of_positive_weight()
    if settings.missing_values is not None:
        rows = filled_by_means(rows, names)
    check_output_range(settings.loss, out_activation, rows, names)
    rows = rows.with_view(function=LOSSES[settings.loss].input_function)
    rows, held_out = hold_out(settings, rows, rng)
    convolution = settings._convolution_of(rows.shape[1])
    patches = None
    if settings._trains_on_patches():
        patches = PatchTraining(rows, convolution, rng)
        rows, held_out = patches.draw(rows), patches.draw(held_out)
        previous, convolution = patches.start(previous), None
    with rows.team() as team:
        problem = make_problem(settings, rows, convolution)
        by_turns = rows.fill is not None and problem.missing_fill == "reconstruction"
        warn_about_unused(settings)
        validation = make_validation(settings, problem, held_out, team)
        monitor = Monitor(settings.verbose, callbacks, validation)

        def attributes(problem, theta):
            fit = problem, theta
            if patches is not None:
                fit = patches.image_fit(*fit, team)
            return columns | fitted_attributes(*fit, rows.dtype)

        def train(settings, problem, previous):
            callbacks.attributes = partial(attributes, problem)
            if validation is not None:
                validation.follow(problem)
            return _train(settings, problem, previous, team, monitor, rng)

        with divergence_as_value_error(settings):
            if by_turns:
                length = _length_of_a_turn(settings, problem)
                turns = settings, rows, previous, train, length
                problem, outcome = train_by_turns(*turns)
            else:
                outcome = train(settings, problem, previous)
            callbacks.end()
            theta = outcome.point if validation is None else validation.use_best()
            objective = problem.objective(team)
            terms = objective.terms(theta)
            if not (np.isfinite(theta).all() and np.isfinite(terms.reconstruction)):
                raise Diverged("the parameters are not finite after the last iteration")
        fitted = attributes(problem, theta)
    level = objective.active_fraction
    result = outcome, theta, terms, level
    warn_about(settings, problem, *result, patches=patches, by_turns=by_turns)
    return {
        **fitted,
        "mean_activation_": objective.unit_means.astype(rows.dtype),
        "n_iter_": outcome.n_iter,
        **_history(monitor, validation),
    }


def _train(settings, problem, previous, team, monitor, rng):
    """Run the solver and return its `Outcome`."""
    train = train_lbfgs if _uses_lbfgs(settings, problem) else train_adam
    theta = _starting_point(settings, problem, rng, previous)
    return train(settings, problem, theta, team=team, monitor=monitor, rng=rng)


def _length_of_a_turn(settings, problem):
    """Return after how many iterations missing entries are reconstructed again."""
    is_solved = _uses_lbfgs(settings, problem) and can_project(
        problem.network.skipping_missing(False)
    )
    return SHORT_TURN if is_solved else LONG_TURN


def _history(monitor, validation):
    """Return the fitted attributes with one value for each iteration."""
    history = {
        "loss_curve_": monitor.loss_curve,
        "loss_terms_": [tuple(terms) for terms in monitor.loss_terms],
    }
    if validation is not None:
        history["validation_scores_"] = validation.scores
        history["best_validation_score_"] = validation.best_score
    return history


def _uses_lbfgs(settings, problem):
    """Return whether to use "lbfgs"; raise ValueError for an unusable solver."""
    uses_lbfgs = _suits_lbfgs(settings, problem)
    if uses_lbfgs and settings.early_stopping and problem.target is not None:
        raise ValueError(
            "beta='adaptive' with solver='lbfgs' searches with one weight after the "
            "other, and early_stopping=True would end each search where the code is "
            "still dense and its score high. Use solver='adam', a number for beta, or "
            "early_stopping=False."
        )
    return uses_lbfgs


def _suits_lbfgs(settings, problem):
    """As `_uses_lbfgs`, for all that does not depend on early stopping."""
    rows, penalty = problem.rows, problem.network.penalty
    if not rows.has_mini_batches:
        needs_batches = penalty.selects_jointly or penalty.learns_thresholds
        if settings.solver == "adam" or needs_batches:
            raise ValueError(
                "solver='adam' and penalty='batch_topk', 'winner_take_all' and "
                "'jumprelu' need mini-batches, and each one of a Dask array would wait "
                "for the workers. Use solver='lbfgs' and another penalty, fit on a "
                "sample of the rows in memory, or pass the blocks to partial_fit."
            )
        return True
    if settings.solver == "lbfgs" and penalty.selects_jointly:
        raise ValueError(
            "penalty='batch_topk' and 'winner_take_all' select within mini-batches, "
            "which solver='lbfgs' does not use. Use solver='adam'."
        )
    if settings.solver == "lbfgs" and penalty.learns_thresholds:
        raise ValueError(
            "penalty='jumprelu' learns thresholds by a pseudo-gradient, which is no "
            "gradient of J, as solver='lbfgs' needs it. Use solver='adam'."
        )
    if settings.solver != "auto":
        return settings.solver == "lbfgs"
    network = problem.network
    # The decoder's solution takes a time that grows with the square of n_components.
    n_features, n_components = network.layout.shape
    many = max(MANY_UNITS, MANY_UNITS_PER_COLUMN * n_features)
    n_rows, max_rows = rows.shape[0] * max(1, n_components / many), LBFGS_MAX_ROWS
    is_projected = rows.kind == "memory" and can_project_batches(rows, network)
    if is_projected:
        work = max(1, row_work(rows.X) * n_components)  # 0 if no entry is stored
        max_rows = LBFGS_MAX_WORK / work
        max_rows = np.clip(max_rows, LBFGS_MAX_ROWS_OF_LARGE, LBFGS_MAX_ROWS)
    is_small = n_rows <= max_rows and network.layout.size <= LBFGS_MAX_PARAMETERS
    return (
        is_small and network.loss.has_bounded_curvature and not network.penalty.selects
    )


def _starting_point(settings, problem, rng, previous):
    """Return the initial parameters, or those of the last fit with `warm_start`."""
    dtype = problem.rows.dtype
    theta = initial_parameters(
        problem.network, problem.scaling, problem.coordinates, rng, dtype
    )
    if not settings.warm_start or previous is None:
        return theta
    network, start = previous
    changed = network.unlike(problem.network)
    if changed:
        raise ValueError(
            "warm_start=True goes on from the parameters of the last fit, and "
            f"{' and '.join(changed)} had another value there. Use warm_start=False to "
            "start from initial parameters."
        )
    return start.astype(dtype, copy=False)
