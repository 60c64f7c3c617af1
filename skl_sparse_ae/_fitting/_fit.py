"""Training on all rows: the fitted attributes of `fit`."""

from functools import partial

import numpy as np
from sklearn.utils import check_random_state

from .._solvers._progress import Diverged
from ._early_stopping import hold_out, make_validation
from ._fitted import fitted_attributes
from ._full_batch import train_lbfgs
from ._initial import initial_parameters
from ._messages import explained_divergence, warn_about
from ._mini_batch import train_adam
from ._monitor import Monitor
from ._problem import set_up

LBFGS_MAX_ROWS = 10_000
# It keeps some 110 bytes for each in float32, twice as many in float64.
LBFGS_MAX_PARAMETERS = 5_000_000


def fitted_by(settings, rows, previous, callbacks):
    """The fitted attributes after training on some rows.

    Parameters
    ----------
    settings : SparseAutoencoder
    rows : Rows
    previous : (Network, ndarray) or None
        The network and the parameters of the last fit, for `warm_start`.
    callbacks : FitCallbacks

    Returns
    -------
    attributes : dict
        Arrays are NumPy's.
    """
    rng = check_random_state(settings.random_state)
    rows, held_out = hold_out(settings, rows.of_positive_weight(), rng)
    problem = set_up(settings, rows)
    train = train_lbfgs if _uses_lbfgs(settings, problem) else train_adam
    theta = _start(settings, problem, rng, previous)
    attributes = partial(fitted_attributes, problem, dtype=rows.dtype)
    callbacks.attributes = attributes
    with rows.team() as team, explained_divergence(settings):
        validation = make_validation(settings, problem, held_out, team)
        monitor = Monitor(settings.verbose, callbacks, validation)
        outcome = train(settings, problem, theta, team=team, monitor=monitor, rng=rng)
        callbacks.end()
        theta = outcome.point if validation is None else validation.best_theta
        objective = problem.objective(team)
        reconstruction = objective.terms(theta).reconstruction
        level = objective.active_fraction
        if not (np.isfinite(theta).all() and np.isfinite(reconstruction)):
            raise Diverged("the parameters are not finite after the last iteration")
    warn_about(settings, problem, outcome, reconstruction, level)
    fitted = {
        **attributes(theta),
        "mean_activation_": objective.unit_means.astype(rows.dtype),
        "loss_curve_": monitor.loss_curve,
        "loss_terms_": [tuple(terms) for terms in monitor.loss_terms],
        "n_iter_": outcome.n_iter,
    }
    if validation is not None:
        fitted["validation_scores_"] = validation.scores
        fitted["best_validation_score_"] = validation.best_score
    return fitted


def _uses_lbfgs(settings, problem):
    """Whether to train by "lbfgs"; raises ValueError where the solver can't be used."""
    rows, penalty = problem.rows, problem.network.penalty
    if not rows.has_mini_batches:
        if settings.solver == "adam" or penalty.selects_jointly:
            raise ValueError(
                "solver='adam' and penalty='batch_topk' need mini-batches, and "
                "each one of a Dask array would wait for the workers. Use "
                "solver='lbfgs' and another penalty, or fit on a sample of the "
                "rows in memory."
            )
        return True
    if settings.solver == "lbfgs" and penalty.selects_jointly:
        raise ValueError(
            "penalty='batch_topk' selects within mini-batches, which "
            "solver='lbfgs' has not. Use solver='adam'."
        )
    if settings.solver != "auto":
        return settings.solver == "lbfgs"
    is_small = (
        rows.shape[0] <= LBFGS_MAX_ROWS
        and problem.network.layout.size <= LBFGS_MAX_PARAMETERS
    )
    return is_small and not penalty.selects


def _start(settings, problem, rng, previous):
    """The parameters to start from: initial ones, or those of the last fit."""
    dtype = problem.rows.dtype
    theta = initial_parameters(problem.network, problem.scaling, rng, dtype)
    if not settings.warm_start or previous is None:
        return theta
    network, start = previous
    if not network.shares_parameters_with(problem.network):
        raise ValueError(
            "warm_start=True needs the same n_features, n_components, "
            "tied_weights, activation and out_activation as in the last fit. Use "
            "warm_start=False to begin anew."
        )
    return start.astype(dtype, copy=False)
