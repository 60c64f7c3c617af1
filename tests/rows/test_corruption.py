import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae._rows._corruption import constant_columns, gaussian, masking


def test_masking_sets_a_fraction_of_entries_to_zero(rng):
    X = rng.uniform(1, 2, size=(300, 40)).astype(np.float32)
    corrupted = masking(X, rng, level=0.3)
    assert corrupted.dtype == np.float32
    assert_allclose(np.mean(corrupted == 0), 0.3, atol=0.02)
    assert_array_equal(corrupted[corrupted != 0], X[corrupted != 0])
    assert X.min() >= 1


def test_masking_sparse_rows_keeps_them_sparse(rng):
    X = sparse.csr_array(sparse.random(200, 50, density=0.2, random_state=0))
    corrupted = masking(X, rng, level=0.5)
    assert sparse.issparse(corrupted)
    kept = corrupted.toarray() != 0
    assert_allclose(kept.sum() / X.nnz, 0.5, atol=0.03)
    assert_array_equal(corrupted.toarray()[kept], X.toarray()[kept])


def test_gaussian_noise_has_the_standard_deviation_given(rng):
    X = rng.uniform(size=(300, 40)).astype(np.float32)
    noise = gaussian(X, rng, level=0.5) - X
    assert noise.dtype == np.float32
    assert_allclose(noise.std(), 0.5, rtol=0.02)
    assert_allclose(noise.mean(), 0, atol=0.02)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_constant_columns_are_not_corrupted(container, rng):
    X = rng.uniform(1, 2, size=(200, 3))
    constant = np.array([False, True, False])
    corruptions = [masking] if container is sparse.csr_array else [masking, gaussian]
    for corrupt in corruptions:
        corrupted = corrupt(container(X), rng, level=0.5, constant=constant)
        if sparse.issparse(corrupted):
            corrupted = corrupted.toarray()
        is_changed = (corrupted != X).mean(axis=0)
        assert is_changed[1] == 0
        assert is_changed[[0, 2]].min() > 0.3


def test_constant_columns_are_those_that_stay_at_the_mean():
    limits = np.array([[1.0, 0.0, 2.0, 1e16, -3.0], [1.0, 0.0, 3.0, 1e16, -3.0]])
    mean = np.array([1 + 1e-15, 0.0, 2.0, 1e16, -2.0])
    expected = [True, False, False, True, False]
    assert_array_equal(constant_columns(limits, mean), expected)
    assert constant_columns(limits[:, [1, 2]], mean[[1, 2]]) is None


def test_gaussian_noise_refuses_sparse_rows():
    autoencoder = SparseAutoencoder(3, corruption="gaussian")
    with pytest.raises(ValueError, match="corruption='masking'"):
        autoencoder.fit(sparse.csr_array(np.eye(10)))


def test_masking_everything_is_refused(digits):
    with pytest.raises(ValueError, match="corruption_level=1.0.*below 1"):
        SparseAutoencoder(3, corruption="masking", corruption_level=1.0).fit(digits)


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize("corruption", ["masking", "gaussian"])
def test_a_level_of_zero_changes_nothing(solver, corruption, digits):
    parameters = {"solver": solver, "tol": 0.1, "random_state": 0}
    plain = SparseAutoencoder(5, **parameters).fit(digits)
    noisy = SparseAutoencoder(
        5, corruption=corruption, corruption_level=0, **parameters
    ).fit(digits)
    assert_allclose(noisy.score(digits), plain.score(digits), atol=0.02)


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize(("corruption", "level"), [("masking", 0.5), ("gaussian", 0.4)])
def test_training_on_noise_helps_against_noise(solver, corruption, level, digits, rng):
    noisy = {"masking": masking, "gaussian": gaussian}[corruption](digits, rng, level)

    def error(**parameters):
        autoencoder = SparseAutoencoder(
            40, solver=solver, tol=0.004, alpha=1e-4, random_state=0, **parameters
        ).fit(digits[:1200])
        code = autoencoder.transform(noisy[1200:])
        return np.mean((autoencoder.inverse_transform(code) - digits[1200:]) ** 2)

    assert error(corruption=corruption, corruption_level=level) < 0.8 * error()


def test_a_linear_denoiser_is_ridge_regression(rng):
    # With linear units as many as columns and fresh noise of variance v, the best map
    # from x + noise to x is C (C + v I)^-1 on centred rows.
    X = rng.normal(size=(3000, 4)) * [2.0, 1.0, 0.5, 0.3]
    autoencoder = SparseAutoencoder(
        4,
        penalty=None,
        activation="identity",
        alpha=0,
        corruption="gaussian",
        corruption_level=0.7,
        solver="adam",
        max_iter=300,
        learning_rate_init=0.01,
        tol=1e-5,
        random_state=0,
    )
    autoencoder.fit(X)
    covariance = np.cov(X.T, bias=True)
    expected = covariance @ np.linalg.inv(covariance + 0.7**2 * np.eye(4))
    learned = autoencoder.encoder_coef_ @ autoencoder.components_
    assert_allclose(learned, expected, atol=0.03)
