"""Training for `SparseAutoencoder.partial_fit`."""

from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace

from sklearn.utils import check_random_state

from .._network._losses import LOSSES, out_activation_of
from .._rows._validation import columns_of
from .._solvers._scaling import Scaling
from ._combinations import check_combinations
from ._encoder_stream import stream_class
from ._fitted import (
    fitted_attributes,
    fitted_decay,
    fitted_network,
    fitted_vector,
    missing_mean,
    reconstruction_at,
)
from ._history import current_history, extended
from ._initial import initial_parameters
from ._messages import divergence_as_value_error
from ._missing import filled_by_means
from ._null_loss import mean_row, null_deviance
from ._output_range import check_output_range
from ._problem import Problem, make_problem
from ._settings import settings_of
from ._unused import warn_about_unused


def partially_fitted_by(estimator, rows, rng):
    """Train for one pass over the rows and return the fitted attributes.

    The estimator is not modified, so that an interrupted call has no effect.

    Parameters
    ----------
    estimator : SparseAutoencoder
        Fitted or not.
    rows : Rows
    rng : numpy.random.RandomState
        That of `random_state_of`.

    Returns
    -------
    attributes : dict
        Fitted attributes by name, with NumPy arrays.
    """
    columns = rows.columns or columns_of(estimator)
    rows = rows.of_positive_weight()
    settings = settings_of(estimator)
    check_combinations(settings, rows.shape[1])
    names = columns.get("feature_names_in_")
    is_first, mean = not hasattr(estimator, "components_"), missing_mean(estimator)
    if settings.missing_values is not None if is_first else mean is not None:
        rows = filled_by_means(rows, names, mean)
    if is_first:
        out_activation = out_activation_of(settings.loss, settings.out_activation)
        loss = settings.loss
    else:
        network = fitted_network(estimator)
        loss, out_activation = network.loss.name, network.out_activation.name
    check_output_range(loss, out_activation, rows, names)
    rows = rows.with_view(function=LOSSES[loss].input_function)
    stream, theta = _open_stream(estimator, settings, rows, rng)
    rows = rows.astype(theta.dtype)
    if rows.fill is not None and stream.problem.missing_fill == "reconstruction":
        problem = stream.problem._replace(rows=rows)
        rows = rows.with_view(improve=reconstruction_at(problem, theta))
    if is_first:  # later calls read none of them
        warn_about_unused(settings)
    with rows.team() as team, divergence_as_value_error(settings):
        theta, value = stream.train(settings, theta, rows, team)
    terms = tuple(stream.terms.take())
    return {
        **columns,
        **fitted_attributes(stream.problem, theta, theta.dtype),
        "mean_activation_": stream.unit_means.means.astype(theta.dtype),
        "_loss_curve": extended(current_history(estimator, "loss_curve_"), value),
        "_loss_terms": extended(current_history(estimator, "loss_terms_"), terms),
        "n_iter_": getattr(estimator, "n_iter_", 0) + 1,
        "_stream": stream.state,
    }


@contextmanager
def random_state_of(estimator):
    """Give the random state of the stream; restore it if the stream does not go on.

    It is shared with the fitted attributes, since copying it takes as long as a
    training step.
    """
    stream = vars(estimator).get("_stream")
    rng = (
        check_random_state(estimator.random_state) if stream is None else stream["rng"]
    )
    state = rng.get_state(legacy=False)
    try:
        yield rng
    except BaseException:
        if vars(estimator).get("_stream") is stream:
            rng.set_state(state)
        raise


def _open_stream(estimator, settings, rows, rng):
    """Return the stream and the parameter vector at the start of `partial_fit`."""
    moments = vars(estimator).get("_moments")
    is_fitted = hasattr(estimator, "components_")
    if not is_fitted or (moments is not None and moments[1] == 0):
        # A fit to rows without variance has found no scale and nothing else.
        convolution = settings._convolution_of(rows.shape[1])
        problem = make_problem(settings, rows, convolution, is_stream=True)
        _check_scale(problem.scaling, rows)
        theta = initial_parameters(
            problem.network, problem.scaling, problem.coordinates, rng, rows.dtype
        )
        return _stream_of(problem)(problem, rng), theta
    # Copies, so that an interrupted call has no effect.
    penalty = deepcopy(estimator.penalty_)
    network = replace(fitted_network(estimator), penalty=penalty)
    # Imported estimators have no moments of their training rows.
    is_imported = moments is None
    if is_imported:
        moments = rows.moments()
        row = moments[0]
        if network.loss.is_canonical:
            row = mean_row(network.loss, rows, row)
        moments = *moments, null_deviance(network.loss, rows, moments, row), row
    scaling = Scaling(network, *moments)
    if is_imported:
        penalty.set_code_unit(scaling.code_unit)
    _check_scale(scaling, rows)
    decay, mean = fitted_decay(estimator), missing_mean(estimator)
    fill = vars(estimator).get("missing_fill_", "mean")
    problem = Problem(
        network, scaling, rows, decay, missing_mean=mean, missing_fill=fill
    )
    theta = fitted_vector(estimator, network)
    stream = _stream_of(problem)(problem, rng, is_new=False)
    state = vars(estimator).get("_stream")
    if state is not None:
        stream.resume(deepcopy(state, {id(rng): rng}))
    return stream, theta


def _stream_of(problem):
    """Return the class of a stream, the same for chunks without missing entries."""
    network = problem.network.skipping_missing(problem.missing_mean is not None)
    return stream_class(problem.rows, network)


def _check_scale(scaling, rows):
    """Raise ValueError if the first rows of a stream have no scale."""
    if scaling.variance == 0:
        raise ValueError(
            "The first call of partial_fit takes the scale of the data from its rows, "
            f"and these have no variance (n_samples={rows.shape[0]}). Pass more rows "
            "in the first call."
        )
