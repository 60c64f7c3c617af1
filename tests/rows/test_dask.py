"""Rows in Dask arrays: the same results as in memory, or what can be done instead.

Everything runs on Dask's threads; what depends on there being workers, on two of them.
"""

import gc
import os
import signal
import subprocess
import sys
from time import sleep

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.model_selection import GridSearchCV

from skl_sparse_ae import L1, SparseAutoencoder, TopK

REASON = 'needs pip install "skl-sparse-ae[dask]"'
dask = pytest.importorskip("dask", reason=REASON)
da = pytest.importorskip("dask.array", reason=REASON)
distributed = pytest.importorskip("distributed", reason=REASON)

from skl_sparse_ae._rows._dask_sums import (  # noqa: E402
    Crew,
    RowBlocks,
    keep_in_memory,
)
from skl_sparse_ae._rows._in_memory import InMemory  # noqa: E402
from skl_sparse_ae._rows._on_dask import OnDask  # noqa: E402

N_ROWS, N_FEATURES, N_ROWS_OF_BLOCK = 310, 7, 31
short = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:The reconstruction",
    "ignore:beta='adaptive'",
)


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=":0",
        memory_limit=None,
        silence_logs="CRITICAL",
    ) as cluster:
        yield cluster


@pytest.fixture
def client(cluster):
    """A client of two workers, the default while a test runs."""
    cluster.wait_for_workers(2)
    with distributed.Client(cluster) as client:
        yield client


@pytest.fixture(params=["threads", "workers"])
def place(request):
    """Where blocks are worked on."""
    if request.param == "workers":
        request.getfixturevalue("client")
    return request.param


@pytest.fixture
def X(rng):
    """Rows made of some of four parts."""
    parts = rng.uniform(size=(4, N_FEATURES))
    shares = rng.uniform(size=(N_ROWS, 4)) * (rng.uniform(size=(N_ROWS, 4)) < 0.5)
    return shares @ parts + 0.05 * rng.uniform(size=(N_ROWS, N_FEATURES))


@pytest.fixture
def weights(rng):
    return rng.uniform(size=N_ROWS) * (rng.uniform(size=N_ROWS) > 0.2)


def blocks_of(array, n_rows=N_ROWS_OF_BLOCK):
    return da.from_array(array, chunks=(n_rows, *array.shape[1:]))


def make(**parameters):
    parameters = {"max_iter": 8, "tol": 0, "random_state": 0, **parameters}
    return SparseAutoencoder(5, solver="lbfgs", **parameters)


def assert_same_fit(actual, expected, rtol=1e-9):
    for name in ("components_", "encoder_coef_", "mean_activation_"):
        assert_allclose(
            getattr(actual, name), getattr(expected, name), rtol=rtol, atol=rtol
        )
        assert getattr(actual, name).dtype == getattr(expected, name).dtype
    assert_allclose(actual.loss_curve_, expected.loss_curve_, rtol=rtol)
    assert_allclose(actual.beta_, expected.beta_, rtol=rtol)
    assert_allclose(actual.alpha_, expected.alpha_, rtol=rtol)
    assert actual.n_iter_ == expected.n_iter_
    assert actual.n_features_in_ == expected.n_features_in_


# The same as in memory


@short
@pytest.mark.parametrize(
    "parameters",
    [
        {"penalty": "kl"},
        {"penalty": "l1"},
        {"penalty": L1(beta="adaptive", rho=0.3), "max_iter": 45},
        {"penalty": "topk", "rho": 0.3},
        {"penalty": "contractive", "tied_weights": True},
        {"penalty": None, "out_activation": "logistic"},
        {"penalty": "kl", "activation": "tanh", "alpha": 0.1, "tied_weights": True},
    ],
    ids=lambda parameters: str(parameters["penalty"]),
)
def test_a_fit_is_that_in_memory(parameters, X, weights):
    for sample_weight in (None, weights):
        expected = make(**parameters).fit(X, sample_weight=sample_weight)
        actual = make(**parameters).fit(blocks_of(X), sample_weight=sample_weight)
        assert_same_fit(actual, expected)


