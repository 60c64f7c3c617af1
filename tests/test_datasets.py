import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import multivariate_normal

from skl_sparse_ae.datasets import make_sparse_features


def test_rows_are_sums_of_features():
    X, codes, dictionary = make_sparse_features(50, 20, 10, random_state=0)
    assert_allclose(X, codes @ dictionary)
    assert_allclose(np.linalg.norm(dictionary, axis=1), 1)
    assert codes.min() == 0
    again = make_sparse_features(50, 20, 10, random_state=0)
    assert_array_equal(again[0], X)


def test_frequencies_magnitudes_and_noise():
    frequencies, magnitude = np.array([0.5, 0.1, 0, 1]), np.array([1, 5, 1, 3])
    X, codes, dictionary = make_sparse_features(
        40_000,
        4,
        6,
        frequencies=frequencies,
        magnitude=magnitude,
        magnitude_std=0.1,
        noise=0.3,
        random_state=0,
    )
    assert_allclose((codes > 0).mean(axis=0), frequencies, atol=0.01)
    for j in (0, 1, 3):
        active = codes[codes[:, j] > 0, j]
        assert_allclose([active.mean(), active.std()], [magnitude[j], 0.1], atol=0.01)
    assert_allclose((X - codes @ dictionary).std(), 0.3, rtol=0.01)


def test_number_of_active_features():
    codes = make_sparse_features(20_000, 64, 8, n_active=5, random_state=0)[1]
    assert_allclose((codes > 0).sum(axis=1).mean(), 5, rtol=0.02)
    assert make_sparse_features(10, 4, 8, n_active=9, random_state=0)[1].all()


@pytest.mark.parametrize("as_matrix", [False, True])
def test_correlated_features(as_matrix):
    # The probability that both are active, by the bivariate normal distribution.
    r, n = 0.6, 60_000
    correlation = np.array([[1, r], [r, 1]]) if as_matrix else r
    codes = make_sparse_features(
        n, 2, 3, frequencies=0.2 * np.ones(2), correlation=correlation, random_state=0
    )[1]
    covariance = [[1, r], [r, 1]]
    expected = multivariate_normal(cov=covariance).cdf([-0.8416212] * 2)
    assert_allclose((codes > 0).all(axis=1).mean(), expected, atol=0.005)
    assert_allclose((codes > 0).mean(axis=0), 0.2, atol=0.01)


def test_hierarchy():
    # A chain 3 -> 0 -> 2, and 1 alone.
    codes = make_sparse_features(
        40_000, 4, 8, frequencies=[0.5] * 4, parents=[3, -1, 0, -1], random_state=0
    )[1]
    active = codes > 0
    assert_allclose(active.mean(axis=0), [0.25, 0.5, 0.125, 0.5], atol=0.01)
    assert not (active[:, 0] & ~active[:, 3]).any()
    assert not (active[:, 2] & ~active[:, 0]).any()


def test_orthogonal_features():
    dictionary = make_sparse_features(1, 5, 8, orthogonal=True, random_state=0)[2]
    assert_allclose(dictionary @ dictionary.T, np.eye(5), atol=1e-12)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"frequencies": [0.1] * 3}, "frequencies has shape"),
        ({"frequencies": [0.1, 1.2]}, "within 0 and 1"),
        ({"parents": [1, 0]}, "circle"),
        ({"parents": [0, -1]}, "circle"),
        ({"parents": [2, -1]}, "indices of features"),
        ({"parents": [0.5, -1]}, "whole numbers"),
        ({"correlation": np.eye(3)}, "correlation has shape"),
        ({"correlation": [[1, 2], [2, 1]]}, "positive semidefinite"),
        ({"correlation": [[2, 0], [0, 1]]}, "ones on the"),
        ({"orthogonal": True, "n_features": 1}, "cannot be orthogonal"),
        ({"noise": -1}, "'noise' parameter"),
        ({"frequencies": [0.1, np.nan]}, "frequencies must be finite"),
        ({"magnitude": [1.0, np.inf]}, "magnitude must be finite"),
    ],
)
def test_invalid_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        make_sparse_features(10, 2, **parameters)
