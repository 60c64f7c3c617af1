"""Properties that hold for any rows and parameters, on examples of hypothesis."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skl_sparse_ae import ConvSparseAutoencoder, SparseAutoencoder
from skl_sparse_ae._penalties import PENALTIES

from .array_api import run_in_array_api_mode

hypothesis = pytest.importorskip("hypothesis")
st = pytest.importorskip("hypothesis.strategies")
arrays = pytest.importorskip("hypothesis.extra.numpy").arrays

pytestmark = pytest.mark.filterwarnings("ignore")

CONTAINERS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "list": np.ndarray.tolist,
    # SciPy has no sparse matrices of float16.
    "csr": lambda X: sparse.csr_array(X.astype(np.result_type(X, np.float32))),
    "csc": lambda X: sparse.csc_matrix(X if X.dtype != np.float16 else X.astype(float)),
    "strided": lambda X: np.repeat(X, 2, axis=0)[::2],
    "read-only": lambda X: np.frombuffer(X.tobytes(), X.dtype).reshape(X.shape),
    "other byte order": lambda X: X.astype(X.dtype.newbyteorder()),
}
DTYPES = [np.float64, np.float32, np.float16, np.int64, np.int8, np.uint16, bool]
#: What errors that are documented begin with, or contain.
REFUSALS = [
    "is unbounded",  # "kl" with units that are
    "beta='adaptive'",
    "batch_topk",
    "overflows",
    "diverged",
    "without variance",
    "n_samples=",
    "would make a sparse matrix dense",
    "gives values from 0 to 1",
    "Sample weights must contain",
    "these have no variance",
    "has held out all rows of positive weight",
    "has held out no rows of positive weight",
    "needs out_activation=",
    "has no observed entry",
    "missing_fill='reconstruction'",
    "within mini-batches",
    "'jumprelu'",
]


@st.composite
def tables(draw, min_rows=1):
    """Rows of any small shape, dtype and size, with constant columns and equal rows."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(st.tuples(st.integers(min_rows, 12), st.integers(1, 6)))
    elements = None
    if dtype.kind == "f":
        scale = draw(st.sampled_from([1.0, 2.0**-10, 2.0**10]))
        elements = st.floats(-scale, scale, width=16).map(dtype.type)
    X = draw(arrays(dtype, shape, elements=elements))
    if draw(st.booleans()):
        X[:, draw(st.integers(0, shape[1] - 1))] = X[0, 0]
    if draw(st.booleans()):
        X[draw(st.integers(0, shape[0] - 1))] = X[0]
    return X


parameters = st.fixed_dictionaries(
    {
        "n_components": st.integers(1, 8) | st.none(),
        "penalty": st.sampled_from(sorted(name for name in PENALTIES if name))
        | st.none(),
        "activation": st.sampled_from(
            ["auto", "auto", "logistic", "tanh", "relu", "identity"]
        ),
        "loss": st.sampled_from(["squared_error"] * 3 + ["log_loss", "poisson"]),
        "out_activation": st.sampled_from(["auto"] * 3 + ["identity", "logistic"]),
        "matryoshka_widths": st.sampled_from([None, None, "auto", [1]]),
        "missing_values": st.sampled_from([None, np.nan]),
        "missing_fill": st.sampled_from(["auto", "auto", "mean", "reconstruction"]),
        "rho": st.floats(0.05, 0.95),
        "beta": st.sampled_from(["scale", "adaptive", 0.0, 0.1, 3]),
        "alpha": st.sampled_from(["scale", 0.0, 0.01, 1]),
        "solver": st.sampled_from(["auto", "lbfgs", "adam"]),
        "tied_weights": st.booleans(),
        "sparse_output": st.booleans(),
        "corruption": st.sampled_from([None, None, "masking", "gaussian"]),
        "early_stopping": st.booleans(),
        "batch_size": st.sampled_from(["auto", 1, 3]),
        "max_iter": st.integers(1, 4),
        "random_state": st.integers(0, 5),
    }
)
weights = st.lists(st.sampled_from([0.0, 0.0, 1.0, 0.5, 3.0]), min_size=12, max_size=12)


