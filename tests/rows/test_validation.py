"""Checks of rows in memory, on a device and of their weights."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae._rows import check_code, check_rows
from skl_sparse_ae._rows._in_memory import InMemory

from ..array_api import run_in_array_api_mode

N_ROWS, N_FEATURES = 100, 4


@pytest.fixture
def table(rng):
    X = rng.normal(3, 1, size=(N_ROWS, N_FEATURES))
    return X * (rng.uniform(size=X.shape) < 0.5)


@pytest.fixture
def weights():
    return np.arange(N_ROWS) % 5 / 4


def as_dense(X):
    return X.toarray() if sparse.issparse(X) else X


def checked(X, sample_weight=None, reset=True, method="fit"):
    estimator = SparseAutoencoder(3)
    estimator.n_features_in_ = N_FEATURES
    estimator.components_ = np.empty((3, N_FEATURES))
    return check_rows(estimator, X, sample_weight, method=method, reset=reset)


@pytest.mark.parametrize(
    ("container", "dtype"),
    [
        (np.asarray, np.float32),
        (np.asfortranarray, np.float64),
        (np.ndarray.tolist, np.float64),
        (lambda X: X.astype(int), np.float64),
        (sparse.csr_array, np.float32),
        (sparse.csc_matrix, np.float64),
        (sparse.coo_array, np.float64),
    ],
)
def test_rows_in_memory_are_c_ordered_or_csr(container, dtype, table):
    X = np.round(table).astype(dtype)
    rows = checked(container(X))
    assert type(rows) is InMemory
    assert rows.dtype == dtype
    assert_array_equal(as_dense(rows.X), X)
    if sparse.issparse(container(X)):
        assert rows.X.format == "csr"
        assert rows.X.has_canonical_format
    else:
        assert rows.X.flags.c_contiguous
    assert rows.sample_weight is None


def test_entries_that_are_stored_twice_are_added_up():
    indices, indptr = np.array([1, 1, 0]), np.array([0, 2, 3])
    X = sparse.csr_array((np.array([1.0, 2.0, 4.0]), indices, indptr), shape=(2, 4))
    rows = checked(X)
    assert_array_equal(rows.X.data, [3, 4])
    assert_array_equal(as_dense(rows.X), [[0, 3, 0, 0], [4, 0, 0, 0]])
    assert_array_equal(X.data, [1, 2, 4])


def test_the_largest_weight_becomes_one(table):
    weights = [1e308] + [0.5e308] * 98 + [0.0]
    rows = checked(table, weights)
    assert_array_equal(rows.sample_weight, [1] + [0.5] * 98 + [0])
    rows = checked(table.astype(np.float32), np.arange(100))
    assert rows.sample_weight.dtype == np.float32
    assert_allclose(rows.sample_weight, np.arange(100) / 99, rtol=1e-6)


def test_reset_returns_the_number_of_features(table):
    estimator = SparseAutoencoder(3)
    rows = check_rows(estimator, table, method="fit", reset=True)
    assert rows.columns == {"n_features_in_": N_FEATURES}
    assert not hasattr(estimator, "n_features_in_")
    with pytest.raises(ValueError, match=r"2 features.*expecting 4"):
        checked(table[:, :2], method="transform", reset=False)


def with_nan(X):
    X = X.copy()
    X[3, 1] = np.nan
    return X


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (with_nan, "NaN"),
        (lambda X: sparse.csr_array(with_nan(X)), "NaN"),
        (lambda X: X / 0, "NaN|infinity"),
        (lambda X: X[0], "1D array"),
        (lambda X: X[:0], r"0 sample\(s\)"),
        (lambda X: X + 1j, "Complex data not supported"),
        (lambda X: np.char.add(X.astype(str), "a"), "could not convert"),
    ],
)
@pytest.mark.filterwarnings("ignore:(invalid|divide):RuntimeWarning")
def test_rows_that_cannot_be_used(change, message, table):
    with pytest.raises(ValueError, match=message):
        checked(change(table))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w[1:], "99"),
        (lambda w: w[:, None], r"\(100, 1\), expected \(100,\)"),
        (lambda w: w - 0.1, "[Nn]egative values"),
        (lambda w: np.where(w > 0.5, np.nan, w), "NaN"),
        (lambda w: 0 * w, "zero|positive"),
    ],
)
def test_weights_that_cannot_be_used(change, message, table, weights):
    with pytest.raises(ValueError, match=message):
        checked(table, change(weights))


def test_code_may_be_dense_or_sparse(table):
    estimator = SparseAutoencoder(3)
    estimator.components_ = np.empty((3, N_FEATURES))
    for container in (np.asarray, sparse.csr_array, sparse.csc_array):
        rows = check_code(estimator, container(table))
        assert type(rows) is InMemory
        assert_array_equal(as_dense(rows.X), table)
    with pytest.raises(ValueError, match="NaN"):
        check_code(estimator, with_nan(table))


SCRIPT = """
import array_api_strict as xp
import numpy as np
from sklearn import config_context
from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae._rows import check_rows

