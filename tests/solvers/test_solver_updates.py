"""Updates of the solver's vector in parts, while the gradient is computed."""

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout
from skl_sparse_ae._objective._dense import DenseObjective
from skl_sparse_ae._objective._sparse import SparseObjective
from skl_sparse_ae._penalties._registry import make_penalty

ACTIVATION = {"kl": "logistic", "contractive": "logistic"}
# Penalties without and with a gradient of their own on the weights.
PENALTY_NAMES = ["kl", "topk", None, "l1", "contractive"]


@pytest.fixture(params=["short", "in pieces", "in pieces, divided"])
def cut(request, monkeypatch):
    """Updates in one piece, and in several pieces by one or two threads."""
    if request.param != "short":
        monkeypatch.setattr("skl_sparse_ae._objective._base.SHORT", 0)
        monkeypatch.setattr("skl_sparse_ae._objective._dense.SHORT", 0)
        monkeypatch.setattr("skl_sparse_ae._arrays._blocks.PIECE", 7)
        monkeypatch.setattr("skl_sparse_ae._objective._dense.PIECE", 7)
    if request.param == "in pieces, divided":
        monkeypatch.setattr("skl_sparse_ae._arrays._team.WORK_PER_THREAD", 1)


@pytest.mark.parametrize("penalty", PENALTY_NAMES)
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("kind", ["one block", "blocks", "csr"])
def test_update_is_called_once_for_each_part_with_its_gradient(
    kind, centred, tied, penalty, cut, rng, team
):
    activation = ACTIVATION.get(penalty, "relu")
    layout = Layout(9, 4, tied)
    learner = make_penalty(penalty, rho=0.4, beta=0.7)
    network = Network.from_names(layout, activation, "identity", learner)
    X = rng.uniform(size=(20, 9)) * (rng.uniform(size=(20, 9)) > 0.5)
    options = {"team": team, "dtype": float, "mean": rng.rand(9) if centred else None}
    if penalty == "topk":
        options["idle_units"] = lambda: np.array([1, 3])  # with an auxiliary term
    cls = DenseObjective
    if kind == "csr":
        X, cls = sparse.csr_array(X), SparseObjective
    elif kind == "blocks":
        options["block_bytes"] = 300
    objective = cls(network, 0.1, **options).use_rows(X)
    theta = rng.normal(size=layout.size)
    expected_value, expected = objective.value_and_grad(theta)
    seen, n_calls = np.full_like(theta, np.nan), np.zeros(layout.size, int)

    def update(part, gradient):
        n_calls[part] += 1
        seen[part] = gradient
        # Makes any later use of this part visible.
        theta[part] = gradient[...] = np.nan

    value, _ = objective.value_and_grad(theta, None, update)
    assert_array_equal(n_calls, 1)
    assert_array_equal(seen, expected)
    assert value == expected_value


@pytest.mark.filterwarnings("ignore:max_iter", "ignore:The reconstruction explains")
def test_adam_holds_three_vectors_of_the_length_of_the_parameters():
    """Parameters and two moments: no full gradient and no copy of the start."""
    n_features, n_components = 20_000, 200
    rng = np.random.default_rng(0)
    X = sparse.random_array((200, n_features), density=1e-3, rng=rng, dtype=np.float32)
    autoencoder = SparseAutoencoder(n_components, solver="adam", max_iter=1)
    tracemalloc.start()
    autoencoder.fit(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3.5 * Layout(n_features, n_components).size * X.dtype.itemsize


@pytest.mark.parametrize("penalty", ["kl", "l1", "batch_topk"])
@pytest.mark.parametrize("first", ["value_and_grad", "means", "terms"])
@pytest.mark.parametrize("n_threads_useful", [1, 2])
def test_rows_are_loaded_once_before_they_are_needed(
    n_threads_useful, first, penalty, rng, team, monkeypatch
):
    if n_threads_useful == 2:
        monkeypatch.setattr("skl_sparse_ae._arrays._team.WORK_PER_THREAD", 1)
    layout, activation = Layout(6, 5), ACTIVATION.get(penalty, "relu")
    rows, theta = rng.rand(20, 6), rng.normal(size=layout.size)
    X, inputs = np.full_like(rows, np.nan), np.full_like(rows, np.nan)
    loaded = []

    def load(part):
        loaded.extend(range(part.start, part.stop))
        X[part], inputs[part] = rows[part], rows[part] - 0.5

    def results(X, **options):
        learner = make_penalty(
            penalty, rho=0.4, beta=0.7
        )  # "batch_topk" keeps a threshold
        network = Network.from_names(layout, activation, "identity", learner)
        objective = DenseObjective(network, 0.1, team=team, dtype=float)
        objective.use_rows(X, **options)
        both = [getattr(objective, name)(theta) for name in (first, "value_and_grad")]
        return [np.hstack(result) for result in both]

    late = results(X, inputs=inputs, load=load)
    assert sorted(loaded) == list(range(20))
    at_once = results(rows, inputs=rows - 0.5)
    for a, b in zip(late, at_once, strict=True):
        assert_array_equal(a, b)
