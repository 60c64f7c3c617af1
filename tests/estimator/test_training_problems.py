"""Warnings about doubtful fits, and the error when training diverges."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from skl_sparse_ae import SparseAutoencoder

from .short_fits import make_short, short


def test_a_fit_that_stops_at_max_iter_warns(X):
    for solver in ("lbfgs", "adam"):
        with pytest.warns(ConvergenceWarning, match="max_iter=5 was reached"):
            make_short(solver=solver).fit(X)


def test_a_fit_that_explains_almost_nothing_warns(digits):
    autoencoder = SparseAutoencoder(4, alpha=100.0, random_state=0)
    with pytest.warns(UserWarning, match="less than 1 %.*alpha=.1e.02, 1e.02"):
        autoencoder.fit(digits)


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
