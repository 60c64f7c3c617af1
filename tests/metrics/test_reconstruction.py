import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from scipy.optimize import minimize_scalar
from sklearn.decomposition import PCA
from sklearn.metrics import mean_squared_error, r2_score

from skl_sparse_ae import SparseAutoencoder, metrics


@pytest.fixture
def rows(rng):
    """Correlated rows with a mean, and a poor reconstruction of them."""
    X = rng.normal(size=(60, 5)) @ rng.normal(size=(5, 5)) + 3
    return X, X + rng.normal(size=X.shape)


def test_variance_explained_is_a_ratio_of_sums():
    # Errors 0 and 4 + 4, deviations from the mean (10, 1): the mean of the ratios of
    # the two columns, 1 and -1, would be 0.
    X = np.array([[0.0, 0.0], [20.0, 2.0]])
    X_hat = np.array([[0.0, 2.0], [20.0, 0.0]])
    expected = 1 - 8 / (2 * 10**2 + 2 * 1**2)
    assert_allclose(metrics.variance_explained(X, X_hat), expected)


@pytest.mark.parametrize("n_components", [1, 10, 64])
def test_variance_explained_by_pca_is_the_sum_of_its_ratios(n_components, digits):
    pca = PCA(n_components).fit(digits)
    explained = metrics.variance_explained(
        digits, pca.inverse_transform(pca.transform(digits))
    )
    assert_allclose(explained, pca.explained_variance_ratio_.sum())


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("penalty", ["kl", "topk"])
def test_variance_explained_is_the_score(penalty, container, weighted, digits, rng):
    X = container(digits)
    weight = rng.uniform(size=len(digits)) if weighted else None
    autoencoder = SparseAutoencoder(
        9, penalty=penalty, solver="adam", tol=0.1, random_state=0
    ).fit(X)
    X_hat = autoencoder.inverse_transform(autoencoder.transform(X))
    assert_allclose(
        metrics.variance_explained(X, X_hat, sample_weight=weight),
        autoencoder.score(X, sample_weight=weight),
    )


def test_variance_explained_agrees_with_r2_score(rows, rng):
    weight = rng.uniform(size=60)
    expected = r2_score(*rows, sample_weight=weight, multioutput="variance_weighted")
    assert_allclose(metrics.variance_explained(*rows, sample_weight=weight), expected)


def test_errors_in_columns_without_variance_count():
    X, X_hat = [[0.0, 5.0], [2.0, 5.0]], [[0.0, 6.0], [2.0, 5.0]]
    assert_allclose(metrics.variance_explained(X, X_hat), 1 - 1 / 2)


@pytest.mark.parametrize(("error", "expected"), [(0, 1), (1e-3, 0)])
def test_variance_explained_without_variance(error, expected):
    X = np.full((7, 2), 0.1)
    assert metrics.variance_explained(X, X + error) == expected


def test_reconstruction_by_the_mean_explains_nothing(rows, rng):
    X, weight = rows[0], rng.uniform(size=60)
    mean = np.average(X, axis=0, weights=weight)
    X_hat = np.broadcast_to(mean, X.shape)
    assert_allclose(
        metrics.variance_explained(X, X_hat, sample_weight=weight), 0, atol=1e-12
    )


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, pd.DataFrame])
def test_mean_squared_error_per_feature(container, rows, rng):
    X, X_hat = rows
    X = X * (rng.uniform(size=X.shape) < 0.3)
    weight = rng.uniform(size=60)
    expected = mean_squared_error(
        X, X_hat, sample_weight=weight, multioutput="raw_values"
    )
    actual = metrics.mean_squared_error_per_feature(
        container(X), X_hat, sample_weight=weight
    )
    assert_allclose(actual, expected)


def test_errors_add_up_to_the_objective(digits):
    autoencoder = SparseAutoencoder(
        5, penalty=None, alpha=0, tol=0.1, activation="identity", random_state=0
    ).fit(digits)
    X_hat = autoencoder.inverse_transform(autoencoder.transform(digits))
    errors = metrics.mean_squared_error_per_feature(digits, X_hat)
    assert_allclose(errors.sum() / 2, autoencoder.objective(digits))


@pytest.mark.parametrize("centered", [False, True])
def test_bias_is_where_the_rescaled_error_is_smallest(centered, rows, rng):
    X, X_hat = rows
    weight = rng.uniform(size=60)
    bias = metrics.relative_reconstruction_bias(
        X, X_hat, centered=centered, sample_weight=weight
    )
    if centered:
        X = X - np.average(X, axis=0, weights=weight)
        X_hat = X_hat - np.average(X_hat, axis=0, weights=weight)

    def error(g):
        return weight @ ((X_hat / g - X) ** 2).sum(axis=1)

    minimum = minimize_scalar(error, bounds=(0.1, 10), options={"xatol": 1e-10})
    assert_allclose(bias, minimum.x, rtol=1e-6)


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0, -1.0])
def test_bias_of_rescaled_deviations_is_the_factor(factor, rows):
    X, _ = rows
    mean = X.mean(axis=0)
    X_hat = mean + factor * (X - mean)
    assert_allclose(metrics.relative_reconstruction_bias(X, X_hat), factor)
    # Without centering, the large mean hides it.
    raw = metrics.relative_reconstruction_bias(X, X_hat, centered=False)
    assert_allclose(raw, np.sum(X_hat**2) / np.sum(X * X_hat))
    assert abs(raw - 1) < abs(factor - 1) or factor == 1


