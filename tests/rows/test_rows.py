"""The contract of `Rows`, for every kind of rows."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skl_sparse_ae._arrays._array_api import to_numpy
from skl_sparse_ae._arrays._device_array import DeviceArray
from skl_sparse_ae._arrays._team import Team
from skl_sparse_ae._objective import OBJECTIVES, PASSES
from skl_sparse_ae._rows import Rows
from skl_sparse_ae._rows._corruption import masking
from skl_sparse_ae._rows._in_memory import InMemory
from skl_sparse_ae._rows._on_device import OnDevice

N_ROWS, N_FEATURES = 100, 4


def in_memory(X, sample_weight=None):
    return InMemory(X, sample_weight)


def in_csr(X, sample_weight=None):
    return InMemory(sparse.csr_array(X), sample_weight)


def on_device(X, sample_weight=None):
    xp = pytest.importorskip("array_api_strict")
    array = xp.asarray(X, device=xp.Device("device1"))
    return OnDevice(DeviceArray(array), sample_weight)


def on_dask(X, sample_weight=None, container=np.asarray):
    da = pytest.importorskip("dask.array")
    pytest.importorskip("distributed")
    from skl_sparse_ae._rows._on_dask import OnDask

    meta = container(np.empty((0, N_FEATURES), X.dtype))
    X = da.from_array(X, chunks=(23, -1)).map_blocks(container, meta=meta)
    if sample_weight is not None:
        sample_weight = da.from_array(sample_weight, chunks=23)
    return OnDask(X, sample_weight)


def on_dask_in_csr(X, sample_weight=None):
    return on_dask(X, sample_weight, sparse.csr_array)


KINDS = [in_memory, in_csr, on_device, on_dask, on_dask_in_csr]
every_kind = pytest.mark.parametrize("make", KINDS)
with_mini_batches = pytest.mark.parametrize("make", [in_memory, in_csr, on_device])


def as_numpy(values):
    """Values of any kind of rows as an ndarray, and None as None."""
    if hasattr(values, "compute"):
        values = values.compute()
    if isinstance(values, DeviceArray):
        values = values.array
    return values.toarray() if sparse.issparse(values) else to_numpy(values)


@pytest.fixture
def table(rng):
    """Rows that begin with their number, from one on; half of the others are zero."""
    X = rng.normal(3, 1, size=(N_ROWS, N_FEATURES))
    X *= rng.uniform(size=X.shape) < 0.5
    X[:, 0] = np.arange(1, N_ROWS + 1)
    return X


def weight_of(number):
    """The weight of a row with some number, for each fifth row zero."""
    return number % 5 / 4


@pytest.fixture(params=["equal weights", "weights"])
def sample_weight(request, table):
    return None if request.param == "equal weights" else weight_of(table[:, 0])


def assert_are_rows_of(table, X, sample_weight, is_weighted):
    """Values are those of the rows with their numbers, and so are the weights."""
    X, sample_weight = as_numpy(X), as_numpy(sample_weight)
    assert_array_equal(X, table[X[:, 0].astype(int) - 1])
    if is_weighted:
        assert_array_equal(sample_weight, weight_of(X[:, 0]))
    else:
        assert sample_weight is None


@every_kind
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shape_dtype_objective_and_threads(make, dtype, table):
    rows = make(table.astype(dtype))
    assert isinstance(rows, Rows)
    assert rows.shape == (N_ROWS, N_FEATURES)
    assert rows.dtype == dtype
    assert rows.kind in OBJECTIVES
    assert rows.kind in PASSES
    with rows.team() as team:
        assert isinstance(team, Team)


@every_kind
def test_hold_out_splits_all_rows_once_with_their_weights(make, table, sample_weight):
    def split(seed):
        rows = make(table, sample_weight)
        return rows.hold_out(0.3, np.random.RandomState(seed))

    parts = split(0)
    assert [part.shape for part in parts] == [(70, N_FEATURES), (30, N_FEATURES)]
    for part in parts:
        assert type(part) is type(make(table))
        assert_are_rows_of(table, part.X, part.sample_weight, sample_weight is not None)
    numbers = [as_numpy(part.X)[:, 0] for part in parts]
    assert_array_equal(np.sort(np.concatenate(numbers)), table[:, 0])
    again, other = split(0)[1], split(1)[1]
    assert_array_equal(as_numpy(again.X)[:, 0], numbers[1])
    assert set(as_numpy(other.X)[:, 0]) != set(numbers[1])


@every_kind
def test_sums_do_not_need_rows_of_weight_zero(make, table):
    weights = weight_of(table[:, 0])
    rows = make(table, weights).of_positive_weight()
    assert_are_rows_of(table, rows.X, rows.sample_weight, is_weighted=True)
    X, kept = as_numpy(rows.X), as_numpy(rows.sample_weight)
    assert np.count_nonzero(kept) == 80
    assert_allclose(kept.sum(), weights.sum())
    assert_allclose(kept @ X, weights @ table)
    assert_allclose(kept @ X**2, weights @ table**2)


@with_mini_batches
def test_rows_of_weight_zero_are_removed(make, table):
    rows = make(table, weight_of(table[:, 0])).of_positive_weight()
    assert rows.shape == (80, N_FEATURES)
    assert rows.sample_weight.min() > 0
    assert rows.of_positive_weight() is rows
    unweighted = make(table)
    assert unweighted.of_positive_weight() is unweighted


@every_kind
@pytest.mark.parametrize("offset", [0, 1e5])
def test_moments_are_those_of_numpy(make, offset, table, sample_weight):
    mean, variance = make(table + offset, sample_weight).moments()
    covariance = np.cov(table.T, aweights=sample_weight, ddof=0)
    assert_allclose(mean, np.average(table, axis=0, weights=sample_weight) + offset)
    assert_allclose(variance, np.trace(covariance))
    assert mean.dtype == np.float64
    assert isinstance(variance, float)


@every_kind
def test_equal_rows_have_no_variance(make):
    mean, variance = make(np.full((N_ROWS, N_FEATURES), 0.1)).moments()
    assert_allclose(mean, 0.1)
    assert variance == 0


@every_kind
def test_a_sample_is_random_and_always_the_same(make, table, sample_weight):
    rows = make(table, sample_weight).of_positive_weight()
    n_rows = 100 if sample_weight is None else 80
    X, weights, fraction = rows.sample(20)
    assert isinstance(X, np.ndarray) or sparse.issparse(X)
    assert X.shape == (20, N_FEATURES)
    assert fraction == 20 / n_rows
    assert_are_rows_of(table, X, weights, sample_weight is not None)
    numbers = as_numpy(X)[:, 0]
    assert len(set(numbers)) == 20
    assert len(set(np.diff(numbers))) > 3  # neither the first rows nor every fifth
    if weights is not None:
        assert weights.min() > 0
    for other in (rows, make(table, sample_weight).of_positive_weight()):
        assert_array_equal(as_numpy(other.sample(20)[0])[:, 0], numbers)


@every_kind
def test_a_sample_of_few_rows_has_all_of_them(make, table):
    X, weights, fraction = make(table).sample(N_ROWS + 1)
    assert_array_equal(as_numpy(X), table)
    assert weights is None
    assert fraction == 1


def product_with(B):
    """A step that multiplies rows by B."""

    def step(X, out):
        out[...] = X @ B
        return out

    return step


@every_kind
@pytest.mark.parametrize("as_csr", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_apply_gives_the_results_of_each_row(make, dtype, as_csr, table, rng):
    B = rng.normal(size=(N_FEATURES, 6)).astype(dtype)
    rows = make(table.astype(dtype))
    results = rows.apply(product_with(rows.to_device(B)), 6, as_csr=as_csr)
    if hasattr(results, "compute"):
        assert results.chunks == (rows.X.chunks[0], (6,))
        results = results.compute()
    assert sparse.issparse(results) == as_csr
    assert results.shape == (N_ROWS, 6)
    results = as_numpy(results)
    assert results.dtype == dtype
    expected = np.einsum("ij,jk->ik", table, B)
    assert_allclose(results, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("make", [in_memory, in_csr])
def test_apply_in_blocks_and_threads(make, table, rng, monkeypatch):
    from skl_sparse_ae._arrays._blocks import blocks

    lengths = []

    def step(X, out):
        lengths.append(X.shape[0])
        return product_with(B)(X, out)

    monkeypatch.setattr("skl_sparse_ae._arrays._team.WORK_PER_THREAD", 1)
    monkeypatch.setattr(
        "skl_sparse_ae._rows._mapping.blocks",
        lambda start, stop, row_bytes: blocks(start, stop, row_bytes, 7 * row_bytes),
    )
    monkeypatch.setattr(InMemory, "team", lambda self: Team(2))
    B = rng.normal(size=(N_FEATURES, 6))
    for as_csr in (False, True):
        lengths.clear()
        results = as_numpy(make(table).apply(step, 6, as_csr=as_csr))
        assert_allclose(results, np.einsum("ij,jk->ik", table, B))
        assert max(lengths) <= 7
        assert sum(lengths) == N_ROWS


@every_kind
def test_corrupted_is_a_copy(make, table, rng):
    rows = make(table)
    inputs = rows.corrupted(lambda X, rng: masking(X, rng, level=0.5), rng)
    assert type(inputs) is type(rows.X)
    inputs = as_numpy(inputs)
    is_kept = inputs != 0
    assert_array_equal(inputs[is_kept], table[is_kept])
    assert 0.35 < is_kept.sum() / np.count_nonzero(table) < 0.65
    assert_array_equal(as_numpy(rows.X), table)


@every_kind
def test_parameters_are_moved_to_the_rows(make, table, rng):
    rows = make(table)
    vector = rng.normal(size=5)
    moved = rows.to_device(vector)
    assert_array_equal(as_numpy(moved), vector)
    if make is on_device:
        assert moved.device == rows.X.device
    else:
        assert isinstance(moved, np.ndarray)


@with_mini_batches
def test_an_epoch_of_mini_batches_has_all_rows(make, table, sample_weight, rng):
    found = []
    for batch in make(table, sample_weight).batches(30, rng):
        if batch.load is not None:
            batch.load(slice(0, batch.X.shape[0]))
        assert batch.X.shape == (25, N_FEATURES)
        assert_are_rows_of(
            table, batch.X, batch.sample_weight, sample_weight is not None
        )
        found.append(as_numpy(batch.X)[:, 0].copy())
    assert_array_equal(np.sort(np.concatenate(found)), table[:, 0])


@with_mini_batches
def test_another_precision(make, table, sample_weight):
    rows = make(table, sample_weight).astype(np.float32)
    assert rows.dtype == np.float32
    assert as_numpy(rows.X).dtype == np.float32
    assert_allclose(as_numpy(rows.X), table, rtol=1e-6)
    assert rows.sample_weight is sample_weight


def test_rows_without_mini_batches(table, rng):
    rows = on_dask(table)
    assert not rows.has_mini_batches
    with pytest.raises(NotImplementedError, match="OnDask has no mini-batches"):
        rows.batches(10, rng)
    with pytest.raises(NotImplementedError, match="OnDask has no mini-batches"):
        rows.astype(np.float32)


def test_results_are_moved_to_the_callers_library(table, sample_weight, rng):
    moved = []

    def to_caller(value):
        moved.append(value)
        return value.tolist()

    rows = InMemory(table, sample_weight, to_caller)
    assert rows.to_caller(np.arange(2)) == [0, 1]
    train, test = rows.hold_out(0.5, rng)
    B = np.eye(N_FEATURES)
    for some in (rows.of_positive_weight(), rows.astype(np.float32), train, test):
        results = some.apply(product_with(B), N_FEATURES)
        assert isinstance(results, list)
        assert_allclose(results, as_numpy(some.X))
    assert len(moved) == 5
    assert sparse.issparse(rows.apply(product_with(B), N_FEATURES, as_csr=True))


@every_kind
def test_arrays_stay_without_a_library_to_move_to(make, table):
    value = np.arange(3.0)
    assert make(table).to_caller(value) is value
