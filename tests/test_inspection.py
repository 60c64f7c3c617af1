from itertools import product

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.stats import false_discovery_control, fisher_exact
from sklearn.decomposition import NMF, PCA, MiniBatchDictionaryLearning
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    Normalizer,
    StandardScaler,
)

from skl_sparse_ae import SparseAutoencoder, metrics
from skl_sparse_ae._reading import _codes
from skl_sparse_ae.inspection import (
    label_enrichment,
    steer,
    top_activating,
    top_features,
)
from skl_sparse_ae.report import html_report

from .array_api import run_in_array_api_mode

# What it is given is the code.
IDENTITY = FunctionTransformer(func=None)

CONTAINERS = [np.asarray, sparse.csr_array, sparse.csr_matrix]


@pytest.fixture(params=[2**26, 200], ids=["one block", "many blocks"])
def block_bytes(request, monkeypatch):
    monkeypatch.setattr(_codes, "CODE_BYTES", request.param)


def fitted(X, penalty="topk", **parameters):
    return SparseAutoencoder(
        12, penalty=penalty, tol=0.1, random_state=0, **parameters
    ).fit(X)


# Rows that activate a unit most


@pytest.mark.usefixtures("block_bytes")
@pytest.mark.parametrize("container", CONTAINERS)
def test_top_activating_by_hand(container):
    code = [
        [0.5, 0.0, 0.0],
        [2.0, 0.0, -1.0],
        [0.5, 0.0, 3.0],
        [1.0, 0.0, 0.0],
        [0.5, 0.0, 0.0],
    ]
    top = top_activating(IDENTITY, container(code), n=3)
    # Of the equal rows 0, 2 and 4 the first; 5 stands for no row.
    assert_array_equal(top.indices, [[1, 3, 0], [5, 5, 5], [2, 1, 5]])
    assert_array_equal(top.activations, [[2, 1, 0.5], [0, 0, 0], [3, -1, 0]])


@pytest.mark.usefixtures("block_bytes")
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("n", [1, 7, 80])
def test_top_activating_is_the_beginning_of_the_sorted_code(n, container, rng):
    # Few distinct values, so that there are many ties.
    code = rng.randint(1, 6, size=(60, 4)) / 2
    top = top_activating(IDENTITY, container(code), n=n)
    order = np.argsort(-code, axis=0, kind="stable").T[:, :n]
    assert_array_equal(top.indices[:, :60], order)
    assert_array_equal(
        top.activations[:, :60], np.take_along_axis(code.T, order, axis=1)
    )
    assert top.indices.shape == top.activations.shape == (4, n)
    assert (top.indices[:, 60:] == 60).all()


def test_entries_that_a_sparse_code_repeats_or_stores_as_zeros():
    # Row 0: unit 0 is 1 + 1, unit 1 is stored, and zero; row 1: 3 and 1.
    code = sparse.csr_array(
        ([1.0, 1.0, 0.0, 3.0, 1.0], [0, 0, 1, 0, 1], [0, 3, 5]), shape=(2, 2)
    )
    top = top_activating(IDENTITY, code, n=2)
    assert_array_equal(top.indices, [[1, 0], [1, 2]])
    assert_array_equal(top.activations, [[3, 2], [1, 0]])


@pytest.mark.usefixtures("block_bytes")
@pytest.mark.parametrize(
    "estimator",
    [PCA(5), MiniBatchDictionaryLearning(5, max_iter=1, transform_algorithm="omp")],
)
def test_top_activating_of_other_transformers(estimator, digits):
    code = estimator.fit(digits).transform(digits[:200])
    top = top_activating(estimator, digits[:200], n=2)
    assert_array_equal(top.indices[:, 0], code.argmax(axis=0))
    assert_allclose(top.activations[:, 1], np.sort(code, axis=0)[-2])


def test_top_activating_takes_pipelines_and_data_frames(digits):
    frame = pd.DataFrame(digits).add_prefix("pixel")
    autoencoder = fitted(digits)
    pipeline = make_pipeline(MinMaxScaler(), autoencoder).set_output(transform="pandas")
    top = top_activating(pipeline.fit(frame), frame, n=3)
    code = pipeline.transform(frame).to_numpy()
    assert_array_equal(top.indices[:, 0], code.argmax(axis=0))


def test_top_activating_keeps_float32(digits):
    X = digits.astype(np.float32)
    assert top_activating(fitted(X), X).activations.dtype == np.float32


# Classes


