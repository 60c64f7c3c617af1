"""Properties that all displays have in common."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.decomposition import (
    NMF,
    PCA,
    FastICA,
    MiniBatchDictionaryLearning,
    TruncatedSVD,
)
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

import skl_sparse_ae.display
from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.display import (
    LossCurveDisplay,
    ReconstructionDisplay,
    SparsityCurveDisplay,
    UnitFeatureDisplay,
    UnitImageDisplay,
)

from .estimators import name_of

plt = pytest.importorskip("matplotlib.pyplot")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

DISPLAYS = [getattr(skl_sparse_ae.display, n) for n in skl_sparse_ae.display.__all__]
NO_X = (LossCurveDisplay,)


DECOMPOSITIONS = [
    PCA(5),
    NMF(5, max_iter=50),
    MiniBatchDictionaryLearning(5, max_iter=5, random_state=0),
    TruncatedSVD(5),
    FastICA(5, max_iter=10, tol=0.1),
    SparseAutoencoder(5, max_iter=5, random_state=0),
    make_pipeline(MinMaxScaler(), PCA(5)),
]


def draw(display, estimator, X, **params):
    """Draw any display of an estimator."""
    if display in NO_X:
        return display.from_estimator(estimator, **params)
    if display is UnitImageDisplay:
        params["image_shape"] = (8, 8)
    if display is SparsityCurveDisplay:
        return display.from_estimators([estimator], X, **params)
    return display.from_estimator(estimator, X, **params)


def axes_of(display):
    return display.axes_ if hasattr(display, "axes_") else np.array([display.ax_])


@pytest.mark.parametrize("display", DISPLAYS)
def test_a_display_draws_in_one_new_figure(display, autoencoder, X):
    drawn = draw(display, autoencoder, X)
    assert isinstance(drawn, display)
    assert len(plt.get_fignums()) == 1
    assert drawn.figure_ is plt.gcf()
    assert all(ax.figure is drawn.figure_ for ax in axes_of(drawn))
    drawn.figure_.canvas.draw()


@pytest.mark.parametrize("display", DISPLAYS)
def test_a_display_draws_in_given_axes(display, autoencoder, X):
    figure, (ax, other) = plt.subplots(1, 2)
    drawn = draw(display, autoencoder, X, ax=ax)
    assert plt.get_fignums() == [figure.number]
    assert drawn.figure_ is figure
    if hasattr(drawn, "ax_"):
        assert drawn.ax_ is ax
    box = ax.get_position()
    for axes in axes_of(drawn):
        assert axes.get_position().x1 <= box.x1 + 1e-9
    assert not other.has_data()


@pytest.mark.parametrize("display", DISPLAYS)
def test_a_display_can_be_drawn_again(display, autoencoder, X):
    drawn = draw(display, autoencoder, X)
    first = drawn.figure_
    assert drawn.plot() is drawn
    assert drawn.figure_ is not first


@pytest.mark.parametrize("estimator", DECOMPOSITIONS, ids=name_of)
def test_other_decompositions_are_drawn_as_well(estimator, X):
    estimator.fit(X)
    for display in DISPLAYS:
        if display not in NO_X:
            draw(display, estimator, X)
            plt.close("all")


@pytest.mark.parametrize("display", DISPLAYS)
def test_an_estimator_must_be_fitted(display, X):
    with pytest.raises(NotFittedError):
        draw(display, SparseAutoencoder(3), X)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("display", DISPLAYS)
def test_without_matplotlib_an_error_says_what_to_install(
    display, autoencoder, X, monkeypatch
):
    drawn = draw(display, autoencoder, X)
    for module in [name for name in sys.modules if name.startswith("matplotlib")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    message = r"This requires matplotlib: .*skl-sparse-ae\[plot\]"
    with pytest.raises(ImportError, match=message):
        drawn.plot()
    with pytest.raises(ImportError, match=message):
        draw(display, autoencoder, X)


def test_importing_the_displays_imports_no_matplotlib():
    code = "import sys, skl_sparse_ae.display; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_names_are_not_drawn_as_formulas(wine, tmp_path):
    frame = wine.set_axis(["a$b^$"] * 13, axis=1)
    autoencoder = SparseAutoencoder(4, random_state=0).fit(wine)
    names = list(frame.columns)
    display = UnitFeatureDisplay.from_estimator(autoencoder, feature_names=names)
    display.figure_.savefig(tmp_path / "units.png")
    display = ReconstructionDisplay.from_estimator(
        autoencoder, wine, feature_names=names
    )
    display.figure_.savefig(tmp_path / "rows.png")


@pytest.mark.parametrize("container", [np.ndarray.tolist, sparse.coo_matrix])
def test_rows_in_other_containers(container, topk, X):
    curve, expected = (
        SparsityCurveDisplay.from_estimators([topk], rows) for rows in (container(X), X)
    )
    assert_allclose(curve.scores, expected.scores)
    rows = ReconstructionDisplay.from_estimator(topk, container(X), n_rows=3)
    assert_allclose(rows.originals, X[:3])
