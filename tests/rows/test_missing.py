"""Missing entries of rows in memory, and column means of observed ones."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skl_sparse_ae._rows._corruption import masking
from skl_sparse_ae._rows._in_memory import InMemory
from skl_sparse_ae._rows._missing import (
    ObservedMeans,
    filled,
    has_missing,
    mean_square_change,
)


@pytest.fixture
def gappy(rng):
    X = 1e6 + rng.normal(size=(50, 4))
    X[rng.uniform(size=X.shape) < 0.4] = np.nan
    X[:, 3] = np.where(np.isnan(X[:, 3]), np.nan, 0)
    return X


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_means_of_observed_entries(container, gappy, rng):
    weights = rng.uniform(size=50)
    means = ObservedMeans.of(container(gappy), weights)
    table = np.ma.masked_invalid(gappy)
    expected = np.ma.average(table, axis=0, weights=weights).filled(0)
    assert_allclose(means.mean, expected, rtol=1e-14)
    assert_allclose(means.weight, weights @ ~np.isnan(gappy), rtol=1e-12)


def test_means_of_parts_add_up(gappy):
    parts = [ObservedMeans.of(gappy[rows]) for rows in (slice(0, 7), slice(7, 50))]
    total = sum(parts)
    assert_allclose(total.mean, ObservedMeans.of(gappy).mean, rtol=1e-14)
    empty = ObservedMeans.of(np.full((3, 4), np.nan))
    assert_array_equal((empty + parts[0]).mean, parts[0].mean)
    assert_array_equal(empty.or_else(np.arange(4.0)), np.arange(4.0))


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_filled_rows(container, gappy):
    fill = np.arange(4.0)
    full = filled(container(gappy), fill)
    dense = full.toarray() if sparse.issparse(full) else full
    assert_array_equal(dense, np.where(np.isnan(gappy), fill, gappy))
    assert has_missing(container(gappy))
    assert not has_missing(full)
    assert filled(container(gappy), None) is not full


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_the_fraction_of_observed_entries(container, gappy):
    weights = np.arange(1.0, len(gappy) + 1)
    for sample_weight in (None, weights):
        rows = InMemory(container(gappy), sample_weight)
        rows = rows.with_view(fill=rows.observed_means().mean)
        each = np.mean(~np.isnan(gappy), axis=1)
        expected = np.average(each, weights=sample_weight)
        assert rows.observed_fraction == pytest.approx(expected, rel=1e-14)
    assert InMemory(np.zeros((2, 3))).observed_fraction == 1


def test_moments_are_those_of_observed_entries(gappy):
    rows = InMemory(gappy)
    rows = rows.with_view(fill=rows.observed_means().mean)
    mean, variance = rows.moments()
    assert_allclose(mean, np.nanmean(gappy, axis=0), rtol=1e-14)
    observed = np.mean(~np.isnan(gappy), axis=0)
    assert_allclose(variance, observed @ np.nanvar(gappy, axis=0), rtol=1e-8)
    other = rows.with_view(fill=np.zeros(4)).refilled()
    assert_allclose(other.moments()[1], variance, rtol=1e-8)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_masking_with_means(container, rng):
    X = rng.uniform(1, 2, size=(400, 3))
    mean = np.array([5.0, 6.0, 7.0])
    masked = masking(container(X), rng, 0.25, mean=mean)
    masked = masked.toarray() if sparse.issparse(masked) else masked
    is_masked = masked == mean
    assert_array_equal(masked[~is_masked], X[~is_masked])
    assert_allclose(is_masked.mean(), 0.25, atol=0.04)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_the_mean_change_of_missing_entries_is_weighted(container, rng):
    X = np.where(rng.uniform(size=(7, 4)) < 0.4, np.nan, rng.normal(size=(7, 4)))
    before, after = (
        np.where(np.isnan(X), rng.normal(size=X.shape), X) for _ in range(2)
    )
    weights = rng.randint(0, 4, 7)
    repeated = [
        container(np.repeat(array, weights, axis=0)) for array in (X, before, after)
    ]
    change = mean_square_change(*map(container, (X, before, after)), weights)
    assert_allclose(change, mean_square_change(*repeated))
    squares = np.repeat((after - before) ** 2, weights, axis=0)
    assert_allclose(change, squares[squares > 0].mean())
    complete = container(np.ones((3, 2)))
    assert mean_square_change(complete, complete, complete) == 0


def test_means_of_parts_of_small_weight_are_added(rng):
    X, weights = rng.normal(size=(6, 3)), rng.uniform(0.01, 0.1, 6)
    parts = [ObservedMeans.of(X[p], weights[p]) for p in (slice(2), slice(2, None))]
    total = sum(parts)
    assert_allclose(total.mean, np.average(X, axis=0, weights=weights))
    assert_allclose(total.weight, weights.sum())
