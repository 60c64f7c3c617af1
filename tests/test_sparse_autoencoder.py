"""The estimator as its users meet it."""

import io
import pickle
import pickletools
import warnings
from itertools import pairwise

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.linalg import subspace_angles
from sklearn import config_context
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skl_sparse_ae import KL, L1, SparseAutoencoder, TopK

PENALTIES = ["kl", "l1", "topk", "batch_topk", "contractive", None]
# "batch_topk" selects within mini-batches, which "lbfgs" has not.
SOLVED = [
    (penalty, solver)
    for penalty in PENALTIES
    for solver in ("lbfgs", "adam")
    if (penalty, solver) != ("batch_topk", "lbfgs")
]
FITTED = ("components_", "encoder_coef_", "encoder_intercept_", "decoder_intercept_")

# Many tests end training early, on purpose and without looking at how well it went.
short = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def make_short(n_components=8, **parameters):
    parameters = {"max_iter": 5, "random_state": 0, **parameters}
    return SparseAutoencoder(n_components, **parameters)


@pytest.fixture
def X(digits):
    return digits[:200]


# What is learned


def test_a_linear_autoencoder_spans_the_subspace_of_pca(digits):
    pca = PCA(10).fit(digits)
    autoencoder = SparseAutoencoder(
        10,
        penalty=None,
        activation="identity",
        alpha=0,
        tol=1e-7,
        max_iter=2000,
        random_state=0,
    ).fit(digits)
    assert_allclose(
        autoencoder.score(digits), pca.explained_variance_ratio_.sum(), atol=1e-3
    )
    angles = subspace_angles(autoencoder.components_.T, pca.components_.T)
    assert np.rad2deg(angles.max()) < 2


def test_score_is_pcas_explained_variance_where_both_are_the_same_map(digits):
    pca = PCA(5).fit(digits)
    autoencoder = make_short(5, penalty=None, activation="identity")
    with pytest.warns(ConvergenceWarning):
        autoencoder.fit(digits)
    autoencoder.components_ = pca.components_
    autoencoder.encoder_coef_ = pca.components_.T
    autoencoder.encoder_intercept_ = -pca.mean_ @ pca.components_.T
    autoencoder.decoder_intercept_ = pca.mean_
    expected = pca.explained_variance_ratio_.sum()
    assert_allclose(autoencoder.score(digits), expected, rtol=1e-12)
    assert_allclose(autoencoder.transform(digits), pca.transform(digits), atol=1e-12)
    again = autoencoder.inverse_transform(pca.transform(digits))
    assert_allclose(again, pca.inverse_transform(pca.transform(digits)), atol=1e-12)


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize("activation", ["logistic", "tanh"])
def test_kl_brings_units_to_the_target(solver, activation, digits):
    autoencoder = SparseAutoencoder(
        20,
        rho=0.05,
        beta=30.0,
        activation=activation,
        solver=solver,
        tol=1e-3,
        learning_rate_init=0.01,
        batch_size=64,
        random_state=0,
    ).fit(digits)
    assert_allclose(autoencoder.mean_activation_, 0.05, atol=0.01)
    code = autoencoder.transform(digits)
    mean = (
        code.mean(axis=0) if activation == "logistic" else (code.mean(axis=0) + 1) / 2
    )
    assert_allclose(autoencoder.mean_activation_, mean, rtol=1e-6)


def test_both_solvers_reach_the_same_objective(digits):
    parameters = {"n_components": 20, "beta": 1.0, "random_state": 0, "tol": 1e-3}
    lbfgs = SparseAutoencoder(solver="lbfgs", **parameters).fit(digits)
    adam = SparseAutoencoder(
        solver="adam", learning_rate_init=0.01, batch_size=64, **parameters
    ).fit(digits)
    assert_allclose(adam.objective(digits), lbfgs.objective(digits), rtol=0.05)


def test_a_larger_beta_gives_a_sparser_code(digits):
    densities = [
        SparseAutoencoder(20, penalty="l1", beta=beta, random_state=0)
        .fit(digits)
        .mean_activation_.sum()
        for beta in (0.001, 0.01, 0.1)
    ]
    assert densities[0] > densities[1] > densities[2]


def test_topk_code_has_at_most_k_active_units(digits):
    autoencoder = make_short(30, penalty="topk", rho=0.1, max_iter=20)
    with pytest.warns(ConvergenceWarning):
        code = autoencoder.fit_transform(digits)
    active = np.count_nonzero(code, axis=1)
    assert active.max() == 3


@short
def test_topk_may_encode_with_more_units_than_it_trained_with(digits):
    few, many = (
        make_short(30, penalty=TopK(rho=0.1, transform_factor=factor), max_iter=20).fit(
            digits
        )
        for factor in (1.0, 3.0)
    )
    assert_array_equal(few.components_, many.components_)
    assert np.count_nonzero(few.transform(digits), axis=1).max() == 3
    assert 3 < np.count_nonzero(many.transform(digits), axis=1).max() <= 9
    assert many.score(digits) == few.score(digits)


