"""J of mini-batches as a function of the encoder, against J of all parameters."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from skl_sparse_ae import KL, L1, BatchTopK, Contractive, TopK
from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout
from skl_sparse_ae._objective import (
    can_project_batches,
    objective_class,
    projected_batches,
    projected_objective,
)
from skl_sparse_ae._penalties import NoPenalty
from skl_sparse_ae._rows._in_memory import InMemory

from .. import numeric

N_ROWS, N_FEATURES, N_COMPONENTS, ALPHA = 60, 6, 4, (0.01, 0.03)
CASES = [
    (KL(0.2, 0.5), "logistic"),
    (KL(0.2, 0.5), "tanh"),
    (L1(0.05), "relu"),
    (L1(0.05, scale_invariant=False), "relu"),
    (Contractive(0.3), "logistic"),
    (NoPenalty(), "tanh"),
]
CONTAINERS = [np.asarray, sparse.csr_array]


def make_network(penalty, activation, **options):
    layout = Layout(N_FEATURES, N_COMPONENTS, **options)
    penalty.set_dictionary_unit(0.7)
    return Network.from_names(layout, activation, "identity", penalty)


def make_rows(container, weighted, rng):
    X = 1 + rng.rand(N_ROWS, N_FEATURES) * (rng.rand(N_ROWS, N_FEATURES) < 0.6)
    X[:, :3] -= 1  # columns with zeros, which stay sparse, and others
    return InMemory(container(X), rng.rand(N_ROWS) if weighted else None)


def make(rows, network, team, window=N_ROWS):
    objective = projected_batches(
        rows,
        network,
        ALPHA,
        rows.moments()[0],
        team=team,
        blend_means=lambda means, n_rows: means,
        counts_active=True,
    )
    objective.window = window
    return objective


def of_all_rows(rows, network, team):
    return projected_objective(
        rows,
        network,
        ALPHA,
        *rows.moments(),
        team=team,
        memory_budget=0,
        counts_active=True,
    )


def use_rows(objective, rows, part):
    weights = None if rows.sample_weight is None else rows.sample_weight[part]
    objective.use_rows(rows.X[part], weights)


@pytest.fixture
def theta(rng):
    """Of all parameters, with intercepts of the encoder for centred rows."""
    return rng.randn(Layout(N_FEATURES, N_COMPONENTS).size)


def parts_of(theta):
    """The encoder's part, and all of it as arrays."""
    layout = Layout(N_FEATURES, N_COMPONENTS)
    n = N_FEATURES * N_COMPONENTS + N_COMPONENTS
    return theta[:n].copy(), layout.views(theta)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(("penalty", "activation"), CASES)