X = np.arange(12.0).reshape(4, 3)
weights = np.array([1.0, 0.0, 2.0, 4.0])

def step(X, out):
    out[...] = X
    return out

def check(device, estimator=SparseAutoencoder(2), **options):
    device = xp.Device(device)
    rows = check_rows(
        estimator, xp.asarray(X, device=device), xp.asarray(weights, device=device),
        method="fit", reset=True, **options,
    )
    assert isinstance(rows.sample_weight, np.ndarray)
    assert rows.sample_weight.tolist() == [0.25, 0, 0.5, 1]
    returned = rows.to_caller(np.ones(2))
    assert isinstance(returned, type(xp.ones(2)))
    assert returned.device == device
    assert rows.apply(step, 3).device == device
    print(type(rows).__name__, type(rows.X).__name__)

with config_context(array_api_dispatch=True):
    check("CPU_DEVICE")
    check("device1")
    check("device1", may_stay_on_device=False)
    try:
        check("device1", SparseAutoencoder(2, engine="numba"))
    except ValueError as error:
        print(error)
"""


def test_arrays_of_another_library_stay_on_their_device_and_come_back():
    output, errors = run_in_array_api_mode(SCRIPT)
    in_cpu, on_the_device, moved, *message = output.splitlines() or [errors]
    assert in_cpu == "InMemory ndarray", errors
    assert on_the_device == "OnDevice DeviceArray"
    assert moved == "InMemory ndarray"
    assert "engine='numba' works on arrays in the CPU's memory" in message[0]


@pytest.mark.parametrize("method", ["fit", "transform"])
def test_csr_with_indices_of_two_dtypes(method, table):
    X = sparse.csr_array(table)
    X.indptr = X.indptr.astype(np.int64)
    rows = checked(X, reset=method == "fit", method=method).X
    assert rows.indptr.dtype == rows.indices.dtype
    assert_array_equal(rows.toarray(), table)
    X = sparse.csr_array(table)
    X.indices = X.indices.astype(np.int64)
    assert_array_equal(checked(X).X.toarray(), table)
    assert_array_equal(check_code(SparseAutoencoder(3), X).X.toarray(), table)


@pytest.mark.parametrize("dtype", [bool, int, np.uint8, np.float32, float])
def test_sparse_columns_of_pandas(dtype):
    pandas = pytest.importorskip("pandas")
    frame = pandas.get_dummies(pandas.Series(list("abcabc")), sparse=True, dtype=dtype)
    rows = checked(frame).X
    assert rows.dtype.kind == "f"
    # Before 1.9, scikit-learn makes columns of bool dense.
    rows = rows.toarray() if sparse.issparse(rows) else rows
    assert_array_equal(rows, np.tile(np.eye(3), (2, 1)))
    code = SparseAutoencoder(2, random_state=0, max_iter=50).fit_transform(frame)
    assert code.shape == (6, 2)
