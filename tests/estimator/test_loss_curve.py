"""`loss_curve_`, `loss_terms_` and the lines that `verbose` prints."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from skl_sparse_ae import SparseAutoencoder

from .short_fits import SOLVED, make_short, short


def test_loss_curve_ends_at_the_objective_of_lbfgs(X):
    autoencoder = SparseAutoencoder(8, random_state=0).fit(X)
    assert_allclose(autoencoder.loss_curve_[-1], autoencoder.objective(X), rtol=1e-10)
    assert len(autoencoder.loss_curve_) == autoencoder.n_iter_
    assert all(np.diff(autoencoder.loss_curve_) <= 0)


@short
def test_loss_curve_of_adam_comes_near_the_objective(digits):
    autoencoder = make_short(solver="adam", max_iter=60, tol=0).fit(digits)
    assert_allclose(
        autoencoder.loss_curve_[-1], autoencoder.objective(digits), rtol=0.01
    )
    assert len(autoencoder.loss_curve_) == autoencoder.n_iter_ == 60


def kl_terms(autoencoder, X):
    """The terms of J with "kl" and logistic units, from the public attributes."""
    code = autoencoder.transform(X)
    error = autoencoder.inverse_transform(code) - X
    weights = autoencoder.encoder_coef_, autoencoder.components_
    alphas = autoencoder.alpha_
    s, rho = code.mean(axis=0), autoencoder.penalty_.rho
    divergence = rho * np.log(rho / s) + (1 - rho) * np.log((1 - rho) / (1 - s))
    return (
        0.5 * (error**2).sum(axis=1).mean(),
        0.5 * sum(a * (w**2).sum() for a, w in zip(alphas, weights, strict=True)),
        autoencoder.beta_ * divergence.sum(),
    )


@short
@pytest.mark.parametrize(("penalty", "solver"), SOLVED)
def test_the_terms_of_the_loss_curve_add_up_to_it(penalty, solver, X):
    autoencoder = make_short(penalty=penalty, solver=solver).fit(X)
    autoencoder.partial_fit(X).partial_fit(X)
    assert len(autoencoder.loss_terms_) == len(autoencoder.loss_curve_) == 7
    sums = np.sum(autoencoder.loss_terms_, axis=1)
    assert_allclose(sums, autoencoder.loss_curve_, rtol=1e-12)


@short
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_the_terms_of_the_loss_curve_end_at_those_of_lbfgs(container, X):
    autoencoder = make_short(max_iter=50).fit(container(X))
    assert_allclose(autoencoder.loss_terms_[-1], kl_terms(autoencoder, X), rtol=1e-9)


@short
@pytest.mark.parametrize("n_batches", [1, 4])
def test_the_terms_of_an_epoch_are_means_over_its_batches(n_batches, X):
    # Otherwise the decoder is computed from other rows in each batch.
    autoencoder = make_short(batch_size=len(X) // n_batches, tied_weights=True).fit(X)
    reconstruction, decay, _ = kl_terms(autoencoder, X)
    autoencoder.set_params(learning_rate_init=1e-12).partial_fit(X)
    assert_allclose(autoencoder.loss_terms_[-1][:2], [reconstruction, decay], rtol=1e-9)


@short
def test_verbose_prints_iterations(X, capsys):
    make_short(verbose=1).fit(X)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("Iteration 1, J = ")
