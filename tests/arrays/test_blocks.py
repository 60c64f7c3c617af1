import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from threadpoolctl import threadpool_info, threadpool_limits

from skl_sparse_ae._arrays import _blocks
from skl_sparse_ae._arrays._blocks import (
    blocks,
    pieces,
    rows_as_dense,
    split_evenly,
    strips,
)
from skl_sparse_ae._arrays._team import WORK_PER_THREAD, Team


def covered(slices):
    return np.concatenate([np.arange(s.start, s.stop) for s in slices])


def blas_threads():
    return [
        lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"
    ]


@pytest.mark.parametrize("n_parts", [1, 2, 3, 10])
def test_split_evenly_covers_each_row_once(n_parts):
    parts = split_evenly(5, 27, n_parts)
    assert_array_equal(covered(parts), np.arange(5, 27))
    lengths = [part.stop - part.start for part in parts]
    assert max(lengths) - min(lengths) <= 1


@pytest.mark.parametrize("row_bytes", [1, 100, 10**9])
def test_blocks_cover_each_row_once_within_their_size(row_bytes):
    parts = blocks(3, 1000, row_bytes, block_bytes=1000)
    assert_array_equal(covered(parts), np.arange(3, 1000))
    most = max(part.stop - part.start for part in parts)
    assert most == 1 or most * row_bytes <= 1000


@pytest.mark.parametrize("shape", [(1, 1), (5000, 3), (7, 100_000), (3, 0), (0, 3)])
def test_strips_cover_each_row_once(shape):
    slices = strips(np.empty(shape))
    assert_array_equal(covered(slices) if slices else [], np.arange(shape[0]))


@pytest.mark.parametrize("n_shares", [1, 2, 5])
def test_pieces_cover_each_part_once_in_equal_shares(n_shares, monkeypatch):
    monkeypatch.setattr(_blocks, "PIECE", 7)
    parts = [slice(0, 50), slice(50, 53), slice(53, 100)]
    shares = pieces(parts, n_shares)
    assert_array_equal(covered([p for share in shares for _, p in share]), range(100))
    for share in shares:
        assert abs(len(covered([p for _, p in share])) - 100 / n_shares) <= 1
        for i, piece in share:
            assert parts[i].start <= piece.start < piece.stop <= parts[i].stop
            assert piece.stop - piece.start <= 7


def test_rows_as_dense_is_a_view_of_an_array_and_a_copy_of_csr():
    X = np.arange(12.0).reshape(4, 3)
    assert np.shares_memory(rows_as_dense(X, slice(1, 3)), X)
    assert_array_equal(rows_as_dense(sparse.csr_array(X), slice(1, 3)), X[1:3])


def test_map_returns_results_in_the_order_of_the_parts():
    with Team(2) as team:
        assert team.map(lambda x: x * x, range(5)) == [0, 1, 4, 9, 16]


def test_map_runs_parts_in_different_threads_side_by_side():
    barrier = threading.Barrier(2, timeout=10)

    def meet(_):
        barrier.wait()
        return threading.get_ident()

    with Team(2) as team:
        first, second = team.map(meet, range(2))
    assert first == threading.get_ident() != second


@pytest.mark.parametrize("bad", [0, 1])
def test_map_passes_on_errors_after_all_parts_are_done(bad):
    done = []

    def work(part):
        if part == bad:
            raise KeyError(part)
        done.append(part)

    with Team(2) as team, pytest.raises(KeyError):
        team.map(work, range(2))
    assert done == [1 - bad]


def divide(team):
    """Have more than one thread work."""
    team.map(lambda _: None, range(2))


def test_blas_is_limited_inside_and_restored_after_nested_and_failed_teams():
    before = blas_threads()
    with Team() as outer:
        divide(outer)
        assert set(blas_threads()) <= {1}
        with pytest.raises(ZeroDivisionError), Team() as inner:
            inner.map(lambda part: 1 / part, range(2))
        assert set(blas_threads()) <= {1}
    assert blas_threads() == before


def test_blas_keeps_its_threads_until_work_is_divided():
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with Team(2) as team:
            team.map(lambda _: None, range(1))
            assert blas_threads() == before
            divide(team)
            assert set(blas_threads()) <= {1}
        assert blas_threads() == before
        with Team(1):
            assert set(blas_threads()) <= {1}
        assert blas_threads() == before


def in_thread(function):
    """What the function returns in a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result(timeout=60)


def test_blas_is_limited_by_a_team_in_any_thread():
    def limited():
        with Team() as team:
            divide(team)
            return blas_threads()

    before = blas_threads()
    assert set(limited()) <= {1}
    assert set(in_thread(limited)) <= {1}
    assert blas_threads() == before


def test_blas_is_restored_when_the_last_team_is_another_threads():
    before = blas_threads()
    entered, leave = threading.Event(), threading.Event()

    def hold():
        with Team() as team:
            divide(team)
            entered.set()
            assert leave.wait(60)

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(hold)
        assert entered.wait(60)
        with Team() as team:
            divide(team)
            leave.set()
            future.result(timeout=60)
            assert set(blas_threads()) <= {1}
        assert blas_threads() == before


def test_limits_of_the_users_own_work_in_any_thread_after_a_team():
    def limited():
        with threadpool_limits(1, user_api="blas"):
            return blas_threads()

    before = blas_threads()
    with Team() as team:
        divide(team)
    assert set(in_thread(limited)) <= {1}
    with threadpool_limits(1, user_api="blas"), Team() as team:
        divide(team)
    assert blas_threads() == before


def test_a_team_is_as_large_as_blas_was_even_inside_another():
    with threadpool_limits(2, user_api="blas"), Team() as outer:
        divide(outer)
        assert Team().n_threads == outer.n_threads == max(blas_threads(), default=1) * 2
    with threadpool_limits(1, user_api="blas"):
        assert Team().n_threads == 1


def test_little_work_wakes_nobody():
    team = Team(4)
    assert team.n_useful(1) == 1
    assert team.n_useful(2 * WORK_PER_THREAD) == 2
    assert team.n_useful(10**12) == 4
