"""What depends on there being workers: where blocks are kept, and workers that die."""

import gc
import os
import signal
from time import sleep

import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import GridSearchCV

from .dask_tools import (
    Recorder,
    blocks_of,
    da,
    dask,
    distributed,
    keep_in_memory,
    make,
    short,
)


def holders(client, rows):
    """The workers that have each block of an array in memory."""
    who_has = client.who_has(distributed.futures_of(rows))
    keys = [key for (key,) in rows.__dask_keys__()]
    return [who_has[key] for key in keys]


@short
def test_rows_stay_where_they_are_loaded(client):
    found = []
    recorder = Recorder(3, action=lambda rows: found.extend(holders(client, rows)))
    rows = da.random.default_rng(0).uniform(size=(20_000, 40), chunks=(2000, 40))
    make().set_callbacks(recorder).fit(rows)
    # Neighbours are together, so that a worker sends one sum.
    halves = [set.intersection(*map(set, half)) for half in (found[:5], found[5:])]
    assert [len(workers) for workers in halves] == [1, 1]
    assert not halves[0] & halves[1]
    # Dask may copy a block of this size now and then to balance the load.
    assert sum(map(len, found)) <= len(found) + 2


@short
def test_nothing_is_left_on_the_workers(client, X, weights):
    autoencoder = make(early_stopping=True, corruption="masking")
    gc.collect()
    gc.disable()  # memory must be released without the garbage collector
    try:
        autoencoder.fit(blocks_of(X), sample_weight=blocks_of(weights))
        for _ in range(100):
            if not client.who_has():
                break
            sleep(0.05)
        assert not client.who_has()
    finally:
        gc.enable()


def test_what_has_been_loaded_before_is_not_moved(client):
    rows = da.random.default_rng(0).uniform(size=(20_000, 40), chunks=(2000, 40))
    workers = sorted(client.nthreads())
    with dask.annotate(workers=lambda key: [workers[key[1] % 2]]):
        rows = rows.persist()
    distributed.wait(rows)
    (kept,) = keep_in_memory(rows + 1)
    distributed.wait(kept)
    assert holders(client, kept) == holders(client, rows)
    assert holders(client, kept) == 5 * [(workers[0],), (workers[1],)]


def kill_a_worker(client):
    """Kill one of the workers, as the system does when memory runs out."""
    pid = min(client.run(os.getpid).values())
    os.kill(pid, signal.SIGKILL)


@short
@pytest.mark.parametrize("loaded", [False, True])
def test_a_worker_that_dies_changes_nothing(loaded, client):
    rows = da.random.default_rng(0).uniform(size=(20_000, 40), chunks=(2000, 40))
    if loaded:  # by the workers that Dask chooses
        rows = rows.persist()
    expected = make().fit(rows)
    dying = Recorder(3, action=lambda X: kill_a_worker(client))
    actual = make().set_callbacks(dying).fit(rows)
    assert len(dying.scores) == 8
    assert actual.loss_curve_ == expected.loss_curve_
    for name in ("components_", "encoder_coef_", "mean_activation_"):
        assert_array_equal(getattr(actual, name), getattr(expected, name))


@short
def test_large_parameters_raise_no_warning(client, X):
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "9 kB"}):
        rows = da.random.default_rng(0).uniform(size=(60, 200), chunks=(10, 200))
        autoencoder = make(max_iter=2).fit(rows)
    assert autoencoder.components_.nbytes + autoencoder.encoder_coef_.nbytes > 9000


def test_grid_searches_in_memory_work_while_there_is_a_cluster(client, X):
    search = GridSearchCV(
        make(tol=0.1, max_iter=50), {"rho": [0.1, 0.2]}, cv=2, n_jobs=2
    ).fit(X)
    assert search.best_score_ > 0
