import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit, xlogy

from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout
from skl_sparse_ae._objective._dense import DenseObjective
from skl_sparse_ae._penalties._registry import make_penalty
from skl_sparse_ae._rows._moments import mean_and_variance
from skl_sparse_ae._solvers._scaling import Scaling

from .. import numeric

CASES = [
    ("logistic", "identity", False),
    ("relu", "identity", False),
    ("relu", "identity", True),
    ("logistic", "logistic", True),
]


@pytest.fixture(params=CASES, ids=str)
def problem(request, rng):
    activation, out_activation, tied = request.param
    X = 3 * rng.uniform(size=(20, 4)) + 2
    penalty = make_penalty("l1", rho=0.1, beta=0.5)
    network = Network.from_names(
        Layout(4, 3, tied), activation, out_activation, penalty
    )
    return X, network, Scaling(network, *mean_and_variance(X))


def test_the_centred_objective_is_j_of_the_same_network(problem, team, rng):
    X, network, scaling = problem
    objective = DenseObjective(network, 0.1, team=team, dtype=float).use_rows(X)
    theta = rng.normal(size=network.layout.size)
    point = scaling.centre(theta.copy())
    assert_allclose(scaling.uncentre(point.copy()), theta)
    out = np.empty_like(point)
    centred = DenseObjective(network, 0.1, team=team, dtype=float, mean=scaling.mean)
    value, gradient = centred.use_rows(X).value_and_grad(point, out)
    assert gradient is out
    assert_allclose(value, objective.value_and_grad(theta)[0])
    expected = numeric.gradient(
        lambda t: objective.terms(scaling.uncentre(t.copy())).total, point
    )
    assert numeric.relative_error(gradient, expected) < 1e-6


def test_encoder_intercepts_are_counted_from_the_mean_row(problem, rng):
    X, network, scaling = problem
    theta = rng.normal(size=network.layout.size)
    views = network.layout.views(theta)
    at_mean = X.mean(axis=0) @ views.encoder_coef + views.encoder_intercept
    centred = network.layout.views(scaling.centre(theta.copy()))
    assert_allclose(centred.encoder_intercept, at_mean)


def test_rows_without_variance_leave_units_finite():
    network = Network.from_names(
        Layout(4, 3), "relu", "identity", make_penalty("l1", rho=0.1, beta=1.0)
    )
    scaling = Scaling(network, np.ones(4), 0.0)
    assert all(unit > 0 for _, unit in scaling.groups)


def test_centred_rows_are_the_same_as_centred_parameters(problem, team, rng):
    # Dense batches use centred rows, sparse ones centred parameters.
    X, network, scaling = problem
    point = rng.normal(size=network.layout.size)
    objective = DenseObjective(network, 0.1, team=team, dtype=float)
    objective.use_rows(X, inputs=X - scaling.mean)
    value, gradient = objective.value_and_grad(point)
    centred = DenseObjective(network, 0.1, team=team, dtype=float, mean=scaling.mean)
    expected = centred.use_rows(X).value_and_grad(point)
    assert_allclose(value, expected[0])
    assert_allclose(gradient, expected[1], atol=1e-12)


def test_rounding_errors_of_constant_columns_are_not_a_scale():
    network = Network.from_names(
        Layout(5, 3), "relu", "identity", make_penalty("l1", rho=0.1, beta=0.5)
    )
    mean, variance = mean_and_variance(np.full((333, 5), 0.1))
    assert variance == 0
    assert Scaling(network, mean, variance).value == 1
    assert Scaling(network, mean, 1e-20).value == 1e-20


@pytest.mark.parametrize(
    ("loss", "out", "entries", "phi"),
    [
        ("poisson", "exponential", np.exp, lambda x: xlogy(x, x) - x),
        ("log_loss", "logistic", expit, lambda x: xlogy(x, x) + xlogy(1 - x, 1 - x)),
        ("squared_error", "logistic", expit, lambda x: x**2 / 2),
    ],
)
def test_the_decoder_is_in_units_of_the_outputs_pre_activations(
    loss, out, entries, phi, rng
):
    network = Network.from_names(
        Layout(5, 3), "relu", out, make_penalty("l1", rho=0.1, beta=0.5), loss=loss
    )
    for spread in (1e-4, 1e-2, 3):
        X = entries(spread * rng.normal(size=(2000, 5)) - 0.5)
        mean, variance = mean_and_variance(X)
        deviance = 2 * np.sum(phi(X).mean(axis=0) - phi(mean))
        scaling = Scaling(network, mean, variance, deviance, mean)
        intercept_unit = scaling.groups[-1][1]
        assert_allclose(intercept_unit, min(1, 2 * spread), rtol=0.05)
