"""Missing entries that the encoder sees as their own reconstruction."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder

from .short_fits import make_short, short

NAN = np.nan


@pytest.fixture(scope="module")
def table():
    return StandardScaler().fit_transform(load_breast_cancer().data)


def with_holes(X, fraction=0.3, seed=0):
    holes = np.random.RandomState(seed).uniform(size=X.shape) < fraction
    return np.where(holes, NAN, X), holes


def root_mean_square(X):
    return np.sqrt(np.mean(X**2))


def iterative_pca(X, n_components, n_iter):
    """Missing entries by the principal components of the filled table, by turns."""
    filled = SimpleImputer().fit_transform(X)
    for _ in range(n_iter):
        pca = PCA(n_components).fit(filled)
        X_hat = pca.inverse_transform(pca.transform(filled))
        filled = np.where(np.isnan(X), X_hat, filled)
    return filled


def test_linear_units_fill_as_iterative_pca_does():
    # Without noise, penalty or decay there is one solution.
    rng = np.random.RandomState(0)
    X = rng.normal(size=(200, 3)) @ rng.normal(size=(3, 12))
    gappy, holes = with_holes(X, 0.1)
    autoencoder = SparseAutoencoder(
        3,
        penalty=None,
        activation="identity",
        alpha=1e-6,
        tol=1e-5,
        max_iter=2000,
        missing_values=NAN,
        random_state=0,
    )
    filled = autoencoder.fit(gappy).impute(gappy)
    expected = iterative_pca(gappy, 3, 500)
    assert root_mean_square((expected - X)[holes]) < 0.01 * X.std()
    # `impute` takes ten steps, and EM is not done after these.
    assert root_mean_square((filled - X)[holes]) < 0.05 * X.std()


def test_entries_are_filled_better_than_from_means(table):
    gappy, holes = with_holes(table)
    errors = {}
    for fill in ("mean", "reconstruction"):
        autoencoder = SparseAutoencoder(
            missing_values=NAN, missing_fill=fill, random_state=0
        )
        filled = autoencoder.fit(gappy).impute(gappy)
        errors[fill] = root_mean_square((filled - table)[holes])
    assert errors["reconstruction"] < 0.9 * errors["mean"] < 0.6


def log_loss(x, m):
    return -np.mean(np.log(np.where(x == 1, m, 1 - m)))


@pytest.mark.parametrize("seed", [0, 1])
def test_noisy_zeros_and_ones_are_filled_better_than_by_their_means(seed):
    # Answers to ten questions that depend on three traits.
    rng = np.random.RandomState(seed)
    logits = 2 * rng.normal(size=(400, 3)) @ rng.normal(size=(3, 10))
    X = (rng.uniform(size=logits.shape) < 1 / (1 + np.exp(-logits))).astype(float)
    gappy, holes = with_holes(X, 0.2, seed)
    autoencoder = SparseAutoencoder(
        30, loss="log_loss", missing_values=NAN, random_state=0
    ).fit(gappy)
    assert autoencoder.missing_fill_ == "mean"
    means = SimpleImputer().fit_transform(gappy)[holes]
    filled = autoencoder.impute(gappy)[holes]
    assert log_loss(X[holes], filled) < 0.95 * log_loss(X[holes], means)


@short
@pytest.mark.parametrize(
    ("loss", "fill"),
    [
        ("squared_error", "reconstruction"),
        ("log_loss", "mean"),
        ("poisson", "reconstruction"),
    ],
)
def test_what_auto_fills_in(loss, fill, table):
    gappy = with_holes(1.0 * (table[:60] > 0))[0]
    autoencoder = make_short(loss=loss, max_iter=3, missing_values=NAN)
    assert autoencoder.fit(gappy).missing_fill_ == fill
    assert autoencoder.partial_fit(gappy).missing_fill_ == fill
    other = autoencoder.set_params(missing_fill="reconstruction").fit(gappy)
    assert other.missing_fill_ == "reconstruction"


def test_turns_do_not_end_on_the_plateau_around_the_start():
    # Half of the entries of iris: the first turns change hardly any of them.
    X = StandardScaler().fit_transform(load_iris().data)
    gappy, holes = with_holes(X, 0.5, seed=2)
    gappy[np.isnan(gappy).all(axis=1), 0] = 0
    autoencoder = SparseAutoencoder(missing_values=NAN, max_iter=400, random_state=0)
    filled = autoencoder.fit(gappy).impute(gappy)
    assert root_mean_square((filled - X)[holes]) < 0.8


@short
@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_a_row_is_reconstructed_until_what_is_observed_no_longer_improves(loss, digits):
    X = digits[:200] if loss == "squared_error" else np.round(8 * digits[:200])
    gappy, holes = with_holes(X)
    autoencoder = make_short(loss=loss, max_iter=40, missing_values=NAN).fit(gappy)
    plain = make_short(loss=loss, max_iter=40).fit(X)
    for name in ("components_", "encoder_coef_"):
        setattr(plain, name, getattr(autoencoder, name))
    plain.encoder_intercept_ = autoencoder.encoder_intercept_
    plain.decoder_intercept_ = autoencoder.decoder_intercept_
    for row, hole, filled in zip(gappy, holes, autoencoder.impute(gappy), strict=True):
        seen, last = np.where(hole, autoencoder.mean_, row), np.inf
        for _ in range(10):
            X_hat = plain.inverse_transform(plain.transform(seen[None]))[0]
            if loss == "squared_error":
                losses = (row - X_hat)[~hole] ** 2 / 2
            else:
                x, m = row[~hole], X_hat[~hole]
                losses = m - x + x * np.log(np.where(x > 0, x, 1) / m)
            if losses.sum() >= 0.999 * last:
                break
            seen, last = np.where(hole, X_hat, row), losses.sum()
        X_hat = plain.inverse_transform(plain.transform(seen[None]))[0]
        assert_allclose(filled, np.where(hole, X_hat, row), rtol=1e-6, atol=1e-9)


@short
def test_rows_encode_alike_alone_and_among_others(table):
    gappy, _ = with_holes(table[:100])
    gappy[7] = table[7]
    autoencoder = make_short(max_iter=30, missing_values=NAN).fit(gappy)
    code = autoencoder.transform(gappy)
    alone = np.vstack([autoencoder.transform(row[None]) for row in gappy])
    assert_allclose(alone, code, rtol=1e-9, atol=1e-12)
    # A complete row is encoded as it is.
    parameters = {"missing_values": None}
    plain = make_short(max_iter=30, **parameters).fit(table[:100])
    plain.encoder_coef_ = autoencoder.encoder_coef_
    plain.encoder_intercept_ = autoencoder.encoder_intercept_
    assert_allclose(plain.transform(gappy[7:8]), code[7:8], rtol=1e-9)


@short
@pytest.mark.parametrize("penalty", ["kl", "topk", None])
def test_entries_stay_within_reason(penalty, digits):
    # Also where reconstructing again and again would grow without bound.
    gappy, _ = with_holes(digits[:300], 0.9)
    autoencoder = make_short(
        32, penalty=penalty, max_iter=100, missing_values=NAN, random_state=0
    )
    filled = autoencoder.fit(gappy).impute(gappy)
    assert np.abs(filled).max() < 5


@short
def test_columns_weights_and_precision(table):
    gappy, _ = with_holes(table[:150])
    make = {"missing_values": NAN, "max_iter": 40}
    doubled = make_short(**make).fit(np.vstack([gappy, gappy[:50]]))
    weights = np.repeat([2.0, 1.0], [50, 100])
    weighted = make_short(**make).fit(gappy, sample_weight=weights)
    # The path of the search differs by rounding, which iterations enlarge.
    difference = doubled.score(gappy) - weighted.score(gappy)
    assert abs(difference) < 1e-3
    single = make_short(**make).fit(gappy.astype(np.float32))
    double = make_short(**make).fit(gappy)
    assert single.impute(gappy.astype(np.float32)).dtype == np.float32
    assert single.score(gappy) == pytest.approx(double.score(gappy), abs=1e-3)


@short
def test_callbacks_and_iterations_go_through_all_turns(table):
    gappy, _ = with_holes(table[:150])
    autoencoder = make_short(max_iter=20, missing_values=NAN).fit(gappy)
    assert autoencoder.n_iter_ == len(autoencoder.loss_curve_) == 20
    assert len(autoencoder.loss_terms_) == 20
    other = make_short(max_iter=20, missing_values=NAN).fit(gappy)
    assert_array_equal(other.components_, autoencoder.components_)


def test_the_warning_tells_what_has_not_converged(table):
    gappy, _ = with_holes(table[:150])
    with pytest.warns(ConvergenceWarning, match="missing entries still change"):
        make_short(max_iter=20, missing_values=NAN).fit(gappy)


@short
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_an_adaptive_weight_goes_on_from_turn_to_turn(solver, digits):
    holes = np.random.RandomState(0).uniform(size=digits.shape) < 0.2
    X = np.where(holes, np.nan, digits)[:600]
    autoencoder = SparseAutoencoder(
        30, penalty="l1", rho=0.1, beta="adaptive", solver=solver, random_state=0
    )
    autoencoder.set_params(missing_values=np.nan, missing_fill="reconstruction")
    code = autoencoder.fit_transform(X)
    assert autoencoder.n_iter_ > 15  # several turns
    assert 0.094 < (code != 0).mean() < 0.106
