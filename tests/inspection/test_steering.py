import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from skl_sparse_ae.inspection import steer

from .estimators import fitted


@pytest.mark.parametrize("penalty", ["kl", "l1", "topk"])
def test_what_a_factor_adds_lies_along_the_unit(penalty, digits):
    X, autoencoder = digits[:50], fitted(digits, penalty)
    code = autoencoder.transform(X)
    plain = autoencoder.inverse_transform(code)
    for factor in (0, 0.5, 3):
        change = steer(autoencoder, X, 7, factor=factor) - plain
        expected = np.outer((factor - 1) * code[:, 7], autoencoder.components_[7])
        assert_allclose(change, expected, atol=1e-12)
    assert code[:, 7].any()


def test_a_value_is_the_same_on_all_rows(digits):
    X, autoencoder = digits[:50], fitted(digits, "l1")
    code = autoencoder.transform(X)
    units, value = [2, 9], np.array([5.0, 0.1])
    code[:, units] = value
    expected = autoencoder.inverse_transform(code)
    assert_allclose(steer(autoencoder, X, units, value=value), expected)


@pytest.mark.parametrize("value", [0, 4])
def test_with_all_units_set_to_a_value_rows_do_not_differ(value, digits):
    autoencoder = fitted(digits, "kl")
    X_hat = steer(autoencoder, digits, slice(None), value=value)
    assert_allclose(X_hat, X_hat[:1].repeat(len(X_hat), axis=0))
    expected = autoencoder.decoder_intercept_
    expected = expected + value * autoencoder.components_.sum(axis=0)
    assert_allclose(X_hat[0], expected)


MASK = np.arange(12) == 3


@pytest.mark.parametrize("units", [3, -9, [3], np.int64(3), slice(3, 4), MASK])
@pytest.mark.parametrize("setting", [{"factor": 2}, {"factor": [2]}, {"value": 1.5}])
def test_sparse_codes_are_steered_like_dense_ones(setting, units, digits):
    X = digits[:50]
    dense, as_csr = fitted(digits), fitted(digits, sparse_output=True)
    expected = steer(dense, X, 3, **setting)
    assert_allclose(steer(as_csr, X, units, **setting), expected)
    assert not np.allclose(expected, steer(dense, X, 3, factor=1))


def test_steering_pca_and_pipelines_goes_back_to_the_rows(digits):
    pipeline = make_pipeline(StandardScaler(with_std=False), PCA(64)).fit(digits)
    whole = steer(pipeline, digits, 0, factor=1)
    assert_allclose(whole, digits, atol=1e-10)
    off = steer(pipeline, digits, np.arange(64) >= 10, factor=0)
    pca = PCA(10).fit(digits)
    expected = pca.inverse_transform(pca.transform(digits))
    assert_allclose(off, expected, atol=1e-10)


def test_steering_keeps_float32(digits):
    X = digits.astype(np.float32)
    assert steer(fitted(X), X, 0, value=0.1).dtype == np.float32


@pytest.mark.parametrize(
    ("units", "setting", "message"),
    [
        (0, {}, "Exactly one of factor=None and value=None"),
        (0, {"factor": 0, "value": 1}, "Exactly one of factor=0 and value=1"),
        (12, {"factor": 0}, "units=12 .* n_components=12"),
        ([True], {"factor": 0}, "units=.*mask"),
        (0.5, {"factor": 0}, "units=0.5"),
        ([1, 2], {"factor": [0, 1, 2]}, r"factor has shape \(3,\).* 2 units"),
        (0, {"value": "high"}, "'value' parameter"),
    ],
)
def test_invalid_parameters_of_steering(units, setting, message, digits):
    with pytest.raises(ValueError, match=message):
        steer(fitted(digits), digits, units, **setting)


def test_steering_needs_inverse_transform(digits):
    with pytest.raises(ValueError, match="'inverse_transform'"):
        steer(Normalizer(), digits, 0, factor=0)