def suited(X, settings):
    """Rows that a loss is defined for, with missing entries where these are allowed."""
    zero = X.dtype.type(0)
    if settings["loss"] == "log_loss":
        X = (zero < X).astype(X.dtype)
    elif settings["loss"] == "poisson":
        X = np.maximum(X, zero)
    if settings["missing_values"] is not None and X.dtype.kind == "f":
        X = X.copy()
        X[1::2].flat[1::3] = np.nan  # the first row is complete
    return X


def dense(array):
    return array.toarray() if sparse.issparse(array) else np.asarray(array)


def result_or_none(call, refusals=REFUSALS):
    """What a call returns, or None where the documentation says that it is refused."""
    try:
        return call()
    except ValueError as error:
        message = str(error)
    assert any(refusal in message for refusal in refusals), message
    return None


def fit_or_none(X, weight=None, **settings):
    autoencoder = SparseAutoencoder(**settings)
    return result_or_none(lambda: autoencoder.fit(X, sample_weight=weight))


@hypothesis.given(
    tables(),
    parameters,
    weights | st.none(),
    st.sampled_from(sorted(CONTAINERS)),
    st.booleans(),
)
def test_results_are_finite_or_errors_documented(X, settings, weight, name, goes_on):
    weight = None if weight is None else weight[: len(X)]
    X = suited(X, settings)
    rows = CONTAINERS[name](X)
    autoencoder = fit_or_none(rows, weight, **settings)
    if autoencoder is None:
        return
    code = autoencoder.transform(rows)
    assert code.shape == (len(X), autoencoder.components_.shape[0])
    assert np.isfinite(dense(code)).all()
    assert np.isfinite(autoencoder.inverse_transform(code)).all()
    assert np.isfinite(autoencoder.loss_curve_).all()
    assert len(autoencoder.loss_curve_) > 0
    assert np.isfinite(autoencoder.objective(rows))
    assert autoencoder.score(rows) <= 1
    scores = autoencoder.score_samples(rows)
    assert np.isfinite(scores).all()
    assert (scores <= 0).all()
    if settings["missing_values"] is not None:
        filled = dense(autoencoder.impute(rows))
        assert np.isfinite(filled).all()
        assert_array_equal(filled[~np.isnan(X)], X[~np.isnan(X)])
    if goes_on:
        result_or_none(lambda: autoencoder.partial_fit(rows, sample_weight=weight))
        assert np.isfinite(dense(autoencoder.transform(rows))).all()


@hypothesis.given(tables(), parameters, weights | st.none(), st.integers(1, 12))
def test_dask_arrays_give_what_their_rows_in_memory_give(X, settings, weight, n_rows):
    dask = pytest.importorskip("dask")
    da = pytest.importorskip("dask.array")
    weight = None if weight is None else weight[: len(X)]
    X = suited(X, settings)
    rows = da.from_array(X, chunks=(n_rows, -1))
    with dask.config.set(scheduler="synchronous"):
        fitted = fit_or_none(rows, weight, **settings)
        if fitted is not None:
            assert np.isfinite(fitted.loss_curve_).all()
            assert np.isfinite(fitted.components_).all()
        autoencoder = fit_or_none(X, weight, **settings)
        if autoencoder is None or autoencoder.penalty_.selects:  # whose ties may differ
            return
        code = autoencoder.transform(rows).compute()
        assert_allclose(dense(code), dense(autoencoder.transform(X)), atol=1e-5)
        scale = 1 + np.nanmax(np.abs(X.astype(np.float64)))
        for method in (autoencoder.objective, autoencoder.score):
            in_memory = result_or_none(partial(method, X, sample_weight=weight))
            over_blocks = result_or_none(partial(method, rows, sample_weight=weight))
            assert (in_memory is None) == (over_blocks is None)
            if in_memory is not None:
                assert_allclose(over_blocks, in_memory, rtol=1e-4, atol=1e-5 * scale**2)


@hypothesis.given(tables(min_rows=3), parameters, st.sampled_from(sorted(CONTAINERS)))
def test_rows_are_encoded_alike_alone_and_among_others(X, settings, name):
    X = suited(X, settings)
    autoencoder = fit_or_none(X, **settings)
    if autoencoder is None:
        return
    code = dense(autoencoder.transform(CONTAINERS[name](X)))
    # Codes may be differences of terms as large as the intercepts.
    scale = np.abs(code).max() + np.abs(autoencoder.encoder_intercept_).max()
    for i in (0, 2):
        alone = dense(autoencoder.transform(CONTAINERS[name](X[i : i + 1])))
        assert_allclose(code[[i]], alone, atol=1e-5 * scale)


