"""Small autoencoders, and formulas that the tests of several formats share."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skl_sparse_ae import Penalty, SparseAutoencoder

# Training is short on purpose.
SHORT = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:beta='adaptive' should make",
)

# Autoencoders that libraries for language models can read.
RECTIFIED = {
    "l1": {"penalty": "l1"},
    "topk": {"penalty": "topk", "rho": 0.2},
    "batch_topk": {"penalty": "batch_topk", "rho": 0.2},
    "jumprelu": {"penalty": "jumprelu", "rho": 0.2},
    "contractive": {"penalty": "contractive", "activation": "relu"},
    "no penalty": {"penalty": None, "activation": "relu"},
    "tied": {"penalty": "l1", "tied_weights": True},
}
rectified = pytest.mark.parametrize("parameters", RECTIFIED.values(), ids=RECTIFIED)
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])

# Input for files whose results are worked out by hand.
ROWS = np.array([[2.0, 4.0], [1.0, 5.0]], np.float32)


def fit(X, **parameters):
    parameters = {"max_iter": 3, "random_state": 0, **parameters}
    return SparseAutoencoder(10, **parameters).fit(X)


def assert_same(loaded, estimator, X):
    code = estimator.transform(X)
    assert_array_equal(loaded.transform(X), code)
    assert loaded.transform(X).dtype == code.dtype
    assert_array_equal(
        loaded.inverse_transform(code), estimator.inverse_transform(code)
    )
    assert loaded.score(X) == estimator.score(X)


class Largest(Penalty):
    """A user-defined penalty that selects activations."""

    selects = True

    def select(self, a):
        a *= a == a.max(axis=1, keepdims=True)


def top(a, k):
    """Set all but the k largest of each row to zero, by sorting."""
    last = np.sort(a, axis=1)[:, -k, None]
    return np.where(a >= last, a, 0)


def select(z, k=None, threshold=None):
    """Rectify pre-activations, and keep the k largest or those above a threshold."""
    a = np.where(z > 0, z, 0)
    if k is not None:
        a = top(a, k)
    return a if threshold is None else np.where(z > threshold, a, 0)
