import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.display import RowLossDisplay

from .estimators import Given

plt = pytest.importorskip("matplotlib.pyplot")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Zeros(Given):
    """Reconstructs all rows as zeros, so that losses are half the squares."""

    def inverse_transform(self, X):
        return np.zeros(X.shape)


ROWS = np.array([[0.0, 0.0, 0.0], [2.0, 0.0, 4.0], [1.0, 1.0, 0.0], [4.0, 2.0, 2.0]])
NAMES = ["a", "b", "c"]


def zeros():
    return Zeros(np.eye(3)).fit()


def texts(display):
    return [text.get_text() for text in display.texts_]


def row_labels(display):
    return [label.get_text() for label in display.ax_.get_yticklabels()]


def ends(bars):
    return [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars]


@pytest.mark.parametrize("container", [np.array, sparse.csr_matrix])
def test_the_worst_rows_by_hand(container):
    display = RowLossDisplay.from_estimator(
        zeros(), container(ROWS), n_rows=2, feature_names=NAMES, n_features=2
    )
    # Half the squares: 2 + 0 + 8 = 10 of row 1, and 8 + 2 + 2 = 12 of row 3.
    assert_array_equal(display.rows, [3, 1])
    assert_allclose(display.losses, [[8, 2, 2], [2, 0, 8]])
    assert_allclose(display.median_loss, (10 + 1) / 2)
    assert row_labels(display) == ["3", "1"]
    assert texts(display) == ["a 67 %, b 17 %", "c 80 %, a 20 %"]
    first, second, others = map(ends, display.bars_)
    assert_allclose(first, [(0, 8), (0, 8)])
    assert_allclose(second, [(8, 10), (8, 10)])
    assert_allclose(others, [(10, 12), (10, 10)])
    assert display.ax_.yaxis_inverted()  # the worst on top


def test_columns_without_a_part_are_not_named():
    display = RowLossDisplay.from_estimator(zeros(), ROWS, feature_names=NAMES)
    assert_array_equal(display.rows, [3, 1, 2, 0])
    assert texts(display)[1:] == ["c 80 %, a 20 %", "a 50 %, b 50 %", ""]
    assert len(display.bars_) == 3  # no other columns


def test_names_of_a_data_frame_behind_a_scaler(wine):
    frame = wine.set_axis([f"wine {i}" for i in range(len(wine))])
    changed = frame.copy()
    changed.loc["wine 7", "ash"] = 30.0
    pipeline = make_pipeline(StandardScaler(), SparseAutoencoder(8, random_state=0))
    display = RowLossDisplay.from_estimator(pipeline.fit(frame), changed, n_rows=4)
    assert_array_equal(display.feature_names, wine.columns)
    assert row_labels(display)[0] == "wine 7"
    assert texts(display)[0].startswith("ash ")
    losses = -pipeline.score_samples(changed)
    assert_array_equal(display.rows, np.argsort(-losses)[:4])
    assert_allclose(display.losses.sum(axis=1), np.sort(losses)[::-1][:4])
    assert_allclose(display.median_loss, np.median(losses))


def test_missing_entries_have_no_part(wine):
    holes = wine.to_numpy(copy=True)
    holes[:, 2] = np.where(np.arange(len(holes)) < 90, np.nan, holes[:, 2])
    autoencoder = SparseAutoencoder(4, missing_values=np.nan, random_state=0)
    display = RowLossDisplay.from_estimator(
        autoencoder.fit(holes), holes, n_rows=len(holes), n_features=13
    )
    named = ["x2 " in text for text in texts(display)]
    assert_array_equal(named, display.rows >= 90)


def test_losses_of_counts_are_deviances():
    counts = np.random.RandomState(0).poisson(3.0, (60, 5)).astype(float)
    autoencoder = SparseAutoencoder(3, loss="poisson", random_state=0).fit(counts)
    display = RowLossDisplay.from_estimator(autoencoder, counts, n_rows=1)
    x = counts[display.rows]
    m = autoencoder.inverse_transform(autoencoder.transform(x))
    log_ratio = np.where(x > 0, np.log(np.maximum(x, 1) / m), 0)
    assert_allclose(display.losses, x * log_ratio - x + m)


@pytest.mark.parametrize("count", [3, 5])
def test_there_is_one_name_for_each_row(count):
    with pytest.raises(ValueError, match=f"{count} names, and there are 4 rows"):
        RowLossDisplay.from_estimator(zeros(), ROWS, row_names=["r"] * count)
    display = RowLossDisplay.from_estimator(zeros(), ROWS, row_names=list("pqrs"))
    assert row_labels(display) == ["s", "q", "r", "p"]


def test_an_index_of_several_levels(wine):
    frame = wine.set_index([["a", "b"] * 89, list(range(178))])
    display = RowLossDisplay.from_estimator(PCA(3).fit(wine), frame, n_rows=2)
    assert row_labels(display) == [str(frame.index.tolist()[i]) for i in display.rows]


@pytest.mark.parametrize("length", [3, 31, 80])
def test_names_lie_inside_the_figure_beside_the_bars(length):
    names = [("name of a feature " * 5)[:length] for _ in range(3)]
    display = RowLossDisplay.from_estimator(
        zeros(), ROWS, feature_names=names, row_names=[*names, "another row"]
    )
    display.figure_.canvas.draw()
    box = display.ax_.get_window_extent()
    assert box.width > 2 * display.figure_.dpi
    for text in display.texts_:
        extent = text.get_window_extent()
        assert box.x1 < extent.x0
        assert extent.x1 <= display.figure_.bbox.x1
    legend = display.ax_.get_legend().get_window_extent()
    assert legend.x1 <= display.figure_.bbox.x1


def test_characters_that_cannot_be_drawn_are_written_as_code(tmp_path):
    display = RowLossDisplay.from_estimator(
        zeros(),
        ROWS,
        n_rows=1,
        feature_names=["a\ud800", "$b^$", "c\u202e"],
        row_names=["\x00", "", "", "$r^$"],
    )
    assert texts(display) == [r"a\ud800 67 %, $b^$ 17 %, c\u202e 17 %"]
    display.figure_.savefig(tmp_path / "rows.png")


def test_invalid_parameters():
    with pytest.raises(ValueError, match="n_rows=0 must be at least 1"):
        RowLossDisplay.from_estimator(zeros(), ROWS, n_rows=0)
    with pytest.raises(ValueError, match="n_features=0 must be at least 1"):
        RowLossDisplay.from_estimator(zeros(), ROWS, n_features=0)
    with pytest.raises(ValueError, match=r"feature_names has shape \(2,\), .* 3"):
        RowLossDisplay.from_estimator(zeros(), ROWS, feature_names=["a", "b"])


def test_numbers_that_are_not_whole_and_other_axes(rng):
    wine = rng.normal(size=(20, 4))
    pipeline = make_pipeline(StandardScaler(), PCA(2)).fit(wine)
    for name in ("n_rows", "n_features", "name_length"):
        with pytest.raises(ValueError, match=f"{name}=1.5 must be a whole number"):
            RowLossDisplay.from_estimator(pipeline, wine, **{name: 1.5})
    with pytest.raises(TypeError, match="ax=3 must be Axes"):
        RowLossDisplay.from_estimator(pipeline, wine, ax=3)
