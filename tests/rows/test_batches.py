import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae._rows._batches import MiniBatches, windows
from skl_sparse_ae._rows._running_means import RunningMeans


def epoch(batches):
    """The batches of one epoch, each with rows and inputs of its own."""
    taken = []
    for batch in batches:
        if batch.load is not None:
            batch.load(slice(0, len(batch.X)))
        taken.append(batch._replace(X=batch.X.copy(), inputs=batch.inputs.copy()))
    return taken


@pytest.mark.parametrize("n_rows", [1, 10, 23])
@pytest.mark.parametrize("batch_size", [1, 5, 100])
def test_an_epoch_shows_each_row_once_in_batches_of_nearly_one_size(
    n_rows, batch_size, rng
):
    X = np.arange(float(n_rows))[:, None]
    batches = epoch(MiniBatches(X, None, batch_size, rng))
    rows = np.concatenate([batch.X for batch in batches])
    assert_array_equal(np.sort(rows, axis=0), X)
    sizes = [len(batch.X) for batch in batches]
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1
    progress = [batch.progress for batch in batches]
    assert_allclose(progress, np.cumsum([0, *sizes[:-1]]) / n_rows)


def test_epochs_differ_in_their_order(rng):
    batches = MiniBatches(np.arange(50.0)[:, None], None, 50, rng)
    (first,), (second,) = epoch(batches), epoch(batches)
    assert not np.array_equal(first.X, second.X)


def test_weights_go_with_their_rows_and_batches_estimate_all_rows(rng):
    X = np.arange(12.0)[:, None]
    weights = X.ravel() ** 2
    for batch in epoch(MiniBatches(X, weights, 5, rng)):
        assert_array_equal(batch.sample_weight, batch.X.ravel() ** 2)
        assert_allclose(batch.total_weight, len(batch.X) * weights.mean())


@pytest.mark.parametrize("corrupt", [None, lambda X, rng: 2 * X])
def test_the_encoder_receives_corrupted_and_centred_rows(corrupt, rng):
    X = np.arange(12.0).reshape(6, 2)
    mean = np.array([1.0, 3.0])
    for batch in epoch(MiniBatches(X, None, 4, rng, corrupt, mean)):
        factor = 1 if corrupt is None else 2
        assert_array_equal(batch.inputs, factor * batch.X - mean)


def test_sparse_rows_stay_sparse(rng):
    batches = epoch(MiniBatches(sparse.csr_array(np.eye(6)), None, 2, rng))
    assert all(sparse.issparse(batch.X) for batch in batches)


def test_running_means_are_means_over_all_rows_at_first():
    running = RunningMeans(n_rows=100)
    running(np.array([1.0, 2.0]), 10)
    running(np.array([3.0, 6.0]), 30)
    means = running(np.array([5.0, 1.0]), 40)
    assert_allclose(means, [(10 + 90 + 200) / 80, (20 + 180 + 40) / 80])


def test_running_means_forget_older_rows():
    running = RunningMeans(n_rows=100)
    for _ in range(50):
        running(np.zeros(1), 10)
    for _ in range(7):
        means = running(np.ones(1), 10)
    assert_allclose(means, 1 - 0.9**7)


def test_running_means_after_a_batch_of_n_rows_are_its_means():
    running = RunningMeans(n_rows=100)
    running(np.zeros(1), 100)
    assert_allclose(running(np.ones(1), 100), 1)
    assert_allclose(running(np.full(1, 3.0), 500), 3)


def test_running_means_do_not_change_what_they_are_given():
    running, batch = RunningMeans(n_rows=10), np.ones(2)
    running(batch, 5)
    running(np.zeros(2), 5)
    assert_array_equal(batch, 1)


@pytest.fixture
def large(monkeypatch):
    """A table of 1000 rows that counts as large: windows of 8 runs of 16 rows."""
    X = np.arange(1000.0)[:, None]
    monkeypatch.setattr("skl_sparse_ae._rows._batches.LARGE_BYTES", 4000)
    monkeypatch.setattr("skl_sparse_ae._rows._batches.RUN_BYTES", 128)
    monkeypatch.setattr("skl_sparse_ae._rows._batches.WINDOW_BYTES", 1024)
    return X


@pytest.mark.parametrize("batch_size", [7, 128, 300])
def test_large_tables_are_seen_once_with_their_weights(large, batch_size, rng):
    batches = epoch(MiniBatches(large, large.ravel() ** 2, batch_size, rng))
    assert max(len(batch.X) for batch in batches) <= batch_size
    rows = np.concatenate([batch.X for batch in batches])
    assert_array_equal(np.sort(rows, axis=0), large)
    weights = np.concatenate([batch.sample_weight for batch in batches])
    assert_array_equal(weights, rows.ravel() ** 2)


def test_windows_of_large_tables_are_a_few_runs_from_all_over(large, rng):
    parts = [(rows.copy(), order) for rows, _, order in windows(large, None, rng)]
    assert len(parts) == 8
    for rows, order in parts:
        gaps = np.count_nonzero(np.diff(np.sort(rows.ravel())) > 1)
        assert gaps < 8
        # Neighbours are torn apart: hardly any pair is in order.
        assert np.mean(np.diff(rows[order].ravel()) == 1) < 0.1
    first = np.concatenate([rows for rows, _ in parts[:4]])
    assert 300 < first.mean() < 700


@pytest.mark.parametrize("n_rows", [990, 1000, 1001])
def test_windows_take_the_same_memory_in_turn(n_rows, large):
    for seed in range(5):
        rng = np.random.RandomState(seed)
        places = {
            rows.__array_interface__["data"][0]
            for rows, _, _ in windows(large.repeat(2)[:n_rows, None], None, rng)
        }
        assert len(places) == 1


@pytest.mark.filterwarnings("ignore:max_iter", "ignore:The reconstruction explains")
def test_one_window_of_a_large_table_is_in_memory_at_a_time(rng, monkeypatch):
    """In the second epoch as in the first."""
    monkeypatch.setattr("skl_sparse_ae._rows._batches.LARGE_BYTES", 0)
    monkeypatch.setattr("skl_sparse_ae._rows._batches.WINDOW_BYTES", 2**24)
    monkeypatch.setattr("skl_sparse_ae._rows._batches.RUN_BYTES", 2**17)
    X = rng.rand(100_000, 50).astype(np.float32)
    peaks = []
    for max_iter in (1, 2):
        autoencoder = SparseAutoencoder(2, solver="adam", max_iter=max_iter)
        tracemalloc.start()
        autoencoder.fit(X)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2**22
