import numpy as np
from numpy.testing import assert_array_equal
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.inspection import label_enrichment, steer, top_features
from skl_sparse_ae.report import html_report


def test_nested_pipelines_are_read_like_flat_ones(digits):
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
