"""Autoencoders of counts and of zeros and ones."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.metrics import mean_poisson_deviance
from sklearn.model_selection import GridSearchCV

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.metrics import loss_per_entry, pipeline_score

from .short_fits import make_short, short

LOSSES = "log_loss", "poisson"


@pytest.fixture
def rows(digits):
    pixels = digits[:300]
    return {
        "log_loss": (pixels > 0.5).astype(float),
        "poisson": np.round(5 * pixels),
        "squared_error": pixels,
    }


def deviance(loss, X, M, weights):
    """Mean deviance of an entry, by scikit-learn's functions or their definition."""
    if loss == "poisson":
        return sum(
            mean_poisson_deviance(x, np.maximum(m, 1e-300), sample_weight=weights)
            for x, m in zip(X.T, M.T, strict=True)
        )
    M = np.clip(M, 1e-15, 1 - 1e-15)
    return 2 * np.average(
        -np.where(X == 1, np.log(M), np.log(1 - M)).sum(axis=1), weights=weights
    )


@short
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_score_is_the_fraction_of_deviance_explained(
    loss, weighted, solver, container, rows, rng
):
    X = rows[loss]
    weights = rng.uniform(0.1, 2, len(X)) if weighted else None
    autoencoder = make_short(loss=loss, solver=solver)
    autoencoder.fit(container(X), sample_weight=weights)
    M = autoencoder.inverse_transform(autoencoder.transform(container(X)))
    mean = np.broadcast_to(np.average(X, axis=0, weights=weights), X.shape)
    left = deviance(loss, X, M, weights) / deviance(loss, X, mean, weights)
    score = autoencoder.score(container(X), sample_weight=weights)
    assert score == pytest.approx(1 - left, rel=1e-7)
    whole = pipeline_score(autoencoder, container(X), sample_weight=weights)
    assert whole == pytest.approx(score, rel=1e-7)


@short
@pytest.mark.parametrize("loss", LOSSES)
def test_scores_of_rows_and_entries_are_minus_the_loss(loss, rows):
    X = rows[loss]
    autoencoder = make_short(loss=loss, solver="lbfgs").fit(X)
    M = autoencoder.inverse_transform(autoencoder.transform(X))
    expected = [
        -deviance(loss, x[None], m[None], None) / 2 for x, m in zip(X, M, strict=True)
    ]
    assert_allclose(autoencoder.score_samples(X), expected, rtol=1e-7)
    assert_allclose(autoencoder.score_samples(sparse.csr_array(X)), expected, rtol=1e-7)
    losses = loss_per_entry(autoencoder, X)
    assert (losses >= 0).all()
    assert_allclose(-losses.sum(axis=1), expected, rtol=1e-7)
    reconstruction = autoencoder.loss_terms_[-1][0]
    assert reconstruction == pytest.approx(-np.mean(expected), rel=1e-7)


@pytest.mark.parametrize("loss", LOSSES)
def test_defaults_reconstruct_and_are_sparse(loss, rows):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        autoencoder = SparseAutoencoder(60, loss=loss, max_iter=300, random_state=0)
        autoencoder.fit(rows[loss])
    assert autoencoder.score(rows[loss]) > 0.5
    assert autoencoder.mean_activation_.mean() < 1.2 * autoencoder.penalty_.rho
    assert autoencoder.loss_ == loss
    output = {"log_loss": "logistic", "poisson": "exponential"}[loss]
    assert autoencoder.out_activation_ == output


@short
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_the_encoder_of_counts_sees_logarithms(container, solver, rows):
    X = rows["poisson"]
    autoencoder = make_short(loss="poisson", solver=solver).fit(container(X))
    z = np.log1p(X) @ autoencoder.encoder_coef_ + autoencoder.encoder_intercept_
    code = autoencoder.transform(container(X))
    assert_allclose(code, 1 / (1 + np.exp(-z)), rtol=1e-9, atol=1e-12)
    rates = np.exp(code @ autoencoder.components_ + autoencoder.decoder_intercept_)
    assert_allclose(autoencoder.inverse_transform(code), rates, rtol=1e-9)


