"""J and its gradient against independent implementations."""

import itertools
import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skl_sparse_ae import KL
from skl_sparse_ae._arrays._team import Team
from skl_sparse_ae._network._activations import ACTIVATIONS, OUT_ACTIVATIONS
from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout
from skl_sparse_ae._objective._dense import DenseObjective
from skl_sparse_ae._objective._sums import CodeSums
from skl_sparse_ae._penalties._registry import PENALTIES, make_penalty
from skl_sparse_ae._rows._running_means import RunningMeans

from .. import numeric

REFERENCE = json.loads((Path(__file__).parent / "objective_reference.json").read_text())
N_ROWS, N_FEATURES, N_COMPONENTS = 23, 6, 5
ALPHA = 0.1, 0.3  # weights of the decay of the encoder and of the decoder


def is_allowed(penalty, activation):
    try:
        make_penalty(penalty, rho=0.3, beta=1.0).check(ACTIVATIONS[activation]())
    except ValueError:
        return False
    return True


CASES = [
    case
    for case in itertools.product(
        PENALTIES,
        ACTIVATIONS,
        OUT_ACTIVATIONS,
        [False, True],
        [False, True],
        [False, True],
    )
    if is_allowed(case[0], case[1])
]


def make_network(penalty="kl", activation="logistic", out="identity", tied=False):
    if not is_allowed(penalty, activation):
        activation = PENALTIES[penalty].default_activation
    penalty = make_penalty(penalty, rho=0.4, beta=0.7)
    layout = Layout(N_FEATURES, N_COMPONENTS, tied)
    return Network.from_names(layout, activation, out, penalty)


def make_rows(rng, weighted=False, csr=False):
    X = rng.uniform(size=(N_ROWS, N_FEATURES)) * (rng.uniform(size=(N_ROWS, 1)) > 0.2)
    weights = rng.uniform(0.1, 2, size=N_ROWS) if weighted else None
    return (sparse.csr_array(X) if csr else X), weights


def direct_value(network, alpha, X, weights, theta):
    """J by its definition, row by row."""
    p = network.layout.views(theta)
    weights = np.ones(X.shape[0]) if weights is None else weights
    share = weights / weights.sum()
    codes, errors = [], 0.0
    for x, p_i in zip(X, share, strict=True):
        a = x @ p.encoder_coef + p.encoder_intercept
        network.activation.apply(a)
        network.penalty.select(a[None])
        x_hat = a @ p.components + p.decoder_intercept
        network.out_activation.apply(x_hat)
        errors += p_i * 0.5 * ((x_hat - x) ** 2).sum()
        codes.append(a)
    phi = network.penalty.phi(np.array(codes), network.activation)
    encoder_decay, decoder_decay = np.broadcast_to(alpha, 2)
    decay = 0.5 * encoder_decay * (p.encoder_coef**2).sum()
    decay += 0.5 * decoder_decay * (p.components**2).sum()
    sparsity = network.penalty.psi(share @ phi)
    unit_weights = network.penalty.unit_weights(p)
    return (
        errors
        + decay
        + np.sum(sparsity if unit_weights is None else sparsity * unit_weights)
    )


@pytest.mark.parametrize(
    ("penalty", "activation", "out", "tied", "weighted", "csr"), CASES
)
def test_value_and_gradient(penalty, activation, out, tied, weighted, csr, rng, team):
    network = make_network(penalty, activation, out, tied)
    X, weights = make_rows(rng, weighted, csr)
    objective = DenseObjective(network, ALPHA, team=team, dtype=float)
    objective.use_rows(X, weights)
    theta = rng.normal(size=network.layout.size)
    value, gradient = objective.value_and_grad(theta)
    dense = X.toarray() if csr else X
    assert_allclose(
        value, direct_value(network, ALPHA, dense, weights, theta), rtol=1e-12
    )
    assert_allclose(objective.terms(theta).total, value, rtol=1e-12)
    expected = numeric.gradient(
        lambda t: direct_value(network, ALPHA, dense, weights, t), theta
    )
    assert numeric.relative_error(gradient, expected) < 1e-6


