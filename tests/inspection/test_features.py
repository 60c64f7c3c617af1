import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.decomposition import NMF, PCA
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.inspection import top_features


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


def test_features_of_topics_are_words():
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


def test_features_of_steps_that_give_no_names_are_numbered(digits):
    steps = FunctionTransformer(np.sqrt), SparseAutoencoder(3, tol=0.5)
    names = top_features(make_pipeline(*steps).fit(digits), n=64).names[0]
    assert set(names) == {f"x{i}" for i in range(64)}


def test_features_that_pass_through_keep_their_names(digits):
    frame = pd.DataFrame(digits).add_prefix("pixel ")
    steps = "passthrough", SparseAutoencoder(3, tol=0.5)
    names = top_features(make_pipeline(*steps).fit(frame), n=64).names[0]
    assert set(names) == set(frame.columns)