@pytest.mark.usefixtures("block_bytes")
@pytest.mark.parametrize("container", CONTAINERS)
def test_enrichment_by_hand(container):
    # Fisher's lady: of eight cups she names four as milk first, three of them rightly,
    # which happens by chance in 16 + 1 of 70 ways. The second unit is always active,
    # the third never, the fourth on the one cup.
    y = np.array(["milk"] * 4 + ["tea"] * 4)
    code = np.zeros((8, 4))
    code[[0, 1, 2, 4], 0] = 1
    code[:, 1] = 2
    code[7, 3] = 0.1
    result = label_enrichment(IDENTITY, container(code), y)
    assert_array_equal(result.classes, ["milk", "tea"])
    assert_array_equal(result.class_counts, [4, 4])
    assert_array_equal(result.n_active, [4, 8, 0, 1])
    assert_array_equal(result.counts, [[3, 1], [4, 4], [0, 0], [0, 1]])
    assert_allclose(result.enrichment, [[1.5, 0.5], [1, 1], [np.nan] * 2, [0, 2]])
    expected = [[17 / 70, 69 / 70], [1, 1], [1, 1], [1, 1 / 2]]
    assert_allclose(result.pvalues, expected)


@pytest.mark.usefixtures("block_bytes")
def test_enrichment_is_fishers_exact_test(rng):
    y = rng.choice([3, 5, 9], p=[0.6, 0.3, 0.1], size=90)
    code = rng.uniform(size=(90, 4)) * (rng.uniform(size=(90, 4)) < 0.3)
    code[:, 0] = (y == 9) * rng.uniform(size=90)
    result = label_enrichment(IDENTITY, code, y, threshold=0.2)
    for unit, k in product(range(4), range(3)):
        active, of_class = code[:, unit] > 0.2, y == result.classes[k]
        table = [
            [np.sum(a & c) for c in (of_class, ~of_class)] for a in (active, ~active)
        ]
        test = fisher_exact(table, alternative="greater")
        assert_allclose(result.pvalues[unit, k], test.pvalue)
        lift = of_class[active].mean() / of_class.mean()
        assert_allclose(result.enrichment[unit, k], lift)
    adjusted = false_discovery_control(result.pvalues.ravel(), method="by")
    assert_allclose(result.adjusted_pvalues.ravel(), adjusted)
    assert result.adjusted_pvalues[0, 2] < 1e-4 < result.adjusted_pvalues[1:].min()


def test_labels_that_mean_nothing_are_rarely_significant(digits, rng):
    autoencoder = fitted(digits)
    smallest = [
        label_enrichment(
            autoencoder, digits, rng.randint(10, size=len(digits))
        ).adjusted_pvalues.min()
        for _ in range(20)
    ]
    assert np.mean(np.array(smallest) < 0.05) <= 0.1


@pytest.mark.usefixtures("block_bytes")
@pytest.mark.parametrize(("penalty", "auto"), [("kl", "mean"), ("topk", None)])
def test_the_threshold_is_that_of_the_units(penalty, auto, digits):
    digits, y = digits[:200], np.arange(200) % 2
    pipeline = make_pipeline(StandardScaler(), fitted(digits, penalty)).fit(digits)
    code = pipeline.transform(digits)
    for threshold in ("auto", "mean", None, 0.3, np.linspace(0, 0.5, 12)):
        density = metrics.activation_density(
            code, threshold=auto if str(threshold) == "auto" else threshold
        )
        n_active = label_enrichment(pipeline, digits, y, threshold=threshold).n_active
        assert_allclose(n_active / 200, density)


def test_labels_must_be_classes_one_for_each_row():
    code = np.eye(4)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        label_enrichment(IDENTITY, code, [0, 1])
    with pytest.raises(ValueError, match="continuous"):
        label_enrichment(IDENTITY, code, [0.1, 0.2, 0.3, 1.7])
    with pytest.raises(ValueError, match="'threshold' parameter"):
        label_enrichment(IDENTITY, code, [0, 1, 0, 1], threshold="high")


# Steering


@pytest.mark.parametrize("penalty", ["kl", "l1", "topk"])
def test_what_a_factor_adds_lies_along_the_unit(penalty, digits):
    X, autoencoder = digits[:50], fitted(digits, penalty)
    code = autoencoder.transform(X)
    plain = autoencoder.inverse_transform(code)
    for factor in (0, 0.5, 3):
        change = steer(autoencoder, X, 7, factor=factor) - plain
        expected = np.outer((factor - 1) * code[:, 7], autoencoder.components_[7])
        assert_allclose(change, expected, atol=1e-12)
    assert code[:, 7].any()


def test_a_value_is_the_same_on_all_rows(digits):
    X, autoencoder = digits[:50], fitted(digits, "l1")
    code = autoencoder.transform(X)
    units, value = [2, 9], np.array([5.0, 0.1])
    code[:, units] = value
    expected = autoencoder.inverse_transform(code)
    assert_allclose(steer(autoencoder, X, units, value=value), expected)


