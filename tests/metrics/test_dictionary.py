import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from scipy.linalg import hadamard
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder, metrics
from skl_sparse_ae.datasets import make_sparse_features


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


class Fitted(BaseEstimator):
    def __init__(self, components_=None, decoder_intercept_=None):
        self.components_, self.decoder_intercept_ = components_, decoder_intercept_

    def fit(self, X):
        return self


def test_decoder_projection_by_hand():
    # Rows less the intercept are (3, 1) and (0, 4); units are (1, 0), (0, 1) and
    # (0.6, 0.8), after scaling. Projections: 3, 1, 2.6 and 0, 4, 3.2.
    fitted = Fitted(np.array([[2.0, 0], [0, 5], [3, 4]]), np.array([1.0, 1]))
    X = [[4.0, 2], [1, 5]]
    # In order: 4, 3.2, 3, 2.6, 1, 0; two rows, so the third and the fifth.
    assert metrics.decoder_projection(fitted, X, 0) == 4
    assert_allclose(metrics.decoder_projection(fitted, X, 1), 3)
    assert_allclose(metrics.decoder_projection(fitted, X, 2), 1)
    for n in (-1, 3):
        with pytest.raises(ValueError, match="n =="):
            metrics.decoder_projection(fitted, X, n)


def test_decoder_projection_of_the_true_features_is_zero(rng):
    """With orthogonal features, at any n above the number of features in a row."""
    X, codes, dictionary = make_sparse_features(
        200, 10, 12, n_active=2, orthogonal=True, random_state=0
    )
    n = int((codes > 0).sum(axis=1).max()) + 1
    fitted = Fitted(dictionary, np.zeros(12))
    assert_allclose(metrics.decoder_projection(fitted, X, n), 0, atol=1e-12)
    mixed = Fitted(dictionary + 0.3 * np.roll(dictionary, 1, axis=0), np.zeros(12))
    assert metrics.decoder_projection(mixed, X, 3) > 0.1


def test_decoder_projection_of_pca_uses_its_mean(rng):
    X = rng.normal(5, 1, size=(50, 4))
    pca = PCA(3).fit(X)
    expected = np.sort(pca.transform(X).ravel())[-51]
    assert_allclose(metrics.decoder_projection(pca, X, 1), expected)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_decoder_projection_of_sparse_rows_and_missing_entries(container, rng):
    X = rng.poisson(1.0, size=(40, 4)).astype(float)
    autoencoder = SparseAutoencoder(
        3, missing_values=np.nan, max_iter=2, random_state=0
    ).fit(X)
    holes = np.where(rng.uniform(size=X.shape) < 0.2, np.nan, X)
    filled = np.where(np.isnan(holes), autoencoder.mean_, X)
    expected = metrics.decoder_projection(autoencoder, filled, 1)
    assert_allclose(
        metrics.decoder_projection(autoencoder, container(holes), 1), expected
    )


def test_decoder_projection_of_a_pipeline_and_of_other_columns(rng):
    X = rng.normal(size=(20, 4))
    pipeline = make_pipeline(StandardScaler(), PCA(2)).fit(X)
    with pytest.raises(TypeError, match="Pass its last step"):
        metrics.decoder_projection(pipeline, X, 1)
    with pytest.raises(ValueError, match="X has 3 columns, and components_ 4"):
        metrics.decoder_projection(pipeline[-1], X[:, :3], 1)
