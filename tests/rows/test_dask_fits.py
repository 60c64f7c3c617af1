"""Estimators fitted to Dask arrays, compared with those fitted to rows in memory."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skl_sparse_ae import L1, SparseAutoencoder, TopK

from .dask_tools import Recorder, assert_same_fit, blocks_of, da, make, short


@short
@pytest.mark.parametrize(
    "parameters",
    [
        {"penalty": "kl"},
        {"penalty": "l1"},
        {"penalty": L1(beta="adaptive", rho=0.3), "max_iter": 45},
        {"penalty": "topk", "rho": 0.3},
        {"penalty": "contractive", "tied_weights": True},
        {"penalty": None, "out_activation": "logistic"},
        {"penalty": "kl", "activation": "tanh", "alpha": 0.1, "tied_weights": True},
    ],
    ids=lambda parameters: str(parameters["penalty"]),
)
def test_a_fit_is_that_in_memory(parameters, X, weights):
    X = X / X.max()  # the range of logistic outputs
    for sample_weight in (None, weights):
        expected = make(**parameters).fit(X, sample_weight=sample_weight)
        actual = make(**parameters).fit(blocks_of(X), sample_weight=sample_weight)
        assert_same_fit(actual, expected)


@short
@pytest.mark.parametrize(
    ("container", "place"),
    [
        (np.asarray, "threads"),
        (sparse.csr_array, "threads"),
        (sparse.csc_matrix, "threads"),
        (sparse.csr_array, "workers"),
    ],
    indirect=["place"],
)
def test_every_method_gives_what_it_gives_in_memory(container, X, weights, place):
    X[X < 0.3] = 0
    rows = blocks_of(X)
    if container is not np.asarray:
        rows = rows.map_blocks(container, dtype=X.dtype, meta=container((0, 7)))
    expected = make().fit(X, sample_weight=weights)
    actual = make().fit(rows, sample_weight=blocks_of(weights, 50))
    assert_same_fit(actual, expected)
    code = actual.transform(rows)
    assert_allclose(code, expected.transform(X), rtol=1e-9, atol=1e-12)
    X_hat = expected.inverse_transform(expected.transform(X))
    assert_allclose(actual.inverse_transform(code), X_hat, rtol=1e-9, atol=1e-12)
    for sample_weight in (None, weights):
        chunked = None if sample_weight is None else blocks_of(sample_weight)
        score = actual.score(rows, sample_weight=chunked)
        assert_allclose(score, expected.score(X, sample_weight=sample_weight))
        objective = actual.objective(rows, sample_weight=chunked)
        assert_allclose(objective, expected.objective(X, sample_weight=sample_weight))
        assert isinstance(score, float)
        assert isinstance(objective, float)


@short
def test_single_precision_stays_and_travels(X, place):
    X = X.astype(np.float32)
    expected, actual = make().fit(X), make().fit(blocks_of(X))
    assert_same_fit(actual, expected, rtol=1e-3)
    code = actual.transform(blocks_of(X))
    assert code.dtype == code.compute().dtype == np.float32


@short
@pytest.mark.parametrize("dtype", [int, bool, np.float16, ">f8"])
def test_other_numbers_become_floats(dtype, X):
    X = np.floor(4 * X / X.max()).astype(dtype)
    assert_same_fit(make().fit(blocks_of(X)), make().fit(X))
    code = make().fit(X).transform(blocks_of(X))
    assert code.dtype == code.compute().dtype == np.float64


@short
def test_blocks_without_rows_do_no_harm(X, weights, place):
    number = np.arange(len(X)) // 31
    keep = number % 3 != 1
    rows, chunked = blocks_of(X)[blocks_of(keep)], blocks_of(weights)[blocks_of(keep)]
    rows.compute_chunk_sizes()
    chunked.compute_chunk_sizes()
    assert 0 in rows.chunks[0]
    expected = make().fit(X[keep], sample_weight=weights[keep])
    actual = make().fit(rows, sample_weight=chunked)
    assert_same_fit(actual, expected)
    assert_allclose(actual.transform(rows), expected.transform(X[keep]), rtol=1e-9)


@short
def test_transform_waits_to_be_computed(X):
    seen = []

    def see(block):
        seen.append(len(block))
        return block

    autoencoder = make(sparse_output=True, penalty="topk").fit(X)
    rows = blocks_of(X).map_blocks(see, dtype=X.dtype, meta=np.empty((0, 0)))
    code = autoencoder.transform(rows)
    X_hat = autoencoder.inverse_transform(code)
    assert not seen
    assert code.chunks == (rows.chunks[0], (5,))
    assert X_hat.chunks == (rows.chunks[0], (X.shape[1],))
    assert sparse.issparse(code._meta)
    assert_allclose(code.compute().toarray(), autoencoder.transform(X).toarray())
    assert seen == 10 * [31]
    expected = autoencoder.inverse_transform(autoencoder.transform(X))
    assert_allclose(X_hat.compute(), expected)


@short
def test_transform_takes_blocks_of_unknown_lengths(X):
    autoencoder = make().fit(X)
    rows = blocks_of(X)[blocks_of(X)[:, 0] > 0.5]
    code = autoencoder.transform(rows).compute()
    assert_allclose(code, autoencoder.transform(X[X[:, 0] > 0.5]))


@short
def test_fit_transform_gives_a_dask_array(X):
    code = make().fit_transform(blocks_of(X))
    assert isinstance(code, da.Array)
    assert_allclose(code.compute(), make().fit_transform(X), rtol=1e-8)


@short
def test_early_stopping_judges_by_rows_that_are_not_trained_on(X, weights, place):
    autoencoder = make(early_stopping=True, max_iter=30, n_iter_no_change=2, tol=0.1)
    autoencoder.fit(blocks_of(X), sample_weight=weights)
    scores = autoencoder.validation_scores_
    assert autoencoder.n_iter_ == len(scores) < 30
    assert autoencoder.best_validation_score_ == max(scores) > 0.3


def test_early_stopping_tells_that_only_rows_without_weight_are_left():
    rows = da.from_array(np.eye(2), chunks=(1, -1))  # the second block is held out
    with pytest.raises(ValueError, match="held out all rows of positive weight"):
        make(early_stopping=True).fit(rows, sample_weight=[0.0, 1.0])


@pytest.mark.parametrize("loss", ["squared_error", "log_loss"])
def test_early_stopping_tells_that_no_row_with_weight_is_held_out(loss):
    rows = da.from_array(np.eye(2), chunks=(1, -1))
    with pytest.raises(ValueError, match="held out no rows of positive weight"):
        make(early_stopping=True, loss=loss).fit(rows, sample_weight=[1.0, 0.0])


@short
@pytest.mark.parametrize("corruption", ["masking", "gaussian"])
def test_the_encoder_learns_from_noisy_rows(corruption, X):
    def fit(**parameters):
        return make(corruption=corruption, **parameters).fit(blocks_of(X))

    autoencoder = fit()
    assert_array_equal(autoencoder.components_, fit().components_)
    assert not np.allclose(autoencoder.components_, make().fit(X).components_)
    assert not np.allclose(autoencoder.components_, fit(random_state=1).components_)
    assert autoencoder.loss_curve_[-1] < autoencoder.loss_curve_[0]


@short
def test_a_warm_start_continues_a_fit_to_rows_in_memory(X):
    in_memory = SparseAutoencoder(
        5, penalty=TopK(0.3), solver="adam", max_iter=5, random_state=0
    )
    before = in_memory.fit(X[:100]).objective(X)
    in_memory.set_params(solver="auto", warm_start=True).fit(blocks_of(X))
    assert in_memory.loss_curve_[0] < before
    assert_allclose(in_memory.objective(X), in_memory.loss_curve_[-1])


@short
def test_many_rows_are_fitted_by_lbfgs_by_default(rng):
    X = rng.uniform(size=(10_500, 3))
    auto = SparseAutoencoder(2, max_iter=3, tol=0, random_state=0)
    lbfgs = SparseAutoencoder(2, solver="lbfgs", max_iter=3, tol=0, random_state=0)
    assert_same_fit(auto.fit(blocks_of(X, 2000)), lbfgs.fit(X))


@short
def test_callbacks_see_the_rows_and_can_stop(X, place):
    recorder = Recorder(3, action=lambda X: isinstance(X, da.Array))
    autoencoder = make().set_callbacks(recorder).fit(blocks_of(X))
    assert autoencoder.n_iter_ == 3
    assert_allclose(recorder.scores[-1], autoencoder.score(X))


@short
@pytest.mark.parametrize("parameters", [{}, {"tied_weights": True}], ids=str)
@pytest.mark.parametrize("as_blocks", [np.asarray, sparse.csr_array])
def test_rows_with_an_offset(as_blocks, parameters):
    X = np.random.RandomState(0).rand(120, 6) + 1e9
    blocks = da.from_array(X, chunks=(40, -1)).map_blocks(as_blocks, dtype=float)
    autoencoder = SparseAutoencoder(3, random_state=0, max_iter=20, **parameters)
    expected = autoencoder.fit(X).score(X)
    autoencoder.fit(blocks)
    assert_allclose(autoencoder.score(blocks), autoencoder.score(X), atol=1e-6)
    assert_allclose(autoencoder.score(blocks), expected, atol=0.01)
    assert_allclose(autoencoder.objective(blocks), autoencoder.objective(X), rtol=1e-6)


@short
def test_a_large_constant_column(X):
    X = np.column_stack([X, np.full(len(X), 1e16)])
    autoencoder = make().fit(blocks_of(X))
    assert_allclose(autoencoder.score(blocks_of(X)), make().fit(X).score(X), atol=0.01)
    assert autoencoder.score(X) > 0.3


@short
@pytest.mark.parametrize("loss", ["squared_error", "log_loss", "poisson"])
@pytest.mark.parametrize("gappy", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_losses_and_missing_entries(loss, gappy, weighted, X, weights):
    X = np.round(X / X.max() * (1 if loss == "log_loss" else 4))
    if gappy:
        X[np.random.RandomState(0).uniform(size=X.shape) < 0.3] = np.nan
    weights = weights if weighted else None
    parameters = {"loss": loss, "missing_values": np.nan, "missing_fill": "mean"}
    expected = make(**parameters).fit(X, sample_weight=weights)
    rows = blocks_of(X)
    actual = make(**parameters).fit(rows, sample_weight=weights)
    assert_same_fit(actual, expected)
    assert_allclose(actual.mean_, expected.mean_, rtol=1e-12)
    assert_allclose(actual.transform(rows), expected.transform(X), rtol=1e-8)
    assert_allclose(actual.impute(rows), expected.impute(X), rtol=1e-7, atol=1e-9)
    scores = expected.score_samples(X)
    assert_allclose(actual.score_samples(rows), scores, rtol=1e-7, atol=1e-9)
    score = expected.score(X, sample_weight=weights)
    assert actual.score(rows, sample_weight=weights) == pytest.approx(score, rel=1e-8)


@short
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_entries_are_reconstructed_after_a_fit_in_memory(container, X):
    X[np.random.RandomState(0).uniform(size=X.shape) < 0.3] = np.nan
    X = container(X)
    autoencoder = make(missing_values=np.nan).fit(X)
    assert autoencoder.missing_fill_ == "reconstruction"
    rows = da.from_array(X, chunks=(20, X.shape[1]))
    code = autoencoder.transform(rows).compute()
    assert_allclose(code, autoencoder.transform(X), rtol=1e-8)
    assert autoencoder.score(rows) == pytest.approx(autoencoder.score(X), rel=1e-9)
    full = autoencoder.impute(rows).compute()
    expected = autoencoder.impute(X)
    assert_allclose(as_dense(full), as_dense(expected), rtol=1e-8)


def as_dense(X):
    return X.toarray() if sparse.issparse(X) else X


@short
def test_blocks_keep_the_mean(X):
    X[::3, 2] = np.nan
    rows = blocks_of(X)
    assert make(missing_values=np.nan).fit(rows).missing_fill_ == "mean"
    with pytest.raises(ValueError, match="Use missing_fill='mean'"):
        make(missing_values=np.nan, missing_fill="reconstruction").fit(rows)


@short
def test_missing_entries_of_sparse_blocks(X):
    X[X < 0.3] = 0
    X[::3, 2] = np.nan
    rows = blocks_of(X).map_blocks(
        sparse.csr_array, dtype=X.dtype, meta=sparse.csr_array((0, 7))
    )
    masked = {"missing_values": np.nan, "corruption": "masking"}
    actual = make(**masked).fit(rows)
    full = actual.impute(rows).compute()
    assert sparse.issparse(full)
    assert np.isfinite(full.toarray()).all()
    observed = ~np.isnan(X)
    assert_array_equal(full.toarray()[observed], X[observed])
    with pytest.raises(ValueError, match="contains NaN"):
        make().fit(rows)
