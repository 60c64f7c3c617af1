"""Sums over the blocks of Dask arrays: who adds up which, and in which order."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from .dask_tools import Crew, RowBlocks, blocks_of, dask, keep_in_memory


@pytest.fixture
def crew():
    crew = Crew()
    crew.workers = [("a", 1), ("b", 2)]
    return crew


def test_threads_get_neighbouring_blocks_with_as_many_rows(crew):
    assert crew.split_in_order([10] * 6) == [[[0, 1]], [[2, 3], [4, 5]]]
    assert crew.split_in_order([20, 5, 0, 5, 10, 10, 10]) == [
        [[0]],
        [[1, 3, 4], [5, 6]],
    ]
    assert crew.split_in_order([10]) == [[[]], [[0], []]]


def test_scattered_blocks_are_added_up_by_the_workers_that_have_them(crew):
    n_rows = [10] * 12
    in_order = crew.split_in_order(n_rows)
    assert (
        crew.split_by_worker(n_rows, {i: ["ab"[i > 3]] for i in range(12)}) == in_order
    )
    # A few that are elsewhere are fetched.
    assert (
        crew.split_by_worker(n_rows, {i: ["ab"[i > 2]] for i in range(12)}) == in_order
    )
    # Where a block is on both workers, either will do.
    assert crew.split_by_worker(n_rows, dict.fromkeys(range(12), "ab")) == in_order
    scattered = {i: ["ab"[i % 2]] for i in range(12)}
    assert crew.split_by_worker(n_rows, scattered) == [
        [[0, 2, 4, 6, 8, 10]],
        [[1, 3, 5], [7, 9, 11]],
    ]
    scattered = {i: "ab" if i > 8 else "ab"[(i + 1) % 2] for i in range(12)}
    shares = crew.split_by_worker(n_rows, scattered)
    assert shares == [[[0, 2, 4], [6, 8, 11]], [[1, 3, 5, 7, 9, 10]]]


def awkward(number, block):
    """A sum whose rounding depends on the order."""
    return float(np.sum(block) * 10.0 ** (number % 17))


def test_the_order_of_sums_is_that_of_the_rows(client, rng):
    n_blocks = 60
    X = rng.uniform(-1, 1, size=(2 * n_blocks, 3))
    workers = sorted(client.nthreads())

    def sum_of(rows):
        return RowBlocks(rows, crew=Crew()).sum(awkward)

    def loaded(place_of):
        with dask.annotate(workers=lambda key: [workers[place_of(key[1])]]):
            return blocks_of(X, 2).persist()

    (kept,) = keep_in_memory(blocks_of(X, 2))
    expected = sum_of(kept)
    in_order = sum(awkward(i, X[2 * i : 2 * i + 2]) for i in range(n_blocks))
    assert_allclose(expected, in_order)
    # Which worker it is does not matter, nor do a few blocks that are elsewhere.
    assert sum_of(loaded(lambda i: 2 * i // n_blocks)) == expected
    assert sum_of(loaded(lambda i: 1 - 2 * i // n_blocks)) == expected
    assert sum_of(loaded(lambda i: 2 * i // n_blocks if i % 9 else 0)) == expected
    assert_allclose(sum_of(loaded(lambda i: i % 2)), expected)
    assert_allclose(sum_of(blocks_of(X, 2)), expected)
