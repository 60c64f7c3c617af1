"""`ConvSparseAutoencoder` under faults, bad input and extreme values."""

import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skl_sparse_ae import ConvSparseAutoencoder
from skl_sparse_ae._fitting import _fitted, _partial_fit

from ..interrupts import interrupted_everywhere

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
)

MODES = ["patches", "images"]


@pytest.fixture
def images(digits):
    return digits[:100]


def make(n_components=4, **options):
    options = {"kernel_size": 3, "max_iter": 4, "random_state": 0, **options}
    return ConvSparseAutoencoder(n_components, **options)


@pytest.mark.parametrize("train_on", MODES)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_call_that_fails_changes_nothing(method, train_on, images):
    autoencoder = make(train_on=train_on).fit(images)
    before = dict(vars(autoencoder))
    with pytest.raises(ValueError, match="sample_weight"):
        getattr(autoencoder, method)(images, sample_weight=[1.0])
    with pytest.raises(ValueError, match="columns|features"):
        getattr(autoencoder, method)(images[:, :60])
    assert vars(autoencoder) == before


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_call_interrupted_at_any_line_changes_nothing(method, images):
    autoencoder = make(max_iter=1).fit(images)
    rows = images
    if method == "fit":
        rows = np.hstack([images, images])
        autoencoder.set_params(image_shape=(8, 16))
    before, n_interrupts = dict(vars(autoencoder)), 0
    calls = interrupted_everywhere(
        lambda: getattr(autoencoder, method)(rows), _fitted, _partial_fit
    )
    for _ in calls:
        kept = {k: v for k, v in vars(autoencoder).items() if "callback" not in k}
        assert kept == before
        n_interrupts += 1
    assert n_interrupts > 20
    assert autoencoder.n_features_in_ == rows.shape[1]


@pytest.mark.parametrize(
    "invalid",
    [
        {"stride": 0},
        {"padding": "full"},
        {"learning_rate_init": -1},
        {"train_on": "rows"},
        {"batch_size": 0},
    ],
    ids=str,
)
def test_partial_fit_validates_parameters_that_were_set_after_a_fit(invalid, images):
    autoencoder = make().partial_fit(images).set_params(**invalid)
    with pytest.raises(ValueError, match=next(iter(invalid))):
        autoencoder.partial_fit(images)
    assert autoencoder.n_iter_ == 1


@pytest.mark.parametrize("invalid", [{"pooling": "median"}, {"pool_size": "2"}])
@pytest.mark.parametrize("method", ["transform", "score"])
def test_methods_validate_the_pooling(method, invalid, images):
    autoencoder = make(pooling="max").fit(images).set_params(**invalid)
    with pytest.raises(ValueError, match=next(iter(invalid))):
        getattr(autoencoder, method)(images)


@pytest.mark.parametrize("rows", [slice(0, 1), np.zeros(5, int)], ids=["one", "equal"])
def test_a_stream_begins_with_images_that_have_a_variance(rows, images):
    autoencoder = make()
    with pytest.raises(ValueError, match="first call of partial_fit .* no variance"):
        autoencoder.partial_fit(images[rows])
    assert not hasattr(autoencoder, "n_features_in_")
    expected = make()
    autoencoder.fit(images[rows])
    for chunk in np.array_split(images, 3):
        autoencoder.partial_fit(chunk)
        expected.partial_fit(chunk)
    assert_array_equal(autoencoder.components_, expected.components_)


@pytest.mark.parametrize("train_on", MODES)
@pytest.mark.parametrize("unit", [1e39, 1e-46])
def test_weights_beyond_float32(unit, train_on, images):
    X, weights = images.astype(np.float32), np.arange(100) % 3
    expected = make(train_on=train_on).fit(X, sample_weight=weights)
    actual = make(train_on=train_on).fit(X, sample_weight=weights * unit)
    # Their ratios are rounded.
    assert_allclose(actual.components_, expected.components_, atol=1e-2)
    assert_allclose(actual.score(X), expected.score(X), atol=1e-3)


@pytest.mark.parametrize("train_on", MODES)
@pytest.mark.parametrize("offset", [10.0, 1e6])
def test_inside_of_images_an_offset_does_not_matter(offset, train_on, images):
    options = {"padding": "valid", "train_on": train_on, "max_iter": 30}
    expected = make(**options).fit(images).score(images)
    autoencoder = make(**options).fit(images + offset)
    assert_allclose(autoencoder.score(images + offset), expected, atol=1e-3)
    assert expected > 0.5


