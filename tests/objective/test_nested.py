"""Errors of nested reconstructions, against PyTorch, differences and limiting cases."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout
from skl_sparse_ae._objective._dense import DenseObjective
from skl_sparse_ae._objective._in_memory import class_in_memory
from skl_sparse_ae._objective._nested import NestedObjective
from skl_sparse_ae._objective._revival import Revival
from skl_sparse_ae._penalties._registry import make_penalty

from .. import numeric

N_ROWS, N_FEATURES, N_COMPONENTS = 30, 6, 7
WIDTHS = (2, 3, 7)
ALPHA, BETA, RHO = (0.1, 0.3), 0.7, 0.4

short = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def make_network(
    penalty="kl", activation="logistic", out="identity", tied=False, widths=WIDTHS
):
    layout = Layout(N_FEATURES, N_COMPONENTS, tied)
    penalty = make_penalty(penalty, rho=RHO, beta=BETA)
    return Network.from_names(layout, activation, out, penalty, widths=widths)


def make_objective(network, rng, team, weighted=False, csr=False, **options):
    X = rng.uniform(size=(N_ROWS, N_FEATURES)) * (rng.uniform(size=N_FEATURES) > 0.3)
    weights = rng.uniform(0.1, 2, size=N_ROWS) if weighted else None
    rows = sparse.csr_array(X) if csr else X
    cls = class_in_memory(rows, network)
    objective = cls(network, ALPHA, team=team, dtype=float, **options)
    return objective.use_rows(rows, weights), X, weights


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("csr", [False, True])
@pytest.mark.parametrize("out", ["identity", "logistic"])
@pytest.mark.parametrize(
    ("penalty", "activation"),
    [
        ("kl", "tanh"),
        ("l1", "relu"),
        ("topk", "relu"),
        ("batch_topk", "relu"),
        ("winner_take_all", "relu"),
    ],
)
def test_value_and_gradient(penalty, activation, out, csr, weighted, tied, rng, team):
    network = make_network(penalty, activation, out, tied)
    objective, X, weights = make_objective(network, rng, team, weighted, csr)
    assert isinstance(objective, NestedObjective)
    theta = rng.normal(size=network.layout.size)
    value, gradient = objective.value_and_grad(theta)
    assert_allclose(objective.terms(theta).total, value, rtol=1e-12)
    weights = np.ones(N_ROWS) if weights is None else weights

    def direct(theta):
        p = network.layout.views(theta)
        a = X @ p.encoder_coef + p.encoder_intercept
        network.activation.apply(a)
        network.penalty.select(a)
        share, errors = weights / weights.sum(), 0.0
        for m in WIDTHS:
            x_hat = a[:, :m] @ p.components[:m] + p.decoder_intercept
            network.out_activation.apply(x_hat)
            errors += share @ ((x_hat - X) ** 2).sum(axis=1) / 2 / len(WIDTHS)
        decay = (
            ALPHA[0] * (p.encoder_coef**2).sum() + ALPHA[1] * (p.components**2).sum()
        )
        terms = network.penalty.psi(share @ network.penalty.phi(a, network.activation))
        factor = network.penalty.unit_weights(p)
        return errors + decay / 2 + np.sum(terms if factor is None else terms * factor)

    assert_allclose(value, direct(theta), rtol=1e-12)
    expected = numeric.gradient(direct, theta)
    assert numeric.relative_error(gradient, expected) < 1e-6


def test_gradient_against_pytorch(rng, team):
    torch = pytest.importorskip("torch")
    network = make_network("l1", "relu", "logistic")
    objective, X, weights = make_objective(network, rng, team, weighted=True)
    theta = rng.normal(size=network.layout.size)
    _, gradient = objective.value_and_grad(theta)
    arrays = [torch.tensor(v, requires_grad=True) for v in network.layout.views(theta)]
    w_e, b_e, w_d, b_d = arrays
    p = torch.tensor(weights / weights.sum())
    a = torch.relu(torch.tensor(X) @ w_e + b_e)
    J = BETA * (p @ a) @ (w_d**2).sum(dim=1).sqrt()
    J = J + 0.5 * ALPHA[0] * (w_e**2).sum() + 0.5 * ALPHA[1] * (w_d**2).sum()
    for m in WIDTHS:
        x_hat = torch.sigmoid(a[:, :m] @ w_d[:m] + b_d)
        J = J + 0.5 * (p @ (x_hat - torch.tensor(X)) ** 2).sum() / len(WIDTHS)
    J.backward()
    expected = network.layout.flatten([v.grad.numpy() for v in arrays])
    assert_allclose(gradient, expected, rtol=1e-9, atol=1e-12)


def test_error_by_hand(team):
    # Activations 1 and 2 write 3 and 8; after one unit 11 - 3 = 8 is left, then 0.
    layout = Layout(1, 2)
    penalty = make_penalty(None)
    network = Network.from_names(layout, "relu", "identity", penalty, widths=(1, 2))
    encoder, decoder = np.zeros((1, 2)), np.array([[3.0], [4.0]])
    theta = layout.flatten((encoder, [1.0, 2.0], decoder, [0.0]))
    objective = NestedObjective(network, 0.0, team=team, dtype=float)
    value, gradient = objective.use_rows(np.array([[11.0]])).value_and_grad(theta)
    assert value == (0.5 * 8**2 + 0) / 2
    # The second unit only takes part in the second reconstruction, which is exact.
    assert_allclose(layout.views(gradient).components, [[-8 / 2], [0]])
    assert_allclose(layout.views(gradient).decoder_intercept, [-8 / 2])


@pytest.mark.parametrize("block_bytes", [1, 700, 10**9])
def test_blocks_do_not_change_the_result(block_bytes, rng, team):
    network = make_network("topk", "relu")
    objective, X, _ = make_objective(network, rng, team)
    theta = rng.normal(size=network.layout.size)
    value, gradient = objective.value_and_grad(theta)
    gradient = gradient.copy()
    other = NestedObjective(
        network, ALPHA, team=team, dtype=float, block_bytes=block_bytes
    ).use_rows(X)
    other_value, other_gradient = other.value_and_grad(theta)
    assert_allclose(other_value, value, rtol=1e-13)
    assert_allclose(other_gradient, gradient, rtol=1e-11, atol=1e-14)


def test_one_width_is_the_plain_objective(rng, team):
    nested = make_network("topk", "relu", widths=(N_COMPONENTS,))
    plain = make_network("topk", "relu", widths=None)
    objective, X, _ = make_objective(nested, rng, team)
    theta = rng.normal(size=plain.layout.size)
    value, gradient = objective.value_and_grad(theta)
    expected = DenseObjective(plain, ALPHA, team=team, dtype=float).use_rows(X)
    expected_value, expected_gradient = expected.value_and_grad(theta)
    assert_allclose(value, expected_value, rtol=1e-13)
    assert_allclose(gradient, expected_gradient, rtol=1e-11, atol=1e-14)


def test_idle_units_learn_the_errors_of_all_units(rng, team):
    network, idle = make_network("topk", "relu"), np.array([1, 5])
    network.penalty.beta = 0.5
    objective, X, _ = make_objective(network, rng, team)
    theta = rng.normal(size=network.layout.size)
    without = objective.value_and_grad(theta)[1].copy()
    objective.idle_units = lambda: idle
    added = objective.value_and_grad(theta)[1] - without
    p = network.layout.views(theta)
    a = np.maximum(X @ p.encoder_coef + p.encoder_intercept, 0)
    network.penalty.select(a)
    errors = a @ p.components + p.decoder_intercept - X
    expected = np.zeros_like(theta)
    revival = Revival(idle, p, network.activation, 0.5)
    revival.add_gradient(network.layout.views(expected), X, errors, None)
    assert_allclose(added, expected / N_ROWS, rtol=1e-9, atol=1e-13)


@short
@pytest.mark.filterwarnings("ignore:The given value of rho has no effect")
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize("penalty", ["kl", "l1", "topk", "contractive"])
def test_the_first_units_explain_more(penalty, solver, digits):
    def explained(widths):
        fitted = SparseAutoencoder(
            16, penalty=penalty, solver=solver, max_iter=60, random_state=0
        ).set_params(matryoshka_widths=widths, rho=0.4)
        code = fitted.fit_transform(digits)
        first = code[:, :4] @ fitted.components_[:4]
        # Of what is left for other intercepts to say.
        error = ((first - first.mean(0) - digits + digits.mean(0)) ** 2).sum()
        return 1 - error / ((digits - digits.mean(0)) ** 2).sum()

    assert explained([4]) > explained(None) + 0.1


@short
def test_score_is_of_all_units_and_the_objective_of_all_widths(digits):
    fitted = SparseAutoencoder(
        8, penalty="topk", rho=0.5, alpha=0, matryoshka_widths=[2], max_iter=5
    ).fit(digits)
    assert fitted.matryoshka_widths_ == (2, 8)
    code = fitted.transform(digits)
    errors = []
    for m in (2, 8):
        x_hat = code[:, :m] @ fitted.components_[:m] + fitted.decoder_intercept_
        errors.append(0.5 * ((x_hat - digits) ** 2).sum(axis=1).mean())
    assert_allclose(fitted.objective(digits), np.mean(errors), rtol=1e-10)
    variance = digits.var(axis=0).sum()
    assert_allclose(fitted.score(digits), 1 - 2 * errors[1] / variance, rtol=1e-10)
    assert_allclose(-fitted.score_samples(digits).mean(), errors[1], rtol=1e-10)


@short
@pytest.mark.parametrize(
    ("n_components", "widths", "expected"),
    [
        (64, "auto", (4, 8, 16, 32, 64)),
        (5, "auto", (1, 2, 5)),
        (1, "auto", (1,)),
        (9, np.array([2, 9]), (2, 9)),
        (9, [], (9,)),
        (9, None, None),
    ],
)
def test_widths(n_components, widths, expected, digits):
    estimator = SparseAutoencoder(
        n_components, max_iter=1, matryoshka_widths=widths, random_state=0
    )
    assert estimator.fit(digits).matryoshka_widths_ == expected


@pytest.mark.parametrize("widths", [[3, 2], [2, 2], [0, 2], [2, 10], [1.5], [-1]])
def test_widths_that_are_refused(widths, digits):
    with pytest.raises(ValueError, match="matryoshka_widths"):
        SparseAutoencoder(9, matryoshka_widths=widths).fit(digits)


@short
def test_a_stream_goes_on_with_the_widths_of_its_first_rows(digits):
    stream = SparseAutoencoder(8, penalty="topk", random_state=0)
    stream.set_params(matryoshka_widths=[3]).partial_fit(digits)
    other = SparseAutoencoder(8, penalty="topk", random_state=0)
    other.set_params(matryoshka_widths=[3]).partial_fit(digits)
    other.set_params(matryoshka_widths=None)
    first, second = (one.partial_fit(digits).components_ for one in (stream, other))
    assert_allclose(first, second, rtol=1e-12)
    assert other.matryoshka_widths_ == (3, 8)


@short
def test_early_stopping_uses_the_score(digits):
    from sklearn.model_selection import train_test_split

    fitted = SparseAutoencoder(
        8, early_stopping=True, matryoshka_widths=[2], max_iter=8, random_state=0
    ).fit(digits)
    rng = np.random.RandomState(0)
    _, rows = train_test_split(np.arange(len(digits)), test_size=0.1, random_state=rng)
    score = fitted.score(digits[rows])
    assert_allclose(score, fitted.best_validation_score_, rtol=1e-10)
