"""Parameters of the constructor: what they select, and which values are refused."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from skl_sparse_ae import KL, L1, SparseAutoencoder, TopK

from .short_fits import make_short, short


@short
@pytest.mark.parametrize(
    ("penalty", "expected"), [("kl", "logistic"), ("l1", "relu"), ("topk", "relu")]
)
def test_activation_auto_follows_the_penalty(penalty, expected, X):
    assert make_short(penalty=penalty).fit(X).activation_ == expected


@short
@pytest.mark.parametrize(
    ("name", "parameters", "penalty"),
    [
        ("kl", {"rho": 0.2, "beta": 0.05}, KL(rho=0.2, beta=0.05)),
        ("l1", {"beta": 0.05}, L1(beta=0.05)),
        ("topk", {"rho": 0.2, "beta": 0.05}, TopK(rho=0.2, beta=0.05)),
    ],
)
def test_a_penalty_object_is_the_same_as_its_name(name, parameters, penalty, X):
    by_name = make_short(penalty=name, **parameters).fit_transform(X)
    assert_array_equal(make_short(penalty=penalty).fit_transform(X), by_name)


@short
def test_n_components_none_is_n_features(X):
    assert make_short(None).fit(X).components_.shape == (64, 64)


@short
def test_auto_solver_is_adam_for_many_rows_and_for_topk(X, monkeypatch):
    def curve(**parameters):
        return make_short(3, **parameters).fit(X).loss_curve_

    assert curve(solver="auto") == curve(solver="lbfgs")
    assert curve(solver="auto", penalty="topk") == curve(solver="adam", penalty="topk")
    monkeypatch.setattr("skl_sparse_ae._fitting._fit.LBFGS_MAX_ROWS", len(X))
    assert curve(solver="auto") == curve(solver="lbfgs")
    monkeypatch.setattr("skl_sparse_ae._fitting._fit.LBFGS_MAX_ROWS", len(X) - 1)
    assert curve(solver="auto") == curve(solver="adam")


@short
def test_auto_solver_is_adam_for_fewer_rows_with_many_weights(X, monkeypatch):
    def curve(rows=X, **parameters):
        return make_short(3, **parameters).fit(rows).loss_curve_

    work, fit = len(X) * 64 * 3, "skl_sparse_ae._fitting._fit."
    monkeypatch.setattr(fit + "LBFGS_MAX_ROWS_OF_LARGE", len(X) - 1)
    monkeypatch.setattr(fit + "LBFGS_MAX_WORK", work)
    assert curve(solver="auto") == curve(solver="lbfgs")
    monkeypatch.setattr(fit + "LBFGS_MAX_WORK", work - 1)
    assert curve(solver="auto") == curve(solver="adam")
    # A non-zero of sparse rows counts as six columns.
    rows = sparse.csr_array(X * (X > 0.9))
    monkeypatch.setattr(fit + "LBFGS_MAX_WORK", 6 * rows.nnz * 3)
    assert curve(rows, solver="auto") == curve(rows, solver="lbfgs")
    monkeypatch.setattr(fit + "LBFGS_MAX_WORK", 6 * rows.nnz * 3 - 1)
    assert curve(rows, solver="auto") == curve(rows, solver="adam")
    # The decoder cannot be computed.
    tied = {"tied_weights": True}
    assert curve(solver="auto", **tied) == curve(solver="lbfgs", **tied)
    monkeypatch.setattr(fit + "LBFGS_MAX_ROWS_OF_LARGE", len(X))
    assert curve(solver="auto") == curve(solver="lbfgs")


@short
def test_auto_solver_is_adam_for_fewer_rows_with_many_units(X, monkeypatch):
    def curve(solver):
        return make_short(12, solver=solver).fit(X).loss_curve_

    fit = "skl_sparse_ae._fitting._fit."
    monkeypatch.setattr(fit + "MANY_UNITS", 8)
    monkeypatch.setattr(fit + "MANY_UNITS_PER_COLUMN", 6 / 64)
    monkeypatch.setattr(fit + "LBFGS_MAX_ROWS", 1.5 * len(X))  # 12 / 8
    assert curve("auto") == curve("lbfgs")
    monkeypatch.setattr(fit + "LBFGS_MAX_ROWS", 1.5 * len(X) - 1)
    assert curve("auto") == curve("adam")
    monkeypatch.setattr(fit + "MANY_UNITS_PER_COLUMN", 12 / 64)
    assert curve("auto") == curve("lbfgs")


@short
def test_auto_solver_is_adam_for_many_parameters(X, monkeypatch):
    def curve(**parameters):
        return make_short(3, **parameters).fit(X).loss_curve_

    monkeypatch.setattr("skl_sparse_ae._fitting._fit.LBFGS_MAX_PARAMETERS", 451)
    assert 64 * 3 * 2 + 64 + 3 == 451
    assert curve(solver="auto") == curve(solver="lbfgs")
    monkeypatch.setattr("skl_sparse_ae._fitting._fit.LBFGS_MAX_PARAMETERS", 450)
    assert curve(solver="auto") == curve(solver="adam")


@short
def test_tied_weights_share_one_matrix(X):
    autoencoder = make_short(tied_weights=True).fit(X)
    assert_array_equal(autoencoder.components_, autoencoder.encoder_coef_.T)


@short
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_the_same_seed_gives_the_same_bits(solver, X):
    codes = [make_short(solver=solver).fit_transform(X) for _ in range(2)]
    assert_array_equal(codes[0], codes[1])
    other = make_short(solver=solver, random_state=1).fit_transform(X)
    assert not np.allclose(other, codes[0])


@short
def test_settings_changed_after_a_fit_do_not_change_what_was_fitted(X):
    autoencoder = make_short().fit(X)
    expected = autoencoder.score(X), autoencoder.objective(X)
    autoencoder.set_params(
        tied_weights=True,
        activation="tanh",
        out_activation="logistic",
        alpha=10.0,
        beta=9.0,
        penalty="l1",
    )
    assert (autoencoder.score(X), autoencoder.objective(X)) == expected
    autoencoder.partial_fit(X)
    assert autoencoder.activation_ == "logistic"


@pytest.mark.parametrize("activation", ["relu", "identity"])
def test_kl_with_an_unbounded_activation(activation, X):
    with pytest.raises(ValueError, match=f"'{activation}' is unbounded.*'logistic'"):
        SparseAutoencoder(penalty="kl", activation=activation).fit(X)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rho", 0.0),
        ("rho", 1.0),
        ("rho", 1.5),
        ("batch_size", 0),
        ("beta", -1.0),
        ("beta", "large"),
        ("alpha", -1.0),
        ("penalty", "l2"),
        ("activation", "gelu"),
        ("out_activation", "relu"),
        ("solver", "sgd"),
        ("n_components", 0),
        ("max_iter", 0),
        ("learning_rate_init", 0.0),
        ("validation_fraction", 1.0),
    ],
)
def test_parameters_out_of_range_are_named_with_their_value(name, value, X):
    with pytest.raises(ValueError, match=f"'{name}' parameter.*{value!r}"):
        SparseAutoencoder(**{name: value}).fit(X)


@pytest.mark.parametrize(
    "penalty", [KL(rho=1.5), KL(beta="scale"), L1(beta=-1), TopK(rho=3)], ids=repr
)
def test_penalty_objects_are_checked_before_training(penalty, X):
    with pytest.raises(ValueError, match="'(rho|beta)' parameter of"):
        SparseAutoencoder(4, penalty=penalty).fit(X)


@short
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize("integer", [np.uint8, np.int8, np.int16, np.int64, np.uint64])
def test_whole_numbers_of_numpy_are_those_of_python(integer, solver, X):
    numbers = {"n_components": 3, "max_iter": 4, "batch_size": 50, "verbose": 0}
    numbers |= {"n_iter_no_change": 2}
    of_numpy = {name: integer(number) for name, number in numbers.items()}
    expected = make_short(**numbers, solver=solver).fit(X)
    autoencoder = make_short(**of_numpy, solver=solver).fit(X)
    assert_array_equal(autoencoder.components_, expected.components_)
    autoencoder = make_short(**of_numpy).partial_fit(X)
    expected = make_short(**numbers).partial_fit(X)
    assert_array_equal(autoencoder.components_, expected.components_)


@short
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_numbers_of_numpy_do_not_change_the_precision(solver, X):
    numbers = {"rho": 0.25, "beta": 0.5, "alpha": 0.125, "tol": 0.0, "max_iter": 3}
    numbers |= {"learning_rate_init": 2.0**-8}
    of_numpy = {name: np.float32(number) for name, number in numbers.items()}
    of_numpy["max_iter"] = 3
    expected = make_short(**numbers, solver=solver).fit(X)
    autoencoder = make_short(**of_numpy, solver=solver).fit(X)
    assert_array_equal(autoencoder.components_, expected.components_)