@pytest.mark.parametrize("value", [0, 4])
def test_units_with_a_value_tell_nothing(value, digits):
    autoencoder = fitted(digits, "kl")
    X_hat = steer(autoencoder, digits, slice(None), value=value)
    assert_allclose(X_hat, X_hat[:1].repeat(len(X_hat), axis=0))
    expected = autoencoder.decoder_intercept_
    expected = expected + value * autoencoder.components_.sum(axis=0)
    assert_allclose(X_hat[0], expected)


MASK = np.arange(12) == 3


@pytest.mark.parametrize("units", [3, -9, [3], np.int64(3), slice(3, 4), MASK])
@pytest.mark.parametrize("setting", [{"factor": 2}, {"factor": [2]}, {"value": 1.5}])
def test_sparse_codes_are_steered_to_the_same(setting, units, digits):
    X = digits[:50]
    dense, as_csr = fitted(digits), fitted(digits, sparse_output=True)
    expected = steer(dense, X, 3, **setting)
    assert_allclose(steer(as_csr, X, units, **setting), expected)
    assert not np.allclose(expected, steer(dense, X, 3, factor=1))


def test_steering_pca_and_pipelines_goes_back_to_the_rows(digits):
    pipeline = make_pipeline(StandardScaler(with_std=False), PCA(64)).fit(digits)
    whole = steer(pipeline, digits, 0, factor=1)
    assert_allclose(whole, digits, atol=1e-10)
    off = steer(pipeline, digits, np.arange(64) >= 10, factor=0)
    pca = PCA(10).fit(digits)
    expected = pca.inverse_transform(pca.transform(digits))
    assert_allclose(off, expected, atol=1e-10)


def test_steering_keeps_float32(digits):
    X = digits.astype(np.float32)
    assert steer(fitted(X), X, 0, value=0.1).dtype == np.float32


@pytest.mark.parametrize(
    ("units", "setting", "message"),
    [
        (0, {}, "Exactly one of factor=None and value=None"),
        (0, {"factor": 0, "value": 1}, "Exactly one of factor=0 and value=1"),
        (12, {"factor": 0}, "units=12 .* n_components=12"),
        ([True], {"factor": 0}, "units=.*mask"),
        (0.5, {"factor": 0}, "units=0.5"),
        ([1, 2], {"factor": [0, 1, 2]}, r"factor has shape \(3,\).* 2 units"),
        (0, {"value": "high"}, "'value' parameter"),
    ],
)
def test_steering_that_cannot_be(units, setting, message, digits):
    with pytest.raises(ValueError, match=message):
        steer(fitted(digits), digits, units, **setting)


def test_steering_needs_a_way_back(digits):
    with pytest.raises(ValueError, match="'inverse_transform'"):
        steer(Normalizer(), digits, 0, factor=0)


# Features


def with_components(components):
    """A fitted estimator whose dictionary is known."""
    estimator = PCA()
    estimator.components_ = np.asarray(components, dtype=float)
    return estimator


def test_top_features_by_hand():
    estimator = with_components([[1, -3, 2], [0, 0.5, -0.5]])
    top = top_features(estimator, n=2)
    assert_array_equal(top.indices, [[1, 2], [1, 2]])
    assert_array_equal(top.names, [["x1", "x2"], ["x1", "x2"]])
    assert_array_equal(top.weights, [[-3, 2], [0.5, -0.5]])
    assert top_features(estimator).names.shape == (2, 3)


def test_features_of_equal_weight_keep_their_order(rng):
    weights = rng.choice([-1, 1, 2], size=1000)
    top = top_features(with_components([weights]), n=1000)
    assert_array_equal(top.indices[0], np.lexsort((np.arange(1000), -abs(weights))))
    assert_array_equal(top.weights[0], weights[top.indices[0]])


def test_names_of_features(digits):
    frame = pd.DataFrame(digits[:, 20:24], columns=["a", "b", "c", "d"])
    bare = SparseAutoencoder(3, tol=0.3, random_state=0).fit(frame)
    after_scaling = make_pipeline(StandardScaler(), bare).fit(frame)
    alone = make_pipeline(PCA(2)).fit(frame)
    for estimator in (bare.fit(frame), after_scaling, alone):
        top = top_features(estimator, n=4)
        assert_array_equal(np.sort(top.names, axis=1)[0], ["a", "b", "c", "d"])
    given = top_features(bare, n=1, feature_names=list("wxyz"))
    largest = np.abs(bare.components_).argmax(axis=1)
    assert_array_equal(given.names[:, 0], np.array(list("wxyz"))[largest])


def test_words_of_topics():
    texts = ["sun moon star", "star moon", "bread butter", "butter bread salt"] * 5
    pipeline = make_pipeline(CountVectorizer(), NMF(2, random_state=0)).fit(texts)
    top = top_features(pipeline, n=2)
    assert {frozenset(words) for words in top.names} == {
        frozenset({"moon", "star"}),
        frozenset({"bread", "butter"}),
    }


