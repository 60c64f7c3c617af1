"""`ConvSparseAutoencoder`: shapes, names, messages, and what it shares with others."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skl_sparse_ae import ConvSparseAutoencoder, SparseAutoencoder, interchange

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:The reconstruction explains less than 1 %",
)

SHORT = {"kernel_size": 3, "max_iter": 10, "tol": 0.05, "random_state": 0}


@pytest.fixture(scope="module")
def X():
    return load_digits().data[:200] / 16


def make(n_components=4, **options):
    return ConvSparseAutoencoder(n_components, **{**SHORT, **options})


def test_shapes_of_the_fitted_attributes(X):
    images = np.tile(X[:, :, None], 3).reshape(200, -1)  # 8 x 8 with three channels
    fitted = make(image_shape=(8, 8, 3), kernel_size=(3, 2), stride=(1, 2)).fit(images)
    assert fitted.encoder_coef_.shape == (3 * 2 * 3, 4)
    assert fitted.components_.shape == (4, 3 * 2 * 3)
    assert fitted.encoder_intercept_.shape == fitted.mean_activation_.shape == (4,)
    assert fitted.decoder_intercept_.shape == (3,)
    assert fitted.image_shape_ == (8, 8, 3)
    assert fitted.kernel_shape_ == (3, 2, 3)
    assert fitted.map_shape_ == fitted.output_shape_ == (8, 4, 4)
    assert fitted.transform(images).shape == (200, 8 * 4 * 4)
    assert fitted.inverse_transform(fitted.transform(images)).shape == images.shape


@pytest.mark.parametrize(("train_on", "least"), [("patches", 0.8), ("images", 0.9)])
def test_score_is_the_fraction_of_variance_explained(train_on, least, X):
    fitted = make(max_iter=100, tol=0.001, train_on=train_on).fit(X)
    X_hat = fitted.inverse_transform(fitted.transform(X))
    errors = ((X - X_hat) ** 2).sum()
    assert_allclose(fitted.score(X), 1 - errors / ((X - X.mean(axis=0)) ** 2).sum())
    assert fitted.score(X) > least


def test_mean_activations_are_over_images_and_positions(X):
    fitted = make().fit(X)
    maps = fitted.transform(X).reshape(-1, 4)
    assert_allclose(fitted.mean_activation_, maps.mean(axis=0), rtol=1e-6)


def test_sparse_maps_hold_the_level(X):
    fitted = make(penalty="topk", rho=0.1, train_on="images").fit(X)
    n_active = (fitted.transform(X) != 0).sum(axis=1)
    assert n_active.max() == round(0.1 * 4 * 64)
    coded = clone(fitted).set_params(sparse_output=True).fit(X).transform(X)
    assert sparse.issparse(coded)
    assert_array_equal(coded.toarray(), fitted.transform(X))
    assert_allclose(
        fitted.inverse_transform(coded), fitted.inverse_transform(coded.toarray())
    )


def test_pooling_by_hand(X):
    fitted = make(2).fit(X)
    maps = fitted.transform(X).reshape(-1, 8, 8, 2)
    fitted.set_params(pooling="mean", pool_size=(8, 3))
    assert fitted.output_shape_ == (1, 3, 2)
    expected = [maps[:, :, a : a + 3].mean(axis=(1, 2)) for a in (0, 3, 6)]
    assert_allclose(fitted.transform(X), np.concatenate(expected, axis=1), rtol=1e-12)
    fitted.set_params(pooling="max")
    assert_array_equal(fitted.transform(X)[:, :2], maps[:, :, :3].max(axis=(1, 2)))
    with pytest.raises(ValueError, match="pooled maps"):
        fitted.inverse_transform(fitted.transform(X))


def test_names_tell_unit_and_position(X):
    fitted = make(3, kernel_size=4, stride=4).fit(X)
    names = fitted.get_feature_names_out()
    assert len(names) == 2 * 2 * 3
    assert names[0] == "convsparseautoencoder0_row0_column0"
    maps = fitted.transform(X).reshape(-1, 2, 2, 3)
    column = list(names).index("convsparseautoencoder2_row1_column0")
    assert_array_equal(fitted.transform(X)[:, column], maps[:, 1, 0, 2])


def test_a_second_layer_takes_the_maps_of_the_first(X):
    first = make(3, pooling="max")
    shape = clone(first).fit(X).output_shape_
    stack = make_pipeline(first, make(2, image_shape=shape))
    assert stack.fit_transform(X).shape == (200, 4 * 4 * 2)


def test_grid_search_before_a_classifier(X):
    y = load_digits().target[:200]
    model = make_pipeline(make(pooling="max"), LogisticRegression(max_iter=1000))
    grid = {"convsparseautoencoder__rho": [0.05, 0.2]}
    assert GridSearchCV(model, grid, cv=2).fit(X, y).best_score_ > 0.7


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize("penalty", ["kl", "l1", "topk"])
def test_dtype_weights_and_equal_images(solver, penalty, X):
    single = make(solver=solver, penalty=penalty).fit(X.astype(np.float32))
    assert single.transform(X.astype(np.float32)).dtype == np.float32
    assert single.components_.dtype == np.float32
    zero = np.full_like(X, 0.5)
    with pytest.warns(UserWarning, match="max_iter"):
        fitted = make(solver=solver, penalty=penalty, max_iter=1).fit(zero)
    assert np.isfinite(fitted.transform(zero)).all()


def test_partial_fit_lowers_j_and_goes_on_after_pickling(X):
    streamed = make(random_state=1)
    for _ in range(30):
        streamed.partial_fit(X)
    losses = streamed.loss_curve_
    assert losses[-1] < 0.5 * losses[0]
    copied = pickle.loads(pickle.dumps(streamed))
    assert_array_equal(
        copied.partial_fit(X).components_, streamed.partial_fit(X).components_
    )


def test_warm_start_goes_on_and_refuses_another_geometry(X):
    fitted = make(warm_start=True, solver="adam").fit(X)
    before = fitted.loss_curve_[-1]  # of the patches that kernels are learned from
    assert fitted.fit(X).loss_curve_[-1] < before
    with pytest.raises(ValueError, match="last fit, and image_shape, .* stride or"):
        fitted.set_params(stride=2).fit(X)


def test_parameters_of_fit_do_not_change_a_fitted_estimator(X):
    fitted = make().fit(X)
    maps = fitted.transform(X)
    fitted.set_params(stride=2, kernel_size=2, padding="valid", image_shape=(4, 16))
    assert_array_equal(fitted.transform(X), maps)


def test_early_stopping_and_corruption(X):
    fitted = make(early_stopping=True, corruption="masking").fit(X)
    assert len(fitted.validation_scores_) == fitted.n_iter_


def test_images_in_more_dimensions_are_told_how_to_reshape(X):
    with pytest.raises(ValueError, match=r"reshape\(len\(X\), -1\).*\(8, 8\)"):
        make().fit(X.reshape(-1, 8, 8))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_shape": (8, 9)}, "stands for 72 columns, and X has 64"),
        ({"image_shape": (64,)}, "must be .height, width."),
        ({"image_shape": (8.0, 8)}, "must be .height, width."),
        ({"kernel_size": (3, 3, 3)}, "kernel_size=.* two of them"),
        ({"stride": (0, 1)}, "stride=.* two of them"),
        ({"kernel_size": 9, "padding": "valid"}, "larger than the image"),
        ({"padding": "full"}, "padding"),
    ],
)
def test_what_geometry_is_refused(options, message, X):
    with pytest.raises(ValueError, match=message):
        make(**options).fit(X)


def test_columns_that_are_no_square_need_a_shape(X):
    with pytest.raises(ValueError, match="63 columns, which are not the pixels"):
        make().fit(X[:, :63])


def test_sparse_images_and_formats_of_rows_are_refused(X, tmp_path):
    fitted = make().fit(X)
    for method in (fitted.fit, fitted.transform, fitted.score):
        with pytest.raises(TypeError, match="dense arrays in memory.*sparse"):
            method(sparse.csr_array(X))
    with pytest.raises(TypeError, match="kernels for weights"):
        interchange.save_safetensors(make().fit(X), tmp_path / "model")


def test_dask_arrays_are_refused(X):
    dask_array = pytest.importorskip("dask.array")
    with pytest.raises(TypeError, match="dense arrays in memory.*Dask"):
        make().fit(dask_array.from_array(X))


def test_codes_of_other_sizes_are_refused(X):
    with pytest.raises(ValueError, match="has 256"):
        make().fit(X).inverse_transform(X)


def test_it_shares_parameters_and_defaults_with_the_dense_one():
    dense, conv = SparseAutoencoder(16).get_params(), ConvSparseAutoencoder()
    own = {"image_shape", "kernel_size", "stride", "padding", "pooling", "pool_size"}
    own |= {"train_on"}
    shared = {k: v for k, v in conv.get_params().items() if k not in own}
    # Images are complete, and compared by squares with one reconstruction.
    for name in ("loss", "missing_values", "missing_fill", "matryoshka_widths"):
        del dense[name]
    assert shared == dense


def test_pooling_by_blocks_of_images(X, monkeypatch):
    fitted = make(pooling="max").fit(X)
    expected = fitted.transform(X)
    monkeypatch.setattr(
        "skl_sparse_ae._network._conv_network.ConvNetwork.image_blocks",
        lambda self, start, stop, itemsize: (
            [slice(start, start + 7)]
            + [slice(i, min(i + 3, stop)) for i in range(start + 7, stop, 3)]
        ),
    )
    assert_allclose(fitted.transform(X), expected, rtol=1e-12)
