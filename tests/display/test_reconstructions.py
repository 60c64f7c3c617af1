import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.display import ReconstructionDisplay

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


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
def test_invalid_parameters_of_reconstructions(params, message, X):
    with pytest.raises(ValueError, match=message):
        ReconstructionDisplay.from_estimator(PCA(2).fit(X), X, **params)


def test_characters_that_cannot_be_drawn_are_written_as_code(X, tmp_path):
    names = ["pixel\udcff", "pixel1", "pixel2"]
    display = ReconstructionDisplay(
        originals=X[:1, :3], reconstructions=X[:1, :3], feature_names=names
    ).plot()
    labels = [label.get_text() for label in display.axes_[0].get_xticklabels()]
    assert labels == [r"pixel\udcff", "pixel1", "pixel2"]
    display.figure_.savefig(tmp_path / "rows.png")


def nullable(X):
    return pd.DataFrame(X).astype("Float64")


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, nullable])
def test_missing_entries_are_left_out(container, X):
    X = X[:50].copy()
    X[0, 20:30] = np.nan
    autoencoder = SparseAutoencoder(
        4, missing_values=np.nan, max_iter=2, random_state=0
    ).fit(X)
    display = ReconstructionDisplay.from_estimator(
        autoencoder, container(X), image_shape=(8, 8), n_rows=2
    )
    assert_array_equal(display.originals, X[:2])
    assert display.image_.get_clim() == (np.nanmin(X[:2]), np.nanmax(X[:2]))
    assert np.isfinite(display.reconstructions).all()
