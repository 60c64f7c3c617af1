"""Moments, samples and held-out rows of Dask arrays."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skl_sparse_ae._rows._in_memory import InMemory

from .dask_tools import OnDask, blocks_of


def test_a_small_variance_beside_a_large_mean_is_not_lost(rng):
    X = 1e6 + np.sin(np.arange(60.0)[:, None] + [0, 1, 2])
    weights = rng.uniform(size=60)
    mean, variance = OnDask(blocks_of(X, 7), blocks_of(weights, 7)).moments()
    share = weights / weights.sum()
    assert_allclose(mean, share @ X)
    assert_allclose(variance, np.sum(share @ (X - share @ X) ** 2), rtol=1e-7)
    assert OnDask(blocks_of(np.full((60, 3), 0.1), 7)).moments()[1] == 0


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_a_sample_has_the_rows_that_it_has_in_memory(container, X, weights):
    rows = blocks_of(X).map_blocks(container, dtype=X.dtype, meta=container((0, 7)))
    for sample_weight in (None, weights):
        of_memory = InMemory(X, sample_weight).of_positive_weight()
        weights_of_dask = None if sample_weight is None else blocks_of(sample_weight)
        of_dask = OnDask(rows, weights_of_dask)
        for size in (3, 50, len(X)):
            expected, of_expected, share = of_memory.sample(size)
            actual, of_actual, fraction = of_dask.sample(size)
            actual = actual.toarray() if sparse.issparse(actual) else actual
            assert_array_equal(actual, expected)
            assert_array_equal(of_actual, of_expected)
            assert fraction == share


@pytest.mark.parametrize("fraction", [0.01, 0.1, 0.5, 0.99])
def test_rows_are_held_out_of_every_block_alike(fraction, rng):
    X = np.arange(100.0)[:, None]
    rows = OnDask(blocks_of(X, 23), blocks_of(X[:, 0], 23))
    of_train, of_test = rows.hold_out(fraction, rng)
    train, weight = of_train.X, of_train.sample_weight
    test, test_weight = of_test.X, of_test.sample_weight
    assert train.shape[0] == len(train.compute())
    assert test.shape[0] == len(test.compute()) == 100 * fraction
    both = np.concatenate([train.compute(), test.compute()])
    assert_array_equal(np.sort(both, axis=0), X)
    assert_array_equal(weight.compute(), train[:, 0].compute())
    assert_array_equal(test_weight.compute(), test[:, 0].compute())
    assert np.ptp(np.array(test.chunks[0]) / blocks_of(X, 23).chunks[0]) < 0.15
