"""Data of any scale, and the defaults that adapt to it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

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
    assert SparseAutoencoder(20, random_state=0).fit(X).score(X) > 0.8


def test_alpha_scale_is_smaller_where_the_principal_variance_is_small(digits):
    values = np.linalg.eigvalsh(np.cov(digits.T, ddof=0))
    variance = np.average(values, weights=values)
    for wanted, alpha in ((1.0, 0.003), (0.17, 0.003), (0.017, 0.00003)):
        X = digits * np.sqrt(wanted / variance)
        fitted = SparseAutoencoder(4, tol=0.5, random_state=0).fit(X)
        # "scale" is estimated on a third of the rows.
        assert fitted.alpha_ == pytest.approx(alpha, rel=0.1)
    assert SparseAutoencoder(4, alpha=0.01, tol=0.5).fit(digits).alpha_ == 0.01
    for penalty in ("topk", "batch_topk"):
        fitted = SparseAutoencoder(4, penalty=penalty, tol=0.5).fit(digits)
        assert fitted.alpha_ == 1e-4


def test_alpha_scale_does_not_depend_on_the_order_of_the_rows(digits, rng):
    X = np.repeat(0.1 * digits, 2, axis=0)
    X[::2] = 0
    alphas = [
        SparseAutoencoder(4, tol=0.5, random_state=0).fit(rows).alpha_
        for rows in (X[:-1], X[1:], rng.permutation(X))
    ]
    assert_allclose(alphas, alphas[0], rtol=0.3)


def test_beta_scale_is_the_variance_over_the_number_of_units(X):
    autoencoder = SparseAutoencoder(8, random_state=0).fit(X)
    assert autoencoder.beta_ == pytest.approx(X.var(axis=0).sum() / 8)
    assert autoencoder.penalty_.get_params() == {"beta": autoencoder.beta_, "rho": 0.1}
