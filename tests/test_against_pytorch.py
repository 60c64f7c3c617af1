"""Gradients of every penalty against PyTorch's automatic differentiation.

J is implemented here a second time, on whole arrays. It shares nothing with the package
but the order of the parameters.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skl_sparse_ae import KL, L1, BatchTopK, Contractive, TopK, WinnerTakeAll
from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout
from skl_sparse_ae._objective._dense import DenseObjective
from skl_sparse_ae._objective._revival import Revival

torch = pytest.importorskip("torch")

N_ROWS, N_FEATURES, N_COMPONENTS = 40, 7, 6
ALPHA, BETA, RHO, UNIT = 0.2, 0.7, 0.4, 0.3

ACTIVATIONS = {
    "logistic": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "identity": lambda z: z,
}


def kl(z, a, w_e, w_d, p):
    # PyTorch's divergence between two Bernoulli distributions.
    s = p @ (a if bool((a >= 0).all()) else (a + 1) / 2)
    bernoulli = torch.distributions.Bernoulli
    target = bernoulli(torch.full_like(s, RHO))
    return torch.distributions.kl_divergence(target, bernoulli(s)).sum()


def plain_l1(z, a, w_e, w_d, p):
    return (p @ a.abs()).sum()


def scale_invariant_l1(z, a, w_e, w_d, p):
    return (p @ a.abs()) @ torch.sqrt((w_d**2).sum(dim=1) + UNIT**2)


def contractive(z, a, w_e, w_d, p):
    # d a_ij / d z_ij by automatic differentiation; d z_ij / d x_i is a column of w_e.
    (slope,) = torch.autograd.grad(a.sum(), z, create_graph=True)
    return ((p @ slope**2) * (w_e**2).sum(dim=0)).sum()


def no_term(z, a, w_e, w_d, p):
    return torch.zeros(())


def keep_all(a, weights):
    return a


def keep_k(a, weights):
    k = max(1, round(RHO * N_COMPONENTS))
    values, indices = torch.topk(a, k, dim=1)
    return torch.zeros_like(a).scatter(1, indices, values)


def keep_k_of_batch(a, weights):
    # Keep the largest until there are k per row; each counts with its row's weight.
    k = max(1, round(RHO * N_COMPONENTS))
    values, order = a.flatten().sort(descending=True)
    counted = weights.repeat_interleave(N_COMPONENTS)[order].cumsum(0)
    kept = counted <= k * weights.sum() * (1 + 1e-9)
    return torch.zeros_like(values).scatter(0, order, values * kept).view_as(a)


def keep_winners(a, weights):
    # In each column the largest, until their weights reach the fraction RHO of all, and
    # what equals the last: some rows are the same.
    values, order = a.sort(dim=0, descending=True)
    before = weights[order].cumsum(0) - weights[order]
    is_before = before < RHO * weights.sum() * (1 - 1e-9)
    return a * (a >= torch.where(is_before, values, torch.inf).amin(dim=0))


CASES = {
    "kl": (KL(rho=RHO, beta=BETA), kl, keep_all, ["logistic", "tanh"]),
    "plain l1": (L1(BETA, scale_invariant=False), plain_l1, keep_all, ACTIVATIONS),
    "l1": (L1(BETA), scale_invariant_l1, keep_all, ACTIVATIONS),
    "contractive": (Contractive(BETA), contractive, keep_all, ["logistic", "tanh"]),
    "topk": (TopK(RHO), no_term, keep_k, ACTIVATIONS),
    "batch_topk": (BatchTopK(RHO), no_term, keep_k_of_batch, ACTIVATIONS),
    "winner_take_all": (WinnerTakeAll(RHO), no_term, keep_winners, ACTIVATIONS),
}


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("out", ["identity", "logistic"])
@pytest.mark.parametrize(
    ("name", "activation"),
    [(name, f) for name, case in CASES.items() for f in case[3]],
)
def test_value_and_gradient(name, activation, out, weighted, tied, rng, team):
    penalty = CASES[name][0]
    penalty.set_dictionary_unit(UNIT)
    layout = Layout(N_FEATURES, N_COMPONENTS, tied)
    X = rng.uniform(size=(N_ROWS, N_FEATURES))
    weights = rng.uniform(0.5, 2, N_ROWS) if weighted else None
    theta = rng.normal(size=layout.size)
    network = Network.from_names(layout, activation, out, penalty)
    objective = DenseObjective(network, ALPHA, team=team, dtype=float)
    value, gradient = objective.use_rows(X, weights).value_and_grad(theta)
    J, expected = in_pytorch(name, activation, out, layout, theta, X, weights)
    assert_allclose(value, J, rtol=1e-12)
    assert_allclose(gradient, expected, rtol=1e-9, atol=1e-12)


def in_pytorch(name, activation, out, layout, theta, X, weights):
    """Return J and its gradient by automatic differentiation."""
    _, term, select, _ = CASES[name]
    arrays = [torch.tensor(v, requires_grad=True) for v in layout.views(theta)]
    w_e, b_e, w_d, b_d = arrays
    if layout.tied_weights:
        w_d = w_e.T
    w = torch.ones(N_ROWS).double() if weights is None else torch.tensor(weights)
    p = w / w.sum()
    z = torch.tensor(X) @ w_e + b_e
    a = select(ACTIVATIONS[activation](z), w)
    x_hat = ACTIVATIONS[out](a @ w_d + b_d)
    errors = 0.5 * (p @ (x_hat - torch.tensor(X)) ** 2).sum()
    decay = 0.5 * ALPHA * ((w_e**2).sum() + (w_d**2).sum())
    J = errors + decay + BETA * term(z, a, w_e, w_d, p)
    J.backward()
    return J.item(), layout.flatten([gradient_at(v) for v in arrays])


def gradient_at(leaf):
    """Return a leaf's gradient after `backward`; zeros if J does not depend on it."""
    return np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()


