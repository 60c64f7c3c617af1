import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import ConvSparseAutoencoder, SparseAutoencoder
from skl_sparse_ae.display import UnitImageDisplay
from skl_sparse_ae.display._mosaic import mosaic

from .estimators import Given, name_of

plt = pytest.importorskip("matplotlib.pyplot")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_images_are_the_rows_of_the_dictionary(autoencoder):
    display = UnitImageDisplay.from_estimator(autoencoder, image_shape=(8, 8))
    assert_array_equal(display.images, autoencoder.components_.reshape(7, 8, 8))
    assert_array_equal(display.units, np.arange(7))


def test_units_of_a_second_layer_are_drawn_in_the_pixels_of_the_first(X):
    first, second = (SparseAutoencoder(n, max_iter=5, random_state=0) for n in (16, 9))
    stack = make_pipeline(first, second).fit(X)
    display = UnitImageDisplay.from_estimator(
        stack, X, image_shape=(8, 8), order="activation"
    )
    images = (second.components_ @ first.components_).reshape(9, 8, 8)
    assert_allclose(display.images, images[display.units], atol=1e-12)
    # 16 units are no image of 4 x 4 pixels.
    with pytest.raises(ValueError, match="is for 16 features, and there are 64"):
        UnitImageDisplay.from_estimator(stack, image_shape=(4, 4))
    with pytest.raises(ValueError, match="'encoder'.*codes of another layer"):
        UnitImageDisplay.from_estimator(stack, image_shape=(8, 8), weights="encoder")


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


@pytest.mark.parametrize(("channels", "shape"), [(1, (3, 2)), (3, (3, 2, 3))])
def test_kernels_have_their_own_shape(channels, shape, X):
    images = np.repeat(X[:50], channels, axis=1)
    kernels = ConvSparseAutoencoder(
        5, image_shape=(8, 8, channels), kernel_size=(3, 2), max_iter=3, tol=1.0
    ).fit(images)
    display = UnitImageDisplay.from_estimator(kernels)
    assert_array_equal(display.images, kernels.components_.reshape(5, *shape))


def test_rows_need_the_shape_of_their_images(autoencoder):
    with pytest.raises(ValueError, match="image_shape=None is for"):
        UnitImageDisplay.from_estimator(autoencoder)


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


def test_titles_are_the_indices_of_units_or_given(autoencoder):
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
def test_invalid_parameters_of_images(params, message, autoencoder):
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
