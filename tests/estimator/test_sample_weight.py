"""`sample_weight` in every method that takes it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skl_sparse_ae import SparseAutoencoder

from .short_fits import SOLVED, make_short, short


@short
@pytest.mark.parametrize(
    "penalty", [penalty for penalty, solver in SOLVED if solver == "lbfgs"]
)
def test_weights_are_repetitions_for_fit_score_and_objective(penalty, X):
    weights = np.arange(200) % 3
    repeated = np.repeat(X, weights, axis=0)
    by_weight = make_short(penalty=penalty, solver="lbfgs").fit(
        X, sample_weight=weights
    )
    by_rows = make_short(penalty=penalty, solver="lbfgs").fit(repeated)
    assert_allclose(by_weight.transform(X), by_rows.transform(X), rtol=1e-6, atol=1e-9)
    assert_allclose(by_weight.score(X, sample_weight=weights), by_rows.score(repeated))
    assert_allclose(
        by_weight.objective(X, sample_weight=weights), by_rows.objective(repeated)
    )
    assert_allclose(by_weight.mean_activation_, by_rows.mean_activation_)


@short
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_fit_ignores_rows_of_zero_weight(solver, X):
    weights = np.zeros(200)
    weights[::4] = 1.0
    parameters = {"solver": solver, "batch_size": 50}
    fitted = make_short(**parameters).fit(X, sample_weight=weights)
    expected = make_short(**parameters).fit(X[::4])
    assert_allclose(fitted.transform(X), expected.transform(X), rtol=1e-6)


def test_partial_fit_ignores_rows_of_zero_weight(digits):
    weights = np.zeros(len(digits))
    weights[1::2] = 1
    stream, of_half = (SparseAutoencoder(4, random_state=0) for _ in range(2))
    stream.partial_fit(digits, sample_weight=weights)
    of_half.partial_fit(digits[1::2], sample_weight=weights[1::2])
    assert stream.alpha_ == of_half.alpha_
    assert_array_equal(stream.components_, of_half.components_)


@short
def test_huge_weights_do_not_overflow(X):
    expected = make_short().fit_transform(X)
    weights = np.full(200, 1e308)
    assert_allclose(make_short().fit(X, sample_weight=weights).transform(X), expected)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_negative_and_zero_weights(method, X):
    train = getattr(SparseAutoencoder(8), method)
    weights = np.ones(200)
    weights[7] = -1
    with pytest.raises(ValueError, match="[Nn]egative values"):
        train(X, sample_weight=weights)
    with pytest.raises(ValueError, match="at least one non-zero"):
        train(X, sample_weight=np.zeros(200))


@short
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e-300, 1e-46, 1e39, 1e300])
def test_only_ratios_of_weights_matter(scale, dtype, X):
    X, weights = X.astype(dtype), np.arange(len(X)) % 3
    expected, scaled = (
        make_short().fit(X, sample_weight=w) for w in (weights, weights * scale)
    )
    assert_allclose(scaled.components_, expected.components_, rtol=1e-3, atol=1e-5)
    assert_allclose(
        expected.score(X, sample_weight=weights * scale),
        expected.score(X, sample_weight=weights),
        rtol=1e-6,
    )