@hypothesis.given(
    tables(min_rows=2), parameters, weights, st.sampled_from([-40, 3, 40])
)
def test_only_ratios_of_weights_matter(X, settings, weight, power):
    weight, X = np.array(weight[: len(X)]), suited(X, settings)
    autoencoder = fit_or_none(X, weight, **settings)
    scaled = fit_or_none(X, weight * 2.0**power, **settings)
    assert (autoencoder is None) == (scaled is None)
    if autoencoder is not None:
        assert_array_equal(autoencoder.components_, scaled.components_)
        assert_array_equal(autoencoder.encoder_coef_, scaled.encoder_coef_)


@hypothesis.given(tables(min_rows=2), parameters, st.sampled_from(["C", "csr"]))
def test_repeated_rows_are_weights(X, settings, name):
    X = suited(X.astype(np.float64), settings)
    autoencoder = fit_or_none(X, **settings)
    if autoencoder is None:
        return
    weight = np.arange(len(X)) % 3 + (len(X) == 1)
    repeated = np.repeat(X, weight, axis=0)
    container = CONTAINERS[name]
    assert_allclose(
        autoencoder.objective(container(X), sample_weight=weight),
        autoencoder.objective(container(repeated)),
        rtol=1e-4,
        atol=1e-12 * (1 + np.nanmax(np.abs(X))) ** 2,
    )


@hypothesis.given(
    st.integers(0, 10**6), st.integers(4, 12), st.integers(2, 6), st.booleans()
)
def test_columns_permuted_from_a_permuted_start(seed, n_rows, n_features, tied):
    # Smooth units and rows in general position: a kink at zero, or one of two equal
    # values, would be chosen by rounding.
    rng = np.random.RandomState(seed)
    X, order = rng.normal(size=(n_rows, n_features)), rng.permutation(n_features)
    settings = {"tied_weights": tied, "beta": 0.1, "alpha": 0.01, "random_state": seed}
    autoencoder, permuted = (
        SparseAutoencoder(4, max_iter=3, warm_start=True, **settings).fit(X)
        for _ in range(2)
    )
    permuted.components_ = permuted.components_[:, order]
    permuted.encoder_coef_ = permuted.encoder_coef_[order]
    permuted.decoder_intercept_ = permuted.decoder_intercept_[order]
    assert_allclose(permuted.objective(X[:, order]), autoencoder.objective(X))
    autoencoder.set_params(max_iter=2).fit(X)
    permuted.set_params(max_iter=2).fit(X[:, order])
    components = autoencoder.components_[:, order]
    assert_allclose(permuted.components_, components, atol=1e-6)


@hypothesis.given(tables(min_rows=2), parameters, st.sampled_from(["C", "csr"]))
def test_float32_is_near_float64(X, settings, name):
    if settings["penalty"] == "contractive":
        # Its term is a step of rectified units at zero, where equal rows begin.
        hypothesis.assume(settings["activation"] != "relu")
        # Without decay, smaller encoder and larger decoder weights are always better,
        # until those multiply the rounding errors of codes that hardly differ.
        hypothesis.assume(settings["alpha"] != 0)
        # Tied units of rows far from one are steps, too: see `tied_weights`.
        hypothesis.assume(not settings["tied_weights"])
    # Where entries are reconstructed, rounding may decide when that ends.
    settings["missing_fill"] = "mean"
    X = suited(X.astype(np.float32), settings)
    autoencoder = fit_or_none(X.astype(np.float64), **settings)
    if autoencoder is None or autoencoder.penalty_.selects:  # whose ties may differ
        return
    single, double = CONTAINERS[name](X), CONTAINERS[name](X.astype(np.float64))
    scale = 1 + np.nanmax(np.abs(X))
    assert_allclose(
        dense(autoencoder.transform(single)),
        dense(autoencoder.transform(double)),
        atol=1e-4 * scale,
        rtol=1e-4,
    )
    objective = result_or_none(lambda: autoencoder.objective(single))
    if objective is not None:
        expected = autoencoder.objective(double)
        assert_allclose(objective, expected, rtol=1e-3, atol=1e-4 * scale**2)


