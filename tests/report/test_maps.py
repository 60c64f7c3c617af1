"""Reports on convolutional autoencoders: kernels, and activations of whole images."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skl_sparse_ae import ConvSparseAutoencoder
from skl_sparse_ae.report import html_report
from skl_sparse_ae.report._maps import kernels

from .pages import cards_of, parse, picture_of, table_of

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def conv(X, **params):
    params = {"image_shape": (8, 8), "kernel_size": (3, 4), "max_iter": 5, **params}
    return ConvSparseAutoencoder(6, random_state=0, **params).fit(X)


@pytest.mark.parametrize(
    "params",
    [{}, {"pooling": "mean"}, {"penalty": "topk", "rho": 0.05, "sparse_output": True}],
    ids=["plain", "pooled", "csr"],
)
def test_units_have_their_largest_activation_in_each_image(params, X, target):
    autoencoder = conv(X, **params)
    report = html_report(autoencoder, X, target)
    cards = cards_of(report)
    code = autoencoder.transform(X)
    code = code.toarray() if "sparse_output" in params else code
    maps = code.reshape(len(X), *autoencoder.output_shape_)
    largest = maps.max(axis=(1, 2))
    found = [float(card.attrs["data-largest"]) for card in cards]
    assert_allclose(found, largest.max(axis=0), rtol=1e-5)
    found = [float(card.attrs["data-mean"]) for card in cards]
    assert_allclose(found, largest.mean(axis=0), rtol=1e-5)
    best = largest[:, 2].argmax()
    assert f"row {best}" in cards[2].attrs["data-text"].split("\n")
    rows = table_of(parse(report))
    assert rows[0][0::3] == ["ConvSparseAutoencoder", f"{autoencoder.score(X):.3f}"]
    assert rows[0][1] == str(code.shape[1])
    assert "largest activation in an image" in parse(report).text


def test_kernels_and_images_are_drawn(X):
    autoencoder = conv(X)
    page = parse(html_report(make_pipeline(FunctionTransformer(), autoencoder), X))
    for unit, card in enumerate(page.all("li", class_="unit")):
        kernel = autoencoder.components_[unit].reshape(3, 4)
        grey = picture_of(page, card.one(class_="picture"), ".picture")
        expected = np.floor(127.5 * kernel / np.abs(kernel).max() + 128).clip(0, 255)
        assert_array_equal(grey, expected)
        assert len(card.all(class_="row-picture")) == 8


@pytest.mark.parametrize(("n_channels", "shape"), [(3, (2, 2, 3)), (2, (2, 4))])
def test_channels_of_kernels(n_channels, shape, rng):
    X = rng.uniform(size=(20, 4 * 4 * n_channels))
    autoencoder = conv(X, image_shape=(4, 4, n_channels), kernel_size=2)
    components, found = kernels(autoencoder)
    assert found == shape
    kernel = autoencoder.components_[1].reshape(2, 2, n_channels)
    drawn = components[1].reshape(shape)
    if n_channels == 3:
        assert_array_equal(drawn, kernel)
    else:
        assert_array_equal(drawn[:, :2], kernel[..., 0])
        assert_array_equal(drawn[:, 2:], kernel[..., 1])
    # Images of two channels are listed by name.
    cards = cards_of(html_report(autoencoder, X))
    assert bool(cards[0].all(class_="row-picture")) == (n_channels == 3)
