import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from skl_sparse_ae import _moments
from skl_sparse_ae._moments import mean_and_variance, principal_variance


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csr_matrix])
def test_mean_and_variance_are_those_of_the_weighted_rows(container, weighted, rng):
    X = rng.poisson(1.0, size=(40, 6)).astype(float)
    weights = rng.uniform(size=40) if weighted else None
    mean, variance = mean_and_variance(container(X), weights)
    expected = np.average(X, axis=0, weights=weights)
    assert_allclose(mean, expected)
    squares = ((X - expected) ** 2).sum(axis=1)
    assert_allclose(variance, np.average(squares, weights=weights))


def test_a_small_variance_beside_a_large_mean_keeps_its_digits(rng):
    X = rng.normal(size=(100, 3))
    _, variance = mean_and_variance(X + 1e6)
    assert_allclose(variance, X.var(axis=0).sum(), rtol=1e-8)


def test_blocks_give_the_same_as_all_rows_at_once(monkeypatch, rng):
    X = rng.normal(size=(100, 3)).astype(np.float32)
    whole = mean_and_variance(X)
    monkeypatch.setattr(_moments, "blocks", lambda a, b, _: [slice(0, 7), slice(7, b)])
    parts = mean_and_variance(X)
    assert_allclose(parts[0], whole[0])
    assert_allclose(parts[1], whole[1])


def test_one_row_has_no_variance():
    mean, variance = mean_and_variance(np.array([[3.0, 4.0]]))
    assert_allclose(mean, [3, 4])
    assert variance == 0


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(40, 6), (6, 40)])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_principal_variance_is_that_of_the_eigenvalues(container, shape, weighted, rng):
    X = rng.poisson(1.0, size=shape).astype(float)
    weights = rng.uniform(size=shape[0]) if weighted else None
    values = np.linalg.eigvalsh(np.cov(X.T, aweights=weights, ddof=0))
    expected = np.average(values, weights=values)
    assert_allclose(principal_variance(container(X), weights), expected)


def test_principal_variance_of_equal_columns_is_their_sum_and_ignores_constants(rng):
    column = rng.normal(size=(30, 1))
    X = np.hstack([column] * 4 + [np.ones((30, 2))])
    assert_allclose(principal_variance(X), 4 * column.var())
    assert principal_variance(np.ones((5, 3))) == 0
    for scale in (1e-100, 1e100):
        assert_allclose(principal_variance(scale * X), 4 * scale**2 * column.var())
