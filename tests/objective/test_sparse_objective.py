"""J and its gradient for sparse rows, against those for the same dense rows."""

import itertools
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skl_sparse_ae import TopK
from skl_sparse_ae._arrays._team import Team
from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout, Parameters
from skl_sparse_ae._objective._dense import DenseObjective
from skl_sparse_ae._objective._sparse import SparseObjective
from skl_sparse_ae._penalties._registry import PENALTIES, make_penalty
from skl_sparse_ae._rows._running_means import RunningMeans

from .. import numeric

N_ROWS, N_FEATURES, N_COMPONENTS = 40, 9, 4
ACTIVATION = {"kl": "tanh", None: "identity"}
CASES = list(itertools.product(PENALTIES, [False, True], [False, True]))


def make_network(penalty="kl", tied=False):
    activation = ACTIVATION.get(penalty, "relu")
    penalty = make_penalty(penalty, rho=0.4, beta=0.7)
    layout = Layout(N_FEATURES, N_COMPONENTS, tied)
    return Network.from_names(layout, activation, "identity", penalty)


def random_rows(n_rows, n_columns, density, rng):
    # SciPy's random_array has this argument under two names.
    rows = sparse.random(n_rows, n_columns, density, random_state=rng)
    return sparse.csr_array(rows)


def make_rows(rng, weighted=False):
    X = random_rows(N_ROWS, N_FEATURES, 0.2, rng)
    return X, rng.uniform(0.1, 2, size=N_ROWS) if weighted else None


def evaluate(cls, network, theta, X, weights=None, inputs=None, **options):
    objective = cls(network, (0.1, 0.3), dtype=X.dtype, **options)
    objective.use_rows(X, weights, inputs=inputs)
    value, gradient = objective.value_and_grad(theta)
    return value, gradient, objective.unit_means


@pytest.fixture
def small_chunks(monkeypatch):
    """Eight rows at a time, in two parts."""
    monkeypatch.setattr("skl_sparse_ae._arrays._team.WORK_PER_THREAD", 1)
    monkeypatch.setattr("skl_sparse_ae._objective._sparse.CHUNK_PER_WEIGHTS", 0)
    row_bytes = 2 * 8 * N_COMPONENTS
    monkeypatch.setattr("skl_sparse_ae._objective._sparse.BLOCK_BYTES", 8 * row_bytes)


