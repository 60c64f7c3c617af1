"""J as a function of the encoder, against J of all parameters."""

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from skl_sparse_ae import KL, L1, BatchTopK, Contractive, Penalty, TopK
from skl_sparse_ae._arrays._team import Team
from skl_sparse_ae._network._decay import Decay
from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout
from skl_sparse_ae._objective import (
    can_project,
    objective_class,
    projected_objective,
)
from skl_sparse_ae._objective._row_passes import Kept
from skl_sparse_ae._penalties import NoPenalty
from skl_sparse_ae._rows._in_memory import InMemory

from .. import numeric

N_ROWS, N_FEATURES, N_COMPONENTS = 40, 6, 4
# Errors are formed where there are more units than columns.
MORE_UNITS = 9
ALPHA = 0.01
BY_DIRECTION = Decay(0.01, 0.03, np.linspace(-1, 1, 2 * N_FEATURES).reshape(2, -1))
CASES = [
    (KL(0.2, 0.5), "logistic"),
    (KL(0.2, 0.5), "tanh"),
    (L1(0.05), "relu"),
    (L1(0.05), "identity"),
    (L1(0.05, scale_invariant=False), "relu"),
    (Contractive(0.3), "logistic"),
    (NoPenalty(), "tanh"),
    (TopK(0.5), "relu"),
]
CONTAINERS = [np.asarray, sparse.csr_array]


def make_network(penalty, activation, n_components=N_COMPONENTS):
    layout = Layout(N_FEATURES, n_components)
    penalty.set_dictionary_unit(0.7)
    return Network.from_names(layout, activation, "identity", penalty)


def make_rows(container, weighted, rng):
    X = rng.rand(N_ROWS, N_FEATURES) * (rng.rand(N_ROWS, N_FEATURES) < 0.6)
    return InMemory(container(X), rng.rand(N_ROWS) if weighted else None)


def project(rows, network, team, memory_budget=0, alpha=ALPHA, **options):
    mean, variance = rows.moments()
    return projected_objective(
        rows,
        network,
        alpha,
        mean,
        variance,
        team=team,
        memory_budget=memory_budget,
        counts_active=True,
        **options,
    )


@pytest.fixture(params=[N_COMPONENTS, MORE_UNITS])
def n_components(request):
    return request.param


@pytest.fixture
def encoder(n_components, rng):
    return rng.randn(N_FEATURES, n_components), rng.randn(n_components)


@pytest.mark.parametrize("alpha", [ALPHA, BY_DIRECTION], ids=["alpha", "directions"])
@pytest.mark.parametrize("memory_budget", [0, 1e6])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(("penalty", "activation"), CASES)
def test_it_is_j_at_its_minimum_in_the_decoder(
    penalty,
    activation,
    container,
    weighted,
    memory_budget,
    alpha,
    n_components,
    encoder,
    rng,
    team,
):
    """The gradient of J, by the objective of all parameters, is that of the encoder."""
    network, rows = (
        make_network(penalty, activation, n_components),
        make_rows(container, weighted, rng),
    )
    projected = project(rows, network, team, memory_budget, alpha)
    value, coef_gradient, intercept_gradient = projected.value_and_grad(*encoder)
    theta = network.layout.flatten(projected.parameters(*encoder))
    full = objective_class(rows, network)(
        network, alpha, team=team, dtype=rows.dtype, counts_active=True
    ).use_rows(rows.X, rows.sample_weight)
    expected, gradient = full.value_and_grad(theta)
    gradient = network.layout.views(gradient)
    assert_allclose(value, expected, rtol=1e-12)
    assert_allclose(projected.last_terms, full.last_terms, rtol=1e-10)
    assert_allclose(projected.unit_means, full.unit_means)
    assert_allclose(projected.active_fraction, full.active_fraction)
    assert_allclose(gradient.components, 0, atol=1e-8)
    assert_allclose(gradient.decoder_intercept, 0, atol=1e-12)
    assert_allclose(intercept_gradient, gradient.encoder_intercept, atol=1e-13)
    mean, _ = rows.moments()
    centred = gradient.encoder_coef - np.outer(mean, gradient.encoder_intercept)
    assert_allclose(coef_gradient, centred, atol=1e-13)


@pytest.mark.parametrize("alpha", [ALPHA, BY_DIRECTION], ids=["alpha", "directions"])
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(("penalty", "activation"), CASES)
def test_the_gradient_is_that_of_finite_differences(
    penalty, activation, container, alpha, n_components, encoder, rng, team
):
    network = make_network(penalty, activation, n_components)
    rows = make_rows(container, True, rng)
    projected = project(rows, network, team, alpha=alpha)
    n_weights = N_FEATURES * n_components

    def value(vector):
        coef = vector[:n_weights].reshape(N_FEATURES, n_components)
        return projected.value_and_grad(coef, vector[n_weights:])[0]

    vector = np.concatenate([encoder[0].ravel(), encoder[1]])
    expected = numeric.gradient(value, vector)
    _, coef_gradient, intercept_gradient = projected.value_and_grad(*encoder)
    actual = np.concatenate([coef_gradient.ravel(), intercept_gradient])
    assert numeric.relative_error(actual, expected) < 1e-7