@pytest.mark.parametrize("case", REFERENCE["cases"])
def test_j_and_gradient_of_independent_implementations(case, team):
    i, j = np.arange(200)[:, None], np.arange(12)
    X = 0.5 + 0.4 * np.sin(0.7 * i + 1.3 * j) * np.cos(0.11 * i * j)
    layout = Layout(12, 7)
    values = np.sqrt(6 / 20) * np.sin(np.arange(layout.size) + 1)
    W1, W2, b1, b2 = np.split(values, np.cumsum([84, 84, 7]))
    theta = layout.flatten((W1.reshape(7, 12).T, b1, W2.reshape(12, 7).T, b2))
    penalty = KL(rho=case["rho"], beta=case["beta"])
    network = Network.from_names(layout, "logistic", case["out_activation"], penalty)
    objective = DenseObjective(network, case["alpha"], team=team, dtype=float)
    objective.use_rows(X)
    value, gradient = objective.value_and_grad(theta)
    g = layout.views(gradient)
    actual = {
        "J": value,
        "grad_norm": np.linalg.norm(gradient),
        "grad_first": g.encoder_coef[0, 0],
        "grad_W2_first": g.components[0, 0],
        "grad_b1_first": g.encoder_intercept[0],
        "grad_b2_last": g.decoder_intercept[-1],
    }
    assert_allclose(
        list(actual.values()), [case[key] for key in actual], rtol=1e-10, atol=1e-13
    )


