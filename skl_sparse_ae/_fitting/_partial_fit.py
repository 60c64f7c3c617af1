"""Training on a stream of rows: the fitted attributes of `partial_fit`."""

from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace

from sklearn.utils import check_random_state

from .._solvers._scaling import Scaling
from ._fitted import fitted_attributes, fitted_network, fitted_parameters
from ._initial import initial_parameters
from ._messages import explained_divergence
from ._problem import Problem, set_up
from ._stream import Stream


def partially_fitted_by(estimator, rows):
    """The fitted attributes after one more pass over some rows.

    The estimator is not changed, so that an interrupted call leaves it as it was.

    Parameters
    ----------
    estimator : SparseAutoencoder
        Fitted or not.
    rows : Rows

    Returns
    -------
    attributes : dict
        Arrays are NumPy's.
    """
    rows = rows.of_positive_weight()
    stream, theta = _open_stream(estimator, rows)
    with (
        rows.team() as team,
        explained_divergence(estimator),
        _unless_interrupted(stream.rng),
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
    """The stream and the parameters with which a call of `partial_fit` begins."""
    state = getattr(estimator, "_stream", None)
    rng = check_random_state(estimator.random_state) if state is None else state["rng"]
    if not hasattr(estimator, "components_"):
        problem = set_up(estimator, rows)
        theta = initial_parameters(problem.network, problem.scaling, rng, rows.dtype)
        return Stream(problem, rng), theta
    # Copies, so that an interrupted call changes nothing; but not of the random state,
    # which takes as long as a step to copy.
    penalty = deepcopy(estimator.penalty_)
    network = replace(fitted_network(estimator), penalty=penalty)
    # Parameters that come from elsewhere have no moments of their rows.
    moments = getattr(estimator, "_moments", None) or rows.moments()
    problem = Problem(network, Scaling(network, *moments), rows, estimator.alpha_)
    theta = network.layout.flatten(fitted_parameters(estimator))
    stream = Stream(problem, rng)
    if state is not None:
        stream.resume(deepcopy(state, {id(rng): rng}))
    return stream, theta


@contextmanager
def _unless_interrupted(rng):
    """Reset a random state where the context is left by an error."""
    state = rng.get_state(legacy=False)
    try:
        yield
    except BaseException:
        rng.set_state(state)
        raise