@short
def test_starting_with_more_units_leaves_fewer_dead_and_explains_more(digits):
    def dead_and_score(start_rho):
        penalty = TopK(rho=0.02, start_rho=start_rho)
        autoencoder = make_short(200, penalty=penalty, max_iter=20, batch_size=16)
        code = autoencoder.fit_transform(digits)
        assert np.count_nonzero(code, axis=1).max() == 4
        return np.count_nonzero(code.max(axis=0) <= 0), autoencoder.score(digits)

    dead, score = dead_and_score(0.1)
    dead_at_once, score_at_once = dead_and_score(0.02)
    assert dead < dead_at_once - 10
    assert score > score_at_once + 0.003


@pytest.mark.parametrize("penalty", PENALTIES)
def test_the_defaults_reconstruct_small_and_large_tables(penalty):
    iris = StandardScaler().fit_transform(load_iris().data)
    digits = load_digits().data / 16
    for data, enough in ((iris, 0.9), (digits, 0.7)):
        autoencoder = SparseAutoencoder(penalty=penalty, random_state=0)
        assert autoencoder.fit(data).score(data) > enough


def test_loss_curve_ends_at_the_objective_of_lbfgs(X):
    autoencoder = SparseAutoencoder(8, random_state=0).fit(X)
    assert_allclose(autoencoder.loss_curve_[-1], autoencoder.objective(X), rtol=1e-10)
    assert len(autoencoder.loss_curve_) == autoencoder.n_iter_
    assert all(np.diff(autoencoder.loss_curve_) <= 0)


@short
def test_loss_curve_of_adam_comes_near_the_objective(digits):
    autoencoder = make_short(solver="adam", max_iter=60).fit(digits)
    assert_allclose(
        autoencoder.loss_curve_[-1], autoencoder.objective(digits), rtol=0.01
    )
    assert len(autoencoder.loss_curve_) == autoencoder.n_iter_ == 60


def kl_terms(autoencoder, X):
    """The terms of J with "kl" and logistic units, from the public attributes."""
    code = autoencoder.transform(X)
    error = autoencoder.inverse_transform(code) - X
    weights = autoencoder.encoder_coef_, autoencoder.components_
    s, rho = code.mean(axis=0), autoencoder.rho
    divergence = rho * np.log(rho / s) + (1 - rho) * np.log((1 - rho) / (1 - s))
    return (
        0.5 * (error**2).sum(axis=1).mean(),
        0.5 * autoencoder.alpha_ * sum((w**2).sum() for w in weights),
        autoencoder.beta_ * divergence.sum(),
    )


@short
@pytest.mark.parametrize(("penalty", "solver"), SOLVED)
def test_the_terms_of_the_loss_curve_add_up_to_it(penalty, solver, X):
    autoencoder = make_short(penalty=penalty, solver=solver).fit(X)
    autoencoder.partial_fit(X).partial_fit(X)
    assert len(autoencoder.loss_terms_) == len(autoencoder.loss_curve_) == 7
    sums = np.sum(autoencoder.loss_terms_, axis=1)
    assert_allclose(sums, autoencoder.loss_curve_, rtol=1e-12)


@short
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_the_terms_of_the_loss_curve_end_at_those_of_lbfgs(container, X):
    autoencoder = make_short(max_iter=50).fit(container(X))
    assert_allclose(autoencoder.loss_terms_[-1], kl_terms(autoencoder, X), rtol=1e-9)


