"""Arrays that are refused, and methods called before `fit`."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError

from skl_sparse_ae import SparseAutoencoder

from .short_fits import make_short, short


@short
def test_wrong_width_in_transform_partial_fit_and_inverse_transform(X):
    autoencoder = make_short().fit(X)
    with pytest.raises(ValueError, match="3 features.*64 features"):
        autoencoder.transform(X[:, :3])
    with pytest.raises(ValueError, match="3 features.*64 features"):
        autoencoder.partial_fit(X[:, :3])
    with pytest.raises(ValueError, match="X has 3 columns.*has 8"):
        autoencoder.inverse_transform(X[:, :3])


@short
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize(
    "method",
    ["fit", "partial_fit", "transform", "inverse_transform", "score", "objective"],
)
def test_nan_and_infinity(bad, method, X):
    autoencoder = make_short(64).fit(X)
    broken = X.copy()
    broken[3, 5] = bad
    with pytest.raises(ValueError, match="contains (NaN|infinity)"):
        getattr(autoencoder, method)(broken)


def test_values_too_large_for_arithmetic_are_refused(X):
    for factor in (1e100, 1e200):
        with pytest.raises(ValueError, match="overflows.*Scale X"):
            SparseAutoencoder(8).fit(factor * X)


@short
@pytest.mark.parametrize(
    ("dtype", "factor", "what"),
    [
        (np.float32, 1e-12, "underflows in float32"),
        (np.float32, 1e12, "overflows in float32"),
        (np.float64, 1e-100, "underflows in float64"),
        (np.float64, 1e100, "overflows in float64"),
    ],
)
def test_default_weights_that_a_precision_has_not_are_refused(dtype, factor, what, X):
    """They would be zero or infinite: another model than that of the scaled rows."""
    rows = (factor * X).astype(dtype)
    with pytest.raises(ValueError, match=f"squared variance of X {what}.*Scale X"):
        SparseAutoencoder(8).fit(rows)
    # Weights of rectified units are in units of the variance itself.
    fitted = make_short(8, penalty="l1").fit(rows)
    assert fitted.score(rows) == pytest.approx(
        make_short(8, penalty="l1").fit(X).score(X), abs=0.02
    )


@short
def test_a_fit_that_refuses_its_rows_keeps_the_fitted_state(X):
    autoencoder = make_short().fit(X)
    expected = autoencoder.transform(X)
    with pytest.raises(ValueError, match="NaN"):
        autoencoder.fit(np.full((5, 3), np.nan))
    assert_array_equal(autoencoder.transform(X), expected)


@pytest.mark.parametrize(
    "method", ["transform", "inverse_transform", "score", "objective"]
)
def test_methods_need_a_fit(method, X):
    with pytest.raises(NotFittedError):
        getattr(SparseAutoencoder(64), method)(X)