@short
@pytest.mark.parametrize(
    ("container", "place"),
    [
        (np.asarray, "threads"),
        (sparse.csr_array, "threads"),
        (sparse.csc_matrix, "threads"),
        (sparse.csr_array, "workers"),
    ],
    indirect=["place"],
)
def test_every_method_gives_what_it_gives_in_memory(container, X, weights, place):
    X[X < 0.3] = 0
    rows = blocks_of(X)
    if container is not np.asarray:
        rows = rows.map_blocks(container, dtype=X.dtype, meta=container((0, 7)))
    expected = make().fit(X, sample_weight=weights)
    actual = make().fit(rows, sample_weight=blocks_of(weights, 50))
    assert_same_fit(actual, expected)
    code = actual.transform(rows)
    assert_allclose(code, expected.transform(X), rtol=1e-9)
    X_hat = expected.inverse_transform(expected.transform(X))
    assert_allclose(actual.inverse_transform(code), X_hat, rtol=1e-9)
    for sample_weight in (None, weights):
        chunked = None if sample_weight is None else blocks_of(sample_weight)
        score = actual.score(rows, sample_weight=chunked)
        assert_allclose(score, expected.score(X, sample_weight=sample_weight))
        objective = actual.objective(rows, sample_weight=chunked)
        assert_allclose(objective, expected.objective(X, sample_weight=sample_weight))
        assert isinstance(score, float)
        assert isinstance(objective, float)


@short
def test_single_precision_stays_and_travels(X, place):
    X = X.astype(np.float32)
    expected, actual = make().fit(X), make().fit(blocks_of(X))
    assert_same_fit(actual, expected, rtol=1e-3)
    code = actual.transform(blocks_of(X))
    assert code.dtype == code.compute().dtype == np.float32


@short
@pytest.mark.parametrize("dtype", [int, bool, np.float16, ">f8"])
def test_other_numbers_become_floats(dtype, X):
    X = np.floor(4 * X / X.max()).astype(dtype)
    assert_same_fit(make().fit(blocks_of(X)), make().fit(X))
    code = make().fit(X).transform(blocks_of(X))
    assert code.dtype == code.compute().dtype == np.float64


@short
def test_blocks_without_rows_do_no_harm(X, weights, place):
    number = np.arange(N_ROWS) // N_ROWS_OF_BLOCK
    keep = number % 3 != 1
    rows, chunked = blocks_of(X)[blocks_of(keep)], blocks_of(weights)[blocks_of(keep)]
    rows.compute_chunk_sizes()
    chunked.compute_chunk_sizes()
    assert 0 in rows.chunks[0]
    expected = make().fit(X[keep], sample_weight=weights[keep])
    actual = make().fit(rows, sample_weight=chunked)
    assert_same_fit(actual, expected)
    assert_allclose(actual.transform(rows), expected.transform(X[keep]), rtol=1e-9)


def test_a_small_variance_beside_a_large_mean_is_not_lost(rng):
    X = 1e6 + np.sin(np.arange(60.0)[:, None] + [0, 1, 2])
    weights = rng.uniform(size=60)
    mean, variance = OnDask(blocks_of(X, 7), blocks_of(weights, 7)).moments()
    share = weights / weights.sum()
    assert_allclose(mean, share @ X)
    assert_allclose(variance, np.sum(share @ (X - share @ X) ** 2), rtol=1e-7)
    assert OnDask(blocks_of(np.full((60, 3), 0.1), 7)).moments()[1] == 0


