import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.linalg import hadamard
from scipy.optimize import minimize_scalar
from sklearn.decomposition import NMF, PCA
from sklearn.metrics import mean_squared_error, r2_score

from skl_sparse_ae import SparseAutoencoder, metrics

CONTAINERS = [
    np.asarray,
    sparse.csr_array,
    sparse.csr_matrix,
    pd.DataFrame,
    lambda code: np.asarray(code, np.float32),
]

# Rows: one unit, two units of one size, none, three units. The last unit is dead, the
# second negative, none is always on.
CODE = np.array(
    [
        [3.0, 0.0, 0.0, 0.0],
        [2.0, -2.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0],
        [0.5, -1.0, 0.25, 0.0],
    ]
)


@pytest.fixture
def rows(rng):
    """Correlated rows with a mean, and a poor reconstruction of them."""
    X = rng.normal(size=(60, 5)) @ rng.normal(size=(5, 5)) + 3
    return X, X + rng.normal(size=X.shape)


# Variance explained


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


# Error of each feature


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


# Shrinkage


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
    # The common mean, far from zero, would hide it.
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


# Codes


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_code_by_hand(container):
    code = container(CODE)
    assert_array_equal(metrics.n_active_units(code), [1, 2, 0, 3])
    assert_array_equal(metrics.activation_density(code), [0.75, 0.5, 0.25, 0])
    assert_array_equal(metrics.mean_activation(code), [5.5 / 4, -0.75, 0.0625, 0])
    assert_array_equal(metrics.dead_units(code), [False, False, False, True])
    assert_array_equal(metrics.always_on_units(code), np.zeros(4, bool))


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_code_by_hand_with_a_threshold(container):
    # Strictly above: neither the 0.5 nor the negative activations count.
    code = container(CODE)
    assert_array_equal(metrics.n_active_units(code, threshold=0.5), [1, 1, 0, 0])
    density = metrics.activation_density(code, threshold=0.5)
    assert_array_equal(density, [0.5, 0, 0, 0])
    dead = metrics.dead_units(code, threshold=0.5)
    assert_array_equal(dead, [False, True, True, True])
    assert_array_equal(
        metrics.always_on_units(container(CODE[:2]), threshold=0), [True] + [False] * 3
    )


def test_entries_that_a_sparse_code_repeats_or_stores_as_zeros():
    # Row 0: unit 0 is 1 - 1, unit 1 is 2; row 1: unit 1 is stored, and zero.
    code = sparse.csr_matrix(
        ([1.0, -1.0, 2.0, 0.0], [0, 0, 1, 1], [0, 3, 4]), shape=(2, 2)
    )
    assert_array_equal(metrics.n_active_units(code), [1, 0])
    assert_array_equal(metrics.dead_units(code), [True, False])
    assert_array_equal(metrics.hoyer_sparsity(code), [1, 1])
    assert code.nnz == 4  # the caller's is left as it was


def test_sparse_codes_are_never_dense():
    # Dense, this would take 800 GB.
    shape = (1_000_000, 100_000)
    code = sparse.csr_array(([2.0, 3.0], ([0, 5], [7, 7])), shape=shape)
    assert metrics.n_active_units(code, threshold=2.5).sum() == 1
    assert_allclose(metrics.activation_density(code)[7], 2e-6)
    assert_allclose(metrics.mean_activation(code).sum(), 5e-6)
    assert metrics.dead_units(code).sum() == shape[1] - 1
    assert not metrics.always_on_units(code).any()
    assert_array_equal(metrics.hoyer_sparsity(code), 1)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize(
    "measure", [metrics.mean_activation, metrics.activation_density]
)
def test_weights_repeat_rows(measure, container):
    weight = np.array([2, 0, 1, 3])
    repeated = measure(container(np.repeat(CODE, weight, axis=0)))
    weighted = measure(container(CODE), sample_weight=5e307 * weight)
    assert_allclose(weighted, repeated)


def test_density_and_active_units_count_the_same(rng):
    code = sparse.csr_array(
        rng.uniform(size=(50, 9)) * (rng.uniform(size=(50, 9)) < 0.2)
    )
    density = metrics.activation_density(code)
    assert_allclose(density.sum(), metrics.n_active_units(code).mean())


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_a_logistic_code_by_hand(container):
    # The first unit is above its mean of 0.3 on one row, the second, of 0.2, on two;
    # the third is constant.
    code = container([[0.1, 0.3, 0.6], [0.1, 0.3, 0.6], [0.7, 0.0, 0.6]])
    assert_array_equal(metrics.n_active_units(code, threshold="mean"), [1, 1, 1])
    density = metrics.activation_density(code, threshold="mean")
    assert_allclose(density, [1 / 3, 2 / 3, 0])
    dead = metrics.dead_units(code, threshold="mean")
    assert_array_equal(dead, [False, False, True])
    by_unit = metrics.activation_density(code, threshold=[0.05, 0.5, 0.5])
    assert_array_equal(by_unit, [1, 0, 1])
    # On the first two rows, the mean of the first unit is 0.1 and it is constant.
    density = metrics.activation_density(
        code, threshold="mean", sample_weight=[1, 1, 0]
    )
    assert_array_equal(density, [0, 0, 0])


def test_no_default_unit_is_dead_though_few_have_positive_pre_activations(digits):
    autoencoder = SparseAutoencoder(random_state=0).fit(digits)
    code = autoencoder.transform(digits)
    z = digits @ autoencoder.encoder_coef_ + autoencoder.encoder_intercept_
    by_half = metrics.n_active_units(code, threshold=0.5)
    assert_array_equal(by_half, (z > 0).sum(axis=1))
    assert metrics.dead_units(code, threshold=0.5).mean() > 0.4
    assert not metrics.dead_units(code, threshold="mean").any()
    assert not metrics.always_on_units(code, threshold="mean").any()
    assert metrics.always_on_units(code).all()


