"""Threads that share work, and the limit of BLAS's threads while they do."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from skl_sparse_ae._arrays import _blas, _team
from skl_sparse_ae._arrays._team import WORK_PER_THREAD, Team

from ..interrupts import interrupted_everywhere


def blas_threads():
    """The numbers of threads of the BLAS libraries that are loaded."""
    return [
        lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"
    ]


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


@pytest.mark.parametrize("n_threads", [1, 2])
def test_blas_has_one_thread_also_where_work_is_not_divided(n_threads):
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with Team(n_threads) as team:
            assert set(blas_threads()) <= {1}
            team.map(lambda _: None, range(1))
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


def test_users_can_limit_blas_in_any_thread_after_a_team():
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


def test_little_work_is_left_to_one_thread():
    team = Team(4)
    assert team.n_useful(1) == 1
    assert team.n_useful(2 * WORK_PER_THREAD) == 2
    assert team.n_useful(10**12) == 4


# An interrupt inside of __del__ is reported, but cannot be raised.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_at_any_line_leaves_no_limit_and_no_thread():
    def work():
        with Team(3) as team:
            assert set(blas_threads()) <= {1}
            assert team.map(lambda x: 2 * x, range(5)) == [0, 2, 4, 6, 8]

    with threadpool_limits(2, user_api="blas"):
        before, n_before, n_interrupts = blas_threads(), threading.active_count(), 0
        for _ in interrupted_everywhere(work, _blas, _team):
            assert blas_threads() == before
            in_thread(work)  # which waits for locks of this thread
            n_interrupts += 1
        assert n_interrupts > 50
        work()
        assert blas_threads() == before
    for thread in threading.enumerate():
        if thread.daemon:
            thread.join(10)
    assert threading.active_count() <= n_before


def test_an_interrupt_waits_for_the_parts_that_were_begun():
    begun, go_on, ended = threading.Event(), threading.Event(), []

    def part(i):
        if i == 0:
            assert begun.wait(60)
            threading.Timer(0.1, go_on.set).start()
            raise KeyboardInterrupt
        begun.set()
        assert go_on.wait(60)
        ended.append(i)

    with Team(2) as team, pytest.raises(KeyboardInterrupt):
        team.map(part, range(20))
    assert ended == [1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_process_that_is_forked_from_a_team_has_the_limit_of_before():
    def in_child(team):
        assert blas_threads() == before
        assert team.map(lambda x: 2 * x, range(3)) == [0, 2, 4]

    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with Team(2) as team:
            divide(team)
            child = os.fork()
            if child == 0:
                try:
                    in_child(team)
                except BaseException:
                    os._exit(1)
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
            assert set(blas_threads()) <= {1}
        assert blas_threads() == before