def test_features_need_components_and_all_their_names(digits):
    with pytest.raises(NotFittedError):
        top_features(SparseAutoencoder())
    with pytest.raises(ValueError, match=r"shape \(2,\).* 3 features"):
        top_features(with_components(np.ones((1, 3))), feature_names=["a", "b"])
    with pytest.raises(ValueError, match="'n' parameter"):
        top_features(with_components(np.ones((1, 3))), n=0)


# Pipelines


def test_pipelines_in_pipelines_are_as_flat_ones(digits):
    X, y = digits, np.arange(len(digits)) % 3
    autoencoder = SparseAutoencoder(6, tol=0.1, random_state=0)
    flat = make_pipeline(MinMaxScaler(), StandardScaler(), autoencoder).fit(X)
    nested = make_pipeline(MinMaxScaler(), make_pipeline(StandardScaler(), autoencoder))
    nested.fit(X)
    assert_array_equal(top_features(nested).weights, top_features(flat).weights)
    assert_array_equal(top_features(nested).names, top_features(flat).names)
    actual, expected = (label_enrichment(p, X, y) for p in (nested, flat))
    assert expected.n_active.max() < len(X)
    assert_array_equal(actual.n_active, expected.n_active)
    pages = [
        html_report(p, X, y, title="", random_state=0).html for p in (nested, flat)
    ]
    assert pages[0].split("Scores")[1] == pages[1].split("Scores")[1]


def test_a_grid_search_stands_for_what_it_has_found(digits):
    X, y = digits[:300], np.arange(300) % 3
    pipeline = make_pipeline(MinMaxScaler(), SparseAutoencoder(4, tol=0.1))
    grid = {"sparseautoencoder__rho": [0.1, 0.3]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X)
    found = search.best_estimator_
    assert_array_equal(top_features(search).names, top_features(found).names)
    assert_array_equal(steer(search, X, 0, factor=0), steer(found, X, 0, factor=0))
    actual, expected = (label_enrichment(p, X, y) for p in (search, found))
    assert_array_equal(actual.pvalues, expected.pvalues)
    page = html_report(search, X, y, title="", random_state=0).html
    assert "rho" in page


def test_features_of_steps_that_give_no_names_are_numbered(digits):
    steps = FunctionTransformer(np.sqrt), SparseAutoencoder(3, tol=0.5)
    names = top_features(make_pipeline(*steps).fit(digits), n=64).names[0]
    assert set(names) == {f"x{i}" for i in range(64)}


def test_features_that_pass_through_keep_their_names(digits):
    frame = pd.DataFrame(digits).add_prefix("pixel ")
    steps = "passthrough", SparseAutoencoder(3, tol=0.5)
    names = top_features(make_pipeline(*steps).fit(frame), n=64).names[0]
    assert set(names) == set(frame.columns)


def test_labels_that_are_missing(digits):
    y = np.array(["a", None] * (len(digits) // 2) + ["a"], dtype=object)
    with pytest.raises(ValueError, match="cannot be sorted, such as .* missing"):
        label_enrichment(fitted(digits), digits, y)


# Arrays of other libraries

SCRIPT = """
import array_api_strict as xp
import numpy as np
import sklearn
from sklearn.datasets import load_digits
from skl_sparse_ae import SparseAutoencoder, inspection, metrics, stability_report

data, y = load_digits(return_X_y=True)
sklearn.set_config(array_api_dispatch=True)

def measure(X, y):
    ae = SparseAutoencoder(6, penalty="topk", tol=0.1, random_state=0).fit(X)
    A = ae.transform(X)
    X_hat = ae.inverse_transform(A)
    yield metrics.variance_explained(X, X_hat, sample_weight=y)
    yield metrics.relative_reconstruction_bias(X, X_hat)
    yield metrics.activation_density(A, sample_weight=y)
    yield metrics.hoyer_sparsity(A)
    yield metrics.mutual_coherence(ae.components_)
    yield inspection.top_activating(ae, X).indices
    yield inspection.top_features(ae).weights
    yield inspection.label_enrichment(ae, X, y).counts
    steered = inspection.steer(ae, X, 2, factor=0)
    assert type(steered) is type(X)
    yield np.asarray(steered)
    ae.set_params(sparse_output=True).fit(X)
    yield np.asarray(ae.inverse_transform(ae.transform(X)))
    yield stability_report(ae, X, n_fits=2, random_state=0).chance_cosines

pairs = zip(measure(data, y), measure(xp.asarray(data), xp.asarray(y)), strict=True)
for ours, theirs in pairs:
    np.testing.assert_allclose(ours, theirs)
print("compared")
"""


def test_arrays_of_other_libraries():
    output, errors = run_in_array_api_mode(SCRIPT)
    assert output == "compared\n", errors
