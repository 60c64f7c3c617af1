"""The auxiliary term for unused units, against finite differences and in training."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skl_sparse_ae import SparseAutoencoder, TopK
from skl_sparse_ae._network._activations import ACTIVATIONS
from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout
from skl_sparse_ae._objective._dense import DenseObjective
from skl_sparse_ae._objective._revival import Revival

from .. import numeric

IDLE = np.array([1, 3])


def auxiliary_term(layout, activation, theta, X, residual, weights):
    """The term by its definition in the module, row by row."""
    p = layout.views(theta)
    total = 0.0
    for x, r, w in zip(X, residual, weights, strict=True):
        a = x @ p.encoder_coef[:, IDLE] + p.encoder_intercept[IDLE]
        activation.apply(a)
        j = int(np.argmax(a))
        total += w * 0.5 * np.sum((r + a[j] * p.components[IDLE[j]]) ** 2)
    return 0.7 * total


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("weighted", [False, True])
def test_gradient(activation, weighted, rng):
    layout, activation = Layout(4, 5), ACTIVATIONS[activation]()
    X, residual = rng.normal(size=(20, 4)), rng.normal(size=(20, 4))
    weights = rng.uniform(0.5, 2, 20) if weighted else np.ones(20)
    theta = rng.normal(size=layout.size)
    gradient = np.zeros(layout.size)
    revival = Revival(IDLE, layout.views(theta), activation, beta=0.7)
    revival.add_gradient(
        layout.views(gradient),
        X,
        residual * weights[:, None],
        weights if weighted else None,
    )
    expected = numeric.gradient(
        lambda t: auxiliary_term(layout, activation, t, X, residual, weights), theta
    )
    assert numeric.relative_error(gradient, expected) < 1e-6


@pytest.mark.parametrize("tied", [False, True])
def test_only_gradients_of_idle_units_change(tied, rng, team):
    layout = Layout(4, 5, tied)
    network = Network.from_names(layout, "relu", "identity", TopK(0.2, beta=0.5))
    theta, X = rng.normal(size=layout.size), rng.normal(size=(30, 4))

    def gradients(idle):
        objective = DenseObjective(
            network, 0.0, team=team, dtype=float, idle_units=lambda: idle
        )
        value, gradient = objective.use_rows(X).value_and_grad(theta)
        return value, layout.views(gradient)

    value, plain = gradients(np.array([], dtype=int))
    revived_value, revived = gradients(IDLE)
    assert revived_value == value
    others = np.setdiff1d(np.arange(5), IDLE)
    for units, compare in [(others, assert_array_equal), (IDLE, assert_differ)]:
        compare(revived.encoder_coef[:, units], plain.encoder_coef[:, units])
        compare(revived.components[units], plain.components[units])
        compare(revived.encoder_intercept[units], plain.encoder_intercept[units])
    assert_allclose(revived.decoder_intercept, plain.decoder_intercept)


def assert_differ(a, b):
    assert np.all(a != b)


def test_fewer_units_stay_unused(digits):
    n_unused = {}
    for beta in (0.0, 0.3):
        penalty = TopK(rho=0.01, beta=beta, start_rho=0.01)
        autoencoder = SparseAutoencoder(500, penalty=penalty, alpha=0, random_state=0)
        code = autoencoder.fit_transform(digits)
        n_unused[beta] = np.count_nonzero(code.max(axis=0) == 0)
    assert n_unused[0.0] > 100
    assert n_unused[0.3] < n_unused[0.0] / 2
