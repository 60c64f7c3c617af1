"""Data of any scale, and the defaults that adapt to it."""

import warnings
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning

from skl_sparse_ae import SparseAutoencoder


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_scale_of_x_hardly_matters_when_there_is_no_decay(scale, digits):
    reference = SparseAutoencoder(16, alpha=0, random_state=0).fit(digits)
    scaled = SparseAutoencoder(16, alpha=0, random_state=0).fit(scale * digits)
    assert_allclose(scaled.score(scale * digits), reference.score(digits), atol=0.01)
    assert_allclose(scaled.beta_, scale**2 * reference.beta_)


@pytest.mark.parametrize("scale", [0.01, 0.1, 1.0, 100.0])
def test_the_defaults_do_not_collapse_on_data_of_another_scale(scale, digits):
    autoencoder = SparseAutoencoder(16, random_state=0).fit(scale * digits)
    assert autoencoder.score(scale * digits) > 0.5


def test_the_defaults_do_not_collapse_on_small_columns_that_are_not_correlated(rng):
    X = 0.1 * rng.normal(size=(500, 20))
    assert SparseAutoencoder(20, random_state=0).fit(X).score(X) > 0.75


def principal_variance(X):
    """The mean of the principal variances, weighted by themselves."""
    values = np.linalg.eigvalsh(np.cov(X.T, ddof=0))
    return np.average(values, weights=values)


