"""Warnings about doubtful fits, and the error when training diverges."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from skl_sparse_ae import L1, ConvSparseAutoencoder, SparseAutoencoder

from .short_fits import make_short, short


def test_a_fit_that_stops_at_max_iter_warns(X):
    for solver in ("lbfgs", "adam"):
        with pytest.warns(ConvergenceWarning, match="max_iter=5 was reached"):
            make_short(solver=solver).fit(X)


@pytest.mark.parametrize(
    ("parameters", "remedy"),
    [
        ({"alpha": 100.0}, "Try alpha=.10, 10., a beta.*larger rho.*if so, scale X.$"),
        (
            {"penalty": None, "alpha": (100, 0.001)},
            "Try alpha=.10, 0.0001. or more units. The given.*if so, scale X.$",
        ),
        ({"penalty": "l1", "beta": 1e5}, "beta below 1e.05 or more.*scale X.$"),
        ({"penalty": L1(1e5)}, "beta below 1e.05 or more units. The .*scale X.$"),
    ],
    ids=str,
)
def test_a_fit_that_explains_almost_nothing_warns(parameters, remedy, digits):
    autoencoder = SparseAutoencoder(4, random_state=0, **parameters)
    with pytest.warns(UserWarning, match=f"less than 1 %.*alpha=.*{remedy}"):
        autoencoder.fit(digits)


def test_scaling_is_no_remedy_for_weights_in_units_of_x():
    """Sparse noise: each unit can explain one direction of thousands."""
    X = sparse.random(2000, 8000, 0.003, format="csr", random_state=0)
    autoencoder = SparseAutoencoder(2, random_state=0)
    with pytest.warns(UserWarning, match="less than 1 %.*larger rho or more units.$"):
        autoencoder.fit(X)


def test_a_search_that_ends_above_the_means_of_the_columns_warns(digits):
    """The learning rate is too large: the score alone would look well."""
    autoencoder = SparseAutoencoder(
        30, solver="adam", learning_rate_init=0.3, random_state=0
    )
    assert np.sum(np.var(3 * digits, axis=0)) / 2 == pytest.approx(21.1, abs=0.05)
    message = "J has converged to .*, and would be 21.1 .* by the means.*init=0.3;"
    with pytest.warns(UserWarning, match=message):
        autoencoder.fit(3 * digits)


def test_a_search_that_begins_far_from_the_rows_warns(rng):
    X = rng.randn(1000, 5) @ rng.randn(5, 20) + 0.3 * rng.randn(1000, 20)
    autoencoder = SparseAutoencoder(30, warm_start=True, random_state=0).fit(X)
    with pytest.warns(UserWarning, match="J has converged.*warm_start is True"):
        autoencoder.fit(100 * X + 1000)


@pytest.mark.parametrize("penalty", ["jumprelu", "contractive", "topk"])
@pytest.mark.parametrize("value", [0.0, 0.1])
def test_a_constant_table_has_nothing_to_warn_of(penalty, value):
    X = np.full((50, 20), value)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SparseAutoencoder(5, penalty=penalty, solver="adam", random_state=0).fit(X)


@short
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_float32_rows_with_a_large_mean_warn(dtype, container, digits):
    X = container((digits + 1e6).astype(dtype))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        make_short().fit(X)
    messages = [str(warning.message) for warning in caught]
    lost = [message for message in messages if "lose their digits" in message]
    assert len(lost) == (dtype == np.float32)


METHODS = ["transform", "score", "objective", "score_samples", "partial_fit"]


@pytest.mark.filterwarnings("ignore:.*lose their digits")
@short
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_methods_that_lose_digits_of_float32_rows_warn(dtype, method, digits):
    autoencoder = make_short().fit((digits + 1e6).astype(dtype))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        getattr(autoencoder, method)((digits + 1e6).astype(dtype))
    is_lost = dtype == np.float32
    assert ["lose their digits" in str(w.message) for w in caught] == [True] * is_lost
    assert [w.filename for w in caught] == [__file__] * is_lost


@pytest.mark.filterwarnings("ignore:.*lose their digits")
@short
def test_the_first_chunk_of_a_stream_that_loses_digits_warns(digits):
    with pytest.warns(UserWarning, match="float32.*lose their digits"):
        make_short().partial_fit((digits + 1e6).astype(np.float32))


@short
def test_a_large_constant_column_loses_no_digits_of_the_others(digits):
    X = np.column_stack([digits, np.full(len(digits), 1e16)]).astype(np.float32)
    autoencoder = make_short().fit(X)
    autoencoder.score(X)  # a warning would be an error


@pytest.mark.filterwarnings(
    "ignore:.*lose their digits", "ignore:.*of the variance of the images"
)
@short
def test_images_that_lose_digits_warn(digits):
    X = (digits + 1e6).astype(np.float32)
    autoencoder = ConvSparseAutoencoder(3, kernel_size=3, max_iter=2).fit(X)
    with pytest.warns(UserWarning, match="float32.*lose their digits"):
        autoencoder.score(X)


@pytest.mark.parametrize("rate", [1e3, 1e300])
def test_divergence_names_the_epoch_and_what_to_change(rate, X):
    autoencoder = make_short(
        penalty="l1", activation="identity", solver="adam", learning_rate_init=rate
    )
    with pytest.raises(ValueError, match="diverged.*epoch.*learning_rate_init=1"):
        autoencoder.fit(X)
    with pytest.raises(NotFittedError):
        autoencoder.transform(X)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_divergence_in_the_last_step_is_noticed(method, X):
    autoencoder = make_short(
        solver="adam", max_iter=1, batch_size=200, learning_rate_init=1e308
    )
    with pytest.raises(ValueError, match="diverged"):
        getattr(autoencoder, method)(X)
    with pytest.raises(NotFittedError):
        autoencoder.transform(X)
