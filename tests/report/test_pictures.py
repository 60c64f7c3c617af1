import io
import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.decomposition import PCA

from skl_sparse_ae.inspection import top_activating
from skl_sparse_ae.report import html_report
from skl_sparse_ae.report._pictures import encode_png, shrink

from .estimators import Given
from .pages import parse, picture_of

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (1, 1), (40, 300)])
def test_pngs_are_read_back_unchanged(shape, rng):
    image = pytest.importorskip("matplotlib.image")
    pixels = rng.randint(256, size=shape).astype(np.uint8)
    read = image.imread(io.BytesIO(encode_png(pixels)), format="png")
    assert_array_equal(np.rint(255 * read), pixels)


def test_units_are_shown_by_their_weights(images, topk):
    page = parse(images)
    pictures = page.all(class_="picture")
    assert [p.attrs["aria-label"] for p in pictures] == [
        f"Weights of unit {i}" for i in range(20)
    ]
    for picture, weights in zip(pictures, topk.components_, strict=True):
        # The margin repeats the edge, so that scaling shows no neighbouring picture.
        shown = picture_of(page, picture, ".picture", margin=1)
        expected = (128 + 127.5 * weights / np.abs(weights).max()).clip(0, 255)
        expected = np.pad(expected.reshape(8, 8), 1, mode="edge")
        assert_allclose(shown, expected, atol=1)


def test_rows_are_shown_by_their_pixels(images, topk, X, target):
    page = parse(images)
    top = top_activating(topk, X, n=8)
    cards = page.all("li", class_="unit")
    for card, rows, activations in zip(
        cards, top.indices, top.activations, strict=True
    ):
        # Some units are active on fewer rows, which are filled up.
        rows, activations = rows[activations > 0], activations[activations > 0]
        pictures = card.all(class_="row-picture")
        assert [p.attrs["title"] for p in pictures] == [
            f"row {row}, class {target[row]}, activation {activation:.3g}"
            for row, activation in zip(rows, activations, strict=True)
        ]
        for picture, row in zip(pictures, rows, strict=True):
            shown = picture_of(page, picture, ".row-picture")
            assert_allclose(shown, 255 * X[row].reshape(8, 8), atol=1)


@pytest.mark.parametrize("container", [np.asarray, sparse.csc_array, pd.DataFrame])
def test_colour_images_that_are_not_square(container, rng):
    X = rng.uniform(2, 5, size=(30, 2 * 3 * 3))
    X[0, 0], X[1, 0] = 2, 5
    X = container(X)
    page = parse(html_report(PCA(4).fit(X), X, image_shape=(2, 3, 3), n_top_rows=30))
    picture = page.all(class_="row-picture")[0]
    row = int(re.match(r"row (\d+)", picture.attrs["title"])[1])
    expected = pd.DataFrame(X.toarray() if sparse.issparse(X) else X).to_numpy()[row]
    shown = picture_of(page, picture, ".row-picture")
    assert_allclose(shown, 255 * (expected.reshape(2, 3, 3) - 2) / 3, atol=1)
    assert picture_of(page, page.all(class_="picture")[3], ".picture").shape == (
        2,
        3,
        3,
    )


def test_shrinking_takes_means_of_squares():
    image = np.arange(15.0).reshape(1, 3, 5)
    assert_allclose(shrink(image, 3), [[[3, 5, 6.5], [10.5, 12.5, 14]]])
    assert shrink(image, 5) is image
    assert shrink(np.ones((2, 90, 200, 3)), 56).shape == (2, 23, 50, 3)


def test_large_images_are_shrunk(rng):
    X = rng.uniform(size=(5, 150 * 300))
    estimator = PCA(2).fit(X)
    page = parse(html_report(estimator, X, image_shape=(150, 300), pca=False))
    weights = picture_of(page, page.all(class_="picture")[0], ".picture")
    assert weights.shape == (50, 100)
    assert picture_of(
        page, page.all(class_="row-picture")[0], ".row-picture"
    ).shape == (
        25,
        50,
    )


def test_units_that_are_never_active():
    estimator = Given(np.zeros((4, 4))).fit()
    report = html_report(estimator, np.zeros((6, 4)), [0, 1] * 3, image_shape=(2, 2))
    page = parse(report)
    assert len(page.all("span", class_="badge")) == 4
    assert not page.all(class_="row-picture")
    # Weights of zero are grey.
    assert (picture_of(page, page.all(class_="picture")[0], ".picture") == 128).all()