# What comes back is lazy


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_a_sample_has_the_rows_that_it_has_in_memory(container, X, weights):
    rows = blocks_of(X).map_blocks(container, dtype=X.dtype, meta=container((0, 7)))
    for sample_weight in (None, weights):
        of_memory = InMemory(X, sample_weight).of_positive_weight()
        weights_of_dask = None if sample_weight is None else blocks_of(sample_weight)
        of_dask = OnDask(rows, weights_of_dask)
        for size in (3, 50, N_ROWS):
            expected, of_expected, share = of_memory.sample(size)
            actual, of_actual, fraction = of_dask.sample(size)
            actual = actual.toarray() if sparse.issparse(actual) else actual
            assert_array_equal(actual, expected)
            assert_array_equal(of_actual, of_expected)
            assert fraction == share


@short
def test_transform_waits_to_be_computed(X):
    seen = []

    def see(block):
        seen.append(len(block))
        return block

    autoencoder = make(sparse_output=True, penalty="topk").fit(X)
    rows = blocks_of(X).map_blocks(see, dtype=X.dtype, meta=np.empty((0, 0)))
    code = autoencoder.transform(rows)
    X_hat = autoencoder.inverse_transform(code)
    assert not seen
    assert code.chunks == (rows.chunks[0], (5,))
    assert X_hat.chunks == (rows.chunks[0], (N_FEATURES,))
    assert sparse.issparse(code._meta)
    assert_allclose(code.compute().toarray(), autoencoder.transform(X).toarray())
    assert seen == N_ROWS // N_ROWS_OF_BLOCK * [N_ROWS_OF_BLOCK]
    expected = autoencoder.inverse_transform(autoencoder.transform(X))
    assert_allclose(X_hat.compute(), expected)


@short
def test_transform_takes_blocks_of_unknown_lengths(X):
    autoencoder = make().fit(X)
    rows = blocks_of(X)[blocks_of(X)[:, 0] > 0.5]
    code = autoencoder.transform(rows).compute()
    assert_allclose(code, autoencoder.transform(X[X[:, 0] > 0.5]))


@short
def test_fit_transform_gives_a_dask_array(X):
    code = make().fit_transform(blocks_of(X))
    assert isinstance(code, da.Array)
    assert_allclose(code.compute(), make().fit_transform(X), rtol=1e-8)


# The other parameters


@short
def test_early_stopping_judges_by_rows_that_are_not_trained_on(X, weights, place):
    autoencoder = make(early_stopping=True, max_iter=30, n_iter_no_change=2, tol=0.1)
    autoencoder.fit(blocks_of(X), sample_weight=weights)
    scores = autoencoder.validation_scores_
    assert autoencoder.n_iter_ == len(scores) < 30
    assert autoencoder.best_validation_score_ == max(scores) > 0.3


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


@short
@pytest.mark.parametrize("corruption", ["masking", "gaussian"])
def test_the_encoder_learns_from_noisy_rows(corruption, X):
    def fit(**parameters):
        return make(corruption=corruption, **parameters).fit(blocks_of(X))

    autoencoder = fit()
    assert_array_equal(autoencoder.components_, fit().components_)
    assert not np.allclose(autoencoder.components_, make().fit(X).components_)
    assert not np.allclose(autoencoder.components_, fit(random_state=1).components_)
    assert autoencoder.loss_curve_[-1] < autoencoder.loss_curve_[0]


@short
def test_a_warm_start_goes_on_from_rows_in_memory(X):
    in_memory = SparseAutoencoder(
        5, penalty=TopK(0.3), solver="adam", max_iter=5, random_state=0
    )
    before = in_memory.fit(X[:100]).objective(X)
    in_memory.set_params(solver="auto", warm_start=True).fit(blocks_of(X))
    assert in_memory.loss_curve_[0] < before
    assert_allclose(in_memory.objective(X), in_memory.loss_curve_[-1])


@short
def test_many_rows_are_fitted_by_lbfgs_when_nothing_else_is_said(rng):
    X = rng.uniform(size=(10_500, 3))
    auto = SparseAutoencoder(2, max_iter=3, tol=0, random_state=0)
    lbfgs = SparseAutoencoder(2, solver="lbfgs", max_iter=3, tol=0, random_state=0)
    assert_same_fit(auto.fit(blocks_of(X, 2000)), lbfgs.fit(X))