def test_corrupted_rows_are_reconstructed_as_clean_ones(
    n_components, encoder, rng, team
):
    """Against the formulas, with ridge regression by least squares."""
    network = make_network(KL(0.2, 0.5), "logistic", n_components)
    rows = make_rows(np.asarray, False, rng)
    inputs = rows.X * (rng.rand(*rows.shape) < 0.5)
    projected = project(rows, network, team, inputs=inputs)
    value, *_ = projected.value_and_grad(*encoder)
    mean = rows.X.mean(axis=0)
    A = 1 / (1 + np.exp(-((inputs - mean) @ encoder[0] + encoder[1])))
    Ac, Xc = A - A.mean(axis=0), rows.X - mean
    ridge = np.sqrt(N_ROWS * ALPHA) * np.eye(n_components)
    zeros = np.zeros((n_components, N_FEATURES))
    W, *_ = np.linalg.lstsq(np.vstack([Ac, ridge]), np.vstack([Xc, zeros]), rcond=None)
    assert_allclose(projected.parameters(*encoder).components, W, atol=1e-8)
    s = A.mean(axis=0)
    kl = 0.2 * np.log(0.2 / s) + 0.8 * np.log(0.8 / (1 - s))
    expected = (
        0.5 * np.sum((Ac @ W - Xc) ** 2) / N_ROWS
        + ALPHA / 2 * (np.sum(W**2) + np.sum(encoder[0] ** 2))
        + 0.5 * kl.sum()
    )
    assert_allclose(value, expected)


@pytest.mark.parametrize("container", CONTAINERS)
def test_threads_and_blocks_change_nothing(
    container, n_components, encoder, rng, monkeypatch
):
    network = make_network(L1(0.05), "relu", n_components)
    rows = make_rows(container, True, rng)
    with Team(1) as team:
        expected = project(rows, network, team, 1e6).value_and_grad(*encoder)
    monkeypatch.setattr("skl_sparse_ae._arrays._team.WORK_PER_THREAD", 1)
    module = "skl_sparse_ae._objective._row_passes"
    monkeypatch.setattr(f"{module}.BLOCK_PER_WEIGHTS", 0)
    monkeypatch.setattr(f"{module}.RowPasses.block_bytes", 800)
    for memory_budget in (0, 1e6):
        with Team(3) as team:
            projected = project(rows, network, team, memory_budget)
            actual = projected.value_and_grad(*encoder)
        for one, other in zip(actual, expected, strict=True):
            assert_allclose(one, other, atol=1e-14)


def test_rows_are_copied_once_at_most(rng, team):
    """To subtract their mean, once for the decoder and the encoder."""
    X = rng.rand(2000, 500)
    network = Network.from_names(Layout(500, 2), "logistic", "identity", KL())
    rows = InMemory(X)
    for memory_budget, n_copies in ((1e9, 1), (0, 0)):
        tracemalloc.start()
        projected = project(rows, network, team, memory_budget)
        projected.value_and_grad(np.zeros((500, 2)), np.zeros(2))
        kept = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert kept < (n_copies + 0.3) * X.nbytes


def test_single_precision_is_near_double_precision(n_components, encoder, rng, team):
    rows = make_rows(np.asarray, False, rng)
    network = make_network(KL(0.2, 0.5), "logistic", n_components)
    expected = project(rows, network, team).value_and_grad(*encoder)
    rows = rows.astype(np.float32)
    encoder = [array.astype(np.float32) for array in encoder]
    value, coef, intercept = project(rows, network, team).value_and_grad(*encoder)
    assert coef.dtype == np.float32
    assert_allclose(value, expected[0], rtol=1e-6)
    assert_allclose(coef, expected[1], atol=1e-5)
    assert_allclose(intercept, expected[2], atol=1e-5)


def test_units_that_are_never_active_write_nothing(rng, team):
    """The Gram matrix of the codes is then singular."""
    rows, network = make_rows(np.asarray, False, rng), make_network(L1(0.05), "relu")
    coef = rng.randn(N_FEATURES, N_COMPONENTS)
    intercept = np.array([0.0, -100, 0, 0])
    projected = project(rows, network, team, alpha=0)
    projected.value_and_grad(coef, intercept)
    components = projected.parameters(coef, intercept).components
    assert_allclose(components[1], 0)
    assert np.isfinite(components).all()


def test_encoding_alone_gives_means_and_the_active_fraction(
    n_components, encoder, rng, team
):
    rows = make_rows(np.asarray, True, rng)
    network = make_network(L1(0.05), "relu", n_components)
    projected = project(rows, network, team)
    projected.value_and_grad(*encoder)
    expected = projected.unit_means, projected.active_fraction
    projected.encode(2 * encoder[0], encoder[1])
    assert not np.allclose(projected.unit_means, expected[0])
    projected.encode(*encoder)
    assert_allclose(projected.unit_means, expected[0])
    assert projected.active_fraction == expected[1]


class Weighted(Penalty):
    """A user's penalty that weighs units and does not say by which parameters."""

    def unit_weights(self, parameters):
        return (parameters.components**2).sum(axis=1)

    def add_weight_gradient(self, parameters, gradients, penalties):
        gradients.components[...] += 2 * penalties[:, None] * parameters.components


@pytest.mark.parametrize(
    ("penalty", "out_activation", "tied", "expected"),
    [
        (KL(), "identity", False, True),
        (BatchTopK(), "identity", False, True),
        (KL(), "logistic", False, False),
        (KL(), "identity", True, False),
        (Weighted(), "identity", False, False),
    ],
)
def test_which_decoders_can_be_solved(penalty, out_activation, tied, expected):
    layout = Layout(N_FEATURES, N_COMPONENTS, tied)
    network = Network.from_names(layout, "logistic", out_activation, penalty)
    assert can_project(network) == expected


def test_codes_and_rows_are_kept_where_they_fit_the_memory():
    X, network = np.zeros((10, 4)), SimpleNamespace(layout=Layout(4, 3))
    kept = [tuple(Kept.within(n_bytes, X, network)) for n_bytes in (239, 240, 319, 320)]
    assert kept == [(False, False), (True, False), (True, False), (True, True)]
