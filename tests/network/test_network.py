from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import expit

from skl_sparse_ae._arrays._team import Team
from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout
from skl_sparse_ae._penalties._registry import make_penalty
from skl_sparse_ae._rows._mapping import map_rows, map_rows_to_csr


def make_network(penalty="kl", activation="logistic", out_activation="identity"):
    return Network.from_names(
        Layout(6, 4),
        activation,
        out_activation,
        make_penalty(penalty, rho=0.5, beta=1.0),
    )


@pytest.fixture
def parameters(rng):
    layout = Layout(6, 4)
    return layout.views(rng.normal(size=layout.size))


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_encode_is_the_formula(container, parameters, rng):
    X = rng.poisson(1.0, size=(11, 6)).astype(float)
    code = make_network().encode(parameters, container(X), np.empty((11, 4)))
    expected = expit(X @ parameters.encoder_coef + parameters.encoder_intercept)
    assert_allclose(code, expected)


@pytest.mark.parametrize("out_activation", ["identity", "logistic"])
def test_decode_is_the_formula(out_activation, parameters, rng):
    A = rng.uniform(size=(11, 4))
    network = make_network(out_activation=out_activation)
    rows = network.decode(parameters, A, np.empty((11, 6)))
    expected = A @ parameters.components + parameters.decoder_intercept
    assert_allclose(rows, expit(expected) if out_activation == "logistic" else expected)


def test_topk_code_has_k_units(parameters, rng):
    X = rng.normal(size=(11, 6))
    network = make_network("topk", "identity")
    code = network.encode(parameters, X, np.empty((11, 4)))
    assert_array_equal(np.count_nonzero(code, axis=1), 2)


def test_visit_is_called_once_for_each_row_with_its_code(parameters, rng):
    X = rng.normal(size=(11, 6))
    visited = np.full((11, 4), np.nan)
    out = np.empty((11, 4))

    def visit(strip):
        assert np.isnan(visited[strip]).all()
        visited[strip] = out[strip]

    make_network().encode(parameters, X, out, visit)
    assert_array_equal(visited, out)


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_map_rows_gives_the_same_from_any_number_of_threads(
    n_threads, parameters, rng, monkeypatch
):
    monkeypatch.setattr("skl_sparse_ae._arrays._team.WORK_PER_THREAD", 1)
    X = rng.normal(size=(50, 6))
    network = make_network()
    expected = network.encode(parameters, X, np.empty((50, 4)))
    with Team(n_threads) as team:
        step = partial(network.encode, parameters)
        code = map_rows(step, X, np.empty((50, 4)), team)
        code_as_csr = map_rows_to_csr(step, X, 4, team)
    assert_allclose(code, expected, rtol=1e-14)
    assert_allclose(code_as_csr.toarray(), expected, rtol=1e-14)