class Recorder:
    """A callback that keeps scores, and does something after some iterations."""

    def __init__(self, n_iter, action=lambda X: False):
        self.n_iter, self.action, self.scores = n_iter, action, []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        if context.task_name != "iteration" or fitted_estimator is None:
            return False
        self.scores.append(fitted_estimator.score(X))
        return len(self.scores) == self.n_iter and self.action(X)


@short
def test_callbacks_see_the_rows_and_can_stop(X, place):
    recorder = Recorder(3, action=lambda X: isinstance(X, da.Array))
    autoencoder = make().set_callbacks(recorder).fit(blocks_of(X))
    assert autoencoder.n_iter_ == 3
    assert_allclose(recorder.scores[-1], autoencoder.score(X))


# Where sums are made


@pytest.fixture
def crew():
    crew = Crew()
    crew.workers = [("a", 1), ("b", 2)]
    return crew


def test_threads_get_neighbouring_blocks_with_as_many_rows(crew):
    assert crew.portions([10] * 6) == [[[0, 1]], [[2, 3], [4, 5]]]
    assert crew.portions([20, 5, 0, 5, 10, 10, 10]) == [[[0]], [[1, 3, 4], [5, 6]]]
    assert crew.portions([10]) == [[[]], [[0], []]]


def test_blocks_that_are_scattered_are_added_up_by_who_has_them(crew):
    n_rows = [10] * 12
    in_order = crew.portions(n_rows)
    assert crew.shares(n_rows, {i: ["ab"[i > 3]] for i in range(12)}) == in_order
    # A few that are elsewhere are fetched.
    assert crew.shares(n_rows, {i: ["ab"[i > 2]] for i in range(12)}) == in_order
    # Where a block is on both workers, either will do.
    assert crew.shares(n_rows, dict.fromkeys(range(12), "ab")) == in_order
    scattered = {i: ["ab"[i % 2]] for i in range(12)}
    assert crew.shares(n_rows, scattered) == [
        [[0, 2, 4, 6, 8, 10]],
        [[1, 3, 5], [7, 9, 11]],
    ]
    scattered = {i: "ab" if i > 8 else "ab"[(i + 1) % 2] for i in range(12)}
    shares = crew.shares(n_rows, scattered)
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
    gc.disable()  # nor does it wait for the garbage collector
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
    """End one of the workers as the system would that has no memory left."""
    pid = min(client.run(os.getpid).values())
    os.kill(pid, signal.SIGKILL)


@short
@pytest.mark.parametrize("loaded", [False, True])
def test_a_worker_that_dies_changes_nothing(loaded, client):
    rows = da.random.default_rng(0).uniform(size=(20_000, 40), chunks=(2000, 40))
    if loaded:  # wherever Dask puts them
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


def test_grid_searches_in_memory_go_on_while_a_cluster_is_there(client, X):
    search = GridSearchCV(
        make(tol=0.1, max_iter=50), {"rho": [0.1, 0.2]}, cv=2, n_jobs=2
    ).fit(X)
    assert search.best_score_ > 0


# What cannot be done, and what can be done instead


def with_nan(rows):
    return da.where(da.arange(N_ROWS, chunks=31)[:, None] == 70, np.nan, rows)


