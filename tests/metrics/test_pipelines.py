"""The score of a whole pipeline."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import BernoulliRBM
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.metrics import pipeline_score


def layer(n_components, **parameters):
    return SparseAutoencoder(n_components, tol=0.1, random_state=0, **parameters)


def explained(X, X_hat, weights=None):
    """R2 over all columns, from its definition."""
    centred = X - np.average(X, axis=0, weights=weights)
    errors, squares = ((X - X_hat) ** 2).sum(axis=1), (centred**2).sum(axis=1)
    share = np.ones(len(X)) if weights is None else weights
    return 1 - share @ errors / (share @ squares)


def test_the_score_of_a_stack_is_that_of_the_pixels(digits, rng):
    first, second = layer(60, penalty="topk", sparse_output=True), layer(10)
    stack = make_pipeline(first, second).fit(digits)
    X_hat = first.inverse_transform(second.inverse_transform(stack.transform(digits)))
    assert_allclose(pipeline_score(stack, digits), explained(digits, X_hat))
    assert abs(stack.score(digits) - pipeline_score(stack, digits)) > 0.03
    weights = rng.uniform(size=len(digits)) * (np.arange(len(digits)) > 500)
    assert_allclose(
        pipeline_score(stack, digits, sample_weight=weights),
        explained(digits, X_hat, weights),
    )
    rows = sparse.csr_array(digits)
    assert_allclose(pipeline_score(stack, rows), explained(digits, X_hat))


def test_steps_between_layers_are_undone_and_those_before_are_not(digits):
    X = 10 + digits[:, 20:40] * np.arange(1, 21)
    scaler, first, between, second = (
        StandardScaler(),
        layer(15),
        StandardScaler(),
        PCA(8, random_state=0),
    )
    stack = make_pipeline(scaler, make_pipeline(first, between), second).fit(X)
    X_hat = second.inverse_transform(stack.transform(X))
    X_hat = first.inverse_transform(between.inverse_transform(X_hat))
    expected = explained(scaler.transform(X), X_hat)
    assert_allclose(pipeline_score(stack, X), expected)
    assert abs(expected - explained(X, stack.inverse_transform(stack.transform(X)))) > 0


def test_one_layer_has_the_pipeline_s_own_score(digits):
    X = digits[:300]
    pipeline = make_pipeline(StandardScaler(), layer(8))
    grid = {"sparseautoencoder__rho": [0.1, 0.2]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X)
    assert_allclose(pipeline_score(search, X), search.score(X))
    assert_allclose(pipeline_score(layer(8).fit(X), X), layer(8).fit(X).score(X))


def test_texts_are_compared_behind_the_vectorizer():
    texts = ["sun moon star", "star moon", "bread butter", "butter bread salt"] * 5
    vectorizer, first, second = TfidfVectorizer(), layer(4), layer(2)
    stack = make_pipeline(vectorizer, first, second).fit(texts)
    X = vectorizer.transform(texts).toarray()
    X_hat = first.inverse_transform(second.inverse_transform(stack.transform(texts)))
    assert_allclose(pipeline_score(stack, texts), explained(X, X_hat))


def test_blocks_of_rows_give_the_same(digits, monkeypatch):
    stack = make_pipeline(layer(20), layer(5)).fit(digits)
    expected = pipeline_score(stack, digits)
    monkeypatch.setattr(
        "skl_sparse_ae.metrics._reconstruction.blocks",
        lambda a, b, _: [slice(a, 1000), slice(1000, b)],
    )
    assert_allclose(pipeline_score(stack, digits), expected)


def test_rows_without_variance():
    X = np.ones((4, 3))
    assert pipeline_score(PCA(1).fit(np.eye(3)), X) == 0


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([PCA(8), Normalizer(), PCA(4)], "Normalizer has no inverse_transform.*PCA"),
        ([PCA(8), BernoulliRBM(4, n_iter=1)], "BernoulliRBM has no inverse_transform"),
        ([BernoulliRBM(4, n_iter=1)], "has no inverse_transform, and so no recon"),
    ],
)
def test_steps_that_lead_nowhere_back(steps, message, digits):
    stack = make_pipeline(*steps).fit(digits[:100])
    with pytest.raises(ValueError, match=message):
        pipeline_score(stack, digits)