@short
@pytest.mark.parametrize("loss", LOSSES)
def test_csr_and_weights_are_the_same_as_dense_and_repeated_rows(loss, rows):
    X = rows[loss]
    dense = make_short(loss=loss, solver="lbfgs").fit(X)
    assert_allclose(
        make_short(loss=loss, solver="lbfgs").fit(sparse.csr_array(X)).components_,
        dense.components_,
        rtol=1e-6,
        atol=1e-8,
    )
    counts = np.arange(len(X)) % 3
    weighted = make_short(loss=loss, rho=0.1, solver="lbfgs").fit(
        X, sample_weight=counts
    )
    repeated = make_short(loss=loss, rho=0.1, solver="lbfgs").fit(
        np.repeat(X, counts, axis=0)
    )
    assert weighted.score(X) == pytest.approx(repeated.score(X), rel=0.05)
    assert weighted.objective(X, sample_weight=counts) == pytest.approx(
        weighted.objective(np.repeat(X, counts, axis=0)), rel=1e-9
    )


@short
@pytest.mark.parametrize("loss", ["squared_error", *LOSSES])
def test_grid_search(loss, rows):
    search = GridSearchCV(make_short(loss=loss), {"n_components": [1, 8]}, cv=3)
    search.fit(rows[loss])
    assert search.best_params_ == {"n_components": 8}


@short
@pytest.mark.parametrize("loss", LOSSES)
def test_streams_go_on_with_their_loss(loss, rows):
    X = rows[loss]
    autoencoder = make_short(loss=loss)
    for _ in range(30):
        autoencoder.partial_fit(X)
    assert autoencoder.loss_ == loss
    assert autoencoder.score(X) > 0.05
    fitted = make_short(loss=loss).fit(X)
    before = fitted.score(X)
    for _ in range(10):
        fitted.partial_fit(X)
    assert fitted.score(X) > before - 0.05


@short
@pytest.mark.parametrize("loss", LOSSES)
def test_early_stopping_scores_the_deviance(loss, rows):
    autoencoder = make_short(loss=loss, early_stopping=True, max_iter=30).fit(
        rows[loss]
    )
    assert 0 < autoencoder.best_validation_score_ < 1


