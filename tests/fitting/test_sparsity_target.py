from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import L1, SparseAutoencoder
from skl_sparse_ae._fitting._messages import _warn_if_level_is_missed
from skl_sparse_ae._fitting._sparsity_target import SparsityTarget
from skl_sparse_ae._solvers._progress import Outcome


def tables(digits):
    cancer = StandardScaler().fit_transform(load_breast_cancer().data)
    noise = np.random.RandomState(0).laplace(size=(800, 20)) * 1e-3
    return {"digits": 255 * digits, "cancer": cancer, "noise": noise}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", ["digits", "cancer", "noise"])
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize("rho", [0.1, 0.3])
def test_the_target_level_is_reached(name, solver, rho, digits):
    X = tables(digits)[name]
    autoencoder = SparseAutoencoder(
        50,
        penalty="l1",
        rho=rho,
        beta="adaptive",
        solver=solver,
        max_iter=600,
        random_state=0,
    )
    code = autoencoder.fit_transform(X)
    assert np.count_nonzero(code) / code.size == pytest.approx(rho, rel=0.05)
    assert autoencoder.score(X) > 0.3
    assert autoencoder.penalty_.beta == autoencoder.beta_ > 0


def test_a_level_that_is_missed_warns(digits):
    autoencoder = SparseAutoencoder(
        20, penalty=L1(beta="adaptive", rho=0.01), max_iter=3, random_state=0
    )
    with (
        pytest.warns(ConvergenceWarning),
        pytest.warns(UserWarning, match="rho=0.01 of the units.*has reached 0"),
    ):
        autoencoder.fit(digits)


@pytest.mark.parametrize(
    ("converged", "longer"),
    [(False, "a larger max_iter"), (True, "a smaller tol, with a larger max_iter")],
)
@pytest.mark.parametrize(
    ("level", "part", "advice"),
    [
        (0.2, 1.5, "reached 0.2, .*Use {}, or another rho.$"),
        (0.02, 0.5, "reached 0.02, .*Use a smaller rho or fewer units, or {}.$"),
    ],
)
def test_more_iterations_are_no_remedy_after_convergence(
    converged, longer, level, part, advice
):
    target = SimpleNamespace(is_reached=lambda level: False, part_of_first=part)
    network = SimpleNamespace(penalty=L1(beta=0.3, rho=0.1))
    problem = SimpleNamespace(target=target, network=network)
    outcome = SimpleNamespace(converged=converged)
    with pytest.warns(UserWarning, match=advice.format(longer)):
        _warn_if_level_is_missed(problem, outcome, level)


