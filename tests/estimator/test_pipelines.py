"""The estimator inside pipelines, grid searches and `clone`."""

import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skl_sparse_ae import KL, SparseAutoencoder


@pytest.mark.filterwarnings("ignore:The given value of")
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_grid_search_over_a_pipeline(n_jobs):
    X, y = load_iris(return_X_y=True)
    pipeline = make_pipeline(
        MinMaxScaler(),
        SparseAutoencoder(10, tol=0.02, random_state=0),
        StandardScaler(),
        LogisticRegression(max_iter=1000),
    )
    grid = {
        "sparseautoencoder__rho": [0.1, 0.3],
        "sparseautoencoder__beta": [0.01, "scale"],
        "sparseautoencoder__penalty": ["kl", KL(), None],
    }
    search = GridSearchCV(pipeline, grid, cv=3, n_jobs=n_jobs).fit(X, y)
    assert search.best_score_ > 0.9
    assert len(search.cv_results_["params"]) == 12


def test_grid_search_without_y_tunes_a_parameter_of_a_penalty_object(X):
    autoencoder = SparseAutoencoder(8, penalty=KL(rho=0.1, beta=1.0), random_state=0)
    search = GridSearchCV(autoencoder, {"penalty__beta": [0.01, 100.0]}, cv=2).fit(X)
    assert search.best_params_ == {"penalty__beta": 0.01}
    assert search.best_estimator_.beta_ == 0.01
    assert autoencoder.penalty.beta == 1.0


def test_a_search_by_score_takes_the_least_sparse_as_is_documented(X):
    grid = {"rho": [0.05, 0.2, 0.4]}
    search = GridSearchCV(SparseAutoencoder(16, random_state=0), grid, cv=2).fit(X)
    assert search.best_params_ == {"rho": 0.4}
    documented = " ".join(SparseAutoencoder.score.__doc__.split())
    assert "a search over `rho` or `beta` by it always takes the least" in documented


def test_a_stack_of_two_fits_transforms_and_inverts(digits):
    stack = make_pipeline(
        SparseAutoencoder(
            40, penalty="topk", rho=0.2, sparse_output=True, random_state=0
        ),
        SparseAutoencoder(20, random_state=0),
    )
    code = stack.fit_transform(digits)
    assert code.shape == (len(digits), 20)
    rows = stack.inverse_transform(code)
    errors = ((rows - digits) ** 2).sum()
    assert errors < 0.5 * ((digits - digits.mean(axis=0)) ** 2).sum()
    by_hand = stack[0].inverse_transform(stack[1].inverse_transform(code))
    assert_array_equal(rows, by_hand)


def test_clone_of_a_fitted_estimator_is_unfitted(X):
    autoencoder = SparseAutoencoder(8, penalty=KL(), random_state=0).fit(X)
    copy = clone(autoencoder)
    assert copy.penalty is not autoencoder.penalty
    with pytest.raises(NotFittedError):
        copy.transform(X)
