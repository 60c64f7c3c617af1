from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA, MiniBatchDictionaryLearning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.display import UnitFeatureDisplay

from .estimators import Given

plt = pytest.importorskip("matplotlib.pyplot")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


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


def test_long_names_are_drawn_without_their_middle():
    names = ["short", "pipeline__town=Aachen", "x" * 40, "a" * 9 + "b" + "c" * 9]
    display = UnitFeatureDisplay.from_estimator(
        Given([[4.0, 3.0, 2.0, 1.0]]).fit(), feature_names=names
    )
    shown = ["short", "pipeline__town=Aachen", "x" * 16 + "…" + "x" * 15, names[3]]
    assert names_of(display.axes_[0]) == shown
    display.plot(name_length=10)
    shown = ["short", "pipel…chen", "xxxxx…xxxx", "aaaaa…cccc"]
    assert names_of(display.axes_[0]) == shown
    assert list(display.feature_names) == names
    with pytest.raises(ValueError, match="name_length=0 must be at least 1"):
        display.plot(name_length=0)


def test_names_that_differ_in_the_middle_remain_different():
    names = ["first_1_last", "first_2_last", "firs…last", "another_name"]
    display = UnitFeatureDisplay.from_estimator(
        Given([[4.0, 3.0, 2.0, 1.0]]).fit(), feature_names=names
    )
    shown = display.plot(name_length=9).axes_[0]
    assert names_of(shown) == ["fir…0…ast", "fir…1…ast", "firs…last", "anot…name"]


@pytest.mark.parametrize("length", [3, 12, 31, 80])
def test_names_lie_beside_the_bars_of_their_own_unit(length):
    names = [("name of a feature " * 5)[:length] for _ in range(4)]
    display = UnitFeatureDisplay.from_estimator(
        Given(np.eye(6, 4) + 0.5).fit(), feature_names=names
    )
    display.figure_.canvas.draw()
    for left, right in pairwise(display.axes_[:3]):
        end = left.get_window_extent().x1
        assert all(t.get_window_extent().x0 > end for t in right.get_yticklabels())
    widths = [ax.get_window_extent().width for ax in display.axes_]
    assert min(widths) > 1.5 * display.figure_.dpi


def test_feature_names_without_names(X):
    display = UnitFeatureDisplay.from_estimator(PCA(2).fit(X))
    assert list(display.feature_names[:2]) == ["x0", "x1"]
    with pytest.raises(ValueError, match=r"feature_names has shape \(2,\), .* 64"):
        UnitFeatureDisplay.from_estimator(PCA(2).fit(X), feature_names=["a", "b"])


def test_units_in_given_axes(autoencoder):
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


def test_features_have_the_names_that_the_steps_before_give(wine):
    steps = StandardScaler(), SparseAutoencoder(4, random_state=0)
    pipeline = make_pipeline(*steps).fit(wine)
    display = UnitFeatureDisplay.from_estimator(pipeline)
    assert_array_equal(display.feature_names, wine.columns)


def test_contractive_has_no_mean_activations_without_rows(X):
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


def test_characters_that_cannot_be_drawn_are_written_as_code(tmp_path):
    names = ["a\ud800", "b\x00\u202e", "$c_1$ é 名"]
    display = UnitFeatureDisplay.from_estimator(
        Given([[3.0, 2.0, 1.0]]).fit(), feature_names=names
    )
    shown = [r"a\ud800", r"b\x00\u202e", "$c_1$ é 名"]
    assert names_of(display.axes_[0]) == shown
    display = UnitFeatureDisplay(weights=np.ones((1, 1)), feature_names=names[:1])
    display.plot().figure_.savefig(tmp_path / "units.png")
