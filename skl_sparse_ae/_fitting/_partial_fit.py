"""Training for `SparseAutoencoder.partial_fit`."""

from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace

from sklearn.utils import check_random_state

from .._solvers._scaling import Scaling
from ._default_weights import Decay
from ._fitted import fitted_attributes, fitted_network, fitted_parameters
from ._initial import initial_parameters
from ._messages import divergence_as_value_error
from ._output_range import check_output_range
from ._problem import Problem, make_problem
from ._stream import Stream
from ._unused import warn_about_unused


def partially_fitted_by(estimator, rows):
    """Train for one pass over the rows and return the fitted attributes.

    The estimator is not modified, so that an interrupted call has no effect.

    Parameters
    ----------
    estimator : SparseAutoencoder
        Fitted or not.
    rows : Rows

    Returns
    -------
    attributes : dict
        Fitted attributes by name, with NumPy arrays.
    """
    rows = rows.of_positive_weight()
    stream, theta = _open_stream(estimator, rows)
    if not hasattr(estimator, "components_"):  # later calls read none of them
        warn_about_unused(estimator)
    names = getattr(estimator, "feature_names_in_", None)
    check_output_range(stream.problem.network.out_activation.name, rows, names)
    with (
        rows.team() as team,
        divergence_as_value_error(estimator),
        _restored_on_error(stream.rng),
    ):
        theta, value = stream.train(estimator, theta, rows.astype(theta.dtype), team)
    terms = tuple(stream.terms.take())
    return {
        **fitted_attributes(stream.problem, theta, theta.dtype),
        "mean_activation_": stream.unit_means.means.astype(theta.dtype),
        "loss_curve_": [*getattr(estimator, "loss_curve_", []), value],
        "loss_terms_": [*getattr(estimator, "loss_terms_", []), terms],
        "n_iter_": getattr(estimator, "n_iter_", 0) + 1,
        "_stream": stream.state,
    }


def _open_stream(estimator, rows):
    """Return the stream and the parameter vector at the start of `partial_fit`."""
    state = getattr(estimator, "_stream", None)
    rng = check_random_state(estimator.random_state) if state is None else state["rng"]
    if not hasattr(estimator, "components_"):
        problem = make_problem(estimator, rows, is_stream=True)
        theta = initial_parameters(
            problem.network, problem.scaling, problem.coordinates, rng, rows.dtype
        )
        return Stream(problem, rng), theta
    # Copies, so that an interrupted call has no effect. The random state is shared,
    # since copying it takes as long as a training step.
    penalty = deepcopy(estimator.penalty_)
    network = replace(fitted_network(estimator), penalty=penalty)
    # Imported estimators have no moments of their training rows.
    moments = getattr(estimator, "_moments", None) or rows.moments()
    alpha = Decay(*estimator.alpha_)
    problem = Problem(network, Scaling(network, *moments), rows, alpha)
    theta = network.layout.flatten(fitted_parameters(estimator))
    stream = Stream(problem, rng)
    if state is not None:
        stream.resume(deepcopy(state, {id(rng): rng}))
    return stream, theta


@contextmanager
def _restored_on_error(rng):
    """Restore the random state if the context is left by an exception."""
    state = rng.get_state(legacy=False)
    try:
        yield
    except BaseException:
        rng.set_state(state)
        raise