@pytest.mark.parametrize("train_on", MODES)
def test_an_offset_beside_zeros_around_images_warns(train_on, images):
    with pytest.warns(UserWarning, match="less than 1 % of the variance"):
        make(train_on=train_on).fit(images + 1e4)


def test_a_pixel_beyond_all_others_warns(images):
    X = images.copy()
    X[:, 10] = 1e16
    with pytest.warns(UserWarning, match="Pixels much larger than the others"):
        make().fit(X)


@pytest.mark.parametrize("train_on", MODES)
@pytest.mark.parametrize("pooling", [None, "max", "mean"])
def test_pickles_encode_alike_and_go_on(pooling, train_on, images):
    autoencoder = make(train_on=train_on, pooling=pooling).fit(images)
    autoencoder.partial_fit(images)
    loaded = pickle.loads(pickle.dumps(autoencoder))
    assert_array_equal(loaded.transform(images), autoencoder.transform(images))
    loaded.partial_fit(images)
    autoencoder.partial_fit(images)
    assert_array_equal(loaded.components_, autoencoder.components_)
    assert loaded.output_shape_ == autoencoder.output_shape_


@pytest.mark.filterwarnings("ignore:The reconstruction explains less than 1 %")
def test_batch_topk_counts_weighted_images_as_repeated_ones(images):
    X, weights = images[:30], 1 + np.arange(30) % 3
    options = {"penalty": "batch_topk", "rho": 0.3, "alpha": 0.01, "batch_size": 100}
    autoencoder = make(train_on="images", max_iter=1, **options)
    weighted = autoencoder.fit(X, sample_weight=weights).loss_curve_
    repeated = autoencoder.fit(np.repeat(X, weights, axis=0)).loss_curve_
    plain = autoencoder.fit(X).loss_curve_
    # The mean of J over the single step's batch, at the initial parameters.
    assert_allclose(weighted, repeated, rtol=1e-6)
    assert abs(plain[0] / weighted[0] - 1) > 1e-4


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_constant_images_are_reconstructed_without_decay(dtype):
    # Where rounding errors are all that is left, there is nothing to search for.
    for seed in range(40):
        rng = np.random.RandomState(seed)
        X = np.full((10, 6), rng.uniform(), dtype)
        weights = rng.choice([0.5, 1.0, 3.0], 10)
        autoencoder = ConvSparseAutoencoder(
            rng.randint(1, 4), image_shape=(3, 2), kernel_size=(1, 3), alpha=0.0
        ).set_params(penalty=None, activation="relu", max_iter=3, random_state=seed)
        with np.errstate(all="raise", under="ignore"):
            autoencoder.fit(X, sample_weight=weights)
        assert np.isfinite(autoencoder.components_).all()
        X_hat = autoencoder.inverse_transform(autoencoder.transform(X))
        assert_allclose(X_hat, X, rtol=1e-5)


@pytest.mark.parametrize("name", ["stride", "kernel_size", "pool_size"])
def test_sizes_that_are_set_later_are_validated(name, images):
    autoencoder = make().partial_fit(images)
    autoencoder.set_params(pooling="max", **{name: (1, 0)})
    before = dict(vars(autoencoder))
    with pytest.raises(ValueError, match=rf"{name}=\(1, 0\)"):
        autoencoder.partial_fit(images)
    assert vars(autoencoder) == before


@pytest.mark.parametrize("train_on", MODES)
def test_a_stride_that_leaves_gaps_is_named(train_on, images):
    for stride, has_gaps in (((4, 1), True), (3, False)):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            make(stride=stride, padding="valid", train_on=train_on).fit(images)
        texts = [str(warning.message) for warning in caught]
        named = [text for text in texts if "is larger than kernel_size" in text]
        assert len(named) == has_gaps
        # Nothing is said about the decay or the mean of X beside it.
        assert not (has_gaps and any("explains less" in text for text in texts))


@pytest.mark.parametrize("method", ["fit", "partial_fit", "transform"])
def test_missing_pixels_have_no_parameter(method, images):
    broken = images.copy()
    broken[3, 5] = np.nan
    with pytest.raises(ValueError, match="NaN. Leave such images out, or fill") as info:
        getattr(make().fit(images), method)(broken)
    assert "missing_values" not in str(info.value)


def test_a_pool_size_without_pooling_has_no_effect(images):
    with pytest.warns(UserWarning, match="pool_size has no effect: pooling is None"):
        make(pool_size=3).fit(images)
