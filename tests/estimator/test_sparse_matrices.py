"""SciPy's sparse matrices and arrays as X and as codes."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import config_context, get_config
from sklearn.base import clone

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae._penalties._registry import PENALTIES

from .short_fits import make_short, short


@short
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize(
    "container",
    [sparse.csr_array, sparse.csr_matrix, sparse.csc_array, sparse.coo_array],
)
def test_sparse_rows_give_what_dense_rows_give(container, solver, X):
    dense = make_short(solver=solver).fit(X)
    autoencoder = make_short(solver=solver).fit(container(X))
    rows = container(X)
    assert_allclose(autoencoder.transform(rows), dense.transform(X), atol=1e-8)
    assert_allclose(autoencoder.score(rows), dense.score(X))
    assert_allclose(autoencoder.objective(rows), dense.objective(X))


@short
def test_csr_with_duplicate_and_unsorted_entries(X):
    clean = sparse.csr_array(X)
    order = np.concatenate(
        [np.tile(np.arange(b - 1, a - 1, -1), 2) for a, b in pairwise(clean.indptr)]
    )
    messy = sparse.csr_array(
        (clean.data[order] / 2, clean.indices[order], 2 * clean.indptr), shape=X.shape
    )
    assert not messy.has_canonical_format
    before = messy.nnz
    fitted, expected = make_short().fit(messy), make_short().fit(clean)
    assert_allclose(fitted.beta_, expected.beta_)
    assert_allclose(fitted.score(messy), expected.score(X))
    assert_allclose(fitted.transform(messy), expected.transform(X), atol=1e-8)
    assert messy.nnz == before


def with_wide_indices(X):
    X = sparse.csr_array(X)
    wide = (X.data, X.indices.astype(np.int64), X.indptr.astype(np.int64))
    return sparse.csr_array(wide, shape=X.shape)


@short
@pytest.mark.parametrize("out_activation", ["identity", "logistic"])
@pytest.mark.parametrize(
    "make",
    [
        sparse.csr_array,
        sparse.csr_matrix,
        sparse.csc_array,
        sparse.csc_matrix,
        sparse.coo_array,
        sparse.coo_matrix,
        with_wide_indices,
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_sparse_rows_of_every_kind_fit_as_dense_ones(make, dtype, out_activation):
    counts = np.random.RandomState(0).poisson(0.3, size=(60, 20)).astype(dtype)
    if out_activation == "logistic":
        counts = counts.clip(max=1)
    autoencoder = make_short(6, max_iter=8, out_activation=out_activation)
    expected = clone(autoencoder).fit(counts)
    rows = make(counts)
    before = rows.copy()
    fitted = autoencoder.fit(rows)
    assert (rows != before).nnz == 0
    assert fitted.components_.dtype == expected.components_.dtype
    precision = 1e-3 if dtype == np.float32 else 1e-8
    assert_allclose(fitted.loss_curve_, expected.loss_curve_, rtol=precision)
    assert_allclose(fitted.score(rows), expected.score(counts), rtol=precision)
    code = fitted.transform(rows)
    assert_allclose(code, expected.transform(counts), rtol=precision, atol=precision)
    assert_allclose(fitted.objective(rows), expected.objective(counts), rtol=precision)


@short
@pytest.mark.parametrize("penalty", PENALTIES)
def test_sparse_rows_in_batches_fit_as_dense_ones(penalty):
    counts = np.random.RandomState(0).poisson(0.3, size=(90, 20)).astype(float)
    autoencoder = make_short(6, penalty=penalty, solver="adam", batch_size=32)
    expected = clone(autoencoder).fit(counts)
    fitted = autoencoder.fit(sparse.csr_array(counts))
    assert_allclose(fitted.loss_curve_, expected.loss_curve_, rtol=1e-6)


@short
def test_inverse_transform_takes_sparse_codes(X):
    autoencoder = make_short(30, penalty="topk").fit(X)
    code = autoencoder.transform(X)
    dense = autoencoder.inverse_transform(code)
    assert_allclose(autoencoder.inverse_transform(sparse.csr_array(code)), dense)


@pytest.mark.parametrize("interface", ["spmatrix", "sparray"])
def test_sparse_output_is_the_same_code_as_csr(interface, digits):
    autoencoder = SparseAutoencoder(50, penalty="topk", rho=0.06, random_state=0)
    dense = autoencoder.fit_transform(digits)
    autoencoder.set_params(sparse_output=True)
    setting = {"sparse_interface": interface}
    if not setting.keys() <= get_config().keys():  # scikit-learn before 1.9
        if interface == "sparray":
            pytest.skip("needs scikit-learn 1.9")
        setting = {}
    with config_context(**setting):
        code = autoencoder.transform(digits)
    assert isinstance(code, sparse.sparray) == (interface == "sparray")
    assert code.format == "csr"
    assert code.nnz == np.count_nonzero(dense) <= 3 * len(digits)
    assert_array_equal(code.toarray(), dense)
    rows = autoencoder.inverse_transform(code)
    assert_allclose(rows, autoencoder.inverse_transform(dense))


def test_inverse_transform_refuses_sparse_codes_of_the_wrong_width(X):
    autoencoder = SparseAutoencoder(8, random_state=0).fit(X)
    with pytest.raises(ValueError, match="X has 5 columns"):
        autoencoder.inverse_transform(sparse.csr_array(np.ones((2, 5))))


@short
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_stored_zeros_are_as_absent_ones_for_noise(solver, X):
    stored = sparse.csr_array(np.where(X == 0, 7.0, X))
    stored.data[stored.data == 7.0] = 0.0
    assert stored.nnz > np.count_nonzero(X)
    before = stored.copy()
    noisy = {"corruption": "masking", "solver": solver}
    expected = make_short(**noisy).fit(sparse.csr_array(X))
    autoencoder = make_short(**noisy).fit(stored)
    assert_array_equal(autoencoder.components_, expected.components_)
    assert_array_equal(stored.data, before.data)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_rows_without_entries(penalty, X):
    # A vocabulary of which no document has a word.
    empty = sparse.csr_array((50, 20))
    autoencoder = SparseAutoencoder(5, penalty=penalty, random_state=0).fit(empty)
    assert autoencoder.score(empty) == 1
    rows = autoencoder.inverse_transform(autoencoder.transform(empty))
    assert_array_equal(rows, np.zeros((50, 20)))
    assert autoencoder.transform(empty).shape == (50, 5)
    with pytest.raises(ValueError, match="no variance"):
        SparseAutoencoder(5, penalty=penalty).partial_fit(empty)
    stream = SparseAutoencoder(5, penalty=penalty, random_state=0).partial_fit(X)
    stream.partial_fit(sparse.csr_array((50, 64)))
    assert np.isfinite(stream.components_).all()


@short
def test_noise_on_full_columns_with_an_offset(rng):
    # All entries are stored, so that the noise is that of dense rows.
    X = rng.normal(size=(60, 5)) + 100
    noisy = {"corruption": "masking", "corruption_level": 0.1, "max_iter": 3}
    dense = make_short(3, solver="lbfgs", **noisy).fit(X)
    autoencoder = make_short(3, solver="lbfgs", **noisy).fit(sparse.csr_array(X))
    assert_allclose(autoencoder.loss_curve_, dense.loss_curve_, rtol=1e-6)
    assert_allclose(autoencoder.transform(X), dense.transform(X), atol=1e-5)


@short
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_rows_whose_squares_overflow_have_no_score(dtype, container, X):
    # With rectified units, J of CSR is a difference of infinite terms, and no number.
    X = X.astype(dtype)
    autoencoder = make_short(penalty="l1").fit(container(X))
    rows = container(X * dtype(np.finfo(dtype).max ** 0.6))
    for method in (autoencoder.score, autoencoder.objective):
        with (
            np.errstate(over="ignore", invalid="ignore"),
            pytest.raises(ValueError, match="J of these rows overflows in float"),
        ):
            method(rows)