def test_the_gradient_vanishes_at_weights_trained_elsewhere(data_folder, team):
    saved = np.load(data_folder / "nature_patches_10x10.npz")
    X = 0.998 * saved["X"].astype(float) + 0.001
    layout = Layout(100, 25)
    theta = layout.flatten(
        (saved["W1_25"].T, saved["b1_25"], saved["W2_25"].T, saved["b2_25"]),
        dtype=float,
    )
    network = Network.from_names(layout, "logistic", "logistic", KL(rho=0.01, beta=6.0))
    objective = DenseObjective(network, 2e-4, team=team, dtype=float).use_rows(X)
    value, gradient = objective.value_and_grad(theta)
    assert value == pytest.approx(2.24568204389, abs=5e-12)
    assert np.abs(gradient).max() < 2e-5


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("csr", [False, True])
@pytest.mark.parametrize("memory_budget", [0, np.inf])
@pytest.mark.parametrize("block_bytes", [1, 300, 10**9])
@pytest.mark.parametrize(("n_threads", "tied"), [(1, False), (2, False), (3, True)])
def test_blocks_threads_and_memory_budget_do_not_change_the_result(
    penalty,
    weighted,
    csr,
    memory_budget,
    block_bytes,
    n_threads,
    tied,
    rng,
    monkeypatch,
):
    monkeypatch.setattr("skl_sparse_ae._arrays._team.WORK_PER_THREAD", 1)
    network = make_network(penalty, "logistic", "logistic", tied)
    X, weights = make_rows(rng, weighted, csr)
    theta = rng.normal(size=network.layout.size)

    def evaluate(**options):
        objective = DenseObjective(network, ALPHA, dtype=float, **options)
        return objective.use_rows(X, weights).value_and_grad(theta)

    with Team(1) as one:
        value, gradient = evaluate(team=one)
    with Team(n_threads) as team:
        options = {"memory_budget": memory_budget, "block_bytes": block_bytes}
        other_value, other_gradient = evaluate(team=team, **options)
    assert_allclose(other_value, value, rtol=1e-13)
    assert_allclose(other_gradient, gradient, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_the_same_call_gives_the_same_bits(penalty, rng, monkeypatch):
    monkeypatch.setattr("skl_sparse_ae._arrays._team.WORK_PER_THREAD", 1)
    network = make_network(penalty)
    X = rng.uniform(size=(500, N_FEATURES)).astype(np.float32)
    theta = rng.normal(size=network.layout.size)
    with Team(2) as team:
        objective = DenseObjective(network, ALPHA, team=team, dtype=np.float32)
        objective.use_rows(X)
        value, gradient = objective.value_and_grad(theta)
        for _ in range(10):
            again, gradient_again = objective.value_and_grad(theta)
            assert again == value
            assert_array_equal(gradient_again, gradient)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_weight_is_a_number_of_repetitions(penalty, rng, team):
    network = make_network(penalty)
    X, _ = make_rows(rng)
    counts = rng.randint(0, 4, size=N_ROWS)
    theta = rng.normal(size=network.layout.size)
    objective = DenseObjective(network, ALPHA, team=team, dtype=float)
    value, gradient = objective.use_rows(X, counts.astype(float)).value_and_grad(theta)
    objective.use_rows(np.repeat(X, counts, axis=0))
    repeated, repeated_gradient = objective.value_and_grad(theta)
    assert_allclose(value, repeated)
    assert_allclose(gradient, repeated_gradient, atol=1e-14)


def test_scaling_all_weights_changes_nothing(rng, team):
    network = make_network()
    X, weights = make_rows(rng, weighted=True)
    theta = rng.normal(size=network.layout.size)
    objective = DenseObjective(network, ALPHA, team=team, dtype=float)
    value, gradient = objective.use_rows(X, weights).value_and_grad(theta)
    scaled, scaled_gradient = objective.use_rows(X, 1e5 * weights).value_and_grad(theta)
    assert_allclose(scaled, value)
    assert_allclose(scaled_gradient, gradient)


def test_float32_agrees_with_float64_to_its_precision(rng, team):
    network = make_network()
    X = rng.uniform(size=(2000, N_FEATURES))
    theta = rng.normal(size=network.layout.size)
    values = {}
    for dtype in (np.float32, np.float64):
        objective = DenseObjective(network, ALPHA, team=team, dtype=dtype)
        values[dtype] = objective.use_rows(X.astype(dtype)).value_and_grad(theta)
    assert_allclose(values[np.float32][0], values[np.float64][0], rtol=1e-6)
    assert values[np.float32][1].dtype == np.float64
    assert_allclose(values[np.float32][1], values[np.float64][1], rtol=1e-4, atol=1e-5)


def test_the_gradient_is_written_to_out(rng, team):
    network = make_network()
    objective = DenseObjective(network, ALPHA, team=team, dtype=np.float32)
    objective.use_rows(make_rows(rng)[0].astype(np.float32))
    theta = rng.normal(size=network.layout.size).astype(np.float32)
    out = np.empty_like(theta)
    _, gradient = objective.value_and_grad(theta, out)
    assert gradient is out
    assert_array_equal(out, objective.value_and_grad(theta)[1])


def test_workspaces_are_reused_for_any_number_of_rows(rng, team):
    network = make_network()
    theta = rng.normal(size=network.layout.size)
    objective = DenseObjective(network, ALPHA, team=team, dtype=float)
    for n_rows in (5, 40, 1, 12):
        X = rng.uniform(size=(n_rows, N_FEATURES))
        value, _ = objective.use_rows(X).value_and_grad(theta)
        assert_allclose(value, direct_value(network, ALPHA, X, None, theta))


def test_batches_use_running_means_with_gradients_of_their_own_rows(rng, team):
    network = make_network()
    blend = RunningMeans(n_rows=100)
    objective = DenseObjective(network, 0.0, team=team, dtype=float, blend_means=blend)
    X = rng.uniform(size=(2, 8, N_FEATURES))
    theta = rng.normal(size=network.layout.size)
    objective.use_rows(X[0]).value_and_grad(theta)
    value, gradient = objective.use_rows(X[1]).value_and_grad(theta)
    whole = DenseObjective(network, 0.0, team=team, dtype=float)
    expected = whole.use_rows(X.reshape(16, -1)).means(theta)
    assert_allclose(objective.unit_means, expected)

    slope = network.penalty.psi_derivative(expected)

    def surrogate(t):
        """Reconstruction term of the batch, and its means times the slope of psi."""
        terms = whole.use_rows(X[1]).terms(t)
        return terms.reconstruction + slope @ whole.unit_means

    assert_allclose(gradient, numeric.gradient(surrogate, theta), atol=1e-8)
    assert_allclose(
        value - whole.use_rows(X[1]).terms(theta).reconstruction,
        network.penalty.psi(expected).sum(),
    )


def test_within_a_memory_budget_memory_does_not_grow_with_the_rows(team):
    network = make_network()
    theta = np.zeros(network.layout.size)
    peaks = []
    for n_rows in (10_000, 40_000):
        X = np.zeros((n_rows, N_FEATURES))
        tracemalloc.start()
        objective = DenseObjective(
            network, ALPHA, team=team, dtype=float, memory_budget=0, block_bytes=100_000
        )
        objective.use_rows(X).value_and_grad(theta)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
    assert peaks[1] < 40_000 * N_COMPONENTS * 8


def test_active_units_are_counted_with_their_weights():
    network = Network.from_names(
        Layout(3, 2), "relu", "identity", make_penalty("l1", beta=1.0)
    )
    code = np.array([[0.0, 1.0], [2.0, 3.0]])
    sums = CodeSums(network, counts_active=True)
    sums.add(code, np.array([1.0, 0.5]))
    assert sums.n_active == 1 + 2 * 0.5
    assert_array_equal(sums.phi, [0.5 * 2, 1 + 0.5 * 3])
    sums.add(code)
    assert sums.n_active == 2 + 3
