"""Data, estimators and figures of the tests of displays."""

import pytest
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder


@pytest.fixture(autouse=True)
def _no_figures():
    """Draw without a window, and close all figures."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.close("all")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def X(digits):
    return digits[:200]


@pytest.fixture(scope="module")
def autoencoder(X):
    return SparseAutoencoder(7, max_iter=20, random_state=0).fit(X)


@pytest.fixture(scope="module")
def topk(X):
    autoencoder = SparseAutoencoder(20, penalty="topk", max_iter=5, random_state=0)
    return autoencoder.fit(X)


@pytest.fixture(scope="module")
def wine():
    """A data frame of 13 standardised columns with names."""
    scaler = StandardScaler().set_output(transform="pandas")
    return scaler.fit_transform(load_wine(as_frame=True).data)
