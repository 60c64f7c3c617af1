"""What a fit learns, compared with PCA and between parameter values."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import subspace_angles
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder, TopK
from skl_sparse_ae._penalties._registry import PENALTIES

from .short_fits import make_short, short


def test_a_linear_autoencoder_spans_the_subspace_of_pca(digits):
    pca = PCA(10).fit(digits)
    autoencoder = SparseAutoencoder(
        10,
        penalty=None,
        activation="identity",
        alpha=0,
        tol=1e-7,
        max_iter=2000,
        random_state=0,
    ).fit(digits)
    assert_allclose(
        autoencoder.score(digits), pca.explained_variance_ratio_.sum(), atol=1e-3
    )
    angles = subspace_angles(autoencoder.components_.T, pca.components_.T)
    assert np.rad2deg(angles.max()) < 2


def test_score_is_pcas_explained_variance_where_both_are_the_same_map(digits):
    pca = PCA(5).fit(digits)
    autoencoder = make_short(5, penalty=None, activation="identity")
    with pytest.warns(ConvergenceWarning):
        autoencoder.fit(digits)
    autoencoder.components_ = pca.components_
    autoencoder.encoder_coef_ = pca.components_.T
    autoencoder.encoder_intercept_ = -pca.mean_ @ pca.components_.T
    autoencoder.decoder_intercept_ = pca.mean_
    expected = pca.explained_variance_ratio_.sum()
    assert_allclose(autoencoder.score(digits), expected, rtol=1e-12)
    assert_allclose(autoencoder.transform(digits), pca.transform(digits), atol=1e-12)
    again = autoencoder.inverse_transform(pca.transform(digits))
    assert_allclose(again, pca.inverse_transform(pca.transform(digits)), atol=1e-12)


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize("activation", ["logistic", "tanh"])
def test_kl_brings_units_to_the_target(solver, activation, digits):
    autoencoder = SparseAutoencoder(
        20,
        rho=0.05,
        beta=30.0,
        activation=activation,
        solver=solver,
        tol=1e-3,
        learning_rate_init=0.005,
        batch_size=64,
        random_state=0,
    ).fit(digits)
    assert_allclose(autoencoder.mean_activation_, 0.05, atol=0.01)
    code = autoencoder.transform(digits)
    mean = (
        code.mean(axis=0) if activation == "logistic" else (code.mean(axis=0) + 1) / 2
    )
    assert_allclose(autoencoder.mean_activation_, mean, rtol=1e-6)


def test_both_solvers_reach_the_same_objective(digits):
    parameters = {"n_components": 20, "rho": 0.05, "beta": 1.0, "tol": 1e-3}
    parameters["random_state"] = 0
    lbfgs = SparseAutoencoder(solver="lbfgs", **parameters).fit(digits)
    adam = SparseAutoencoder(
        solver="adam", learning_rate_init=0.01, batch_size=64, **parameters
    ).fit(digits)
    assert_allclose(adam.objective(digits), lbfgs.objective(digits), rtol=0.05)


def test_a_larger_beta_gives_a_sparser_code(digits):
    densities = [
        SparseAutoencoder(20, penalty="l1", beta=beta, random_state=0)
        .fit(digits)
        .mean_activation_.sum()
        for beta in (0.001, 0.01, 0.1)
    ]
    assert densities[0] > densities[1] > densities[2]


def test_topk_code_has_at_most_k_active_units(digits):
    autoencoder = make_short(30, penalty="topk", rho=0.1, max_iter=20)
    with pytest.warns(ConvergenceWarning):
        code = autoencoder.fit_transform(digits)
    active = np.count_nonzero(code, axis=1)
    assert active.max() == 3


@short
def test_topk_may_encode_with_more_units_than_it_trained_with(digits):
    few, many = (
        make_short(30, penalty=TopK(rho=0.1, transform_factor=factor), max_iter=20).fit(
            digits
        )
        for factor in (1.0, 3.0)
    )
    assert_array_equal(few.components_, many.components_)
    assert np.count_nonzero(few.transform(digits), axis=1).max() == 3
    assert 3 < np.count_nonzero(many.transform(digits), axis=1).max() <= 9
    assert many.score(digits) == few.score(digits)


@short
def test_starting_with_more_units_leaves_fewer_dead_and_explains_more(digits):
    def dead_and_score(start_rho):
        penalty = TopK(rho=0.02, start_rho=start_rho)
        autoencoder = make_short(200, penalty=penalty, max_iter=20, batch_size=16)
        code = autoencoder.fit_transform(digits)
        assert np.count_nonzero(code, axis=1).max() == 4
        return np.count_nonzero(code.max(axis=0) <= 0), autoencoder.score(digits)

    dead, score = dead_and_score(0.1)
    dead_at_once, score_at_once = dead_and_score(0.02)
    assert dead < dead_at_once - 10
    assert score > score_at_once + 0.003


@pytest.mark.parametrize(
    "penalty",
    [
        # On 150 rows, its thresholds may take more epochs than the default allows.
        pytest.param(name, marks=short if name == "jumprelu" else [])
        for name in PENALTIES
    ],
)
def test_the_defaults_reconstruct_small_and_large_tables(penalty):
    iris = StandardScaler().fit_transform(load_iris().data)
    digits = load_digits().data / 16
    for data, enough in ((iris, 0.9), (digits, 0.7)):
        autoencoder = SparseAutoencoder(penalty=penalty, random_state=0)
        assert autoencoder.fit(data).score(data) > enough


@pytest.mark.parametrize("penalty", ["kl", "contractive", None])
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_single_precision_without_decay_of_many_units(solver, penalty, rng):
    """Rounding makes eigenvalues of the covariance of so many codes negative."""
    X = rng.randn(1000, 5) @ rng.randn(5, 20) + 0.3 * rng.randn(1000, 20)
    autoencoder = SparseAutoencoder(
        200, penalty=penalty, alpha=0, solver=solver, random_state=0
    ).fit(X.astype(np.float32))
    assert autoencoder.score(X) > 0.999
    assert min(autoencoder.loss_curve_) >= 0
    for chunk in np.array_split(X.astype(np.float32), 30):
        autoencoder.partial_fit(chunk)
    assert autoencoder.score(X) > 0.99