@pytest.mark.parametrize(
    ("max_iter", "advice"),
    [(20, "fewer units, or a larger max_iter.$"), (1000, "fewer units.$")],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_level_that_no_weight_reaches_is_too_large(max_iter, advice):
    """Two of five units are enough for a single column, one for each side of it."""
    X = np.random.RandomState(0).normal(size=(200, 1))
    settings = {"penalty": "jumprelu", "rho": 0.5, "random_state": 0}
    autoencoder = SparseAutoencoder(5, max_iter=max_iter, **settings)
    message = "rho=0.5 of .*beta has fallen to .* of its first value.*a smaller rho or "
    with pytest.warns(UserWarning, match=message + advice):
        autoencoder.fit(X)
    # 0.3 V / K, as the guide to the penalties has it.
    part = autoencoder.beta_ / (0.3 * X.var() / 5)
    assert (part < 0.01) == (max_iter == 1000)


def test_training_whose_weight_changes_has_not_converged(digits):
    autoencoder = SparseAutoencoder(20, penalty="jumprelu", max_iter=3, random_state=0)
    with (
        pytest.warns(ConvergenceWarning, match="iteration, or beta still changes. The"),
        pytest.warns(UserWarning, match="Use a larger max_iter, or another rho"),
    ):
        autoencoder.fit(digits)


def test_weights_count_as_repetitions(digits):
    X, weights = digits[:200], np.random.RandomState(0).randint(1, 4, 200)
    settings = {"penalty": "l1", "rho": 0.2, "beta": "adaptive", "random_state": 0}
    weighted = SparseAutoencoder(30, **settings).fit(X, sample_weight=weights)
    repeated = SparseAutoencoder(30, **settings).fit(np.repeat(X, weights, axis=0))
    code = repeated.transform(X)
    level = weights @ (code > 0).mean(axis=1) / weights.sum()
    assert level == pytest.approx(0.2, rel=0.05)
    # Rounding errors differ, and the stages of the search amplify them.
    assert_allclose(weighted.beta_, repeated.beta_, rtol=0.1)


def test_partial_fit_comes_near_the_level(digits):
    autoencoder = SparseAutoencoder(
        50, penalty="l1", rho=0.2, beta="adaptive", random_state=0
    )
    for _ in range(60):
        autoencoder.partial_fit(digits)
    level = (autoencoder.transform(digits) > 0).mean()
    assert level == pytest.approx(0.2, rel=0.1)


@pytest.mark.parametrize("penalty", ["kl", "topk", "contractive", None])
def test_other_penalties_have_no_adaptive_weight(penalty, digits):
    with pytest.raises(ValueError, match="'adaptive' is for penalty='l1'"):
        SparseAutoencoder(4, penalty=penalty, beta="adaptive").fit(digits)


@pytest.mark.parametrize("activation", ["logistic", "tanh", "identity"])
def test_units_that_are_never_zero_cannot_be_counted(activation, digits):
    autoencoder = SparseAutoencoder(
        4, penalty="l1", beta="adaptive", activation=activation
    )
    with pytest.raises(ValueError, match=f"'{activation}' are never exactly zero"):
        autoencoder.fit(digits)


class PowerLaw:
    """A search whose level is a power of the weight, reached at once."""

    def __init__(self, penalty, slope):
        self.penalty = penalty
        self.slope = slope
        self.lengths = []

    def search(self, start, max_iter):
        self.lengths.append(max_iter)
        return Outcome(start, min(max_iter, 7), True, "")

    def level(self, point):
        return 0.5 * self.penalty.beta**self.slope


@pytest.mark.parametrize("slope", [-0.4, -0.7, -1.5])
def test_stages_solve_for_the_weight(slope):
    penalty = L1(beta=1.0, rho=0.02)
    problem = PowerLaw(penalty, slope)
    target = SparsityTarget(penalty, n_rows=100)
    outcome = target.staged(problem.search, problem.level)(np.zeros(1), max_iter=500)
    assert outcome.converged
    assert problem.level(None) == pytest.approx(0.02, rel=0.025)
    assert outcome.n_iter == 7 * len(problem.lengths) < 100


def test_a_step_stays_between_weights_that_were_too_small_and_too_large():
    """A level that jumps, on whose sides a secant alone could alternate for ever."""
    penalty = L1(beta=1.0, rho=0.02)
    target = SparsityTarget(penalty, n_rows=100)

    def search(start, max_iter):
        return Outcome(start, 5, True, "")

    def level(point):
        return 0.02 * np.exp(2 * np.tanh(-8 * np.log(penalty.beta / 3)))

    outcome = target.staged(search, level)(np.zeros(1), max_iter=200)
    assert outcome.converged
    assert level(None) == pytest.approx(0.02, rel=0.025)


def test_stages_end_where_the_level_cannot_be_reached():
    penalty = L1(beta=1.0, rho=0.02)
    target = SparsityTarget(penalty, n_rows=100)

    def search(start, max_iter):
        return Outcome(start, 0, True, "")

    outcome = target.staged(search, lambda point: 0.4)(np.zeros(1), max_iter=50)
    assert not outcome.converged
    assert not target.is_reached(0.4)
    assert target.is_reached(0.0205)
