"""`partial_fit`: chunks of rows, and training that continues from a fit."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from skl_sparse_ae._penalties._registry import PENALTIES

from .short_fits import make_short, short


@short
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("chunk_size", [30, 450])
def test_partial_fit_in_chunks_is_as_good_as_fit(penalty, chunk_size, digits):
    fitted = make_short(20, penalty=penalty, solver="adam", max_iter=30).fit(digits)
    streamed = make_short(20, penalty=penalty)
    order = np.random.RandomState(0)
    n_chunks = len(digits) // chunk_size
    for _ in range(30):
        for chunk in np.array_split(order.permutation(digits), n_chunks):
            streamed.partial_fit(chunk)
    # Where the decoder is computed, that of a stream is one of few rows.
    limit = 1.02 if chunk_size > 100 else 1.06
    assert streamed.objective(digits) < limit * fitted.objective(digits)
    assert streamed.n_iter_ == len(streamed.loss_curve_) == 30 * n_chunks


@short
def test_partial_fit_continues_from_fit(X):
    autoencoder = make_short(max_iter=50).fit(X)
    before, n_iter = autoencoder.objective(X), autoencoder.n_iter_
    assert autoencoder.partial_fit(X) is autoencoder
    assert abs(autoencoder.objective(X) - before) < 0.1 * before
    assert autoencoder.n_iter_ == n_iter + 1


@short
def test_partial_fit_keeps_the_settings_of_the_fit(X):
    fitted, changed = (make_short(solver="adam").fit(X) for _ in range(2))
    changed.set_params(
        penalty="l1", activation="tanh", out_activation="logistic", tied_weights=True
    )
    assert_array_equal(
        changed.inverse_transform(changed.transform(X)),
        fitted.inverse_transform(fitted.transform(X)),
    )
    assert_array_equal(
        changed.partial_fit(X).components_, fitted.partial_fit(X).components_
    )
    assert (changed.activation_, changed.out_activation_) == ("logistic", "identity")
    assert changed.tied_weights_ is False


def test_partial_fit_keeps_running_means_of_the_units(X):
    autoencoder = make_short()
    for chunk in np.array_split(X, 5):
        autoencoder.partial_fit(chunk)
    code = autoencoder.transform(X)
    assert_allclose(autoencoder.mean_activation_, code.mean(axis=0), rtol=0.2)


def test_a_diverging_partial_fit_changes_nothing(X):
    autoencoder = make_short(activation="identity", penalty="l1", batch_size=50)
    before = autoencoder.partial_fit(X).transform(X)
    autoencoder.set_params(learning_rate_init=1e300)
    with pytest.raises(ValueError, match="diverged.*partial_fit"):
        autoencoder.partial_fit(X)
    assert_array_equal(autoencoder.transform(X), before)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_chunk_with_an_outlier_is_no_divergence(penalty, X):
    autoencoder = make_short(penalty=penalty, batch_size=20).partial_fit(X)
    outlier = X.copy()
    outlier[150] *= 1000
    for chunk in (outlier, outlier[150:151], X):
        assert np.isfinite(autoencoder.partial_fit(chunk).transform(X)).all()


def test_an_interrupted_partial_fit_changes_nothing(X, monkeypatch):
    autoencoder = make_short().partial_fit(X)
    expected = clone(autoencoder).partial_fit(X).partial_fit(X).transform(X)
    before = autoencoder.transform(X)
    with monkeypatch.context() as patch:
        patch.setattr(np, "mean", interrupt)
        with pytest.raises(KeyboardInterrupt):
            autoencoder.partial_fit(X)
    assert_array_equal(autoencoder.transform(X), before)
    assert_array_equal(autoencoder.partial_fit(X).transform(X), expected)


def interrupt(*args, **kwargs):
    raise KeyboardInterrupt


@pytest.mark.parametrize("factor", [1e2, 1e3, 1e5])
def test_a_row_far_out_does_little_harm(factor, rng):
    X = rng.randn(1000, 5) @ rng.randn(5, 20) + 0.3 * rng.randn(1000, 20)
    stream = make_short(30)
    for chunk in np.array_split(X, 20):
        stream.partial_fit(chunk)
    before = stream.score(X)
    assert before > 0.9
    chunk = X[:50].copy()
    chunk[0] *= factor
    stream.partial_fit(chunk)
    assert stream.score(X) > before - 0.05
    for chunk in np.array_split(X, 20):
        stream.partial_fit(chunk)
    assert stream.score(X) > before


def test_a_stream_follows_rows_of_another_scale(rng):
    """Each mini-batch may at most double the mean square that it knows."""
    X = rng.randn(1000, 5) @ rng.randn(5, 20) + 0.3 * rng.randn(1000, 20)
    stream = make_short(30)
    for chunk in np.array_split(X, 20):
        stream.partial_fit(chunk)
    for chunk in np.array_split(10 * X, 20):
        stream.partial_fit(chunk)
    assert stream.score(10 * X) > 0.8