def unknown(rows):
    return rows[rows[:, 0] > 0.5]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (unknown, ValueError, r"unknown shape.*X\.compute_chunk_sizes\(\)"),
        (lambda X: X.rechunk({1: 3}), ValueError, r"3 blocks.*X\.rechunk\(\{1: -1\}\)"),
        (with_nan, ValueError, r"X\.blocks\[2\] cannot be used.*NaN"),
        (lambda X: 1 / (X < 0), ValueError, r"X\.blocks\[\d\] cannot.*infinity"),
        (lambda X: X.astype(object), ValueError, r"dtype object.*X\.astype\(float\)"),
        (lambda X: X.astype(str), ValueError, r"dtype <U.*X\.astype\(float\)"),
        (lambda X: X + 1j, ValueError, "dtype complex.*real numbers"),
        (lambda X: X[:, 0], ValueError, r"1 dimension\(s\).*X\.reshape\(-1, 1\)"),
        (lambda X: X[:0], ValueError, r"\(0, 7\).*one row"),
        (lambda X: X[:, :0], ValueError, r"\(310, 0\).*one column"),
        (lambda X: dask.delayed(X), TypeError, r"X\.to_dask_array\(lengths=True\)"),
        (lambda X: 1e200 * X, ValueError, "variance of X overflows"),
    ],
)
@pytest.mark.filterwarnings("ignore:(overflow|divide):RuntimeWarning")
def test_rows_that_cannot_be_used(change, error, message, X):
    with pytest.raises(error, match=f"(?s){message}"):
        make().fit(change(blocks_of(X)))


@short
@pytest.mark.parametrize(
    ("method", "change", "message"),
    [
        ("transform", with_nan, r"X\.blocks\[2\] cannot be used.*NaN"),
        ("score", with_nan, r"X\.blocks\[2\] cannot be used.*NaN"),
        ("objective", with_nan, r"X\.blocks\[2\] cannot be used.*NaN"),
        ("score", unknown, r"X\.compute_chunk_sizes\(\)"),
        ("objective", unknown, r"X\.compute_chunk_sizes\(\)"),
        ("transform", lambda X: X[:, :5], "5 features.*expecting 7"),
        ("inverse_transform", lambda X: X, "X has 7 columns.*has 5"),
    ],
)
def test_rows_that_a_fitted_estimator_cannot_use(method, change, message, X):
    autoencoder = make().fit(X)
    with pytest.raises(ValueError, match=f"(?s){message}"):
        dask.compute(getattr(autoencoder, method)(change(blocks_of(X))))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w - 0.5, "negative values, such as -0.5"),
        (lambda w: 0 * w, "at least one positive"),
        (lambda w: da.where(w > 0.5, np.nan, w), "NaN or infinity"),
        (lambda w: w[1:], r"shape \(309,\).*310 rows"),
        (lambda w: w[w > 0], r"sample_weight\.compute_chunk_sizes\(\)"),
        (lambda w: w[1:].compute(), "309"),
        (lambda w: -w.compute(), "Negative values"),
    ],
)
def test_weights_that_cannot_be_used(change, message, X, weights):
    with pytest.raises(ValueError, match=message):
        make().fit(blocks_of(X), sample_weight=change(blocks_of(weights)))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"solver": "adam"}, "Use solver='lbfgs'.*sample of the rows in memory"),
        ({"penalty": "batch_topk"}, "another penalty.*sample of the rows in memory"),
        ({"early_stopping": True}, "n_samples=1"),
        ({"corruption": "masking", "corruption_level": 1}, "below 1"),
    ],
)
def test_parameters_that_cannot_be_used(parameters, message, X):
    rows = blocks_of(X)[: 1 if "early_stopping" in parameters else None]
    with pytest.raises(ValueError, match=message):
        SparseAutoencoder(5, **parameters).fit(rows)


def test_partial_fit_takes_one_block_at_a_time(X):
    with pytest.raises(
        TypeError, match=r"partial_fit with X\.blocks\[i\]\.compute\(\)"
    ):
        make().partial_fit(blocks_of(X))


def test_dask_is_imported_by_those_who_use_it():
    code = """
import sys
import numpy as np
from skl_sparse_ae import SparseAutoencoder
X = np.random.RandomState(0).uniform(size=(50, 3))
SparseAutoencoder(2, tol=0.1).fit(X).transform(X)
sys.exit("dask" in sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
