"""Rows of a mini-batch are loaded by the threads that use them."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout
from skl_sparse_ae._objective._dense import DenseObjective
from skl_sparse_ae._penalties._registry import make_penalty

ACTIVATION = {"kl": "logistic", "contractive": "logistic"}
# Penalties without and with a gradient of their own on the weights.
PENALTY_NAMES = ["kl", "topk", None, "l1", "contractive"]


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
