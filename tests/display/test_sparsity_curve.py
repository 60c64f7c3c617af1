import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.decomposition import PCA

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.display import SparsityCurveDisplay

from .estimators import Given

plt = pytest.importorskip("matplotlib.pyplot")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_pca_lies_on_its_own_curve(container, X):
    estimators = [PCA(n).fit(X) for n in (1, 4, 9)]
    display = SparsityCurveDisplay.from_estimators(estimators, container(X))
    assert_array_equal(display.n_active, [1, 4, 9])
    assert_allclose(display.pca_scores[[0, 3, 8]], display.scores)
    assert_array_equal(display.pca_line_.get_xdata(), np.arange(1, 10))
    assert_array_equal(display.line_.get_xdata(), display.n_active)
    assert_array_equal(display.line_.get_ydata(), display.scores)


def test_the_points_are_those_of_the_fits(X):
    autoencoder = SparseAutoencoder(20, penalty="topk", max_iter=5, random_state=0)
    display = SparsityCurveDisplay.from_estimator(
        autoencoder, X, param_name="rho", param_range=[0.1, 0.25]
    )
    assert not hasattr(autoencoder, "components_")
    assert autoencoder.rho == "auto"
    assert_allclose(display.n_active, [2, 5], rtol=0.01)  # some are rectified
    for rho, score in zip([0.1, 0.25], display.scores, strict=True):
        assert_allclose(score, autoencoder.set_params(rho=rho).fit(X).score(X))
    assert [label.get_text() for label in display.labels_] == ["0.1", "0.25"]
    assert display.line_.get_label() == "SparseAutoencoder, rho"
    assert display.plot(show_labels=False).labels_ == []


def test_pca_s_curve_ends_with_the_rows_and_can_be_left_out(X):
    display = SparsityCurveDisplay.from_estimators([Given().fit()], X[:, 10:13])
    assert 1 < display.n_active[0] < 3
    assert len(display.pca_scores) == np.ceil(display.n_active[0])
    display = SparsityCurveDisplay.from_estimators([PCA(3).fit(X)], X[:2])
    assert len(display.pca_scores) == 2
    display = SparsityCurveDisplay.from_estimators([PCA(3).fit(X)], X, pca=False)
    assert display.pca_line_ is None


@pytest.mark.parametrize(
    ("threshold", "expected"), [(None, 1.875), (0.0, 1.25), (1, 0.5)]
)
def test_active_units_by_hand(threshold, expected):
    rows = np.array([[0.0, 0.0], [1.0, -0.5], [0.0, 2.0], [1.0, -3.0]])
    display = SparsityCurveDisplay.from_estimators(
        [Given().fit()], rows, threshold=threshold
    )
    assert display.n_active == [expected]
    assert display.scores == [1.0]


@pytest.mark.parametrize("activation", ["logistic", "tanh"])
def test_activations_of_units_that_are_never_zero_are_added_up(activation, X):
    autoencoder = SparseAutoencoder(
        10, activation=activation, max_iter=20, random_state=0
    ).fit(X)

    def curve(**params):
        plt.close("all")
        return SparsityCurveDisplay.from_estimators([autoencoder], X, **params)

    for added in (curve(), curve(threshold=None)):
        assert_allclose(added.n_active, autoencoder.mean_activation_.sum())
        assert added.ax_.get_xlabel() == "Mean sum of the activations of a row"
        assert added.pca_scores is None
    middle = {"logistic": 0.5, "tanh": 0.0}[activation]
    n_above = (autoencoder.transform(X) > middle).sum(axis=1)
    counted = curve(threshold=0.5)
    assert_allclose(counted.n_active, n_above.mean())
    assert counted.ax_.get_xlabel() == "Mean number of active units per row"
    assert curve(threshold=0.0).n_active == [10]


def test_the_curve_of_kl_follows_rho(X):
    display = SparsityCurveDisplay.from_estimator(
        SparseAutoencoder(20, beta=100, alpha=0, random_state=0),
        X,
        param_name="rho",
        param_range=[0.05, 0.1, 0.2],
    )
    # So large a weight of the penalty keeps the mean activation of each unit at rho.
    assert_allclose(display.n_active, [1, 2, 4], rtol=0.05)
    assert_array_equal(display.line_.get_xdata(), display.n_active)


def test_counts_and_sums_have_no_common_axis(autoencoder, topk, X):
    with pytest.raises(ValueError, match="threshold='auto': some estimators have"):
        SparsityCurveDisplay.from_estimators([autoencoder, topk], X)
    counted = SparsityCurveDisplay.from_estimators([topk], X)
    with pytest.raises(ValueError, match="ax has a curve over the mean number of"):
        SparsityCurveDisplay.from_estimators([autoencoder], X, ax=counted.ax_)
    both = SparsityCurveDisplay.from_estimators([autoencoder, topk], X, threshold=0.1)
    counts = [(e.transform(X) > 0.1).sum() / len(X) for e in (autoencoder, topk)]
    assert_allclose(both.n_active, counts)
    assert SparsityCurveDisplay.from_estimators([topk], X, ax=both.ax_).ax_ is both.ax_
    with pytest.raises(ValueError, match="threshold='mean' must be one of auto"):
        SparsityCurveDisplay.from_estimators([topk], X, threshold="mean")


def test_as_many_labels_as_estimators(autoencoder, X):
    with pytest.raises(ValueError, match="labels has 2 entries, and there are 1"):
        SparsityCurveDisplay.from_estimators([autoencoder], X, labels=["a", "b"])


def test_a_curve_of_a_single_row(topk, X):
    curve = SparsityCurveDisplay.from_estimators([topk], X[:1])
    assert_array_equal(curve.scores, 0)
    assert_array_equal(curve.pca_scores, 1)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_rows_with_missing_entries_have_no_curve_of_pca(container, X):
    gappy = X[:60].copy()
    gappy[::3, 20:30] = np.nan
    autoencoder = SparseAutoencoder(
        10, penalty="topk", missing_values=np.nan, max_iter=3, random_state=0
    )
    display = SparsityCurveDisplay.from_estimator(
        autoencoder, container(gappy), param_name="rho", param_range=[0.2, 0.4]
    )
    assert display.pca_line_ is None
    expected = autoencoder.set_params(rho=0.4).fit(gappy).score(gappy)
    assert_allclose(display.scores[1], expected)
