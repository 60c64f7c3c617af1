import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import hadamard
from sklearn.decomposition import PCA

from skl_sparse_ae import metrics


@pytest.mark.parametrize(
    ("components", "expected"),
    [
        ([[1, 0], [0, 2], [-3, 4]], 0.8),
        ([[1, 2], [-3, -6]], 1),
        (np.eye(4), 0),
        ([[0, 0], [0, 0], [1, 1]], 0),
        ([[3, 4]], 0),
        ([[1e-100], [1e100]], 1),
    ],
)
def test_mutual_coherence_by_hand(components, expected):
    assert_allclose(metrics.mutual_coherence(components), expected)


@pytest.mark.parametrize("n", [4, 16, 64])
def test_coherence_of_spikes_and_walsh_functions(n):
    # Each atom of one basis has the same cosine with each of the other, 1 / sqrt(n),
    # which is the least that is possible for two orthonormal bases.
    components = np.vstack([np.eye(n), hadamard(n)])
    assert_allclose(metrics.mutual_coherence(components), 1 / np.sqrt(n))


def test_rounding_does_not_take_coherence_beyond_one(rng):
    for atom in rng.normal(size=(50, 7)):
        assert 1 - 1e-12 < metrics.mutual_coherence([atom, -3 * atom]) <= 1


def test_coherence_of_components(digits):
    assert metrics.mutual_coherence(PCA(8).fit(digits).components_) < 1e-12