@pytest.mark.parametrize("penalty", ["kl", "l1"])
def test_mean_activation_is_that_of_the_fit(penalty, digits):
    autoencoder = SparseAutoencoder(8, penalty=penalty, tol=0.05, random_state=0)
    code = autoencoder.fit_transform(digits)
    assert_allclose(metrics.mean_activation(code), autoencoder.mean_activation_)


def test_active_units_of_topk_and_nmf(digits):
    code = SparseAutoencoder(
        20, penalty="topk", rho=0.2, tol=0.1, random_state=0, sparse_output=True
    ).fit_transform(digits)
    assert metrics.n_active_units(code).max() == 4
    code = NMF(6, max_iter=1000, tol=1e-2).fit_transform(digits)
    assert_array_equal(metrics.n_active_units(code), np.count_nonzero(code, axis=1))


# Hoyer's sparsity


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("n_active", [1, 2, 5, 9])
def test_hoyer_sparsity_of_equal_activations(n_active, container):
    row = np.zeros((1, 9))
    row[0, :n_active] = -0.3
    expected = (3 - np.sqrt(n_active)) / (3 - 1)
    assert_allclose(metrics.hoyer_sparsity(container(row)), [expected], atol=1e-6)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_hoyer_sparsity_by_hand_of_rows_and_units(container):
    # (2 - 7 / 5) / (2 - 1) for 3, 4, 0, 0.
    code = np.array([[3.0, -4.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    assert_allclose(metrics.hoyer_sparsity(container(code)), [0.6, 1])
    assert_allclose(metrics.hoyer_sparsity(container(1e9 * code)), [0.6, 1])
    by_unit = metrics.hoyer_sparsity(container(code.T), axis=0)
    assert_allclose(by_unit, [0.6, 1])


@pytest.mark.parametrize("n_active", [1, 7])
def test_rounding_does_not_take_hoyer_sparsity_beyond_its_bounds(n_active, rng):
    code = np.zeros((200, 7))
    code[:, :n_active] = rng.normal(size=(200, 1))
    sparsity = metrics.hoyer_sparsity(code)
    assert_allclose(sparsity, {1: 1, 7: 0}[n_active], atol=1e-12)
    assert 0 <= sparsity.min() <= sparsity.max() <= 1


def test_hoyer_sparsity_of_one_unit():
    assert_array_equal(metrics.hoyer_sparsity([[2.0], [0.0]]), [0, 1])
    assert_array_equal(metrics.hoyer_sparsity([[2.0, 0.0]], axis=0), [0, 1])


# Coherence


@pytest.mark.parametrize(
    ("components", "expected"),
    [
        ([[1, 0], [0, 2], [-3, 4]], 0.8),
        ([[1, 2], [-3, -6]], 1),
        (np.eye(4), 0),
        ([[0, 0], [0, 0], [1, 1]], 0),
        ([[3, 4]], 0),
        ([[1e-100], [1e100]], 1),
    ],
)
def test_mutual_coherence_by_hand(components, expected):
    assert_allclose(metrics.mutual_coherence(components), expected)


@pytest.mark.parametrize("n", [4, 16, 64])
def test_coherence_of_spikes_and_walsh_functions(n):
    # Each atom of one basis has the same cosine with each of the other, 1 / sqrt(n),
    # which is the least that is possible for two orthonormal bases.
    components = np.vstack([np.eye(n), hadamard(n)])
    assert_allclose(metrics.mutual_coherence(components), 1 / np.sqrt(n))


def test_rounding_does_not_take_coherence_beyond_one(rng):
    for atom in rng.normal(size=(50, 7)):
        assert 1 - 1e-12 < metrics.mutual_coherence([atom, -3 * atom]) <= 1


def test_coherence_of_components(digits):
    assert metrics.mutual_coherence(PCA(8).fit(digits).components_) < 1e-12


# Bad input


@pytest.mark.parametrize(
    "measure",
    [
        metrics.variance_explained,
        metrics.mean_squared_error_per_feature,
        metrics.relative_reconstruction_bias,
    ],
)
def test_shapes_must_agree(measure):
    with pytest.raises(ValueError, match=r"X and X_hat .* \(3, 2\) and \(3, 1\)"):
        measure(np.ones((3, 2)), np.ones((3, 1)))
    with pytest.raises(ValueError, match="X_hat contains NaN"):
        measure(np.ones((1, 2)), [[1, np.nan]])
    with pytest.raises(ValueError, match="egative"):
        measure(np.eye(2), np.eye(2), sample_weight=[1, -1])


@pytest.mark.parametrize(
    "measure",
    [
        metrics.n_active_units,
        metrics.activation_density,
        metrics.dead_units,
        metrics.always_on_units,
    ],
)
def test_thresholds_that_cannot_be(measure):
    with pytest.raises(ValueError, match="threshold=-0.1 is below zero"):
        measure(sparse.csr_array(np.eye(2)), threshold=-0.1)
    with pytest.raises(ValueError, match="'threshold' parameter .* Got 'median'"):
        measure(np.eye(2), threshold="median")
    with pytest.raises(ValueError, match="Expected 2D array"):
        measure(np.ones(2))


def test_axis_is_0_or_1():
    with pytest.raises(ValueError, match="'axis' parameter .* Got 2"):
        metrics.hoyer_sparsity(np.eye(2), axis=2)


def test_the_module_is_there_without_another_import():
    command = "from skl_sparse_ae import metrics; metrics.variance_explained"
    subprocess.run([sys.executable, "-c", command], check=True)
