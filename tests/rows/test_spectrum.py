import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from skl_sparse_ae._rows._in_memory import InMemory
from skl_sparse_ae._rows._spectrum import Spectrum


def principal_variance(*sample):
    return Spectrum(*sample).principal_variance


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


@pytest.mark.parametrize("weighted", [False, True])
def test_principal_variance_of_samples_is_right_on_average(weighted, rng):
    X = rng.normal(size=(200, 300))
    weights = rng.uniform(size=200) if weighted else np.ones(200)
    drawn = [rng.permutation(200)[:50] for _ in range(200)]
    expected = principal_variance(X, weights)
    estimates = [principal_variance(X[i], weights[i], 0.25) for i in drawn]
    assert_allclose(np.mean(estimates), expected, rtol=0.1)
    # As if these were all the rows:
    assert principal_variance(X[drawn[0]], weights[drawn[0]]) > 2 * expected


def test_principal_variance_where_hardly_more_than_one_row_counts(rng):
    X = rng.normal(size=(3, 4))
    assert 0 < principal_variance(X, np.array([1.0, 1e-17, 1e-18])) < 1e-10


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_number_of_directions_is_that_of_large_singular_values(container, rng):
    X = np.zeros((30, 7))
    X[:, :3] = rng.poisson(1.0, size=(30, 3))
    X[:, 3] = 0.01 * X[:, 0]
    X[:, 4] = 0.1 * rng.poisson(1.0, size=30)
    for rows in (X, X.T):
        values = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False) ** 2
        for least in (1e-6, 0.1):
            expected = np.sum(values / len(rows) > least)
            assert Spectrum(container(rows)).n_directions(least) == expected


def test_number_of_directions_of_a_sample(rng):
    """All of its directions stand for all columns, or for all rows where fewer."""
    sample = rng.normal(size=(20, 100))
    assert Spectrum(sample, fraction=0.5).n_directions(1e-6) == 19 * 40 / 20
    assert Spectrum(sample, fraction=0.05).n_directions(1e-6) == 19 * 100 / 20
    assert Spectrum(sample.T, fraction=0.5).n_directions(1e-6) == 20


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(40, 6), (6, 40)])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_effective_rank_is_that_of_the_singular_values(container, shape, weighted, rng):
    X = 1e90 * rng.poisson(1.0, size=shape).astype(float)
    weights = rng.uniform(size=shape[0]) if weighted else np.ones(shape[0])
    centred = X - np.average(X, axis=0, weights=weights)
    values = np.linalg.svd(np.sqrt(weights)[:, None] * centred, compute_uv=False) ** 2
    p = values[values > 1e-20 * values.max()] / values.sum()
    expected = np.prod(p**-p)
    for fraction in (0.5, 1.0):
        rank = Spectrum(container(X), weights, fraction).effective_rank()
        assert_allclose(rank, expected, rtol=1e-6)


def test_effective_rank_of_equal_variances_is_their_number():
    X = np.vstack([np.eye(5), -np.eye(5), np.zeros((1, 5))])
    assert_allclose(Spectrum(np.hstack([X, np.ones((11, 2))])).effective_rank(), 5)
    assert_allclose(Spectrum(X[:, :1]).effective_rank(), 1)
    assert Spectrum(np.ones((4, 3))).effective_rank() == 1


def test_an_effective_rank_of_at_least_what_is_asked_for(rng):
    X = rng.normal(size=(20, 4))
    rank = Spectrum(X).effective_rank()
    assert 1 < rank < 4
    assert Spectrum(X).effective_rank(1) == rank
    assert Spectrum(X).effective_rank(4) == 4
    assert Spectrum(np.ones((9, 9))).effective_rank(3) == 3


def test_the_spectrum_of_all_rows_is_computed_once(rng):
    rows = InMemory(rng.normal(size=(50, 4)))
    assert rows.spectrum(50) is rows.spectrum(60)
    sampled = rows.spectrum(20)
    assert sampled is not rows.spectrum(50)
    assert sampled.X.shape == (20, 4)
    assert sampled.fraction == 0.4
