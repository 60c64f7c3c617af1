"""What displays show is what the estimator has, and is drawn where it should be."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_wine
from sklearn.decomposition import (
    NMF,
    PCA,
    FastICA,
    MiniBatchDictionaryLearning,
    TruncatedSVD,
)
from sklearn.exceptions import NotFittedError
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import skl_sparse_ae.display
from skl_sparse_ae import KL, L1, SparseAutoencoder, TopK
from skl_sparse_ae.display import (
    ActivationDensityDisplay,
    LossCurveDisplay,
    MeanActivationDisplay,
    ReconstructionDisplay,
    SparsityCurveDisplay,
    UnitFeatureDisplay,
    UnitImageDisplay,
)
from skl_sparse_ae.display._drawing import mosaic

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

DISPLAYS = [getattr(skl_sparse_ae.display, n) for n in skl_sparse_ae.display.__all__]
NO_X = (LossCurveDisplay,)


@pytest.fixture(autouse=True)
def _no_figures():
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


class Given(TransformerMixin, BaseEstimator):
    """An estimator whose code is its input, and whose weights are given."""

    def __init__(self, components=((1.0, 0.0), (0.0, 1.0))):
        self.components = components

    def fit(self, X=None, y=None):
        self.components_ = np.array(self.components)
        self.n_features_in_ = self.components_.shape[1]
        return self

    def transform(self, X):
        return X

    def inverse_transform(self, X):
        return X


DECOMPOSITIONS = [
    PCA(5),
    NMF(5, max_iter=50),
    MiniBatchDictionaryLearning(5, max_iter=5, random_state=0),
    TruncatedSVD(5),
    FastICA(5, max_iter=10, tol=0.1),
    SparseAutoencoder(5, max_iter=5, random_state=0),
    make_pipeline(MinMaxScaler(), PCA(5)),
]


def name_of(estimator):
    return type(estimator).__name__


def draw(display, estimator, X, **params):
    """A display of an estimator, whichever it is."""
    if display in NO_X:
        return display.from_estimator(estimator, **params)
    if display is UnitImageDisplay:
        params["image_shape"] = (8, 8)
    if display is SparsityCurveDisplay:
        return display.from_estimators([estimator], X, **params)
    return display.from_estimator(estimator, X, **params)


def axes_of(display):
    return display.axes_ if hasattr(display, "axes_") else np.array([display.ax_])


# All displays


@pytest.mark.parametrize("display", DISPLAYS)
def test_a_display_draws_in_one_new_figure(display, autoencoder, X):
    drawn = draw(display, autoencoder, X)
    assert isinstance(drawn, display)
    assert len(plt.get_fignums()) == 1
    assert drawn.figure_ is plt.gcf()
    assert all(ax.figure is drawn.figure_ for ax in axes_of(drawn))
    drawn.figure_.canvas.draw()


@pytest.mark.parametrize("display", DISPLAYS)
def test_a_display_draws_where_it_is_told(display, autoencoder, X):
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


# Units as images


def test_images_are_the_rows_of_the_dictionary(autoencoder):
    display = UnitImageDisplay.from_estimator(autoencoder, image_shape=(8, 8))
    assert_array_equal(display.images, autoencoder.components_.reshape(7, 8, 8))
    assert_array_equal(display.units, np.arange(7))


def test_no_other_input_of_norm_one_activates_a_unit_more(autoencoder, rng):
    display = UnitImageDisplay.from_estimator(
        autoencoder, image_shape=(8, 8), weights="encoder"
    )
    best = display.images.reshape(7, 64)
    assert_allclose(np.linalg.norm(best, axis=1), 1)
    others = rng.normal(size=(500, 64))
    others /= np.linalg.norm(others, axis=1, keepdims=True)
    nearby = best[:, None] + 0.01 * others
    nearby /= np.linalg.norm(nearby, axis=2, keepdims=True)
    for j in range(7):
        largest = autoencoder.transform(best[j : j + 1])[0, j]
        assert (autoencoder.transform(others)[:, j] < largest).all()
        assert (autoencoder.transform(nearby[j])[:, j] < largest).all()


def test_the_encoder_s_weights_by_hand():
    estimator = Given().fit()
    estimator.encoder_coef_ = np.array([[3.0, 0.0], [-4.0, 0.0]])
    display = UnitImageDisplay.from_estimator(
        estimator, image_shape=(1, 2), weights="encoder"
    )
    assert_allclose(display.images, [[[0.6, -0.8]], [[0.0, 0.0]]])


def test_images_are_put_side_by_side_with_gaps():
    nan = np.nan
    tiles = mosaic(np.array([[[1, 2]], [[3, 4]], [[5, 6]]]), n_columns=2)
    assert_array_equal(
        tiles.pixels,
        [
            [nan, nan, nan, nan, nan, nan, nan],
            [nan, 1.0, 2.0, nan, 3.0, 4.0, nan],
            [nan, nan, nan, nan, nan, nan, nan],
            [nan, 5.0, 6.0, nan, nan, nan, nan],
            [nan, nan, nan, nan, nan, nan, nan],
        ],
    )
    assert_array_equal(tiles.tops, [1, 1, 3])
    assert_array_equal(tiles.lefts, [1, 4, 1])


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ("unit", [0.5, -1.0, 0.0, 0.0, 1.0, 0.25]),
        ("shared", [0.25, -0.5, 0.0, 0.0, 1.0, 0.25]),
        (2.0, [0.5, -1.0, 0.0, 0.0, 2.0, 0.5]),
    ],
)
def test_limits_are_symmetric_about_zero(limits, expected):
    images = np.array([[[1.0, -2.0]], [[0.0, 0.0]], [[4.0, 1.0]]])
    display = UnitImageDisplay(images=images).plot(n_columns=3, limits=limits)
    pixels = display.image_.get_array().compressed()
    assert_allclose(pixels, expected)
    assert display.image_.get_clim() == (-1, 1)


def test_colours_are_around_grey_and_gaps_are_transparent():
    images = np.array([[[[1.0, 0.0, -2.0]]], [[[0.0, 0.0, 0.0]]]])
    display = UnitImageDisplay(images=images).plot(n_columns=2)
    pixels = display.image_.get_array()
    assert_allclose(pixels[1, 1], [0.75, 0.5, 0.0, 1.0])
    assert_allclose(pixels[1, 3], [0.5, 0.5, 0.5, 1.0])
    assert pixels[..., 3].sum() == 2


def test_colour_images_have_colours_last(rng):
    components = rng.normal(size=(3, 24))
    display = UnitImageDisplay.from_estimator(
        Given(components).fit(), image_shape=(2, 4, 3)
    )
    assert_array_equal(display.images, components.reshape(3, 2, 4, 3))


def test_thousands_of_units_are_one_image(rng):
    display = UnitImageDisplay(images=rng.normal(size=(2000, 5, 5))).plot()
    assert display.figure_.axes == [display.ax_]
    assert list(display.ax_.images) == [display.image_]
    assert display.titles_ == list(display.ax_.texts) == []
    assert max(display.figure_.get_size_inches()) <= 7


@pytest.mark.parametrize(
    ("n_units", "n_columns", "shape"),
    [(6, None, (19, 28)), (7, None, (28, 28)), (7, 7, (10, 64)), (7, 2, (37, 19))],
)
def test_the_mosaic_has_room_for_all_units(n_units, n_columns, shape, autoencoder):
    display = UnitImageDisplay.from_estimator(
        autoencoder, image_shape=(8, 8), n_units=n_units, n_columns=n_columns
    )
    assert display.image_.get_array().shape == shape
    assert display.image_.get_array().count() == 64 * n_units


def test_titles_are_the_units_indices_or_what_is_given(autoencoder):
    display = UnitImageDisplay.from_estimator(
        autoencoder, image_shape=(8, 8), order=[4, 2], titles=True
    )
    assert [text.get_text() for text in display.titles_] == ["4", "2"]
    assert all(text in display.ax_.texts for text in display.titles_)
    display.plot(titles=["a", "b"])
    assert [text.get_text() for text in display.titles_] == ["a", "b"]
    with pytest.raises(ValueError, match="titles has 1 entries, and there are 2"):
        display.plot(titles=["a"])


@pytest.mark.parametrize("n_units", [4, 400])
def test_titles_are_between_the_images(n_units, rng):
    images = rng.normal(size=(n_units, 8, 8))
    display = UnitImageDisplay(images=images).plot(titles=True)
    display.figure_.canvas.draw()
    to_pixels = display.ax_.transData.inverted()
    pixels = display.image_.get_array().filled(np.nan)
    assert len(display.titles_) == n_units
    for text in display.titles_[:: n_units // 4]:
        box = text.get_window_extent().transformed(to_pixels)
        # The axis of rows points down, and pixels reach half a unit to each side.
        rows = slice(round(max(box.y1, 0)), round(box.y0))
        columns = slice(round(max(box.x0, 0)), round(box.x1) + 1)
        assert rows.stop > rows.start
        assert np.isnan(pixels[rows, columns]).all()


def test_units_in_the_order_of_their_activation(autoencoder, X):
    code = autoencoder.transform(X)
    expected = np.argsort(-code.mean(axis=0))
    for rows in (None, X):
        display = UnitImageDisplay.from_estimator(
            autoencoder, rows, image_shape=(8, 8), order="activation", n_units=3
        )
        assert_array_equal(display.units, expected[:3])
        assert_array_equal(
            display.images, autoencoder.components_[expected[:3]].reshape(3, 8, 8)
        )


def test_signs_do_not_count_in_the_order():
    rows = np.array([[1.0, -2.0], [1.0, 2.0]])
    display = UnitImageDisplay.from_estimator(
        Given().fit(), rows, image_shape=(1, 2), order="activation"
    )
    assert_array_equal(display.units, [1, 0])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"image_shape": (8, 9)}, r"image_shape=\(8, 9\) is for 72 .* there are 64"),
        ({"image_shape": (4, 4, 4)}, "must be .height, width., or .height, width, 3."),
        ({"image_shape": 64}, "must be .height, width., or .height, width, 3."),
        ({"order": "mean"}, "order='mean' must be one of activation"),
        ({"order": [0, 7]}, "must have indices from 0 to 6"),
        ({"order": [0.5]}, "must be None, 'activation' or indices"),
        ({"n_units": 0}, "n_units=0 must be at least 1"),
        ({"weights": "decoder"}, "weights='decoder' must be one of components"),
        ({"limits": "row"}, "limits='row' must be one of unit, shared"),
        ({"limits": 0}, "limits=0 must be positive"),
        ({"n_columns": 0}, "n_columns=0 must be at least 1"),
    ],
)
def test_image_parameters_that_cannot_be_used(params, message, autoencoder):
    params = {"image_shape": (8, 8), **params}
    with pytest.raises(ValueError, match=message):
        UnitImageDisplay.from_estimator(autoencoder, **params)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("estimator", "weights", "missing"),
    [
        (PCA(2), "encoder", "encoder_coef_"),
        (StandardScaler(), "components", "components_"),
    ],
)
def test_an_estimator_without_such_weights(estimator, weights, missing, X):
    with pytest.raises(TypeError, match=f"needs {missing}, and {name_of(estimator)}"):
        UnitImageDisplay.from_estimator(
            estimator.fit(X), image_shape=(8, 8), weights=weights
        )


# Units by the names of their features


def names_of(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def test_the_largest_features_by_hand():
    components = [[0.5, -3.0, 1.0], [0.0, 2.0, -0.1]]
    display = UnitFeatureDisplay.from_estimator(
        Given(components).fit(), feature_names=["a", "b", "c"], n_features=2
    )
    assert [names_of(ax) for ax in display.axes_] == [["b", "c"], ["b", "c"]]
    widths = [[bar.get_width() for bar in bars] for bars in display.bars_]
    assert_array_equal(widths, [[-3.0, 1.0], [2.0, -0.1]])
    assert [ax.get_title() for ax in display.axes_] == ["unit 0", "unit 1"]
    red, blue = (bar.get_facecolor() for bar in display.bars_[0])
    assert [bar.get_facecolor() for bar in display.bars_[1]] == [blue, red]
    assert all(ax.yaxis_inverted() for ax in display.axes_)  # the largest on top


@pytest.mark.parametrize(
    ("limits", "expected"), [("shared", [3.15, 3.15]), (10, [10.5, 10.5])]
)
def test_shared_axes_end_at_the_same_value(limits, expected):
    display = UnitFeatureDisplay(
        weights=np.array([[0.5, -3.0], [2.0, 1.0]]), feature_names=np.array(["a", "b"])
    ).plot(limits=limits)
    assert_allclose([ax.get_xlim()[1] for ax in display.axes_], expected)
    assert_allclose([-ax.get_xlim()[0] for ax in display.axes_], expected)


def test_feature_names_are_those_of_the_data_frame(wine):
    estimator = PCA(3).fit(wine)
    display = UnitFeatureDisplay.from_estimator(estimator, n_features=13)
    assert_array_equal(display.feature_names, wine.columns)
    for ax, row in zip(display.axes_, estimator.components_, strict=True):
        largest = wine.columns[np.argsort(-np.abs(row))]
        assert names_of(ax) == list(largest)


def test_feature_names_without_names(X):
    display = UnitFeatureDisplay.from_estimator(PCA(2).fit(X))
    assert list(display.feature_names[:2]) == ["x0", "x1"]
    with pytest.raises(ValueError, match=r"feature_names has shape \(2,\), .* 64"):
        UnitFeatureDisplay.from_estimator(PCA(2).fit(X), feature_names=["a", "b"])


def test_units_in_axes_of_one_s_own(autoencoder):
    _, axes = plt.subplots(2, 2)
    display = UnitFeatureDisplay.from_estimator(autoencoder, n_units=4, ax=axes)
    assert list(display.axes_) == list(axes.flat)
    with pytest.raises(ValueError, match="ax has 4 Axes, and 3 are to be drawn"):
        display.from_estimator(autoencoder, n_units=3, ax=axes)
    single = UnitFeatureDisplay.from_estimator(
        autoencoder, n_units=1, ax=plt.figure().add_axes([0, 0, 1, 1])
    )
    assert len(single.axes_) == 1
    with pytest.raises(ValueError, match="ax is in no grid"):
        display.plot(ax=single.axes_[0])


# Activations


def test_mean_activations_are_the_fitted_ones_or_those_of_other_rows(autoencoder, X):
    display = MeanActivationDisplay.from_estimator(autoencoder)
    assert_array_equal(display.values, autoencoder.mean_activation_)
    display = MeanActivationDisplay.from_estimator(autoencoder, X[:50])
    assert_allclose(display.values, autoencoder.transform(X[:50]).mean(axis=0))
    heights = [bar.get_height() for bar in display.bars_]
    assert sum(heights) == 7
    assert display.ax_.get_ylabel() == "Number of units"


def test_tanh_units_are_mapped_as_kl_does(X):
    autoencoder = SparseAutoencoder(4, activation="tanh", max_iter=5, random_state=0)
    display = MeanActivationDisplay.from_estimator(autoencoder.fit(X), X)
    assert_allclose(display.values, autoencoder.mean_activation_)


def test_frequencies_by_hand():
    rows = np.array([[0.0, -2.0], [0.5, 0.0], [0.0, 1.0], [0.0, 2.0]])
    for threshold, expected in [(0.0, [0.25, 0.75]), (0.5, [0.0, 0.75]), (1, [0, 0.5])]:
        display = MeanActivationDisplay.from_estimator(
            Given().fit(), rows, statistic="frequency", threshold=threshold
        )
        assert_array_equal(display.values, expected)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_frequencies_of_topk_are_rho_on_average(container, X):
    autoencoder = SparseAutoencoder(
        20, penalty="topk", sparse_output=True, max_iter=5, random_state=0
    ).fit(container(X))
    display = MeanActivationDisplay.from_estimator(
        autoencoder, container(X), statistic="frequency"
    )
    assert_allclose(display.values.mean(), display.rho)
    assert display.rho == 0.1


@pytest.mark.parametrize(
    ("params", "statistic"),
    [
        ({"penalty": "kl", "rho": 0.2}, "mean"),
        ({"penalty": KL(rho=0.2)}, "mean"),
        ({"penalty": "topk", "rho": 0.2}, "frequency"),
        ({"penalty": TopK(rho=0.2)}, "frequency"),
        ({"penalty": "batch_topk", "rho": 0.2}, "frequency"),
        ({"penalty": "l1", "rho": 0.2, "beta": "adaptive"}, "frequency"),
        ({"penalty": L1(rho=0.2, beta="adaptive")}, "frequency"),
        ({"penalty": "l1", "rho": 0.2}, None),
        ({"penalty": L1(rho=0.2), "beta": "adaptive"}, None),
        ({"penalty": "contractive", "rho": 0.2}, None),
        ({"penalty": None, "rho": 0.2}, None),
    ],
)
@pytest.mark.filterwarnings("ignore:beta='adaptive' was to make")
def test_rho_is_marked_where_the_penalty_asks_for_it(params, statistic, X):
    autoencoder = SparseAutoencoder(10, max_iter=2, random_state=0, **params).fit(X)
    for shown in ("mean", "frequency"):
        display = MeanActivationDisplay.from_estimator(autoencoder, X, statistic=shown)
        if shown == statistic:
            assert display.rho == 0.2
            assert_array_equal(display.line_.get_xdata(), [0.2, 0.2])
            labels = [t.get_text() for t in display.ax_.get_legend().get_texts()]
            assert "rho = 0.2" in labels
        else:
            assert display.rho is None
            assert display.line_ is None


def test_units_that_are_never_active_are_counted_where_they_cannot_be_drawn():
    values = np.array([0.0, 0.0, 0.01, 0.1, 1.0])
    display = MeanActivationDisplay(values=values).plot(bins=2, log_scale=True)
    assert [bar.get_height() for bar in display.bars_] == [1, 2]
    assert_allclose([bar.get_x() for bar in display.bars_], [0.01, 0.1])
    assert display.ax_.get_legend().get_texts()[0].get_text() == "3 units, and 2 at 0"
    display.plot(bins=2, log=True)
    assert [bar.get_height() for bar in display.bars_] == [4, 1]
    assert display.ax_.get_yscale() == "log"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, r"X=None: PCA\(.*\) has no mean_activation_"),
        ({"statistic": "frequency"}, "X=None: statistic='frequency' needs rows"),
        ({"statistic": "median"}, "statistic='median' must be one of mean, frequency"),
    ],
)
def test_activation_parameters_that_cannot_be_used(params, message, X):
    with pytest.raises(ValueError, match=message):
        MeanActivationDisplay.from_estimator(PCA(2).fit(X), **params)


def test_densities_by_hand():
    rows = np.array([[0.0, 3.0], [0.0, -4.0], [1.0, 2.0], [0.0, 0.5]])
    display = ActivationDensityDisplay.from_estimator(Given().fit(), rows, n_bins=4)
    assert_array_equal(display.edges, [0, 1, 2, 3, 4])
    assert_array_equal(display.units, [1, 0])
    assert_array_equal(display.means, [9.5 / 4, 0.25])
    assert_array_equal(display.density.T, [[0.25, 0, 0.25, 0.5], [0.75, 0.25, 0, 0]])
    shown = display.mesh_.get_array()
    assert_array_equal(shown.filled(0), display.density)
    assert_array_equal(display.means_.get_data().values, display.means)
    assert display.colorbar_.ax.get_ylabel() == "Fraction of the rows"
    assert display.line_ is None


def test_densities_are_of_all_rows_and_rho_is_marked(autoencoder, X):
    display = ActivationDensityDisplay.from_estimator(autoencoder, X, n_units=5)
    assert display.density.shape == (40, 5)
    assert_allclose(display.density.sum(axis=0), 1)
    assert display.rho == 0.1
    assert_array_equal(display.line_.get_ydata(), [0.1, 0.1])
    expected = np.sort(autoencoder.mean_activation_)[::-1][:5]
    assert_allclose(display.means, expected)


def test_densities_of_units_that_are_never_active():
    display = ActivationDensityDisplay.from_estimator(Given().fit(), np.zeros((3, 2)))
    assert_array_equal(display.density[0], 1)
    assert_array_equal(display.density[1:], 0)


# The loss curve


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


# Reconstructions


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_reconstructions_are_below_their_originals(container, autoencoder, X):
    display = ReconstructionDisplay.from_estimator(
        autoencoder, container(X), image_shape=(8, 8), n_rows=3, n_columns=2
    )
    expected = autoencoder.inverse_transform(autoencoder.transform(X[:3]))
    assert_array_equal(display.originals, X[:3])
    assert_allclose(display.reconstructions, expected)
    pixels = display.image_.get_array()
    assert pixels.shape == (37, 19)
    assert_array_equal(pixels[1:9, 1:9].ravel(), X[0])
    assert_array_equal(pixels[1:9, 10:18].ravel(), X[1])
    assert_allclose(pixels[10:18, 10:18].ravel(), expected[1])
    assert_array_equal(pixels[19:27, 1:9].ravel(), X[2])
    assert_allclose(pixels[28:36, 1:9].ravel(), expected[2])
    assert pixels[19:, 10:].mask.all()
    assert display.image_.get_clim() == (0, 1)
    labels = [label.get_text() for label in display.axes_[0].get_yticklabels()]
    assert labels == ["original", "reconstruction"] * 2
    assert_array_equal(display.axes_[0].get_yticks(), [4.5, 13.5, 22.5, 31.5])


def test_reconstructions_of_colour_images():
    rows = np.array([[0.0, 2.0, 4.0], [4.0, 4.0, 4.0], [1.0, 1.0, 1.0]])
    display = ReconstructionDisplay(
        originals=rows, reconstructions=rows + 3, image_shape=(1, 1, 3)
    ).plot(n_columns=2)
    pixels = display.image_.get_array()
    assert_array_equal(pixels[1, 1], [0, 0.5, 1, 1])
    assert_array_equal(pixels[3, 1], [0.75, 1, 1, 1])
    assert pixels[..., 3].sum() == 6


def test_reconstructions_of_tables_are_lines(wine):
    pca = PCA(4).fit(wine)
    display = ReconstructionDisplay.from_estimator(pca, wine, n_rows=3)
    expected = pca.inverse_transform(pca.transform(wine))[:3]
    assert len(display.axes_) == len(display.lines_) == 3
    for i, (original, reconstruction) in enumerate(display.lines_):
        assert_array_equal(original.get_ydata(), wine.iloc[i])
        assert_allclose(reconstruction.get_ydata(), expected[i])
    lowest = display.axes_[2].get_xticklabels()
    assert [label.get_text() for label in lowest] == list(wine.columns)


def test_many_features_are_not_named(X):
    display = ReconstructionDisplay.from_estimator(PCA(4).fit(X), X, n_rows=1)
    assert display.axes_[0].get_xlabel() == "Feature"


def test_a_pipeline_reconstructs_what_it_was_given(digits):
    X = 16 * digits[:100]
    pipeline = make_pipeline(MinMaxScaler(), PCA()).fit(X)
    display = ReconstructionDisplay.from_estimator(pipeline, X, image_shape=(8, 8))
    assert_allclose(display.reconstructions, X[:8], atol=1e-9)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"image_shape": (8, 9)}, r"image_shape=\(8, 9\) is for 72 .* there are 64"),
        ({"feature_names": ["a"]}, r"feature_names has shape \(1,\)"),
        ({"n_rows": 0}, "n_rows=0 must be at least 1"),
        ({"n_columns": -1}, "n_columns=-1 must be at least 1"),
    ],
)
def test_reconstruction_parameters_that_cannot_be_used(params, message, X):
    with pytest.raises(ValueError, match=message):
        ReconstructionDisplay.from_estimator(PCA(2).fit(X), X, **params)


# The price of sparsity


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
    assert autoencoder.rho == 0.1
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
def test_units_that_are_never_zero_all_count_or_are_added_up(activation, X):
    autoencoder = SparseAutoencoder(
        10, activation=activation, max_iter=20, random_state=0
    ).fit(X)

    def curve(**params):
        return SparsityCurveDisplay.from_estimators([autoencoder], X, **params)

    assert curve().n_active == [10]
    middle = {"logistic": 0.5, "tanh": 0.0}[activation]
    n_above = (autoencoder.transform(X) > middle).sum(axis=1)
    assert_allclose(curve(threshold=0.5).n_active, n_above.mean())
    added = curve(threshold=None)
    assert_allclose(added.n_active, autoencoder.mean_activation_.sum())
    assert added.ax_.get_xlabel() == "Mean sum of the activations of a row"
    assert added.pca_scores is None


def test_as_many_labels_as_estimators(autoencoder, X):
    with pytest.raises(ValueError, match="labels has 2 entries, and there are 1"):
        SparsityCurveDisplay.from_estimators([autoencoder], X, labels=["a", "b"])


# What a fresh eye has found


def test_features_have_the_names_that_the_steps_before_give(wine):
    steps = StandardScaler(), SparseAutoencoder(4, random_state=0)
    pipeline = make_pipeline(*steps).fit(wine)
    display = UnitFeatureDisplay.from_estimator(pipeline)
    assert_array_equal(display.feature_names, wine.columns)


def test_names_are_no_formulas(wine, tmp_path):
    frame = wine.set_axis(["a$b^$"] * 13, axis=1)
    autoencoder = SparseAutoencoder(4, random_state=0).fit(wine)
    names = list(frame.columns)
    display = UnitFeatureDisplay.from_estimator(autoencoder, feature_names=names)
    display.figure_.savefig(tmp_path / "units.png")
    display = ReconstructionDisplay.from_estimator(
        autoencoder, wine, feature_names=names
    )
    display.figure_.savefig(tmp_path / "rows.png")


def test_slopes_are_no_activations(X):
    autoencoder = SparseAutoencoder(4, penalty="contractive", random_state=0).fit(X)
    with pytest.raises(ValueError, match="none that is of its activations"):
        UnitFeatureDisplay.from_estimator(autoencoder, order="activation")
    display = UnitFeatureDisplay.from_estimator(autoencoder, X, order="activation")
    means = autoencoder.transform(X).mean(axis=0)
    assert_array_equal(display.units, np.argsort(-means))


def test_codes_with_other_columns_than_units_have_no_order(X):
    learned = MiniBatchDictionaryLearning(5, max_iter=20, split_sign=True).fit(X)
    with pytest.raises(ValueError, match="10 columns, and components_ 5 rows"):
        UnitFeatureDisplay.from_estimator(learned, X, order="activation")


@pytest.mark.parametrize("container", [np.ndarray.tolist, sparse.coo_matrix])
def test_rows_of_other_kinds(container, topk, X):
    curve, expected = (
        SparsityCurveDisplay.from_estimators([topk], rows) for rows in (container(X), X)
    )
    assert_allclose(curve.scores, expected.scores)
    rows = ReconstructionDisplay.from_estimator(topk, container(X), n_rows=3)
    assert_allclose(rows.originals, X[:3])


def test_a_curve_of_a_single_row(topk, X):
    curve = SparsityCurveDisplay.from_estimators([topk], X[:1])
    assert_array_equal(curve.scores, 0)
    assert_array_equal(curve.pca_scores, 1)
