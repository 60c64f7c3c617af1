import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from skl_sparse_ae._rows import _moments
from skl_sparse_ae._rows._moments import (
    mean_and_variance,
    principal_variance,
    sample_indices,
)


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


def test_samples_are_not_every_nth_row():
    rows = sample_indices(10_000, 500)
    assert len(np.unique(rows)) == 500
    assert 200 < np.count_nonzero(rows % 2) < 300
    assert (rows == sample_indices(10_000, 500)).all()
    assert (sample_indices(3, 500) == [0, 1, 2]).all()


@pytest.mark.parametrize("seed", range(20))
def test_a_single_column_does_not_vary_more_than_the_mean_column(seed):
    # Or rounding would decide, and weights would give another search than rows that
    # are repeated.
    rng = np.random.RandomState(seed)
    X, weights = rng.normal(size=(12, 1)), rng.uniform(size=12)
    for w in (None, weights):
        least = mean_and_variance(X, w)[1]
        directions, _ = _moments.principal_directions(X, w, least)
        assert directions.shape == (1, 0)
