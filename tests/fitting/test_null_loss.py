"""The deviance of counts that is noise, and the rest, in units of which beta is."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import special, stats

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae._fitting._null_loss import excess_deviance, explained_fraction
from skl_sparse_ae._network._losses import LOSSES


def null_deviance(X):
    return 2 * np.sum(special.kl_div(X, X.mean(axis=0)), axis=1).mean()


def test_noise_is_the_expected_deviance_of_counts():
    mean = np.array([0, 1e-5, 0.03, 0.7, 1, 6, 30, 35.99, 36, 60, 900])
    x = np.arange(3000)
    expected = [
        2 * stats.poisson(m).pmf(x) @ special.kl_div(x, m) if m else 0 for m in mean
    ]
    assert_allclose(LOSSES["poisson"](None).noise(mean), expected, rtol=2e-4)


@pytest.mark.parametrize("rate", [0.05, 2.0, 50.0])
def test_independent_counts_have_nothing_to_explain(rate):
    X = np.random.RandomState(0).poisson(rate, size=(20_000, 8)).astype(float)
    loss, deviance = LOSSES["poisson"](None), null_deviance(X)
    excess = excess_deviance(loss, X.mean(axis=0), deviance)
    assert excess < 0.03 * deviance
    # With rates of two sizes, what tells the two kinds of rows can be explained.
    X[::2] = np.random.RandomState(1).poisson(4 * rate, size=X[::2].shape)
    deviance = null_deviance(X)
    rows = np.arange(len(X)) % 2 == 0
    left = (null_deviance(X[rows]) + null_deviance(X[~rows])) / 2
    excess = excess_deviance(loss, X.mean(axis=0), deviance)
    assert 0.1 * (deviance - left) < excess < 1.1 * (deviance - left)
    if rate > 1:
        assert excess == pytest.approx(deviance - left, rel=0.15)


def test_the_weight_of_the_penalty_is_in_units_of_what_can_be_explained():
    X = np.random.RandomState(0).poisson([[0.2], [3.0]] * 200, size=(400, 6))
    autoencoder = SparseAutoencoder(4, loss="poisson", random_state=0).fit(X)
    noise = LOSSES["poisson"](None).noise(X.mean(axis=0)).sum()
    expected = 10 * (null_deviance(X) - noise) / 4
    assert autoencoder.beta_ == pytest.approx(expected, rel=1e-6)
    # Ones have the variance that their mean has, whether it is noise or not.
    assert LOSSES["log_loss"](None).noise(np.array([0.3])) == 0


def test_the_fraction_explained_is_at_most_one():
    assert explained_fraction(0.1, 0.8) == pytest.approx(0.75)
    assert explained_fraction(-1e-9, 0.8) == 1
    assert explained_fraction(-1e-9, 0.0) == explained_fraction(0.0, 0.0) == 1
    assert explained_fraction(1e-9, 0.0) == 0