@pytest.mark.parametrize("unit", [0.01, 1.0, 30.0])
@pytest.mark.parametrize(
    ("params", "expected"),
    [
        # With few units there is more variance than P for each.
        ({"n_components": 4}, lambda P, V: (0.02 * P * V / 2, 0.001)),
        ({}, lambda P, V: (0.02 * P**2, 0.001)),
        ({"activation": "tanh"}, lambda P, V: (0.02 * P**2, 0.001)),
        ({"penalty": "l1"}, lambda P, V: (2e-5**0.5 * P, 2e-5**0.5 * P)),
        ({"penalty": "topk"}, lambda P, V: (5e-8**0.5 * P, 5e-8**0.5 * P)),
        ({"penalty": "batch_topk"}, lambda P, V: (5e-8**0.5 * P, 5e-8**0.5 * P)),
        ({"tied_weights": True}, lambda P, V: 2 * (min(0.001, 2e-5**0.5 * P),)),
    ],
)
def test_alpha_scale_follows_the_variances(params, expected, unit, rng):
    # One direction of large variance and, for each unit, two others.
    X = rng.normal(size=(400, 64))
    X = unit * (X + 5 * rng.normal(size=(400, 1)) @ rng.normal(size=(1, 64)) / 8)
    options = {"n_components": 30, "rho": 0.05} | params
    autoencoder = SparseAutoencoder(tol=0.5, max_iter=1, random_state=0, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        autoencoder.fit(X)
    expected = expected(principal_variance(X), X.var(axis=0).sum())
    assert_allclose(autoencoder.alpha_, expected, rtol=1e-9)


def test_alpha_scale_with_a_logistic_output_is_smaller_for_the_decoder(digits):
    fitted = SparseAutoencoder(4, out_activation="logistic", tol=0.5).fit(digits)
    assert fitted.alpha_[1] == 0.001 / 16


def test_alpha_is_one_number_or_one_for_each_matrix(digits):
    for alpha, expected in ((0.01, (0.01, 0.01)), ((0.01, 0), (0.01, 0.0))):
        fitted = SparseAutoencoder(4, alpha=alpha, tol=0.5).fit(digits)
        assert fitted.alpha_ == expected
    for alpha in ((1.0,), (1.0, 2.0, 3.0), (-1.0, 1.0), ("a", 1), (np.inf, 1.0)):
        with pytest.raises(ValueError, match="for the encoder and for the decoder"):
            SparseAutoencoder(4, alpha=alpha).fit(digits)


@pytest.mark.parametrize("unit", [1e-3, 1e4])
@pytest.mark.parametrize(
    "params", [{}, {"penalty": None}, {"penalty": "contractive"}, {"solver": "adam"}]
)
def test_the_code_does_not_depend_on_the_unit_of_x(params, unit, digits):
    make = partial(SparseAutoencoder, 16, max_iter=20, tol=0, random_state=0, **params)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        expected = make().fit_transform(digits)
        actual = make().fit_transform(unit * digits)
    assert_allclose(actual, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("n_rows", "n_components", "rho"),
    [
        (400, 50, 0.125),  # as many active rows as units
        (400, 8, 0.375),  # three active units for each row
        (600, 25, 0.12),
        (1300, 62, 0.05),
        (100, 80, 0.5),
        (100, 1, 0.5),
    ],
)
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_rho_auto(n_rows, n_components, rho, container, digits):
    X = np.unique(digits, axis=0)[:n_rows]
    assert len(X) == n_rows
    make = partial(SparseAutoencoder, n_components, tol=0.5, random_state=0)
    assert make().fit(container(X)).penalty_.rho == rho
    twice = np.repeat(X, 2, axis=0)
    assert make().fit(container(twice)).penalty_.rho == rho
    weights = np.append(np.ones(n_rows), np.zeros(50))
    with_others = container(np.concatenate([X, X[:50] + 1]))
    assert make().fit(with_others, sample_weight=weights).penalty_.rho == rho


def test_rho_auto_of_streams_is_that_of_many_rows(digits):
    for n_components, rho in ((5, 0.5), (50, 0.06)):
        stream = SparseAutoencoder(n_components).partial_fit(digits[:60])
        assert stream.penalty_.rho == rho


def test_rho_auto_holds_for_each_penalty_that_reads_it(digits):
    for penalty in ("kl", "topk", "batch_topk"):
        fitted = SparseAutoencoder(8, penalty=penalty, tol=0.5)
        assert fitted.fit(digits[:64]).penalty_.rho == 0.375


def test_alpha_scale_does_not_depend_on_the_order_of_the_rows(digits, rng):
    X = np.repeat(0.1 * digits, 2, axis=0)
    X[::2] = 0
    alphas = [
        SparseAutoencoder(4, tol=0.5, random_state=0).fit(rows).alpha_[0]
        for rows in (X[:-1], X[1:], rng.permutation(X))
    ]
    assert_allclose(alphas, alphas[0], rtol=0.6)


def test_beta_scale_is_the_variance_over_the_number_of_units(digits):
    autoencoder = SparseAutoencoder(30, tol=0.5, random_state=0).fit(digits)
    assert autoencoder.beta_ == pytest.approx(10 * digits.var(axis=0).sum() / 30)


@pytest.mark.parametrize(
    ("n_components", "parameters", "expected"),
    [
        (12, {}, 10 / 12),  # as many units as directions
        (8, {}, 0.1 / 8),  # two thirds of that
        (4, {}, 0.1 / 4),
        # In between, a power of the number of units.
        (10, {}, 10 ** (1 - 2 * np.log(10 / 12) / np.log(2 / 3)) / 10),
        (8, {"rho": 0.05}, 10 / 8),
        (8, {"beta": 3.0}, 3.0),
        (12, {"penalty": "l1"}, 0.06 / 12**0.5),
        (8, {"penalty": "l1"}, 0.006 / 8**0.5),
        (10, {"penalty": "l1"}, 0.06 * 10 ** -(np.log(1.2) / np.log(1.5)) / 10**0.5),
    ],
)
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_beta_scale_falls_below_the_effective_rank(
    container, n_components, parameters, expected
):
    # Twelve directions of the same variance; V = 1.
    X = np.vstack([np.eye(12), -np.eye(12)])
    fitted = SparseAutoencoder(n_components, tol=0.5, random_state=0, **parameters).fit(
        container(X)
    )
    assert fitted.beta_ == pytest.approx(expected)


def test_beta_scale_of_streams_depends_on_the_rank_too(digits):
    few, many = (SparseAutoencoder(n).partial_fit(digits[:200]) for n in (4, 40))
    variance = digits[:200].var(axis=0).sum()
    assert few.beta_ == pytest.approx(0.1 * variance / 4)
    assert many.beta_ == pytest.approx(10 * variance / 40)


@pytest.mark.parametrize("n_components", [60, 70, 100])
def test_planted_topics_are_found(n_components, rng):
    topics = rng.normal(size=(60, 384))
    topics /= np.linalg.norm(topics, axis=1, keepdims=True)
    weights = rng.uniform(0.5, 1.5, size=(2000, 60))
    weights *= rng.uniform(size=(2000, 60)) < 2 / 60
    X = weights @ topics + 0.02 * rng.normal(size=(2000, 384))
    autoencoder = SparseAutoencoder(n_components, random_state=0).fit(X)
    units = autoencoder.components_
    units = units / np.linalg.norm(units, axis=1, keepdims=True)
    assert np.count_nonzero(np.max(units @ topics.T, axis=0) > 0.9) >= 55


def test_few_units_explain_nearly_what_principal_components_explain(digits):
    for n_components in (4, 8, 12):
        pca = PCA(n_components, svd_solver="full").fit(digits)
        explained = pca.explained_variance_ratio_.sum()
        autoencoder = SparseAutoencoder(n_components, random_state=0).fit(digits)
        assert autoencoder.score(digits) > 0.95 * explained
        sparse_code = autoencoder.set_params(rho=0.05).fit(digits)
        assert sparse_code.mean_activation_.mean() < 0.06


def test_a_single_unit_learns_something_from_many_equal_directions(rng):
    X = rng.normal(size=(2000, 40))
    largest = np.linalg.eigvalsh(np.cov(X.T))[-1] / X.var(axis=0).sum()
    for parameters in ({}, {"penalty": None}, {"penalty": "l1"}):
        score = SparseAutoencoder(1, random_state=0, **parameters).fit(X).score(X)
        assert score > 0.3 * largest


def test_few_units_have_the_same_weights_wherever_the_rows_are(digits):
    array = pytest.importorskip("dask.array")
    make = partial(SparseAutoencoder, 8, tol=0.5, random_state=0)
    expected = make().fit(digits)
    blocks = array.from_array(digits, chunks=(500, digits.shape[1]))
    weights = np.append(np.ones(len(digits)), np.zeros(40))
    more = np.concatenate([digits, digits[:40] + 1])
    for fitted in (
        make().fit(sparse.csr_array(digits)),
        make().fit(blocks),
        make().fit(more, sample_weight=weights),
    ):
        assert_allclose(fitted.beta_, expected.beta_)
        assert_allclose(fitted.alpha_, expected.alpha_)
