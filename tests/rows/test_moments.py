import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from skl_sparse_ae._rows import _moments
from skl_sparse_ae._rows._moments import mean_and_variance, sample_indices


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


def test_samples_are_not_every_nth_row():
    rows = sample_indices(10_000, 500)
    assert len(np.unique(rows)) == 500
    assert 200 < np.count_nonzero(rows % 2) < 300
    assert (rows == sample_indices(10_000, 500)).all()
    assert (sample_indices(3, 500) == [0, 1, 2]).all()