def test_with_all_rows_in_a_batch_it_is_j_of_all_rows(
    penalty, activation, container, weighted, theta, rng, team
):
    rows, network = (
        make_rows(container, weighted, rng),
        make_network(penalty, activation),
    )
    encoder, parameters = parts_of(theta)
    objective, whole = make(rows, network, team), of_all_rows(rows, network, team)
    objective.begin(parameters, rows)
    use_rows(objective, rows, slice(None))
    for _ in range(20):  # a penalty that weighs the decoder needs repeated solutions
        value, gradient = objective.value_and_grad(encoder)
    expected = whole.value_and_grad(*parameters[:2])
    assert value == pytest.approx(expected[0], rel=1e-9)
    flat = np.concatenate([part.ravel() for part in expected[1:]])
    assert_allclose(gradient, flat, rtol=1e-6, atol=1e-9)
    assert_allclose(objective.last_terms, whole.last_terms, rtol=1e-6)
    assert objective.active_fraction == pytest.approx(whole.active_fraction)
    full = network.layout.views(objective.full_vector(encoder))
    for actual, wanted in zip(full, whole.parameters(*parameters[:2]), strict=True):
        assert_allclose(actual, wanted, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_decoder_is_the_ridge_regression_of_the_latest_rows(
    container, theta, rng, team
):
    """With weights that fall by a factor from one mini-batch to the next."""
    rows, network = make_rows(container, True, rng), make_network(*CASES[0])
    encoder, parameters = parts_of(theta)
    objective = make(rows, network, team, window=40)
    objective.begin(parameters, rows)
    objective.window = 30.0  # two thirds for each mini-batch
    # The first means are those of a sample of 40 rows.
    X, weights, _ = InMemory(rows.X, rows.sample_weight).sample(40)
    stacked, shares = [as_array(X)], [weights / weights.sum()]
    for part in (slice(0, 20), slice(20, 40), slice(40, 60)):
        w = rows.sample_weight[part]
        objective.use_rows(rows.X[part], w)
        objective.value_and_grad(encoder)
        shares = [s / 3 for s in shares] + [2 / 3 * w / w.sum()]
        stacked.append(as_array(rows.X[part]))
    X, p = np.vstack(stacked), np.concatenate(shares)
    mean = rows.moments()[0]
    A = 1 / (1 + np.exp(-((X - mean) @ parameters[0] + parameters[1])))
    c, x = p @ A, p @ X
    gram = (A - c).T @ (p[:, None] * (A - c)) + ALPHA[1] * np.eye(N_COMPONENTS)
    components = np.linalg.solve(gram, (A - c).T @ (p[:, None] * (X - x)))
    full = network.layout.views(objective.full_vector(encoder))
    assert_allclose(full.components, components, rtol=1e-6)
    assert_allclose(full.decoder_intercept, x - c @ components, rtol=1e-6)


def as_array(X):
    return X.toarray() if sparse.issparse(X) else X


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(("penalty", "activation"), CASES)
def test_a_value_is_j_with_the_decoder_of_earlier_rows(
    penalty, activation, container, weighted, theta, rng, team
):
    rows, network = (
        make_rows(container, weighted, rng),
        make_network(penalty, activation),
    )
    encoder, parameters = parts_of(theta)
    objective = make(rows, network, team)
    objective.begin(parameters, rows)
    use_rows(objective, rows, slice(0, 20))
    objective.value_and_grad(encoder)
    before = network.layout.views(objective.full_vector(encoder))
    use_rows(objective, rows, slice(20, 50))
    value, gradient = objective.value_and_grad(encoder)
    full = objective_class(rows, network)(network, ALPHA, team=team, dtype=rows.dtype)
    weights = None if rows.sample_weight is None else rows.sample_weight[20:50]
    full.use_rows(rows.X[20:50], weights)
    error = full.terms(network.layout.flatten(before)).reconstruction
    assert objective.last_terms.reconstruction == pytest.approx(error, rel=1e-9)
    assert value == pytest.approx(sum(objective.last_terms), rel=1e-12)
    # The gradient is that with the decoder after the rows.
    after = network.layout.views(objective.full_vector(encoder))

    def j(point):
        moved, _ = parts_of(theta)
        moved[:] = point
        arrays = objective._encoder(moved)
        intercept = arrays.encoder_intercept - rows.moments()[0] @ arrays.encoder_coef
        at = after._replace(
            encoder_coef=arrays.encoder_coef, encoder_intercept=intercept
        )
        return sum(full.terms(network.layout.flatten(at)))

    assert_allclose(gradient, numeric.gradient(j, encoder), rtol=1e-5, atol=1e-7)


def test_a_mini_batch_at_most_doubles_the_mean_square(theta, rng, team):
    rows, network = make_rows(np.asarray, False, rng), make_network(*CASES[0])
    encoder, parameters = parts_of(theta)
    objective = make(rows, network, team, window=4 * N_ROWS)
    objective.begin(parameters, rows)
    objective._n_seen = 4 * N_ROWS
    before = objective.means
    X = rows.X.copy()
    X[0] += 1e6
    code, square = before.code.copy(), before.square
    objective.use_rows(X)
    objective.value_and_grad(encoder)
    centred = X - rows.moments()[0]
    far = np.mean(np.sum(centred**2, axis=1))
    share = square / far
    assert 0 < share < 1e-9
    assert objective.means.square == pytest.approx(2 * square)
    A = 1 / (1 + np.exp(-(centred @ parameters[0] + parameters[1])))
    expected = (1 - share) * code + share * A.mean(axis=0)
    assert_allclose(objective.means.code, expected, rtol=1e-9)


def test_a_given_decoder_is_kept_until_rows_change_it(theta, rng, team):
    rows, network = make_rows(np.asarray, False, rng), make_network(*CASES[0])
    encoder, parameters = parts_of(theta)
    objective = make(rows, network, team)
    objective.begin(parameters, rows, is_new=False)
    kept = network.layout.views(objective.full_vector(encoder))
    assert_allclose(kept.components, parameters.components, rtol=1e-12)
    assert_allclose(kept.decoder_intercept, parameters.decoder_intercept, rtol=1e-9)
    solution = objective.means.moments(np.float64).solve(ALPHA[1])
    assert_allclose(solution.components, parameters.components, rtol=1e-6)


def test_for_which_networks_it_is(rng):
    rows = InMemory(rng.rand(9, N_FEATURES))
    assert all(can_project_batches(rows, make_network(*case)) for case in CASES)
    for penalty in (TopK(0.5), BatchTopK(0.5)):
        assert not can_project_batches(rows, make_network(penalty, "relu"))
    tied = make_network(KL(0.2, 0.5), "logistic", tied_weights=True)
    assert not can_project_batches(rows, tied)
    wide = Layout(2000, 1000)
    network = Network.from_names(wide, "logistic", "identity", KL(0.2, 0.5))
    assert can_project_batches(InMemory(np.zeros((2, 2000))), network)
    csr = InMemory(sparse.csr_array((2, 2000)))
    assert not can_project_batches(csr, network)
    many = Network.from_names(Layout(9, 3201), "logistic", "identity", KL(0.2, 0.5))
    assert not can_project_batches(rows, many)


def test_the_cheaper_the_rows_the_more_of_them_before_the_decoder_is_computed(team):
    """The solution may take 0.4 of the work of the products with the rows."""
    X = np.eye(N_ROWS, 100)
    layout = Layout(100, 10)
    network = Network.from_names(layout, "logistic", "identity", KL(0.2, 0.5))
    after = [
        make(InMemory(container(X)), network, team).solve_after
        for container in CONTAINERS
    ]
    work = 2 * (10**2 * 100 * 2 + 10**3 / 6) / 0.4
    assert_allclose(after[0], work / (4 * 10 * 100 + 2 * 10 * 10))
    # A row has one non-zero, which costs as much as six columns.
    assert_allclose(after[1], work / (4 * 10 * 6 + 2 * 10 * 10))