def test_gradient_of_the_term_for_idle_units(rng):
    layout, idle = Layout(N_FEATURES, N_COMPONENTS), np.array([0, 2, 5])
    theta = rng.normal(size=layout.size)
    X, residual = rng.normal(size=(2, N_ROWS, N_FEATURES))
    network = Network.from_names(layout, "relu", "identity", TopK(RHO))
    gradient = np.zeros(layout.size)
    revival = Revival(idle, layout.views(theta), network.activation, BETA)
    revival.add_gradient(layout.views(gradient), X, residual, None)

    arrays = [torch.tensor(v, requires_grad=True) for v in layout.views(theta)]
    w_e, b_e, w_d, _ = arrays
    a = torch.relu(torch.tensor(X) @ w_e + b_e)[:, idle]
    largest, unit = a.max(dim=1)
    added = largest[:, None] * w_d[torch.tensor(idle)[unit]]
    (BETA * 0.5 * (torch.tensor(residual) + added).square().sum()).backward()
    expected = layout.flatten([gradient_at(v) for v in arrays])
    assert_allclose(gradient, expected, rtol=1e-10)
    assert not layout.views(gradient).decoder_intercept.any()


LOSSES = {
    "squared_error": ("identity", lambda z, x: (z - x) ** 2 / 2),
    # PyTorch's cross-entropy, less that of the rows themselves.
    "log_loss": (
        "logistic",
        lambda z, x: (
            torch.nn.functional.binary_cross_entropy_with_logits(z, x, reduction="none")
            - torch.nn.functional.binary_cross_entropy(x, x, reduction="none")
        ),
    ),
    # Kullback-Leibler's for counts is xlogy(x, x) - x z, without x and the rate.
    "poisson": (
        "exponential",
        lambda z, x: (
            torch.nn.functional.poisson_nll_loss(z, x, reduction="none")
            + torch.special.xlogy(x, x)
            - x
        ),
    ),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize(
    ("name", "activation"),
    [(name, f) for name, case in CASES.items() for f in case[3]],
)
def test_losses_and_missing_entries(
    name, activation, holes, weighted, tied, loss, rng, team
):
    penalty, term, select, _ = CASES[name]
    penalty.set_dictionary_unit(UNIT)
    layout = Layout(N_FEATURES, N_COMPONENTS, tied)
    X = rng.choice([0.0, 0.25, 1.0], (N_ROWS, N_FEATURES))
    X = 4 * X if loss == "poisson" else X
    observed = rng.uniform(size=X.shape) > (0.3 if holes else -1)
    weights = rng.uniform(0.5, 2, N_ROWS) if weighted else None
    theta = 0.5 * rng.normal(size=layout.size)
    out, formula = LOSSES[loss]
    network = Network.from_names(layout, activation, out, penalty, loss=loss)
    objective = DenseObjective(
        network.skipping_missing(holes), ALPHA, team=team, dtype=float
    )
    gappy = np.where(observed, X, np.nan)
    seen = np.where(observed, X, 0.5)
    value, gradient = objective.use_rows(gappy, weights, inputs=seen).value_and_grad(
        theta
    )
    arrays = [torch.tensor(v, requires_grad=True) for v in layout.views(theta)]
    w_e, b_e, w_d, b_d = arrays
    w_d = w_e.T if tied else w_d
    w = torch.ones(N_ROWS).double() if weights is None else torch.tensor(weights)
    p = w / w.sum()
    z = torch.tensor(seen) @ w_e + b_e
    a = select(ACTIVATIONS[activation](z), w)
    losses = formula(a @ w_d + b_d, torch.tensor(X)) * torch.tensor(observed)
    decay = 0.5 * ALPHA * ((w_e**2).sum() + (w_d**2).sum())
    J = (p @ losses).sum() + decay + BETA * term(z, a, w_e, w_d, p)
    J.backward()
    assert_allclose(value, J.item(), rtol=1e-11)
    expected = layout.flatten([gradient_at(v) for v in arrays])
    assert_allclose(gradient, expected, rtol=1e-8, atol=1e-11)
