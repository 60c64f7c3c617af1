"""Columns whose mean is large compared with their deviations from it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skl_sparse_ae import SparseAutoencoder

from .short_fits import SOLVED, make_short, short

CONTAINERS = [np.asarray, sparse.csr_array]
SETTINGS = [
    {},
    {"solver": "adam"},
    {"penalty": "l1"},
    {"tied_weights": True},
    {"tied_weights": True, "solver": "adam"},
]


@short
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("container", CONTAINERS)
def test_a_large_constant_column_does_not_matter(container, settings, digits):
    autoencoder = SparseAutoencoder(16, max_iter=50, random_state=0, **settings)
    expected = autoencoder.fit(container(digits)).score(container(digits))
    X = container(np.column_stack([digits, np.full(len(digits), 1e16)]))
    assert_allclose(autoencoder.fit(X).score(X), expected, atol=0.03)
    assert_array_equal(autoencoder.encoder_coef_[-1], 0)


CORRUPTED = [
    {"corruption": "masking"},
    {"corruption": "masking", "solver": "adam"},
    {"corruption": "masking", "penalty": "topk"},
    {"corruption": "masking", "penalty": "l1"},
    {"corruption": "gaussian"},
    {"corruption": "gaussian", "solver": "adam"},
]


@short
@pytest.mark.parametrize("constant", [1e6, -1e16])
@pytest.mark.parametrize("settings", CORRUPTED, ids=str)
@pytest.mark.parametrize("container", CONTAINERS)
def test_a_large_constant_column_is_not_corrupted(
    container, settings, constant, digits
):
    if container is sparse.csr_array and settings["corruption"] == "gaussian":
        pytest.skip("refused")
    autoencoder = SparseAutoencoder(16, max_iter=30, random_state=0, **settings)
    expected = autoencoder.fit(container(digits)).score(container(digits))
    X = container(np.column_stack([digits, np.full(len(digits), constant)]))
    assert_allclose(autoencoder.fit(X).score(X), expected, atol=0.03)


@short
def test_a_large_constant_column_of_a_corrupted_stream(digits):
    X = np.column_stack([digits, np.full(len(digits), 1e16)])
    plain, wide = (make_short(corruption="masking", penalty="l1") for _ in range(2))
    for rows in np.array_split(np.arange(len(X)), 30):
        plain.partial_fit(digits[rows])
        wide.partial_fit(X[rows])
    for i in range(3):  # a chunk of one row, of which all columns are constant
        plain.partial_fit(digits[i : i + 1])
        wide.partial_fit(X[i : i + 1])
    assert_allclose(wide.score(X), plain.score(digits), atol=0.05)


@short
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_constant_columns_are_no_variance_of_single_columns(dtype, digits):
    X = np.column_stack([np.full(len(digits), 1e16), digits]).astype(dtype)
    assert make_short().fit(X).score(X) > 0.3


def _smallest_gaps(autoencoder, X, offset):
    """The least difference between two units before their activation, for each row.

    J jumps where the selected units change, and searches by lines end at such jumps.
    There rounding decides which units are active, and J is either of two values.
    """
    coef, intercept = autoencoder.encoder_coef_, autoencoder.encoder_intercept_
    values = (X - offset) @ coef + (intercept + offset * coef.sum(axis=0))
    return np.diff(np.sort(values, axis=1), axis=1).min(axis=1)


@short
@pytest.mark.parametrize(("penalty", "solver"), SOLVED)
def test_sparse_rows_with_an_offset_give_j_of_dense_rows(penalty, solver):
    for seed in range(3):
        X = np.random.RandomState(seed).rand(100, 6) + 1e9
        autoencoder = make_short(3, penalty=penalty, solver=solver, max_iter=20)
        autoencoder.fit(sparse.csr_array(X))
        if autoencoder.penalty_.selects:
            X = X[_smallest_gaps(autoencoder, X, offset=1e9) > 1e-5]
            assert len(X) > 80
        assert_allclose(
            autoencoder.score(sparse.csr_array(X)), autoencoder.score(X), atol=1e-6
        )
        assert_allclose(
            autoencoder.objective(sparse.csr_array(X)),
            autoencoder.objective(X),
            rtol=1e-6,
        )
        assert 0 < autoencoder.score(X) <= 1


@short
def test_partial_fit_of_sparse_rows_with_an_offset(digits):
    dense, csr = make_short(), make_short()
    for chunk in np.array_split(digits + 1e9, 4):
        dense.partial_fit(chunk)
        csr.partial_fit(sparse.csr_array(chunk))
    assert_allclose(csr.loss_curve_, dense.loss_curve_, rtol=1e-4)


@pytest.mark.filterwarnings("ignore:.*lose their digits")
@short
@pytest.mark.parametrize("container", CONTAINERS)
def test_float32_rows_with_an_offset_lose_little(container):
    X = (np.random.RandomState(0).rand(500, 6) + 1e6).astype(np.float32)
    in_double = SparseAutoencoder(3, random_state=0).fit(X.astype(np.float64))
    autoencoder = SparseAutoencoder(3, random_state=0).fit(container(X))
    assert_allclose(autoencoder.loss_curve_[-1], in_double.loss_curve_[-1], rtol=0.02)
    # By the kernels of BLAS, the difference is up to 0.052.
    assert_allclose(autoencoder.score(container(X)), in_double.score(X), atol=0.08)