@st.composite
def geometries(draw):
    """Parameters of a convolution, of kernels that may be larger than the images."""
    sizes = st.integers(1, 4)
    return {
        "image_shape": (draw(sizes), draw(sizes), draw(st.integers(1, 2))),
        "kernel_size": draw(sizes | st.tuples(sizes, sizes)),
        "stride": draw(sizes | st.tuples(sizes, sizes)),
        "padding": draw(st.sampled_from(["same", "same", "valid"])),
        "pooling": draw(st.sampled_from([None, None, "max", "mean"])),
        "pool_size": draw(sizes),
        "train_on": draw(st.sampled_from(["auto", "patches", "images"])),
    }


@hypothesis.settings(max_examples=100)
@hypothesis.given(geometries(), parameters, weights | st.none(), st.data())
def test_images_give_finite_results_or_documented_errors(
    geometry, settings, weight, data
):
    dtype = data.draw(st.sampled_from(DTYPES))
    n_images = data.draw(st.integers(1, 12))
    n_pixels = int(np.prod(geometry["image_shape"]))
    seed = data.draw(st.integers(0, 100))
    X = np.random.RandomState(seed).randint(0, 2, (n_images, n_pixels)).astype(dtype)
    container = CONTAINERS[data.draw(st.sampled_from(["C", "F", "list", "strided"]))]
    weight = None if weight is None else weight[:n_images]
    own = ConvSparseAutoencoder().get_params()
    settings = {name: value for name, value in settings.items() if name in own}
    autoencoder = ConvSparseAutoencoder(**{**settings, **geometry})
    refused = [*REFUSALS, "is larger than the image", "train_on='patches'"]
    rows = container(X)
    fitted = result_or_none(
        lambda: autoencoder.fit(rows, sample_weight=weight), refused
    )
    if fitted is None:
        return
    code = dense(fitted.transform(rows))
    assert code.shape == (n_images, np.prod(fitted.output_shape_))
    assert np.isfinite(code).all()
    assert len(fitted.get_feature_names_out()) == code.shape[1]
    assert np.isfinite(fitted.objective(rows))
    assert fitted.score(rows) <= 1
    alone = [dense(fitted.transform(container(X[i : i + 1]))) for i in range(n_images)]
    assert_allclose(code, np.concatenate(alone), atol=1e-5)
    result_or_none(lambda: fitted.partial_fit(rows, sample_weight=weight), refused)
    assert np.isfinite(dense(fitted.transform(rows))).all()


ARRAY_API_SCRIPT = """
import warnings
from collections import Counter

import array_api_strict
import hypothesis
import numpy as np
from numpy.testing import assert_allclose
from sklearn import config_context

from tests.test_properties import fit_or_none, parameters, suited, tables

warnings.simplefilter("ignore")
fits = Counter()


@hypothesis.settings(
    max_examples=100, deadline=None, derandomize=True, database=None
)
@hypothesis.given(tables(), parameters)
def check(X, settings):
    if X.dtype == np.float16:  # of which the standard knows nothing
        X = X.astype(np.float32)
    settings["sparse_output"] = False
    X = suited(X, settings)
    in_numpy = fit_or_none(X, **settings)
    rows = array_api_strict.asarray(X)
    with config_context(array_api_dispatch=True):
        fitted = fit_or_none(rows, **settings)
        assert (in_numpy is None) == (fitted is None)
        fits[fitted is not None] += 1
        if fitted is None:
            return
        code = fitted.transform(rows)
        assert type(code) is type(fitted.components_) is type(rows)
        assert np.isfinite(np.asarray(code)).all()
        assert np.isfinite(fitted.objective(rows))
        assert fitted.score(rows) <= 1
        components = np.asarray(fitted.components_)
        assert_allclose(components, in_numpy.components_, rtol=1e-3, atol=1e-3)


check()
print("fits" if fits[True] > 40 else fits)
"""


def test_arrays_of_the_standard_give_what_numpys_give():
    output, errors = run_in_array_api_mode(ARRAY_API_SCRIPT)
    assert output == "fits\n", errors