@pytest.mark.parametrize(
    ("loss", "value", "words"),
    [
        ("poisson", -2.0, "counts, from 0 to inf"),
        ("log_loss", 1.5, "from 0 to 1"),
        ("log_loss", -0.5, "from 0 to 1"),
    ],
)
@pytest.mark.parametrize("method", ["fit", "partial_fit", "score", "objective"])
def test_impossible_values_are_named_with_their_column(
    loss, value, words, method, rows
):
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(rows[loss][:, :5] * 0 + np.arange(5) % 2)
    X.columns = list("abcde")
    X.iloc[::2] = 1 - X.iloc[::2]
    autoencoder = make_short(loss=loss)
    if method in ("score", "objective"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            autoencoder.fit(X)
    X.iloc[3, 2] = value
    with pytest.raises(ValueError, match=f"{words}, and column 'c' of X.*{value:g}"):
        getattr(autoencoder, method)(X)


def test_wrong_pairs_are_refused(rows):
    for loss, out in [("poisson", "identity"), ("squared_error", "exponential")]:
        autoencoder = SparseAutoencoder(loss=loss, out_activation=out)
        with pytest.raises(ValueError, match=f"loss='{loss}' needs out_activation="):
            autoencoder.fit(rows[loss])


@short
def test_a_warm_start_with_another_loss_is_refused(rows):
    autoencoder = make_short(loss="log_loss", warm_start=True).fit(rows["log_loss"])
    with pytest.raises(ValueError, match="last fit, and loss had another value"):
        autoencoder.set_params(loss="squared_error", out_activation="logistic").fit(
            rows["log_loss"]
        )


@short
def test_words_that_are_never_used(rows):
    X = np.hstack([rows["poisson"], np.zeros((300, 3))])
    autoencoder = make_short(loss="poisson", max_iter=50).fit(X)
    M = autoencoder.inverse_transform(autoencoder.transform(X))
    assert np.isfinite(autoencoder.decoder_intercept_).all()
    assert M[:, -3:].max() < 0.1


@short
@pytest.mark.parametrize("loss", LOSSES)
def test_numba_agrees(loss, rows):
    pytest.importorskip("numba")
    plain = make_short(loss=loss).fit(rows[loss])
    compiled = make_short(loss=loss, engine="numba").fit(rows[loss])
    assert compiled.score(rows[loss]) == pytest.approx(
        plain.score(rows[loss]), abs=1e-4
    )


@short
def test_entries_and_means_that_rounding_moves_above_one():
    above = np.nextafter(1, 2)
    X = np.array([[above, 0.0], [1.0, 1.0], [above, 0.5], [0.0, 1.0]])
    autoencoder = make_short(loss="log_loss").fit(X)
    expected = make_short(loss="log_loss").fit(np.minimum(X, 1))
    assert_allclose(autoencoder.score(X), expected.score(np.minimum(X, 1)))
    # For some numbers of rows, the sum of equal shares is above one.
    for n_rows in range(2, 30):
        ones = np.ones((n_rows, 1))
        with np.errstate(all="raise", under="ignore"):
            autoencoder = make_short(loss="log_loss", penalty="l1").fit(ones)
        assert np.isfinite(autoencoder.loss_curve_).all()
        assert autoencoder.score(ones) in (0, 1)


@short
@pytest.mark.parametrize("method", ["transform", "impute"])
def test_negative_counts_are_refused_where_they_would_be_encoded(method, rows):
    autoencoder = make_short(loss="poisson", missing_values=np.nan).fit(rows["poisson"])
    X = rows["poisson"].copy()
    X[3, 5] = -2
    with pytest.raises(ValueError, match="column 5 of X has the value -2"):
        getattr(autoencoder, method)(X)


def test_counts_are_fitted_in_mini_batches(rows):
    # And the decay of the decoder does not depend on how large counts are.
    assert SparseAutoencoder(4, loss="poisson", random_state=0).fit(
        rows["poisson"]
    ).alpha_[1] == pytest.approx(0.001)
    parameters = {"loss": "poisson", "max_iter": 5, "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        auto, adam, lbfgs = (
            SparseAutoencoder(4, solver=solver, **parameters).fit(rows["poisson"])
            for solver in ("auto", "adam", "lbfgs")
        )
    assert_allclose(auto.components_, adam.components_)
    assert not np.allclose(auto.components_, lbfgs.components_)


def test_a_column_of_ones_has_no_deviance():
    # Its mean, a sum of equal fractions, is one with a rounding error.
    rng = np.random.RandomState(0)
    X = (rng.uniform(size=(499, 6)) < 0.3).astype(float)
    autoencoder = SparseAutoencoder(4, loss="log_loss", random_state=0).fit(X)
    X[:, 2] = 1
    weights = rng.uniform(size=len(X))
    for sample_weight in (None, weights):
        assert np.isfinite(autoencoder.score(X, sample_weight=sample_weight))
        assert np.isfinite(
            SparseAutoencoder(4, loss="log_loss", random_state=0)
            .fit(X, sample_weight=sample_weight)
            .score(X, sample_weight=sample_weight)
        )


@short
@pytest.mark.parametrize("loss", ["squared_error", "log_loss"])
@pytest.mark.parametrize("penalty", ["kl", "l1", "topk"])
def test_logistic_outputs_of_rows_that_hardly_vary(loss, penalty, rng):
    latent = np.tanh(rng.normal(size=(200, 2)) @ rng.normal(size=(2, 10)) / 4)
    parameters = {"penalty": penalty, "loss": loss, "max_iter": 60}
    scores = []
    for spread in (0.1, 1e-4):
        X = 0.4 + spread * latent
        autoencoder = SparseAutoencoder(
            10, out_activation="logistic", random_state=0, **parameters
        )
        scores.append(autoencoder.fit(X).score(X))
    assert min(scores) > 0.7
    assert_allclose(*scores, atol=0.05)


@short
@pytest.mark.parametrize("rate", [1e2, 1e4, 1e6])
def test_large_counts_that_hardly_vary(rate, rng):
    # By a tenth of their mean, by a hundredth or a thousandth: by four times as much
    # as the noise of counts.
    latent = rng.normal(size=(200, 2)) @ rng.normal(size=(2, 10))
    X = rng.poisson(rate * (1 + 4 / rate**0.5 * np.tanh(latent / 4)))
    autoencoder = SparseAutoencoder(
        10, penalty="l1", loss="poisson", max_iter=100, random_state=0
    )
    for dtype in (np.float64, np.float32):
        assert autoencoder.fit(X.astype(dtype)).score(X.astype(dtype)) > 0.6


def test_streams_of_large_counts_that_hardly_vary(rng):
    latent = np.tanh(rng.normal(size=(200, 2)) @ rng.normal(size=(2, 10)) / 4)
    X = rng.poisson(1e6 * (1 + 4e-3 * latent))
    autoencoder = SparseAutoencoder(10, penalty=None, loss="poisson", random_state=0)
    for _ in range(60):
        autoencoder.partial_fit(X)
    assert autoencoder.score(X) > 0.5
