"""Training of convolutions on patches: what is drawn, learned and solved."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from skl_sparse_ae import ConvSparseAutoencoder, SparseAutoencoder
from skl_sparse_ae._arrays._team import Team
from skl_sparse_ae._fitting._image_decoder import image_decoder
from skl_sparse_ae._fitting._patches import patches_of
from skl_sparse_ae._network._conv_network import network_of
from skl_sparse_ae._network._convolution import Convolution
from skl_sparse_ae._network._parameters import Parameters
from skl_sparse_ae._penalties import make_penalty
from skl_sparse_ae._rows._in_memory import InMemory

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
GEOMETRIES = [
    Convolution((5, 4, channels), (3, 2), stride, padding)
    for channels, stride, padding in itertools.product(
        [1, 3], [(1, 1), (2, 1), (3, 3)], ["same", "valid"]
    )
]
IMAGE_DECODER = "skl_sparse_ae._fitting._image_decoder"
SHORT = {"kernel_size": 3, "max_iter": 20, "random_state": 0}


@pytest.fixture(scope="module")
def X():
    return load_digits().data[:300] / 16


@pytest.mark.parametrize("convolution", GEOMETRIES, ids=repr)
def test_single_patches_are_rows_of_all_patches(convolution, rng):
    X = rng.normal(size=(4, convolution.n_pixels))
    every = convolution.unfold(X).reshape(4, convolution.n_positions, -1)
    images = rng.randint(4, size=9)
    positions = rng.randint(convolution.n_positions, size=9)
    found = convolution.patches_at(X, images, positions)
    assert_array_equal(found, every[images, positions])


def test_few_patches_are_all_of_them_with_the_weights_of_images(rng):
    convolution = GEOMETRIES[0]
    X, weights = rng.normal(size=(6, 20)), rng.uniform(size=6)
    patches = patches_of(InMemory(X, weights), convolution)
    assert_array_equal(patches.X, convolution.unfold(X))
    assert_array_equal(patches.sample_weight, np.repeat(weights, 20))


def test_positions_of_an_image_differ_and_are_all_drawn(rng):
    convolution = Convolution((8, 8, 1), (1, 1), (1, 1), "same")
    X = np.tile(np.arange(64.0), (2000, 1))  # patches tell their position
    drawn = patches_of(InMemory(X), convolution, 10_000).X.reshape(2000, 5)
    assert np.all(np.diff(drawn) > 0)
    counts = np.bincount(drawn.astype(int).ravel(), minlength=64)
    expected = 10_000 / 64
    assert np.all(np.abs(counts - expected) < 5 * np.sqrt(expected))
    others = patches_of(InMemory(X), convolution, 10_000, seed=1).X
    assert np.any(others != drawn.reshape(-1, 1))


def design_matrix(network, parameters, X):
    """Return what each weight of the decoder writes into the pixels of images."""
    layout = network.layout
    A = np.empty((len(X), network.n_outputs), X.dtype)
    network.encode(parameters, X, A)
    A, n_kernels = A.astype(float), parameters.components.size

    def written(unit):
        kernels, intercept = np.split(unit, [n_kernels])
        p = Parameters(None, None, kernels.reshape(layout.n_components, -1), intercept)
        return network.decode(p, A, np.empty(X.shape)).ravel()

    units = np.eye(n_kernels + layout.n_intercepts)
    return np.stack([written(unit) for unit in units], axis=1)


def ridge_regression(design, y, weights, decay, n_kernels):
    """Return the coefficients, by the singular values of a design matrix."""
    ridge = np.sqrt(decay) * np.eye(n_kernels, design.shape[1])
    root = np.sqrt(weights / weights.sum(dtype=float))
    root = np.repeat(root, len(y) // len(root))
    stacked = np.vstack([root[:, None] * design, ridge])
    target = np.append(root * y, np.zeros(n_kernels))
    return np.linalg.lstsq(stacked, target, rcond=None)[0]


@pytest.fixture(params=["solved", "searched"])
def way(request, monkeypatch):
    """How the decoder is found."""
    if request.param == "searched":
        for name, value in {"MAX_SOLVED": 0, "RTOL": 1e-13, "MAX_ITER": 1000}.items():
            monkeypatch.setattr(f"{IMAGE_DECODER}.{name}", value)
    return request.param


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("convolution", GEOMETRIES, ids=repr)
def test_the_decoder_is_a_ridge_regression(convolution, weighted, dtype, way, rng):
    sizes, n_images = (convolution.patch_size, 2, False), 12
    network = network_of(
        sizes, "logistic", "identity", make_penalty(None), None, convolution
    )
    X = rng.normal(size=(n_images, convolution.n_pixels)).astype(dtype)
    weights = rng.uniform(size=n_images).astype(dtype) if weighted else None
    parameters = network.layout.views(
        rng.normal(size=network.layout.size).astype(dtype)
    )
    n_kernels = parameters.components.size
    design = design_matrix(network, parameters, X)
    known = np.ones(n_images) if weights is None else weights
    expected = ridge_regression(design, X.ravel(), known, 0.1, n_kernels)
    with Team() as team:
        found, reconstruction = image_decoder(
            network, parameters, InMemory(X, weights), 0.1, team
        )
    atol = 1e-9
    if dtype == np.float32:  # a search ends where the images are rounded
        atol = 1e-6 if way == "solved" else 1e-4
    assert_allclose(found.components.ravel(), expected[:n_kernels], atol=atol)
    assert_allclose(found.decoder_intercept, expected[n_kernels:], atol=atol)
    assert found.components.dtype == found.decoder_intercept.dtype == dtype
    assert found.encoder_coef is parameters.encoder_coef
    errors = ((design @ expected).reshape(X.shape) - X) ** 2
    mean = np.average(errors.sum(axis=1), weights=weights)
    assert_allclose(reconstruction, mean / 2, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_large_kernels_on_small_images_are_solved_for(dtype, X):
    # Nearly all positions meet a border, and conjugate gradients take long.
    X = X[:60].astype(dtype)
    options = {**SHORT, "kernel_size": 7, "alpha": (1e-3, 1e-4)}
    fitted = ConvSparseAutoencoder(3, **options).fit(X)
    convolution = Convolution((8, 8, 1), (7, 7), (1, 1), "same")
    network = network_of(
        (49, 3, False), "logistic", "identity", make_penalty(None), None, convolution
    )
    parameters = Parameters(
        fitted.encoder_coef_,
        fitted.encoder_intercept_,
        fitted.components_,
        fitted.decoder_intercept_,
    )
    design = design_matrix(network, parameters, X)
    expected = ridge_regression(design, X.ravel(), np.ones(60), 1e-4, 3 * 49)
    found = [*fitted.components_.ravel(), *fitted.decoder_intercept_]
    errors = [
        ((design @ decoder - X.ravel()) ** 2).sum() for decoder in (found, expected)
    ]
    assert_allclose(*errors, rtol=1e-6)


def test_products_of_some_images_at_once_give_the_same_decoder(X, monkeypatch):
    at_once = ConvSparseAutoencoder(4, **SHORT).fit(X)
    monkeypatch.setattr(f"{IMAGE_DECODER}.BYTES_AT_ONCE", 0)
    some = clone(at_once).fit(X)
    assert_allclose(some.components_, at_once.components_, rtol=1e-6, atol=1e-9)


def test_units_that_are_never_active_write_nothing(rng):
    convolution = GEOMETRIES[0]
    sizes = convolution.patch_size, 2, False
    network = network_of(
        sizes, "relu", "identity", make_penalty(None), None, convolution
    )
    parameters = network.layout.views(rng.normal(size=network.layout.size))
    parameters.encoder_intercept[:] = 1.0, -1e3
    X = rng.normal(size=(12, convolution.n_pixels))
    with Team() as team:
        found, _ = image_decoder(network, parameters, InMemory(X), 0.0, team)
    assert np.all(found.components[0] != 0)
    assert_array_equal(found.components[1], 0)


def test_a_search_that_has_not_converged_warns(X, monkeypatch):
    monkeypatch.setattr(f"{IMAGE_DECODER}.MAX_SOLVED", 0)
    monkeypatch.setattr(f"{IMAGE_DECODER}.MAX_ITER", 2)
    with pytest.warns(ConvergenceWarning, match="decoder of whole images has not"):
        ConvSparseAutoencoder(4, **SHORT).fit(X)


@pytest.mark.parametrize("penalty", ["kl", "l1", "topk", "contractive", None])
def test_kernels_are_those_of_the_dense_network_on_all_patches(penalty, X, monkeypatch):
    # Of dense rows, as of patches, nothing is estimated from a sample.
    monkeypatch.setattr("skl_sparse_ae._fitting._problem.N_SAMPLED", 10**6)
    options = {**SHORT, "penalty": penalty, "alpha": (1e-3, 2e-3)}
    conv = ConvSparseAutoencoder(4, **options).fit(X)
    rng = np.random.RandomState(0)
    rng.randint(2**31)  # the seed of the patches
    options = {**options, "random_state": rng}
    del options["kernel_size"]
    patches = Convolution((8, 8, 1), (3, 3), (1, 1), "same").unfold(X)
    dense = SparseAutoencoder(4, **options).fit(patches)
    assert_allclose(conv.encoder_coef_, dense.encoder_coef_, rtol=1e-10)
    assert_allclose(conv.encoder_intercept_, dense.encoder_intercept_, rtol=1e-10)
    assert_allclose(conv.loss_curve_, dense.loss_curve_)
    codes = dense.transform(patches).reshape(len(X), -1)
    assert_allclose(conv.transform(X), codes, atol=1e-10)


def test_the_decoder_of_images_explains_more_than_averaged_patches(X):
    fitted = ConvSparseAutoencoder(8, **SHORT).fit(X)
    rng = np.random.RandomState(0)
    rng.randint(2**31)
    convolution = Convolution((8, 8, 1), (3, 3), (1, 1), "same")
    patches = convolution.unfold(X)
    dense = SparseAutoencoder(8, max_iter=20, random_state=rng, alpha=fitted.alpha_)
    written = dense.fit(patches).inverse_transform(dense.transform(patches))
    covered = convolution.fold(np.ones_like(patches), len(X))
    errors = ((convolution.fold(written, len(X)) / covered - X) ** 2).sum()
    averaged = 1 - errors / ((X - X.mean(axis=0)) ** 2).sum()
    assert fitted.score(X) > averaged + 0.01


@pytest.mark.parametrize(
    "options", [{"tied_weights": True}, {"out_activation": "logistic"}]
)
def test_auto_takes_images_where_the_decoder_cannot_be_solved(options, X):
    auto = ConvSparseAutoencoder(4, **SHORT, **options)
    expected = clone(auto).set_params(train_on="images").fit(X)
    assert_array_equal(auto.fit(X).encoder_coef_, expected.encoder_coef_)
    with pytest.raises(ValueError, match="train_on='patches' fits the decoder"):
        clone(auto).set_params(train_on="patches").fit(X)


def test_auto_takes_patches_otherwise(X):
    auto = ConvSparseAutoencoder(4, **SHORT)
    expected = clone(auto).set_params(train_on="patches").fit(X)
    assert_array_equal(auto.fit(X).components_, expected.components_)


@pytest.mark.parametrize(("train_on", "n_rows"), [("patches", 64), ("images", 1)])
def test_what_topk_selects_among(train_on, n_rows, X):
    fitted = ConvSparseAutoencoder(
        10, penalty="topk", rho=0.2, train_on=train_on, **SHORT
    ).fit(X)
    codes = fitted.transform(X).reshape(-1, 640 // n_rows)
    assert (codes != 0).sum(axis=1).max() == 0.2 * 640 / n_rows


def test_warm_start_goes_on_from_the_kernels(X):
    fitted = ConvSparseAutoencoder(4, warm_start=True, **SHORT).fit(X)
    assert fitted.fit(X).loss_curve_[0] <= fitted.loss_curve_[-1] * 1.1
    with pytest.raises(ValueError, match="warm_start"):
        fitted.set_params(stride=2).fit(X)


def test_partial_fit_goes_on_with_images(X):
    fitted = ConvSparseAutoencoder(4, **SHORT).fit(X)
    before = fitted.score(X)
    for _ in range(10):
        fitted.partial_fit(X)
    assert fitted.score(X) > before


def test_images_without_variance(X):
    fitted = ConvSparseAutoencoder(4, alpha=0.0).fit(np.zeros_like(X))
    assert_array_equal(fitted.inverse_transform(fitted.transform(X * 0)), 0 * X)


def test_precision_is_that_of_the_images(X):
    fitted = ConvSparseAutoencoder(4, **SHORT).fit(X.astype(np.float32))
    assert fitted.components_.dtype == fitted.decoder_intercept_.dtype == np.float32
    double = clone(fitted).fit(X)
    assert abs(fitted.score(X.astype(np.float32)) - double.score(X)) < 0.01


def test_maps_that_are_not_kept_give_the_same_decoder(X, monkeypatch):
    kept = ConvSparseAutoencoder(4, **SHORT).fit(X)
    monkeypatch.setattr(f"{IMAGE_DECODER}.KEPT_BYTES", 0)
    assert_array_equal(clone(kept).fit(X).components_, kept.components_)
