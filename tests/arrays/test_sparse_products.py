"""Products with CSR matrices, against NumPy's with the same matrices as arrays."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skl_sparse_ae._arrays import _sparse_products
from skl_sparse_ae._arrays._sparse_products import add_outer, add_product, csr_rows


@pytest.fixture(params=["as SciPy multiplies", "without its function"])
def way(request, monkeypatch):
    """Both ways to add a product, whichever SciPy has."""
    if request.param == "without its function":
        monkeypatch.setattr(_sparse_products, "csr_matvecs", None)
    else:
        assert _sparse_products.csr_matvecs is not None


@pytest.fixture
def counts(rng):
    """Rows of which one is empty, and columns of which one is."""
    dense = rng.poisson(0.4, size=(11, 7)).astype(np.float64)
    dense[3] = dense[:, 5] = 0
    return dense


@pytest.mark.parametrize("index_dtype", [np.int32, np.int64])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_product_is_added(dtype, index_dtype, way, counts, rng):
    X = sparse.csr_array(counts, dtype=dtype)
    X.indices, X.indptr = X.indices.astype(index_dtype), X.indptr.astype(index_dtype)
    B, before = rng.normal(size=(7, 5)), rng.normal(size=(11, 5))
    out = before.astype(dtype)
    add_product(X, B.astype(dtype), out)
    eps = np.finfo(dtype).eps
    assert_allclose(out, before + counts @ B, rtol=0, atol=50 * eps)


@pytest.mark.parametrize("rows", [slice(0, 11), slice(0, 4), slice(3, 9), slice(5, 5)])
def test_product_with_some_rows(rows, way, counts, rng):
    B, out = rng.normal(size=(7, 5)), np.ones((rows.stop - rows.start, 5))
    add_product(sparse.csr_array(counts), B, out, rows)
    assert_allclose(out, 1 + counts[rows] @ B)


def test_product_of_unsorted_and_repeated_entries(way, rng):
    data, indices = np.array([1.0, 2.0, 4.0, 8.0]), np.array([2, 0, 2, 1])
    X = sparse.csr_array((data, indices, np.array([0, 3, 4])), shape=(2, 3))
    B, out = rng.normal(size=(3, 4)), np.zeros((2, 4))
    add_product(X, B, out)
    assert_allclose(out, [[2, 0, 5], [0, 8, 0]] @ B)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("out_dtype", [np.float32, np.float64])
def test_product_is_added_wherever_it_goes(out_dtype, order, way, counts, rng):
    """To views, to other orders and to other precisions than those of the factors."""
    X = sparse.csr_array(counts, dtype=np.float32)
    B = np.asfortranarray(rng.normal(size=(7, 6)).astype(np.float32))[:, 1:4]
    whole = np.ones((13, 8), out_dtype, order=order)
    add_product(X, B, whole[1:12, 2:5])
    expected = np.ones((13, 8))
    expected[1:12, 2:5] += counts @ B
    assert_allclose(whole, expected, rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("out_dtype", [np.float32, np.float64])
def test_outer_product_is_added(out_dtype, dtype, way, rng):
    column, row = rng.normal(size=6).astype(dtype), rng.normal(size=3).astype(dtype)
    before = rng.normal(size=(6, 3)).astype(out_dtype)
    out = before.copy()
    add_outer(column, row, out)
    assert_allclose(out, before + column[:, None] * row, rtol=1e-5)
    columns = np.zeros((6, 7), out_dtype)
    add_outer(column, row, columns[:, ::3])
    assert_allclose(columns[:, ::3], column[:, None] * row, rtol=1e-6)
    assert_array_equal(columns[:, [1, 2, 4, 5]], 0)


@pytest.mark.parametrize("rows", [slice(0, 11), slice(0, 4), slice(3, 9), slice(5, 5)])
def test_rows_of_a_matrix(rows, counts):
    assert_array_equal(csr_rows(sparse.csr_array(counts), rows).toarray(), counts[rows])
