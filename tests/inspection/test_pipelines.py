import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.inspection import label_enrichment, steer, top_features
from skl_sparse_ae.report import html_report


def assert_read_alike(actual, expected, X, y):
    """Features, labels and the report of two fitted pipelines are the same."""
    features = top_features(actual), top_features(expected)
    assert_array_equal(features[0].weights, features[1].weights)
    assert_array_equal(features[0].names, features[1].names)
    labels = [label_enrichment(p, X, y) for p in (actual, expected)]
    assert labels[1].n_active.max() < len(X)
    assert_array_equal(labels[0].n_active, labels[1].n_active)
    assert_array_equal(labels[0].pvalues, labels[1].pvalues)
    pages = [
        html_report(p, X, y, title="", random_state=0).html for p in (actual, expected)
    ]
    assert pages[0].split("Scores")[1] == pages[1].split("Scores")[1]


def test_nested_pipelines_are_read_like_flat_ones(digits):
    X, y = digits, np.arange(len(digits)) % 3
    autoencoder = SparseAutoencoder(6, tol=0.1, random_state=0)
    flat = make_pipeline(MinMaxScaler(), StandardScaler(), autoencoder).fit(X)
    nested = make_pipeline(MinMaxScaler(), make_pipeline(StandardScaler(), autoencoder))
    nested.fit(X)
    assert_read_alike(nested, flat, X, y)


def test_a_grid_search_is_read_as_its_best_estimator(digits):
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


class Sampler(BaseEstimator):
    """A step as of imbalanced-learn: it resamples in `fit` and cannot transform."""

    def fit_resample(self, X, y):
        return X[::2], y[::2]


class ResamplingPipeline(Pipeline):
    """What imbalanced-learn's pipelines do with such steps."""

    def _validate_steps(self):
        pass

    def fit(self, X, y):
        for _, step in self.steps:
            if hasattr(step, "fit_resample"):
                X, y = step.fit_resample(X, y)
            elif step != "passthrough":
                X = step.fit(X, y).transform(X)
        return self

    def transform(self, X):
        for _, step in self.steps:
            X = step.transform(X) if hasattr(step, "transform") else X
        return X


def test_samplers_and_steps_that_do_nothing_are_left_out(digits):
    X, y = digits[:300], np.arange(300) % 3
    scaler, autoencoder = MinMaxScaler(), SparseAutoencoder(4, tol=0.1, random_state=0)
    steps = [
        ("sampler", Sampler()),
        ("nothing", "passthrough"),
        ("scaler", scaler),
        ("again", Sampler()),
        ("autoencoder", autoencoder),
        ("at the end", "passthrough"),
    ]
    pipeline = ResamplingPipeline(steps).fit(X, y)
    plain = make_pipeline(scaler, autoencoder)
    assert_read_alike(pipeline, plain, X, y)


def test_steps_after_the_units_are_named(digits):
    X, y = digits[:100], np.arange(100) % 2
    autoencoder = SparseAutoencoder(4, tol=0.1, random_state=0)
    classifier = make_pipeline(autoencoder, LogisticRegression()).fit(X, y)
    with pytest.raises(TypeError, match=r"LogisticRegression has no components_.*-1"):
        top_features(classifier)
    scaler = make_pipeline(autoencoder, StandardScaler()).fit(X)
    for function in (top_features, lambda estimator: html_report(estimator, X)):
        with pytest.raises(TypeError, match="StandardScaler has no components_"):
            function(scaler)
        with pytest.raises(NotFittedError, match="SparseAutoencoder"):
            function(make_pipeline(SparseAutoencoder()))
