import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA
from sklearn.neural_network import MLPRegressor

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.display import LossCurveDisplay

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_the_terms_of_the_loss_add_up_to_its_curve(solver, X):
    autoencoder = SparseAutoencoder(4, solver=solver, max_iter=6, random_state=0)
    display = LossCurveDisplay.from_estimator(autoencoder.fit(X).partial_fit(X))
    assert display.loss_curve == autoencoder.loss_curve_
    assert display.loss_terms == autoencoder.loss_terms_
    assert_array_equal(display.line_.get_xdata(), np.arange(1, 8))
    assert_array_equal(display.line_.get_ydata(), autoencoder.loss_curve_)
    tops = [area.get_paths()[0].vertices[:, 1].max() for area in display.terms_]
    first = autoencoder.loss_terms_[0]
    assert first == max(autoencoder.loss_terms_, key=sum)
    assert_allclose(tops, np.cumsum(first), rtol=1e-6)
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["J", "sparsity", "decay", "reconstruction"]


def test_the_terms_of_the_loss_as_lines(autoencoder):
    display = LossCurveDisplay.from_estimator(autoencoder, stacked=False, name="KL")
    lines = [line.get_ydata() for line in display.terms_]
    assert_array_equal(np.transpose(lines), autoencoder.loss_terms_)
    assert display.ax_.get_yscale() == "log"
    assert display.line_.get_label() == "KL"


def test_a_loss_curve_without_terms(X):
    network = MLPRegressor(hidden_layer_sizes=3, max_iter=4, random_state=0).fit(X, X)
    display = LossCurveDisplay.from_estimator(network)
    assert display.loss_terms is None
    assert display.terms_ == []
    assert_array_equal(display.line_.get_ydata(), network.loss_curve_)
    with pytest.raises(TypeError, match="needs loss_curve_, and PCA"):
        LossCurveDisplay.from_estimator(PCA(2).fit(X))
