"""Data, fitted estimators and pages that several test files share."""

import pytest
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.report import html_report

from .estimators import fit


@pytest.fixture(scope="module")
def target():
    return load_digits().target[:300]


@pytest.fixture(scope="module")
def X(digits):
    return digits[:300]


@pytest.fixture(scope="module")
def topk(X):
    return fit(X)


@pytest.fixture(scope="module")
def images(topk, X, target):
    return html_report(topk, X, target, image_shape=(8, 8))


@pytest.fixture(scope="module")
def cancer():
    data = load_breast_cancer(as_frame=True)
    return data.data, data.target_names[data.target]


@pytest.fixture(scope="module")
def pipeline(cancer):
    autoencoder = SparseAutoencoder(15, penalty="l1", tol=0.05, random_state=0)
    return make_pipeline(StandardScaler(), autoencoder).fit(cancer[0])


@pytest.fixture(scope="module")
def names(pipeline, cancer):
    return html_report(pipeline, *cancer, n_top_rows=4, n_top_features=3)