def test_bias_of_a_projection_is_one(digits):
    pca = PCA(7).fit(digits)
    X_hat = pca.inverse_transform(pca.transform(digits))
    assert_allclose(metrics.relative_reconstruction_bias(digits, X_hat), 1)


def test_bias_of_soft_thresholds():
    # The lasso with an orthonormal dictionary, here the axes, subtracts its weight:
    # 3 -> 2, 1 -> 0, -4 -> -3. The mean is zero.
    X = np.array([[3.0, 1.0], [-4.0, 0.0], [1.0, -1.0]])
    X_hat = np.array([[2.0, 0.0], [-3.0, 0.0], [0.0, 0.0]])
    bias = metrics.relative_reconstruction_bias(X, X_hat, centered=False)
    assert_allclose(bias, (4 + 9) / (6 + 12))


def test_stronger_l1_shrinks_more(digits):
    def bias(beta):
        autoencoder = SparseAutoencoder(
            20, penalty="l1", beta=beta, tol=0.01, random_state=0
        ).fit(digits)
        X_hat = autoencoder.inverse_transform(autoencoder.transform(digits))
        return metrics.relative_reconstruction_bias(digits, X_hat)

    weak, strong = bias(0.01), bias(0.3)
    assert strong < weak - 0.05 < 1


VARYING, CONSTANT = [[0.0, 2.0], [2.0, 2.0]], [[0.1, 0.1], [0.1, 0.1]]


@pytest.mark.parametrize(
    ("X", "X_hat", "expected"),
    [
        (VARYING, CONSTANT, 0),
        (CONSTANT, VARYING, np.inf),
        (CONSTANT, CONSTANT, 1),
        (VARYING, [[2.0, 0.0], [2.0, 2.0]], np.inf),  # not correlated
    ],
)
def test_bias_without_variance(X, X_hat, expected):
    assert metrics.relative_reconstruction_bias(X, X_hat) == expected


def test_rounding_of_constant_columns_is_no_variance(rng):
    X, X_hat, weight = (
        np.full((7, 2), 0.1),
        rng.normal(size=(7, 2)),
        rng.uniform(size=7),
    )
    bias = metrics.relative_reconstruction_bias(X, X_hat, sample_weight=weight)
    assert bias == np.inf


@pytest.mark.parametrize(
    ("X", "X_hat", "expected"),
    [
        (VARYING, np.zeros((2, 2)), 0),
        (np.zeros((2, 2)), VARYING, np.inf),
        (np.zeros((2, 2)), np.zeros((2, 2)), 1),
    ],
)
def test_bias_of_zeros(X, X_hat, expected):
    bias = metrics.relative_reconstruction_bias(X, X_hat, centered=False)
    assert bias == expected


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_missing_entries_do_not_count(container, rows, rng):
    X, X_hat = rows
    weight = rng.uniform(size=60)
    X[rng.uniform(size=X.shape) < 0.3] = np.nan
    observed, squares = ~np.isnan(X), (X - X_hat) ** 2
    share = weight[:, None] * observed
    means = np.average(np.where(observed, X, 0), axis=0, weights=share)
    total = np.nansum(weight[:, None] * (X - means) ** 2)
    given = container(X), container(X_hat)
    assert_allclose(
        metrics.variance_explained(*given, sample_weight=weight),
        1 - np.nansum(weight[:, None] * squares) / total,
    )
    errors = np.average(np.where(observed, squares, 0), axis=0, weights=share)
    assert_allclose(
        metrics.mean_squared_error_per_feature(*given, sample_weight=weight), errors
    )
    for centered in (True, False):
        entries = np.where(observed, X, 0), np.where(observed, X_hat, 0)
        if centered:
            entries = [
                np.where(observed, a - np.average(a, axis=0, weights=share), 0)
                for a in entries
            ]
        powers = np.sum(weight[:, None] * entries[1] ** 2)
        expected = powers / np.sum(weight[:, None] * entries[0] * entries[1])
        bias = metrics.relative_reconstruction_bias(
            *given, centered=centered, sample_weight=weight
        )
        assert_allclose(bias, expected)


def test_a_column_without_entries_has_no_error_of_its_own():
    X = np.array([[np.nan, 1.0], [np.nan, 3.0]])
    X_hat = np.array([[5.0, 1.0], [5.0, 2.0]])
    errors = metrics.mean_squared_error_per_feature(X, X_hat)
    assert_allclose(errors, [np.nan, 0.5])
    assert metrics.variance_explained(X, X_hat) == 0.5


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_variance_explained_of_rows_with_missing_entries_is_the_score(
    container, digits, rng
):
    X = np.where(rng.uniform(size=(200, 64)) < 0.3, np.nan, digits[:200])
    autoencoder = SparseAutoencoder(
        5, missing_values=np.nan, solver="adam", tol=0.1, random_state=0
    ).fit(X)
    X_hat = autoencoder.inverse_transform(autoencoder.transform(X))
    explained = metrics.variance_explained(container(X), X_hat)
    assert_allclose(explained, autoencoder.score(X))