@short
@pytest.mark.parametrize("n_batches", [1, 4])
def test_the_terms_of_an_epoch_are_means_over_its_batches(n_batches, X):
    autoencoder = make_short(batch_size=len(X) // n_batches).fit(X)
    reconstruction, decay, _ = kl_terms(autoencoder, X)
    autoencoder.set_params(learning_rate_init=1e-12).partial_fit(X)
    assert_allclose(autoencoder.loss_terms_[-1][:2], [reconstruction, decay], rtol=1e-9)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_scale_of_x_hardly_matters_when_there_is_no_decay(scale, digits):
    reference = SparseAutoencoder(16, alpha=0, random_state=0).fit(digits)
    scaled = SparseAutoencoder(16, alpha=0, random_state=0).fit(scale * digits)
    assert_allclose(scaled.score(scale * digits), reference.score(digits), atol=0.01)
    assert_allclose(scaled.beta_, scale**2 * reference.beta_)


@pytest.mark.parametrize("scale", [0.01, 0.1, 1.0, 100.0])
def test_the_defaults_do_not_collapse_on_data_of_another_scale(scale, digits):
    autoencoder = SparseAutoencoder(16, random_state=0).fit(scale * digits)
    assert autoencoder.score(scale * digits) > 0.5


def test_alpha_scale_falls_with_the_square_of_a_small_principal_variance(digits):
    values = np.linalg.eigvalsh(np.cov(digits.T, ddof=0))
    variance = np.average(values, weights=values)
    for wanted, alpha in ((1.0, 0.003), (0.17, 0.003), (0.017, 0.00003)):
        X = digits * np.sqrt(wanted / variance)
        fitted = SparseAutoencoder(4, tol=0.5, random_state=0).fit(X)
        # It is taken of a third of the rows.
        assert fitted.alpha_ == pytest.approx(alpha, rel=0.1)
    assert SparseAutoencoder(4, alpha=0.01, tol=0.5).fit(digits).alpha_ == 0.01
    for penalty in ("topk", "batch_topk"):
        fitted = SparseAutoencoder(4, penalty=penalty, tol=0.5).fit(digits)
        assert fitted.alpha_ == 1e-4


def test_the_defaults_do_not_collapse_on_small_columns_that_are_not_correlated(rng):
    X = 0.1 * rng.normal(size=(500, 20))
    assert SparseAutoencoder(20, random_state=0).fit(X).score(X) > 0.8


def test_alpha_scale_does_not_depend_on_the_order_of_the_rows(digits, rng):
    X = np.repeat(0.1 * digits, 2, axis=0)
    X[::2] = 0
    alphas = [
        SparseAutoencoder(4, tol=0.5, random_state=0).fit(rows).alpha_
        for rows in (X[:-1], X[1:], rng.permutation(X))
    ]
    assert_allclose(alphas, alphas[0], rtol=0.3)


def test_rows_without_weight_are_left_out_of_a_stream(digits):
    weights = np.zeros(len(digits))
    weights[1::2] = 1
    stream, of_half = (SparseAutoencoder(4, random_state=0) for _ in range(2))
    stream.partial_fit(digits, sample_weight=weights)
    of_half.partial_fit(digits[1::2], sample_weight=weights[1::2])
    assert stream.alpha_ == 0.003
    assert_array_equal(stream.components_, of_half.components_)


@short
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_rows_with_means_that_hide_what_varies_warn(dtype, digits):
    X = np.column_stack([digits, np.full(len(digits), 2000.0)]).astype(dtype)
    autoencoder = make_short()
    autoencoder.fit(X)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        autoencoder.fit(sparse.csr_array(X))
    messages = [str(warning.message) for warning in caught]
    lost = [message for message in messages if "lose their digits" in message]
    assert len(lost) == (dtype == np.float32)


def test_a_fit_that_explains_nothing_warns(digits):
    autoencoder = SparseAutoencoder(4, alpha=100.0, random_state=0)
    with pytest.warns(UserWarning, match="less than 1 %.*alpha=1e.02"):
        autoencoder.fit(digits)


# Parameters


def test_beta_scale_is_the_variance_over_the_number_of_units(X):
    autoencoder = SparseAutoencoder(8, random_state=0).fit(X)
    assert autoencoder.beta_ == pytest.approx(X.var(axis=0).sum() / 8)
    assert autoencoder.penalty_.get_params() == {"beta": autoencoder.beta_, "rho": 0.1}


@short
@pytest.mark.parametrize(
    ("penalty", "expected"), [("kl", "logistic"), ("l1", "relu"), ("topk", "relu")]
)
def test_activation_auto_follows_the_penalty(penalty, expected, X):
    assert make_short(penalty=penalty).fit(X).activation_ == expected


@short
@pytest.mark.parametrize(
    ("name", "penalty"),
    [
        ("kl", KL(rho=0.2, beta=0.05)),
        ("l1", L1(beta=0.05)),
        ("topk", TopK(rho=0.2)),
    ],
)
def test_a_penalty_object_is_the_same_as_its_name(name, penalty, X):
    by_name = make_short(penalty=name, rho=0.2, beta=0.05).fit_transform(X)
    assert_array_equal(make_short(penalty=penalty).fit_transform(X), by_name)


@short
def test_n_components_none_is_n_features(X):
    assert make_short(None).fit(X).components_.shape == (64, 64)


@short
def test_auto_solver_is_adam_for_many_rows_and_for_topk(X):
    def curve(**parameters):
        return make_short(3, **parameters).fit(many).loss_curve_

    many = np.tile(X, (51, 1))[:10_000]
    assert curve(solver="auto") == curve(solver="lbfgs")
    assert curve(solver="auto", penalty="topk") == curve(solver="adam", penalty="topk")
    many = np.tile(X, (51, 1))[:10_001]
    assert curve(solver="auto") == curve(solver="adam")


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
def test_verbose_prints_iterations(X, capsys):
    make_short(verbose=1).fit(X)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("Iteration 1, J = ")


@short
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_warm_start_goes_on_where_the_last_fit_ended(solver, X):
    parameters = {"solver": solver, "learning_rate_init": 0.01, "batch_size": 200}
    autoencoder = make_short(warm_start=True, max_iter=100, **parameters).fit(X)
    before = autoencoder.objective(X)
    autoencoder.set_params(max_iter=1).fit(X)
    assert autoencoder.loss_curve_[0] <= 1.01 * before
    cold = make_short(max_iter=1, **parameters).fit(X)
    assert cold.loss_curve_[0] > 1.2 * before


@short
def test_early_stopping_returns_to_the_best_parameters(rng):
    # Noise, more units than rows and no decay: what is learned soon does not hold.
    noise = rng.normal(size=(60, 20))
    autoencoder = make_short(100, alpha=0, beta=0.0, early_stopping=True, tol=0.0)
    autoencoder.set_params(max_iter=500, n_iter_no_change=5).fit(noise)
    scores = autoencoder.validation_scores_
    assert autoencoder.n_iter_ == len(scores) < 500
    assert int(np.argmax(scores)) == len(scores) - 6
    assert autoencoder.best_validation_score_ == max(scores)
    # The split is the first thing that is drawn.
    _, held_out = train_test_split(noise, test_size=0.1, random_state=0)
    assert_allclose(autoencoder.score(held_out), max(scores))


def test_early_stopping_needs_rows_that_can_be_judged(digits):
    autoencoder = SparseAutoencoder(4, early_stopping=True, random_state=0)
    with pytest.raises(ValueError, match="early_stopping=True.*n_samples=1"):
        autoencoder.fit(digits, sample_weight=np.arange(1797) == 3)
    with pytest.raises(ValueError, match="1 row.*larger validation_fraction"):
        autoencoder.fit(digits[:10])


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


# Weights, types and containers


@short
@pytest.mark.parametrize(
    "penalty", [penalty for penalty, solver in SOLVED if solver == "lbfgs"]
)
def test_weights_are_repetitions_for_fit_score_and_objective(penalty, X):
    weights = np.arange(200) % 3
    repeated = np.repeat(X, weights, axis=0)
    by_weight = make_short(penalty=penalty, solver="lbfgs").fit(
        X, sample_weight=weights
    )
    by_rows = make_short(penalty=penalty, solver="lbfgs").fit(repeated)
    assert_allclose(by_weight.transform(X), by_rows.transform(X), rtol=1e-6, atol=1e-9)
    assert_allclose(by_weight.score(X, sample_weight=weights), by_rows.score(repeated))
    assert_allclose(
        by_weight.objective(X, sample_weight=weights), by_rows.objective(repeated)
    )
    assert_allclose(by_weight.mean_activation_, by_rows.mean_activation_)


@short
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_float32_stays_float32(solver, X):
    autoencoder = make_short(solver=solver).fit(X.astype(np.float32))
    assert autoencoder.transform(X.astype(np.float32)).dtype == np.float32
    assert autoencoder.transform(X).dtype == np.float64
    assert {getattr(autoencoder, name).dtype for name in FITTED} == {np.dtype("f4")}
    double = make_short(solver=solver).fit(X)
    assert_allclose(autoencoder.score(X), double.score(X), atol=1e-3)


@short
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize(
    "container",
    [sparse.csr_array, sparse.csr_matrix, sparse.csc_array, sparse.coo_array],
)
def test_sparse_rows_give_what_dense_rows_give(container, solver, X):
    dense = make_short(solver=solver).fit(X)
    autoencoder = make_short(solver=solver).fit(container(X))
    rows = container(X)
    assert_allclose(autoencoder.transform(rows), dense.transform(X), atol=1e-8)
    assert_allclose(autoencoder.score(rows), dense.score(X))
    assert_allclose(autoencoder.objective(rows), dense.objective(X))


@short
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_rows_of_no_weight_do_not_count(solver, X):
    weights = np.zeros(200)
    weights[::4] = 1.0
    parameters = {"solver": solver, "batch_size": 50}
    fitted = make_short(**parameters).fit(X, sample_weight=weights)
    expected = make_short(**parameters).fit(X[::4])
    assert_allclose(fitted.transform(X), expected.transform(X), rtol=1e-6)


@short
def test_huge_weights_are_weights(X):
    expected = make_short().fit_transform(X)
    weights = np.full(200, 1e308)
    assert_allclose(make_short().fit(X, sample_weight=weights).transform(X), expected)


@short
def test_half_precision_is_converted(X):
    autoencoder = make_short(solver="adam").fit(X.astype(np.float16))
    assert autoencoder.components_.dtype in (np.float32, np.float64)
    assert autoencoder.transform(X.astype(np.float16)).dtype != np.float16


@short
def test_csr_with_duplicate_and_unsorted_entries(X):
    clean = sparse.csr_array(X)
    order = np.concatenate(
        [np.tile(np.arange(b - 1, a - 1, -1), 2) for a, b in pairwise(clean.indptr)]
    )
    messy = sparse.csr_array(
        (clean.data[order] / 2, clean.indices[order], 2 * clean.indptr), shape=X.shape
    )
    assert not messy.has_canonical_format
    before = messy.nnz
    fitted, expected = make_short().fit(messy), make_short().fit(clean)
    assert_allclose(fitted.beta_, expected.beta_)
    assert_allclose(fitted.score(messy), expected.score(X))
    assert_allclose(fitted.transform(messy), expected.transform(X), atol=1e-8)
    assert messy.nnz == before


def _with_wide_indices(X):
    X = sparse.csr_array(X)
    wide = (X.data, X.indices.astype(np.int64), X.indptr.astype(np.int64))
    return sparse.csr_array(wide, shape=X.shape)


@short
@pytest.mark.parametrize("out_activation", ["identity", "logistic"])
@pytest.mark.parametrize(
    "make",
    [
        sparse.csr_array,
        sparse.csr_matrix,
        sparse.csc_array,
        sparse.csc_matrix,
        sparse.coo_array,
        sparse.coo_matrix,
        _with_wide_indices,
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_sparse_rows_of_every_kind_fit_as_dense_ones(make, dtype, out_activation):
    counts = np.random.RandomState(0).poisson(0.3, size=(60, 20)).astype(dtype)
    autoencoder = make_short(6, max_iter=8, out_activation=out_activation)
    expected = clone(autoencoder).fit(counts)
    rows = make(counts)
    before = rows.copy()
    fitted = autoencoder.fit(rows)
    assert (rows != before).nnz == 0
    assert fitted.components_.dtype == expected.components_.dtype
    precision = 1e-3 if dtype == np.float32 else 1e-8
    assert_allclose(fitted.loss_curve_, expected.loss_curve_, rtol=precision)
    assert_allclose(fitted.score(rows), expected.score(counts), rtol=precision)
    code = fitted.transform(rows)
    assert_allclose(code, expected.transform(counts), rtol=precision, atol=precision)
    assert_allclose(fitted.objective(rows), expected.objective(counts), rtol=precision)


@short
@pytest.mark.parametrize("penalty", PENALTIES)
def test_sparse_rows_in_batches_fit_as_dense_ones(penalty):
    counts = np.random.RandomState(0).poisson(0.3, size=(90, 20)).astype(float)
    autoencoder = make_short(6, penalty=penalty, solver="adam", batch_size=32)
    expected = clone(autoencoder).fit(counts)
    fitted = autoencoder.fit(sparse.csr_array(counts))
    assert_allclose(fitted.loss_curve_, expected.loss_curve_, rtol=1e-6)


@short
def test_inverse_transform_takes_sparse_codes(X):
    autoencoder = make_short(30, penalty="topk").fit(X)
    code = autoencoder.transform(X)
    dense = autoencoder.inverse_transform(code)
    assert_allclose(autoencoder.inverse_transform(sparse.csr_array(code)), dense)


@pytest.mark.parametrize("interface", ["spmatrix", "sparray"])
def test_sparse_output_is_the_same_code_as_csr(interface, digits):
    autoencoder = SparseAutoencoder(50, penalty="topk", rho=0.06, random_state=0)
    dense = autoencoder.fit_transform(digits)
    autoencoder.set_params(sparse_output=True)
    with config_context(sparse_interface=interface):
        code = autoencoder.transform(digits)
    assert isinstance(code, sparse.sparray) == (interface == "sparray")
    assert code.format == "csr"
    assert code.nnz == np.count_nonzero(dense) <= 3 * len(digits)
    assert_array_equal(code.toarray(), dense)
    rows = autoencoder.inverse_transform(code)
    assert_allclose(rows, autoencoder.inverse_transform(dense))


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


@short
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_fit_on_a_memory_map(solver, X, tmp_path):
    path = tmp_path / "X.npy"
    np.save(path, X)
    mapped = np.load(path, mmap_mode="r")
    expected = make_short(solver=solver).fit_transform(X)
    assert_array_equal(make_short(solver=solver).fit_transform(mapped), expected)


@short
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_set_output_and_feature_names(library, X):
    frames = pytest.importorskip(library)
    names = [f"pixel{i}" for i in range(64)]
    frame = (
        frames.DataFrame(X, columns=names)
        if library == "pandas"
        else (frames.DataFrame(X, schema=names))
    )
    autoencoder = make_short(3).set_output(transform=library).fit(frame)
    code = autoencoder.transform(frame)
    assert isinstance(code, frames.DataFrame)
    expected = [f"sparseautoencoder{i}" for i in range(3)]
    assert list(code.columns) == list(autoencoder.get_feature_names_out()) == expected
    assert list(autoencoder.feature_names_in_) == names
    rows = autoencoder.inverse_transform(code)
    assert isinstance(rows, np.ndarray)
    assert rows.shape == X.shape


@short
@pytest.mark.parametrize("fitted_by", ["fit", "partial_fit"])
def test_pickles_and_goes_on_to_the_same_bits(fitted_by, X):
    autoencoder = getattr(make_short(solver="adam"), fitted_by)(X)
    copy = pickle.loads(pickle.dumps(autoencoder))
    assert_array_equal(copy.transform(X), autoencoder.transform(X))
    autoencoder.partial_fit(X)
    copy.partial_fit(X)
    assert_array_equal(copy.transform(X), autoencoder.transform(X))


@short
@pytest.mark.parametrize("penalty", PENALTIES)
def test_saved_estimators_name_no_class_but_their_own_and_the_penaltys(penalty, X):
    # All else may change without old files becoming unreadable.
    autoencoder = make_short(penalty=penalty, solver="adam").fit(X).partial_fit(X)
    modules, classes = set(), {type(autoencoder), type(autoencoder.penalty_)}
    for code, argument, _ in pickletools.genops(pickle.dumps(autoencoder, protocol=0)):
        if code.name == "GLOBAL" and argument.startswith("skl_sparse_ae"):
            modules.add(argument)
    assert modules == {f"{cls.__module__} {cls.__name__}" for cls in classes}


@short
def test_a_stream_that_adapts_its_penalty_resumes_to_the_same_bits(X):
    autoencoder = make_short(penalty="l1", beta="adaptive").partial_fit(X)
    copy = pickle.loads(pickle.dumps(autoencoder))
    betas = [[a.partial_fit(X).beta_ for _ in range(3)] for a in (autoencoder, copy)]
    assert betas[0] == betas[1]
    assert len(set(betas[0])) == 3


@short
def test_partial_fit_goes_on_with_what_was_fitted_whatever_the_parameters_say(X):
    fitted, changed = (make_short(solver="adam").fit(X) for _ in range(2))
    changed.set_params(
        penalty="l1", activation="tanh", out_activation="logistic", tied_weights=True
    )
    assert_array_equal(
        changed.inverse_transform(changed.transform(X)),
        fitted.inverse_transform(fitted.transform(X)),
    )
    assert_array_equal(
        changed.partial_fit(X).components_, fitted.partial_fit(X).components_
    )
    assert (changed.activation_, changed.out_activation_) == ("logistic", "identity")
    assert changed.tied_weights_ is False


@short
def test_loads_as_a_memory_map_and_can_be_trained_further(X, tmp_path):
    autoencoder = make_short(solver="adam").partial_fit(X)
    joblib.dump(autoencoder, tmp_path / "autoencoder.joblib")
    mapped = joblib.load(tmp_path / "autoencoder.joblib", mmap_mode="r")
    assert not mapped.components_.flags.writeable
    assert_array_equal(mapped.transform(X), autoencoder.transform(X))
    mapped.partial_fit(X)
    assert_array_equal(mapped.transform(X), autoencoder.partial_fit(X).transform(X))


# Streams


@short
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("chunk_size", [30, 450])
def test_partial_fit_in_chunks_is_as_good_as_fit(penalty, chunk_size, digits):
    fitted = make_short(20, penalty=penalty, solver="adam", max_iter=30).fit(digits)
    streamed = make_short(20, penalty=penalty)
    order = np.random.RandomState(0)
    n_chunks = len(digits) // chunk_size
    for _ in range(30):
        for chunk in np.array_split(order.permutation(digits), n_chunks):
            streamed.partial_fit(chunk)
    assert streamed.objective(digits) < 1.02 * fitted.objective(digits)
    assert streamed.n_iter_ == len(streamed.loss_curve_) == 30 * n_chunks


@short
def test_partial_fit_goes_on_from_fit(X):
    autoencoder = make_short(max_iter=50).fit(X)
    before, n_iter = autoencoder.objective(X), autoencoder.n_iter_
    assert autoencoder.partial_fit(X) is autoencoder
    assert abs(autoencoder.objective(X) - before) < 0.1 * before
    assert autoencoder.n_iter_ == n_iter + 1


def test_partial_fit_keeps_running_means_of_the_units(X):
    autoencoder = make_short()
    for chunk in np.array_split(X, 5):
        autoencoder.partial_fit(chunk)
    code = autoencoder.transform(X)
    assert_allclose(autoencoder.mean_activation_, code.mean(axis=0), rtol=0.2)


# Inside scikit-learn


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


def test_grid_search_reaches_into_a_penalty_object_without_y(X):
    autoencoder = SparseAutoencoder(8, penalty=KL(rho=0.1, beta=1.0), random_state=0)
    search = GridSearchCV(autoencoder, {"penalty__beta": [0.01, 100.0]}, cv=2).fit(X)
    assert search.best_params_ == {"penalty__beta": 0.01}
    assert search.best_estimator_.beta_ == 0.01
    assert autoencoder.penalty.beta == 1.0


def test_clone_of_a_fitted_estimator_is_unfitted(X):
    autoencoder = SparseAutoencoder(8, penalty=KL(), random_state=0).fit(X)
    copy = clone(autoencoder)
    assert copy.penalty is not autoencoder.penalty
    with pytest.raises(NotFittedError):
        copy.transform(X)


class Recorder:
    """A callback that counts iterations, keeps scores and stops when told."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.n_begun = 0
        self.scores = []

    def setup(self, estimator, context):
        self.max_subtasks = context.max_subtasks

    def teardown(self, estimator, context):
        self.is_done = True

    def on_fit_task_begin(self, estimator, context):
        self.n_begun += context.task_name == "iteration"

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        if context.task_name != "iteration":
            return False
        # A line search that found nothing may end an iteration that has no result.
        if fitted_estimator is not None:
            self.scores.append(fitted_estimator.score(X))
        return len(self.scores) == self.stop_after


@short
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_callbacks_see_a_usable_estimator_at_each_iteration(solver, X):
    recorder = Recorder()
    autoencoder = make_short(solver=solver, max_iter=10).set_callbacks(recorder)
    autoencoder.fit(X)
    assert recorder.n_begun == len(recorder.scores) == recorder.max_subtasks == 10
    assert_allclose(recorder.scores[-1], autoencoder.score(X), rtol=1e-6)
    assert recorder.scores[-1] > recorder.scores[0]
    assert recorder.is_done


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_a_callback_can_stop_the_fit(solver, X):
    recorder = Recorder(stop_after=3)
    autoencoder = make_short(solver=solver, max_iter=100).set_callbacks(recorder).fit(X)
    assert autoencoder.n_iter_ == 3
    assert_allclose(autoencoder.score(X), recorder.scores[-1], rtol=1e-6)


@short
@pytest.mark.filterwarnings("ignore:.*MinMaxScaler does not support callbacks")
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize("inside", ["alone", "pipeline", "search"])
def test_progress_bars_show_the_iterations(solver, inside, X, capsys):
    pytest.importorskip("rich")
    autoencoder = make_short(solver=solver)
    if inside == "pipeline":
        autoencoder = make_pipeline(MinMaxScaler(), autoencoder)
    elif inside == "search":
        autoencoder = GridSearchCV(autoencoder, {"rho": [0.1, 0.2]}, cv=2)
    autoencoder.set_callbacks(ProgressBar(max_propagation_depth=None))
    autoencoder.fit(X)
    out = capsys.readouterr().out
    assert "SparseAutoencoder" in out
    assert "100%" in out


# What bad input gets


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


@short
def test_wrong_width_in_transform_partial_fit_and_inverse_transform(X):
    autoencoder = make_short().fit(X)
    with pytest.raises(ValueError, match="3 features.*64 features"):
        autoencoder.transform(X[:, :3])
    with pytest.raises(ValueError, match="3 features.*64 features"):
        autoencoder.partial_fit(X[:, :3])
    with pytest.raises(ValueError, match="X has 3 columns.*has 8"):
        autoencoder.inverse_transform(X[:, :3])


@short
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize(
    "method",
    ["fit", "partial_fit", "transform", "inverse_transform", "score", "objective"],
)
def test_nan_and_infinity(bad, method, X):
    autoencoder = make_short(64).fit(X)
    broken = X.copy()
    broken[3, 5] = bad
    with pytest.raises(ValueError, match="contains (NaN|infinity)"):
        getattr(autoencoder, method)(broken)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_negative_and_zero_weights(method, X):
    train = getattr(SparseAutoencoder(8), method)
    weights = np.ones(200)
    weights[7] = -1
    with pytest.raises(ValueError, match="[Nn]egative values"):
        train(X, sample_weight=weights)
    with pytest.raises(ValueError, match="at least one non-zero"):
        train(X, sample_weight=np.zeros(200))


@pytest.mark.parametrize(
    "method", ["transform", "inverse_transform", "score", "objective"]
)
def test_methods_need_a_fit(method, X):
    with pytest.raises(NotFittedError):
        getattr(SparseAutoencoder(64), method)(X)


def test_dense_only_places_refuse_sparse_codes_of_the_wrong_width(X):
    autoencoder = SparseAutoencoder(8, random_state=0).fit(X)
    with pytest.raises(ValueError, match="X has 5 columns"):
        autoencoder.inverse_transform(sparse.csr_array(np.ones((2, 5))))


def test_a_fit_that_stops_at_max_iter_warns(X):
    for solver in ("lbfgs", "adam"):
        with pytest.warns(ConvergenceWarning, match="max_iter=5 was reached"):
            make_short(solver=solver).fit(X)


@pytest.mark.parametrize("rate", [1e3, 1e300])
def test_divergence_names_the_epoch_and_what_to_change(rate, X):
    autoencoder = make_short(
        penalty="l1", activation="identity", solver="adam", learning_rate_init=rate
    )
    with pytest.raises(ValueError, match="diverged.*epoch.*learning_rate_init=1"):
        autoencoder.fit(X)
    with pytest.raises(NotFittedError):
        autoencoder.transform(X)


def test_a_diverging_partial_fit_changes_nothing(X):
    autoencoder = make_short(activation="identity", penalty="l1", batch_size=50)
    before = autoencoder.partial_fit(X).transform(X)
    autoencoder.set_params(learning_rate_init=1e300)
    with pytest.raises(ValueError, match="diverged.*partial_fit"):
        autoencoder.partial_fit(X)
    assert_array_equal(autoencoder.transform(X), before)


def test_values_too_large_for_arithmetic_are_refused(X):
    with pytest.raises(ValueError, match="overflows.*Scale X"):
        SparseAutoencoder(8).fit(1e200 * X)


class Interrupt(Recorder):
    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        raise KeyboardInterrupt


@short
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_an_interrupted_fit_leaves_an_unfitted_estimator(solver, X):
    autoencoder = make_short(solver=solver).fit(X)
    autoencoder.set_callbacks(Interrupt())
    with pytest.raises(KeyboardInterrupt):
        autoencoder.fit(X[:, :5])
    for method in ("transform", "score", "objective"):
        with pytest.raises(NotFittedError):
            getattr(autoencoder, method)(X)
    assert autoencoder.set_callbacks().fit(X).transform(X).shape == (200, 8)


def test_an_interrupted_partial_fit_changes_nothing(X, monkeypatch):
    autoencoder = make_short().partial_fit(X)
    expected = clone(autoencoder).partial_fit(X).partial_fit(X).transform(X)
    before = autoencoder.transform(X)
    with monkeypatch.context() as patch:
        patch.setattr(np, "mean", interrupt)
        with pytest.raises(KeyboardInterrupt):
            autoencoder.partial_fit(X)
    assert_array_equal(autoencoder.transform(X), before)
    assert_array_equal(autoencoder.partial_fit(X).transform(X), expected)


def interrupt(*args, **kwargs):
    raise KeyboardInterrupt


@short
@pytest.mark.parametrize(
    "changed",
    [{"n_components": 5}, {"tied_weights": True}, {"activation": "tanh"}],
    ids=str,
)
def test_warm_start_refuses_another_network(changed, X):
    autoencoder = make_short(warm_start=True).fit(X)
    with pytest.raises(ValueError, match="warm_start=True needs the same"):
        autoencoder.set_params(**changed).fit(X)


@short
def test_warm_start_refuses_features_in_the_place_of_components(X):
    autoencoder = make_short(7, warm_start=True).fit(X[:, :5])
    with pytest.raises(ValueError, match="warm_start=True needs the same"):
        autoencoder.set_params(n_components=5).fit(X[:, :7])


@short
def test_a_fit_that_refuses_its_rows_leaves_the_last_one_alone(X):
    autoencoder = make_short().fit(X)
    expected = autoencoder.transform(X)
    with pytest.raises(ValueError, match="NaN"):
        autoencoder.fit(np.full((5, 3), np.nan))
    assert_array_equal(autoencoder.transform(X), expected)


@pytest.mark.parametrize(
    "penalty", [KL(rho=1.5), KL(beta="scale"), L1(beta=-1), TopK(rho=3)], ids=repr
)
def test_penalty_objects_are_checked_before_training(penalty, X):
    with pytest.raises(ValueError, match="'(rho|beta)' parameter of"):
        SparseAutoencoder(4, penalty=penalty).fit(X)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_divergence_in_the_last_step_is_noticed(method, X):
    autoencoder = make_short(
        solver="adam", max_iter=1, batch_size=200, learning_rate_init=1e308
    )
    with pytest.raises(ValueError, match="diverged"):
        getattr(autoencoder, method)(X)
    with pytest.raises(NotFittedError):
        autoencoder.transform(X)


# Tables at the edge


EDGES = {
    "constant columns": np.c_[np.ones(30), np.zeros(30), np.arange(30.0)],
    "constant rows": np.tile([1.0, 2.0, 3.0], (30, 1)),
    "zeros": np.zeros((30, 3)),
    "duplicate rows": np.repeat([[0.0, 1.0], [1.0, 0.0]], 20, axis=0),
    "one row": np.array([[1.0, 2.0, 3.0]]),
    "one column": np.arange(30.0)[:, None],
    "one value": np.array([[5.0]]),
    "tiny values": 1e-6 * np.random.RandomState(0).normal(size=(30, 4)),
    "huge values": 1e6 * np.random.RandomState(0).normal(size=(30, 4)),
    "inexact constants": np.full((333, 5), 0.1),
    "huge mean": 1e6 + np.random.RandomState(0).normal(size=(30, 4)),
}


@short
@pytest.mark.filterwarnings("ignore:The reconstruction explains less than 1 %")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("penalty", "solver"), SOLVED)
@pytest.mark.parametrize("name", EDGES)
def test_tables_at_the_edge_give_finite_results(name, penalty, solver, dtype):
    X = EDGES[name].astype(dtype)
    autoencoder = make_short(5, penalty=penalty, solver=solver, max_iter=50)
    code = autoencoder.fit_transform(X)
    assert np.isfinite(code).all()
    assert np.isfinite(autoencoder.inverse_transform(code)).all()
    assert np.isfinite(autoencoder.loss_curve_).all()
    assert autoencoder.score(X) <= 1


def test_pickle_holds_no_training_rows(X):
    def size(rows):
        buffer = io.BytesIO()
        with pytest.warns(ConvergenceWarning):
            pickle.dump(make_short().fit(rows), buffer)
        return len(buffer.getvalue())

    assert size(np.tile(X, (10, 1))) < 1.01 * size(X)
