"""ONNX graphs, run by onnxruntime."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from skl_sparse_ae import BatchTopK, Penalty, SparseAutoencoder, TopK, WinnerTakeAll
from skl_sparse_ae._network._activations import ACTIVATIONS
from skl_sparse_ae._penalties import PENALTIES
from skl_sparse_ae.interchange import decoder_to_onnx, to_onnx
from skl_sparse_ae.interchange._onnx import OPERATORS

from .helpers import Largest

onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
pytest.importorskip("skl2onnx", reason="needs skl2onnx")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

DTYPES = [np.float32, np.float64]
TOLERANCE = {np.float32: 1e-5, np.float64: 1e-12}
# Selections, which have to be known to the converter, follow below.
CASES = {
    **{
        str(name): {"penalty": name}
        for name, cls in PENALTIES.items()
        if not cls.selects
    },
    **{
        f"no penalty, {name}": {"penalty": None, "activation": name}
        for name in ACTIVATIONS
    },
    "kl, tanh": {"activation": "tanh"},
    "topk": {"penalty": "topk"},
    "topk, tanh": {"penalty": "topk", "activation": "tanh"},
    "topk, identity": {"penalty": "topk", "activation": "identity"},
    "topk, logistic": {"penalty": "topk", "activation": "logistic"},
    "topk, more": {"penalty": TopK(0.1, transform_factor=3)},
    "topk, all": {"penalty": TopK(0.5, transform_factor=3)},
    "topk, soft": {"penalty": TopK(0.1, transform_factor=3, transform_soft=True)},
    "topk, all but one, soft": {"penalty": TopK(0.95, transform_soft=True)},
    "batch_topk": {"penalty": BatchTopK(0.1)},
    "batch_topk, tanh": {"penalty": BatchTopK(0.1), "activation": "tanh"},
    "winner_take_all": {"penalty": WinnerTakeAll(0.1)},
    "winner_take_all, all": {"penalty": WinnerTakeAll(0.1, transform_selects=False)},
    "tied": {"tied_weights": True},
    "counts": {"loss": "poisson"},
    "zeros and ones": {"loss": "log_loss"},
}


def fit(X, **parameters):
    parameters = {"max_iter": 3, "random_state": 0, **parameters}
    return SparseAutoencoder(20, **parameters).fit(X)


def run(model, inputs):
    """The outputs of a graph for an array, or for inputs by name."""
    if not isinstance(inputs, dict):
        inputs = {"X": inputs}
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, inputs)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_has_an_operator(name):
    assert name == "identity" or name in OPERATORS, (
        f"There is no ONNX operator for the activation {name!r}. Add its name to "
        "OPERATORS in skl_sparse_ae/interchange/_onnx.py."
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("parameters", CASES.values(), ids=CASES)
def test_graphs_compute_transform(parameters, dtype, digits):
    X = digits.astype(dtype)
    autoencoder = fit(X[:300], **parameters)
    (code,) = run(to_onnx(autoencoder, X), X)
    assert code.dtype == dtype
    assert_allclose(code, autoencoder.transform(X), atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "parameters",
    [{}, {"out_activation": "logistic"}, {"loss": "log_loss"}, {"loss": "poisson"}],
)
def test_graphs_compute_inverse_transform(parameters, dtype, digits):
    X = digits.astype(dtype)
    autoencoder = fit(X, **parameters)
    code = autoencoder.transform(X)
    (rows,) = run(decoder_to_onnx(autoencoder), code)
    assert rows.dtype == dtype
    expected = autoencoder.inverse_transform(code)
    assert_allclose(rows, expected, atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_graphs_take_missing_entries(loss, dtype, digits):
    X = digits[:300].astype(dtype)
    X[np.random.RandomState(0).uniform(size=X.shape) < 0.2] = np.nan
    autoencoder = fit(X, loss=loss, missing_values=np.nan, missing_fill="mean")
    (code,) = run(to_onnx(autoencoder, X), X)
    assert_allclose(code, autoencoder.transform(X), atol=TOLERANCE[dtype])


def test_reconstructed_entries_are_refused(digits):
    autoencoder = fit(digits[:50], missing_values=np.nan)
    with pytest.raises(ValueError, match="missing_fill='mean'"):
        to_onnx(autoencoder, digits[:50])


@pytest.mark.parametrize("dtype", DTYPES)
def test_graphs_of_pipelines(dtype):
    X, y = load_digits(return_X_y=True)
    X = X.astype(dtype)
    autoencoder = SparseAutoencoder(20, max_iter=20, random_state=0)
    pipeline = make_pipeline(MinMaxScaler(), autoencoder, LogisticRegression())
    pipeline.fit(X, y)
    model = to_onnx(pipeline, X, options={"zipmap": False})
    labels, probabilities = run(model, X)
    assert_allclose(probabilities, pipeline.predict_proba(X), atol=1e-5)
    assert_array_equal(labels, pipeline.predict(X))


def test_steps_that_do_nothing_are_left_out(digits):
    X = digits.astype(np.float32)
    autoencoder = SparseAutoencoder(5, max_iter=20, random_state=0)
    inner = make_pipeline(MinMaxScaler(), "passthrough", autoencoder)
    y = np.arange(len(X)) % 2
    pipeline = make_pipeline("passthrough", inner, None, LogisticRegression()).fit(X, y)
    model = to_onnx(pipeline, X, options={id(pipeline[-1]): {"zipmap": False}})
    assert_allclose(run(model, X)[1], pipeline.predict_proba(X), atol=1e-5)
    plain = make_pipeline(autoencoder, LogisticRegression()).fit(X, y)
    model = to_onnx(plain, X, options={id(plain): {"zipmap": False}})
    assert_allclose(run(model, X)[1], plain.predict_proba(X), atol=1e-5)


def test_graphs_of_stacks(digits):
    X = digits.astype(np.float32)
    stack = make_pipeline(
        SparseAutoencoder(20, penalty="topk", max_iter=3, random_state=0),
        SparseAutoencoder(5, max_iter=20, random_state=0),
    ).fit(X)
    assert_allclose(run(to_onnx(stack, X), X)[0], stack.transform(X), atol=1e-5)


def test_rows_in_another_dtype_than_in_fit(digits):
    autoencoder = fit(digits.astype(np.float32))
    (code,) = run(to_onnx(autoencoder, digits), digits)
    assert_allclose(code, autoencoder.transform(digits), atol=1e-12)
    X = (16 * digits).astype(np.int64)
    (code,) = run(to_onnx(autoencoder, X.tolist()), X)
    assert_allclose(code, autoencoder.transform(X), atol=1e-5)


def test_columns_of_a_frame_are_inputs(digits):
    pandas = pytest.importorskip("pandas")
    X = digits[:, 18:22].astype(np.float32)
    frame = pandas.DataFrame(X, columns=list("abcd")).assign(b=lambda f: 3 * f["b"])
    inputs = {name: frame[[name]].to_numpy() for name in frame}
    autoencoder = SparseAutoencoder(3, max_iter=3, random_state=0)
    scaler = make_column_transformer((StandardScaler(), ["d", "b"]))
    for estimator in (autoencoder, make_pipeline(scaler, autoencoder)):
        estimator.fit(frame)
        (code,) = run(to_onnx(estimator, frame), inputs)
        assert_allclose(code, estimator.transform(frame), atol=1e-5)


OTHER_DTYPES = ["f2", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?", ">f8", ">i4"]


@pytest.mark.parametrize("in_pipeline", [False, True])
@pytest.mark.parametrize("dtype", OTHER_DTYPES)
def test_graphs_take_the_dtype_of_the_example(dtype, in_pipeline, digits):
    X = (16 * digits).astype(dtype)
    estimator = SparseAutoencoder(8, max_iter=3, random_state=0)
    if in_pipeline:
        estimator = make_pipeline(MinMaxScaler(), estimator)
        X = X.astype("i2") if X.dtype == np.float16 else X  # MinMaxScaler keeps f2
    estimator.fit(X)
    (code,) = run(to_onnx(estimator, X), X.astype(X.dtype.newbyteorder("=")))
    assert code.dtype == np.float64
    assert_allclose(code, estimator.transform(X), atol=1e-5 if in_pipeline else 1e-12)


def test_examples_that_are_sparse_or_frames_without_names(digits):
    pandas = pytest.importorskip("pandas")
    autoencoder = fit(digits)
    for X in (sparse.csr_array(digits), pandas.DataFrame(digits)):
        (code,) = run(to_onnx(autoencoder, X), digits)
        assert_allclose(code, autoencoder.transform(digits), atol=1e-12)


@pytest.mark.parametrize("first", ["i2", "?", "f4", "f8"])
def test_the_precision_does_not_follow_the_first_column(first, digits):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(100 * digits[:, 18:22], columns=list("abcd"))
    frame["a"] = frame["a"].astype(first)
    autoencoder = SparseAutoencoder(3, max_iter=3, random_state=0).fit(frame)
    inputs = {name: frame[[name]].to_numpy() for name in frame}
    (code,) = run(to_onnx(autoencoder, frame), inputs)
    assert_allclose(code, autoencoder.transform(frame), atol=1e-12)
    pipeline = make_pipeline(StandardScaler(), autoencoder).fit(frame)
    (code,) = run(to_onnx(pipeline, frame), inputs)
    assert_allclose(code, pipeline.transform(frame), atol=1e-5)


def test_names_of_inputs_are_those_of_the_columns(digits):
    pandas = pytest.importorskip("pandas")
    names = ["a b", "a_b", "1", "variable", "Größe", "a_b_converted"]
    frame = pandas.DataFrame(digits[:, 18:24], columns=names)
    autoencoder = SparseAutoencoder(3, max_iter=3, random_state=0)
    scaler = make_column_transformer((StandardScaler(), ["1", "a b", "a_b"]))
    for estimator in (autoencoder, make_pipeline(scaler, autoencoder)):
        estimator.fit(frame)
        inputs = {name: frame[[name]].to_numpy() for name in names}
        (code,) = run(to_onnx(estimator, frame), inputs)
        assert_allclose(code, estimator.transform(frame), atol=1e-5)


def test_columns_of_strings_beside_numbers(digits):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(digits[:, 18:20], columns=["first one", "second"])
    frame["kind"] = np.where(digits[:, 20] > 0.5, "high", "low")
    columns = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["kind"]),
        (StandardScaler(), ["first one", "second"]),
    )
    autoencoder = SparseAutoencoder(3, max_iter=3, random_state=0)
    pipeline = make_pipeline(columns, autoencoder).fit(frame)
    inputs = {name: frame[[name]].to_numpy() for name in frame}
    (code,) = run(to_onnx(pipeline, frame), inputs)
    assert_allclose(code, pipeline.transform(frame), atol=1e-5)
    with pytest.raises(ValueError, match="when is of dtype datetime64"):
        to_onnx(pipeline, frame.assign(when=pandas.Timestamp("2020-01-01")))


def set_parameters(autoencoder, encoder_coef):
    """Units that read the columns, with no intercepts: activations worked by hand."""
    autoencoder.encoder_coef_ = np.array(encoder_coef, float)
    autoencoder.encoder_intercept_ = np.zeros(len(encoder_coef[0]))
    return autoencoder


def test_topk_keeps_exactly_k_of_equal_activations(digits):
    autoencoder = SparseAutoencoder(4, penalty=TopK(0.5), max_iter=3)
    set_parameters(autoencoder.fit(digits[:, 20:24]), np.eye(4))
    X = np.array([[1.0, 2, 1, 1], [3, 3, 3, 3], [0, -1, 5, 0], [0, 0, 0, 0]])
    (code,) = run(to_onnx(autoencoder, X), X)
    # transform may keep any of the equal ones; ONNX keeps those of lower index.
    expected = [[1, 2, 0, 0], [3, 3, 0, 0], [0, 0, 5, 0], [0, 0, 0, 0]]
    assert_array_equal(code, expected)
    ours = autoencoder.transform(X)
    assert_array_equal(np.sort(ours, axis=1), np.sort(code, axis=1))


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [(2.0, [0, 0, 3, 4]), ([0.5, 5, 3, 3.5], [1, 0, 0, 4]), (-np.inf, [1, 2, 3, 4])],
)
def test_activations_at_the_threshold_are_dropped(threshold, expected, digits):
    autoencoder = SparseAutoencoder(4, penalty=BatchTopK(0.5), max_iter=3)
    set_parameters(autoencoder.fit(digits[:, 20:24]), np.eye(4))
    autoencoder.penalty_.threshold_ = (
        np.array(threshold) if isinstance(threshold, list) else threshold
    )
    X = np.array([[1.0, 2, 3, 4]])
    assert_array_equal(run(to_onnx(autoencoder, X), X)[0], [expected])
    assert_array_equal(autoencoder.transform(X), [expected])


@pytest.mark.parametrize("target_opset", [13, 18])
def test_older_opsets(target_opset, digits):
    autoencoder = fit(digits, penalty=TopK(0.1, transform_soft=True))
    model = to_onnx(autoencoder, digits, target_opset=target_opset)
    assert max(opset.version for opset in model.opset_import) <= target_opset
    assert_allclose(run(model, digits)[0], autoencoder.transform(digits), atol=1e-12)


class Plain(Penalty):
    """A user-defined penalty that does not select activations."""


def test_user_defined_penalties(digits):
    autoencoder = fit(digits, penalty=Plain())
    (code,) = run(to_onnx(autoencoder, digits), digits)
    assert_allclose(code, autoencoder.transform(digits), atol=1e-12)
    with pytest.raises(ValueError, match=r"How Largest\(\) selects"):
        to_onnx(fit(digits, penalty=Largest()), digits)


def test_only_what_is_fitted_is_converted(digits):
    with pytest.raises(NotFittedError):
        to_onnx(SparseAutoencoder(), digits)
    with pytest.raises(NotFittedError):
        decoder_to_onnx(SparseAutoencoder())
    with pytest.raises(TypeError, match=r"estimator=PCA\(\) must be a Sparse"):
        decoder_to_onnx(PCA().fit(digits))


def test_the_extra_is_named_where_skl2onnx_is_missing(digits, monkeypatch):
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(ImportError, match=r"skl-sparse-ae\[onnx\]"):
        to_onnx(fit(digits), digits)
