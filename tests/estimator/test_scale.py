"""Data of any scale, and the defaults that adapt to it."""

import warnings
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
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
        ({}, lambda P: (0.02 * P**2, 0.001)),
        ({"activation": "tanh"}, lambda P: (0.02 * P**2, 0.001)),
        ({"penalty": "l1"}, lambda P: (2e-5**0.5 * P, 2e-5**0.5 * P)),
        ({"penalty": "topk"}, lambda P: (5e-8**0.5 * P, 5e-8**0.5 * P)),
        ({"penalty": "batch_topk"}, lambda P: (5e-8**0.5 * P, 5e-8**0.5 * P)),
        ({"tied_weights": True}, lambda P: 2 * (min(0.001, 2e-5**0.5 * P),)),
    ],
)
def test_alpha_scale_follows_the_principal_variance(params, expected, unit, digits):
    X = unit * digits[:400]
    autoencoder = SparseAutoencoder(4, tol=0.5, max_iter=1, random_state=0, **params)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        autoencoder.fit(X)
    assert_allclose(autoencoder.alpha_, expected(principal_variance(X)), rtol=1e-9)


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
        (400, 8, 0.125),  # one active unit for each row
        (600, 25, 0.05),
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
    for n_components, rho in ((5, 0.2), (50, 0.05)):
        stream = SparseAutoencoder(n_components).partial_fit(digits[:60])
        assert stream.penalty_.rho == rho


def test_rho_auto_holds_for_each_penalty_that_reads_it(digits):
    for penalty in ("kl", "topk", "batch_topk"):
        fitted = SparseAutoencoder(8, penalty=penalty, tol=0.5)
        assert fitted.fit(digits[:64]).penalty_.rho == 0.125


def test_alpha_scale_does_not_depend_on_the_order_of_the_rows(digits, rng):
    X = np.repeat(0.1 * digits, 2, axis=0)
    X[::2] = 0
    alphas = [
        SparseAutoencoder(4, tol=0.5, random_state=0).fit(rows).alpha_[0]
        for rows in (X[:-1], X[1:], rng.permutation(X))
    ]
    assert_allclose(alphas, alphas[0], rtol=0.6)


def test_beta_scale_is_the_variance_over_the_number_of_units(X):
    autoencoder = SparseAutoencoder(8, random_state=0).fit(X)
    assert autoencoder.beta_ == pytest.approx(10 * X.var(axis=0).sum() / 8)


def test_planted_topics_are_found(rng):
    topics = rng.normal(size=(60, 384))
    topics /= np.linalg.norm(topics, axis=1, keepdims=True)
    weights = rng.uniform(0.5, 1.5, size=(2000, 60))
    weights *= rng.uniform(size=(2000, 60)) < 2 / 60
    X = weights @ topics + 0.02 * rng.normal(size=(2000, 384))
    autoencoder = SparseAutoencoder(random_state=0).fit(X)
    units = autoencoder.components_
    units = units / np.linalg.norm(units, axis=1, keepdims=True)
    assert np.count_nonzero(np.max(units @ topics.T, axis=0) > 0.9) >= 55