@pytest.mark.parametrize(("penalty", "tied", "weighted"), CASES)
@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("centred", [False, True])
def test_value_and_gradient(penalty, tied, weighted, noisy, centred, rng, team):
    network = make_network(penalty, tied)
    X, weights = make_rows(rng, weighted)
    inputs = X * (rng.random_sample(X.shape) > 0.3) if noisy else X
    options = {"team": team, "mean": rng.normal(size=N_FEATURES) if centred else None}
    theta = rng.normal(size=network.layout.size)
    results = evaluate(
        SparseObjective, network, theta, X, weights, inputs.tocsr(), **options
    )
    expected = evaluate(
        DenseObjective,
        network,
        theta,
        X.toarray(),
        weights,
        inputs.toarray(),
        **options,
    )
    for result, other in zip(results, expected, strict=True):
        assert_allclose(result, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("penalty", "tied", "weighted", "memory_budget"),
    [
        (*case, budget)
        for case in CASES
        for budget in (0, np.inf)
        # Joint selection always keeps the codes.
        if budget or case[0] != "batch_topk"
    ],
)
@pytest.mark.parametrize("n_threads", [1, 2, 3])
@pytest.mark.usefixtures("small_chunks")
def test_chunks_threads_and_memory_budget_do_not_change_the_result(
    penalty, tied, weighted, memory_budget, n_threads, rng
):
    network = make_network(penalty, tied)
    X, weights = make_rows(rng, weighted)
    theta = rng.normal(size=network.layout.size)
    with Team(n_threads) as team:
        options = {"team": team, "memory_budget": memory_budget}
        results = evaluate(SparseObjective, network, theta, X, weights, **options)
        rows = X.toarray()
        expected = evaluate(DenseObjective, network, theta, rows, weights, team=team)
    for result, other in zip(results, expected, strict=True):
        assert_allclose(result, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_terms_and_means(penalty, rng, team):
    network = make_network(penalty)
    X, weights = make_rows(rng, weighted=True)
    theta = rng.normal(size=network.layout.size)
    ours = SparseObjective(
        network, (0.1, 0.3), team=team, dtype=float, counts_active=True
    )
    other = DenseObjective(
        network, (0.1, 0.3), team=team, dtype=float, counts_active=True
    )
    ours.use_rows(X, weights)
    other.use_rows(X.toarray(), weights)
    assert_allclose(ours.terms(theta), other.terms(theta), rtol=1e-12)
    assert_allclose(ours.active_fraction, other.active_fraction)
    assert_allclose(ours.means(theta), other.means(theta), rtol=1e-12)


def test_errors_of_rows_that_are_nearly_reconstructed(rng, team):
    network = make_network(None)
    X, _ = make_rows(rng)
    X *= 1e-3
    theta = 1e-3 * rng.normal(size=network.layout.size)
    ours, other = (
        cls(network, 0.0, team=team, dtype=float).use_rows(rows).terms(theta)
        for cls, rows in ((SparseObjective, X), (DenseObjective, X.toarray()))
    )
    assert 0 < other.reconstruction < 1e-4
    assert_allclose(ours.reconstruction, other.reconstruction, rtol=1e-10)


def test_errors_are_never_negative(team):
    """One unit copies the only column; the rounding of sums may be of any sign."""
    network = Network.from_names(
        Layout(1, 1), "identity", "identity", make_penalty(None)
    )
    for seed in range(20):
        X = sparse.csr_array(1e3 * np.random.RandomState(seed).rand(30, 1))
        scale = 1 + seed / 7
        theta = network.layout.flatten(
            Parameters(*(np.array(a) for a in ([[scale]], [0.0], [[1 / scale]], [0.0])))
        )
        objective = SparseObjective(network, 0.0, team=team, dtype=float)
        assert 0 <= objective.use_rows(X).terms(theta).reconstruction < 1e-6


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.usefixtures("small_chunks")
def test_units_are_revived_as_with_dense_rows(tied, weighted, rng, team):
    layout = Layout(N_FEATURES, N_COMPONENTS, tied)
    network = Network.from_names(layout, "relu", "identity", TopK(0.3, beta=0.5))
    X, weights = make_rows(rng, weighted)
    theta = rng.normal(size=layout.size)
    options = {"team": team, "idle_units": lambda: np.array([1, 3])}
    _, gradient, _ = evaluate(SparseObjective, network, theta, X, weights, **options)
    rows = X.toarray()
    _, expected, _ = evaluate(DenseObjective, network, theta, rows, weights, **options)
    assert_allclose(gradient, expected, rtol=1e-10, atol=1e-12)
    _, without, _ = evaluate(SparseObjective, network, theta, X, weights, team=team)
    assert numeric.relative_error(gradient, without) > 1e-3


def test_single_precision_suffices(rng, team):
    # The squared error is a small difference of large terms.
    network = make_network()
    X = random_rows(3000, N_FEATURES, 0.3, rng)
    theta = rng.normal(size=network.layout.size)
    results = evaluate(SparseObjective, network, theta, X.astype(np.float32), team=team)
    expected = evaluate(DenseObjective, network, theta, X.toarray(), team=team)
    assert results[1].dtype == theta.dtype
    assert_allclose(results[0], expected[0], rtol=1e-6)
    assert_allclose(results[1], expected[1], rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("small_chunks")
def test_the_same_call_gives_the_same_bits(rng):
    network = make_network("topk")
    X, _ = make_rows(rng)
    theta = rng.normal(size=network.layout.size)
    with Team(2) as team:
        first = evaluate(SparseObjective, network, theta, X, team=team)
        for _ in range(10):
            again = evaluate(SparseObjective, network, theta, X, team=team)
            for a, b in zip(first, again, strict=True):
                assert_array_equal(a, b)


def test_batches_use_running_means(rng, team):
    network = make_network()
    X, _ = make_rows(rng)
    theta = rng.normal(size=network.layout.size)
    values = []
    for cls, rows in ((SparseObjective, X), (DenseObjective, X.toarray())):
        blend = RunningMeans(n_rows=100)
        objective = cls(network, (0.1, 0.3), team=team, dtype=float, blend_means=blend)
        for part in (slice(20), slice(20, 27), slice(27, 40)):
            objective.use_rows(rows[part], total_weight=15.0)
            values.append(objective.value_and_grad(theta))
    for (value, gradient), (other, expected) in zip(
        values[:3], values[3:], strict=True
    ):
        assert_allclose(value, other, rtol=1e-12)
        assert_allclose(gradient, expected, rtol=1e-10, atol=1e-12)


def test_no_dense_array_has_the_shape_of_the_rows(team):
    n_rows, n_features = 500, 50_000
    rng = np.random.default_rng(0)
    X = random_rows(n_rows, n_features, 1e-3, rng)
    penalty = make_penalty("kl", rho=0.1, beta=1.0)
    network = Network.from_names(Layout(n_features, 3), "logistic", "identity", penalty)
    theta = rng.normal(size=network.layout.size)
    tracemalloc.start()
    evaluate(SparseObjective, network, theta, X, team=team)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < n_rows * n_features * X.dtype.itemsize / 20
