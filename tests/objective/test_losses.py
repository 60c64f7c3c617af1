"""J with each loss and with missing entries, against formulas of its own."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse, special

from skl_sparse_ae._network._activations import OUT_ACTIVATIONS
from skl_sparse_ae._network._losses import LOSSES, make_loss, out_activation_of
from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout
from skl_sparse_ae._objective._dense import DenseObjective
from skl_sparse_ae._objective._in_memory import class_in_memory
from skl_sparse_ae._objective._sparse import SparseObjective
from skl_sparse_ae._penalties._registry import PENALTIES, make_penalty
from skl_sparse_ae._rows._missing import filled

from .. import numeric
from .test_objective import is_allowed

N_ROWS, N_FEATURES, N_COMPONENTS = 23, 6, 5
ALPHA = 0.1, 0.3
PAIRS = [(name, out) for name, cls in LOSSES.items() for out in cls.out_activations]
UNITS = "logistic", "tanh", "relu", "identity"

#: The loss of an entry x that is reconstructed as m, by SciPy's functions.
FORMULAS = {
    "squared_error": lambda x, m: (x - m) ** 2 / 2,
    "log_loss": lambda x, m: special.rel_entr(x, m) + special.rel_entr(1 - x, 1 - m),
    "poisson": special.kl_div,
}
OUTPUTS = {
    "identity": lambda z: z,
    "logistic": special.expit,
    "exponential": np.exp,
}


def make_network(loss, out, penalty="kl", activation="logistic", tied=False):
    penalty = make_penalty(penalty, rho=0.4, beta=0.7)
    layout = Layout(N_FEATURES, N_COMPONENTS, tied)
    return Network.from_names(layout, activation, out, penalty, loss=loss)


def make_rows(loss, rng, holes=False, weighted=False):
    """Rows with NaN, what the encoder sees in its place, and weights."""
    X = {
        "squared_error": lambda: rng.normal(size=(N_ROWS, N_FEATURES)),
        "log_loss": lambda: rng.choice([0, 0.3, 1], (N_ROWS, N_FEATURES)),
        "poisson": lambda: rng.poisson(1.5, (N_ROWS, N_FEATURES)).astype(float),
    }[loss]()
    fill = None
    if holes:
        X[rng.uniform(size=X.shape) < 0.3] = np.nan
        fill = np.nanmean(X, axis=0)
    return X, fill, rng.uniform(0.1, 2, N_ROWS) if weighted else None


def direct_value(network, X, fill, weights, theta):
    """J by its definition, with the losses of observed entries only."""
    p = network.layout.views(theta)
    share = np.ones(N_ROWS) if weights is None else weights
    share = share / share.sum()
    seen = X if fill is None else np.where(np.isnan(X), fill, X)
    code = seen @ p.encoder_coef + p.encoder_intercept
    network.activation.apply(code)
    network.penalty.select(code)
    z = code @ p.components + p.decoder_intercept
    m = OUTPUTS[network.out_activation.name](z)
    losses = share @ np.nansum(FORMULAS[network.loss.name](X, m), axis=1)
    decay = ALPHA[0] * np.sum(p.encoder_coef**2) + ALPHA[1] * np.sum(p.components**2)
    sparsity = network.penalty.psi(
        share @ network.penalty.phi(code, network.activation)
    )
    unit_weights = network.penalty.unit_weights(p)
    sparsity = sparsity if unit_weights is None else sparsity * unit_weights
    return losses + decay / 2 + np.sum(sparsity)


def objective_of(network, X, fill, weights, team, cls=DenseObjective, dtype=float):
    network = network.skipping_missing(fill is not None)
    objective = cls(network, ALPHA, team=team, dtype=dtype)
    return objective.use_rows(X, weights, inputs=filled(X, fill))


CASES = [
    case
    for case in itertools.product(PAIRS, PENALTIES, UNITS, *[[False, True]] * 3)
    if is_allowed(case[1], case[2])
]


@pytest.mark.parametrize(
    ("pair", "penalty", "activation", "tied", "weighted", "holes"), CASES
)
def test_value_and_gradient(pair, penalty, activation, tied, weighted, holes, team):
    # With this seed, no step of the differences changes what is selected.
    rng = np.random.RandomState(3)
    network = make_network(*pair, penalty, activation, tied)
    X, fill, weights = make_rows(pair[0], rng, holes, weighted)
    theta = 0.5 * rng.normal(size=network.layout.size)
    rows = sparse.csr_array(X) if tied else X  # each with and without the others
    objective = objective_of(network, rows, fill, weights, team)
    value, gradient = objective.value_and_grad(theta)
    assert_allclose(value, direct_value(network, X, fill, weights, theta), rtol=1e-12)
    assert_allclose(objective.terms(theta).total, value, rtol=1e-12)
    expected = numeric.gradient(
        lambda t: direct_value(network, X, fill, weights, t), theta
    )
    assert numeric.relative_error(gradient, expected) < 1e-6


@pytest.mark.parametrize("pair", PAIRS)
def test_with_nothing_missing_j_is_that_of_complete_rows_to_the_bit(pair, rng, team):
    network = make_network(*pair)
    X, _, weights = make_rows(pair[0], rng, weighted=True)
    theta = rng.normal(size=network.layout.size)
    value, gradient = objective_of(network, X, None, weights, team).value_and_grad(
        theta
    )
    skipping = objective_of(network, X, np.zeros(N_FEATURES), weights, team)
    other_value, other_gradient = skipping.value_and_grad(theta)
    assert other_value == value
    assert_array_equal(other_gradient, gradient)


@pytest.mark.parametrize("pair", PAIRS)
def test_a_missing_entry_is_as_good_as_one_that_fits_exactly(pair, rng, team):
    network = make_network(*pair)
    X, fill, weights = make_rows(pair[0], rng, holes=True, weighted=True)
    theta = rng.normal(size=network.layout.size)
    value, gradient = objective_of(network, X, fill, weights, team).value_and_grad(
        theta
    )
    p, seen = network.layout.views(theta), filled(X, fill)
    code = np.empty((N_ROWS, N_COMPONENTS))
    X_hat = network.decode(p, network.encode(p, seen, code), np.empty_like(X))
    complete = DenseObjective(network, ALPHA, team=team, dtype=float)
    complete.use_rows(np.where(np.isnan(X), X_hat, X), weights, inputs=seen)
    other_value, other_gradient = complete.value_and_grad(theta)
    assert_allclose(value, other_value, rtol=1e-12)
    assert_allclose(gradient, other_gradient, rtol=1e-10, atol=1e-12)


def test_csr_is_made_dense_only_where_errors_are_not_linear(rng):
    X = sparse.csr_array(np.eye(4))
    network = make_network("squared_error", "identity")
    assert class_in_memory(X, network) is SparseObjective
    assert class_in_memory(X, network.skipping_missing(True)) is DenseObjective
    assert class_in_memory(X, make_network("poisson", "exponential")) is DenseObjective


@pytest.mark.parametrize("pair", PAIRS)
def test_the_error_is_the_derivative_of_the_loss_of_an_entry(pair, rng):
    loss = make_loss(pair[0], OUT_ACTIVATIONS[pair[1]]())
    X, _, _ = make_rows(pair[0], rng)
    z = rng.normal(size=X.shape)
    error = z.copy()
    total = loss.compare(error, X, None) + loss.constants(X, None)
    assert_allclose(
        error, numeric.derivative(lambda z: loss.entries(z.copy(), X), z), atol=1e-8
    )
    losses = loss.entries(z.copy(), X)
    assert_allclose(total, losses.sum(), rtol=1e-12)
    m = OUTPUTS[pair[1]](z)
    assert_allclose(losses, FORMULAS[pair[0]](X, m), rtol=1e-9, atol=1e-12)
    assert_allclose(loss.entries_of(m, X), losses, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_losses_do_not_overflow(dtype):
    z = np.array([[-1e4, -100, 100, 1e4]], dtype)
    loss = make_loss("log_loss", OUT_ACTIVATIONS["logistic"]())
    assert_allclose(loss.entries(z.copy(), 0 * z), [[0, 0, 100, 1e4]], atol=1e-30)
    assert_allclose(loss.entries(z.copy(), 0 * z + 1), [[1e4, 100, 0, 0]], atol=1e-30)
    loss = make_loss("poisson", OUT_ACTIVATIONS["exponential"]())
    losses, error = loss.entries(z.copy(), 0 * z), z.copy()
    assert np.isfinite(losses).all()
    assert np.isfinite(loss.compare(error, 0 * z, None))
    assert np.isfinite(error**2).all()


def test_beyond_the_largest_output_the_poisson_loss_is_a_straight_line():
    output = OUT_ACTIVATIONS["exponential"]()
    loss = make_loss("poisson", output)
    largest = output.largest(np.empty(0))
    z = largest + np.array([[0.0, 1.0, 2.0, 3.0]])
    losses, error = loss.entries(z.copy(), np.zeros((1, 4))), z.copy()
    loss.compare(error, np.zeros((1, 4)), None)
    assert_allclose(np.diff(losses), np.exp(largest))
    assert_allclose(error, np.exp(largest))


def test_losses_of_large_counts_in_single_precision(rng):
    # They are a ten-millionth of the terms of which they are the sum.
    X = rng.poisson(1e6, (200, 5)).astype(np.float32)
    z = np.full(X.shape, np.log(1e6), np.float32)
    expected = special.kl_div(X.astype(float), np.exp(z.astype(float)))
    loss = make_loss("poisson", OUT_ACTIVATIONS["exponential"]())
    losses = loss.entries(z.copy(), X)
    assert losses.dtype == np.float32
    assert_allclose(losses, expected, atol=0.2)
    total = loss.compare(z.copy(), X, None) + loss.constants(X, None)
    assert_allclose(total, expected.sum(), rtol=0.2)


def test_rounded_reconstructions_have_finite_losses():
    ends = np.array([[0.0, 1.0]])
    loss = make_loss("log_loss", OUT_ACTIVATIONS["logistic"]())
    wrong = loss.entries_of(ends.copy(), 1 - ends)
    assert np.isfinite(wrong).all()
    assert (wrong > 35).all()
    loss = make_loss("poisson", OUT_ACTIVATIONS["exponential"]())
    assert np.isfinite(loss.entries_of(np.zeros((1, 1)), np.ones((1, 1)))).all()


def test_pairs_of_loss_and_output():
    assert out_activation_of("squared_error", "auto") == "identity"
    assert out_activation_of("squared_error", "logistic") == "logistic"
    assert out_activation_of("log_loss", "auto") == "logistic"
    assert out_activation_of("poisson", "auto") == "exponential"
    for loss, out in [("log_loss", "identity"), ("squared_error", "exponential")]:
        with pytest.raises(ValueError, match=f"loss='{loss}' needs.*'{out}' was given"):
            out_activation_of(loss, out)


def test_entries_of_log_loss_outside_by_rounding_count_as_zeros_and_ones(rng):
    loss = make_loss("log_loss", OUT_ACTIVATIONS["logistic"]())
    target = rng.choice([0.0, 1.0], (4, 3))
    moved, z = target * (1 + 2e-4) - 1e-4, rng.normal(size=(4, 3))
    assert_allclose(loss.entries(z.copy(), moved), loss.entries(z.copy(), target))
    assert_allclose(loss.generator(moved), 0)
    gradient, expected = z.copy(), z.copy()
    weights = rng.uniform(size=4)
    value = loss.compare(gradient, moved, weights)
    assert_allclose(value, loss.compare(expected, target, weights))
    assert_allclose(gradient, expected)
