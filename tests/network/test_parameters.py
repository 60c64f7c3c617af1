import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skl_sparse_ae._fitting._initial import initial_parameters
from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout
from skl_sparse_ae._penalties._registry import make_penalty
from skl_sparse_ae._rows._in_memory import InMemory
from skl_sparse_ae._rows._moments import mean_and_variance
from skl_sparse_ae._solvers._preconditioner import EncoderCoordinates
from skl_sparse_ae._solvers._scaling import Scaling


@pytest.mark.parametrize("tied", [False, True])
def test_views_share_memory_and_flatten_undoes_them(tied):
    layout = Layout(3, 2, tied)
    theta = np.arange(float(layout.size))
    views = layout.views(theta)
    assert [v.shape for v in views] == [(3, 2), (2,), (2, 3), (3,)]
    assert all(np.shares_memory(view, theta) for view in views)
    assert_array_equal(layout.flatten(views), theta)
    assert not np.shares_memory(layout.flatten(views), theta)


def test_tied_weights_are_stored_once():
    assert Layout(3, 2, True).size == Layout(3, 2).size - 6
    views = Layout(3, 2, True).views(np.arange(11.0))
    assert_array_equal(views.components, views.encoder_coef.T)


@pytest.mark.parametrize("tied", [False, True])
def test_slices_cover_the_vector_once(tied):
    layout = Layout(3, 2, tied)
    positions = np.concatenate([np.arange(s.start, s.stop) for s in layout.slices])
    assert_array_equal(positions, np.arange(layout.size))
    assert len(layout.slices) == (3 if tied else 4)


@pytest.mark.parametrize("tied", [False, True])
def test_weights_are_the_matrices_only(tied):
    layout = Layout(3, 2, tied)
    weights = layout.weights(layout.views(np.zeros(layout.size)))
    assert sum(w.size for w in weights) == (6 if tied else 12)


def make_start(X, penalty, activation, out_activation="identity", tied=False):
    network = Network.from_names(
        Layout(X.shape[1], 5, tied),
        activation,
        out_activation,
        make_penalty(penalty, rho=0.1, beta=1.0),
    )
    scaling = Scaling(network, *mean_and_variance(X))
    mean_variance = scaling.value / X.shape[1]
    coordinates = EncoderCoordinates(
        *InMemory(X).spectrum(len(X)).principal_directions(least=mean_variance),
        mean_variance,
        n_components=5,
        unit=scaling.code_unit,
    )
    theta = initial_parameters(network, scaling, coordinates, np.random.RandomState(0))
    return network, network.layout.views(theta)


@pytest.mark.parametrize(
    ("penalty", "activation", "wanted"),
    [("kl", "logistic", 0.1), ("kl", "tanh", -0.8), ("l1", "relu", 0.0)],
)
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_mean_row_is_reconstructed_from_the_wanted_activation(
    penalty, activation, wanted, scale, rng
):
    X = scale * (rng.uniform(size=(30, 4)) + 5)
    network, start = make_start(X, penalty, activation)
    mean = X.mean(axis=0, keepdims=True)
    code = network.encode(start, mean, np.empty((1, 5)))
    assert_allclose(code, wanted, atol=1e-6)
    assert_allclose(network.decode(start, code, np.empty((1, 4))), mean, rtol=1e-6)


def test_logistic_output_starts_near_the_mean_of_data_in_its_range(rng):
    X = rng.uniform(0.2, 0.8, size=(30, 4))
    X[:, 0] = 0.0  # no intercept gives a logistic output of 0
    network, start = make_start(X, "l1", "relu", "logistic")
    mean = X.mean(axis=0, keepdims=True)
    rows = network.decode(start, np.zeros((1, 5)), np.empty((1, 4)))
    assert_allclose(rows[:, 1:], mean[:, 1:])
    assert rows[0, 0] == pytest.approx(0.01)


def test_weights_are_uniform_in_the_units_of_the_data(rng):
    X = 7 * rng.normal(size=(50, 4))
    _, start = make_start(X, "kl", "logistic")
    spread = np.sqrt(X.var(axis=0).mean())
    bound = np.sqrt(6 / (4 + 5 + 1))
    assert np.abs(start.encoder_coef * spread).max() <= bound
    assert np.abs(start.encoder_coef * spread).max() > 0.7 * bound
    assert_allclose(start.components, spread**2 * start.encoder_coef.T)
