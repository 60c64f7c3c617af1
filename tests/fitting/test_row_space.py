"""Fits in the span of the rows, for tables of many more columns than rows."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skl_sparse_ae import KL, L1, Contractive, Penalty, SparseAutoencoder
from skl_sparse_ae._fitting import _full_batch
from skl_sparse_ae._fitting._row_space import row_space
from skl_sparse_ae._rows._in_memory import InMemory

N_ROWS, N_FEATURES = 12, 120


@pytest.fixture
def X(rng):
    return rng.normal(size=(N_ROWS, N_FEATURES)) + rng.normal(size=N_FEATURES)


def space_of(X, weights=None, n_components=100):
    rows = InMemory(X, weights)
    return row_space(rows, *rows.moments(), n_components)


def test_the_basis_spans_the_centred_rows(X, rng):
    weights = rng.uniform(0.1, 1, size=N_ROWS)
    for w in (None, weights):
        space, mean = space_of(X, w), np.average(X, axis=0, weights=w)
        assert space.basis.shape == (N_FEATURES, N_ROWS - 1)
        assert_allclose(space.basis.T @ space.basis, np.eye(N_ROWS - 1), atol=1e-12)
        assert_allclose(space.rows.X @ space.basis.T + mean, X, atol=1e-10)


def test_the_basis_is_orthonormal_where_variances_differ_by_ten_orders(X):
    left, _, right = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    values = np.append(np.logspace(0, -5, N_ROWS - 1), 0)
    basis = space_of(left * values @ right).basis
    assert basis.shape == (N_FEATURES, N_ROWS - 1)
    assert_allclose(basis.T @ basis, np.eye(N_ROWS - 1), atol=1e-12)


def test_repeated_rows_have_the_span_of_the_others(X):
    assert space_of(np.repeat(X, 20, axis=0)).basis.shape == (N_FEATURES, N_ROWS - 1)


def test_it_is_used_for_tables_of_many_columns_only(X):
    assert space_of(X[:, :24]) is not None
    assert space_of(X[:, :23]) is None
    assert space_of(np.repeat(X[:1], 3, axis=0)) is None


def test_it_is_used_where_a_search_saves_more_than_the_basis_takes(X):
    # 12^2 is less than 5 (33 - 12) times two units, but not than that of one.
    assert space_of(X[:, :33], n_components=2) is not None
    assert space_of(X[:, :33], n_components=1) is None


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("penalty", [KL(0.2, 0.5), L1(0.5), Contractive(0.5), None])
def test_fits_end_at_a_minimum_over_all_columns(penalty, weighted, X, rng, monkeypatch):
    weights = rng.uniform(0.1, 1, size=N_ROWS) if weighted else None
    make = partial(SparseAutoencoder, 3, penalty=penalty, alpha=0.1, random_state=0)
    # Smooth units: at a kink, any search may end above a minimum.
    make = partial(make, activation="logistic", tol=1e-9, max_iter=2000)
    fitted = make().fit(X, sample_weight=weights)
    value = fitted.objective(X, sample_weight=weights)
    assert_allclose(fitted.loss_curve_[-1], value, rtol=1e-8)
    centred = X - np.average(X, axis=0, weights=weights)
    for matrix in (fitted.encoder_coef_, fitted.components_.T):
        inside = centred.T @ np.linalg.lstsq(centred.T, matrix, rcond=None)[0]
        assert_allclose(inside, matrix, atol=1e-8)
    monkeypatch.setattr(_full_batch, "row_space", lambda *args: None)
    again = make(warm_start=True)
    vars(again).update(vars(fitted) | {"warm_start": True})
    again.fit(X, sample_weight=weights)
    assert_allclose(again.objective(X, sample_weight=weights), value, rtol=1e-5)


class AbsoluteWeights(Penalty):
    """Mean activation times the sum of the unit's absolute encoder weights."""

    default_activation = "logistic"
    unit_weights_from = "encoder"

    def psi(self, s):
        return 0.3 * s

    def psi_derivative(self, s):
        return np.full_like(s, 0.3)

    def unit_weights(self, parameters):
        return np.abs(parameters.encoder_coef).sum(axis=0)

    def add_weight_gradient(self, parameters, gradients, penalties):
        gradients.encoder_coef[...] += penalties * np.sign(parameters.encoder_coef)


def test_penalties_that_read_single_weights_are_given_those_of_the_columns(X):
    fitted = SparseAutoencoder(3, penalty=AbsoluteWeights(), alpha=0.1, random_state=0)
    fitted.fit(X)
    # In a basis of the span the penalty would be another one, and so would J.
    assert_allclose(fitted.loss_curve_[-1], fitted.objective(X), rtol=1e-8)


def test_callbacks_and_early_stopping_see_parameters_of_all_columns(X):
    fitted = SparseAutoencoder(3, early_stopping=True, random_state=0).fit(
        np.tile(X, (1, 10))
    )
    assert fitted.components_.shape == (3, 10 * N_FEATURES)
    assert np.isfinite(fitted.validation_scores_).all()
