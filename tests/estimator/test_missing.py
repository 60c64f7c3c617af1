"""Rows with missing entries."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from skl_sparse_ae import ConvSparseAutoencoder, SparseAutoencoder
from skl_sparse_ae.metrics import loss_per_entry, pipeline_score

from .short_fits import make_short, short

NAN = np.nan


@pytest.fixture
def rows(digits):
    return digits[:300]


@pytest.fixture
def holes(rows):
    return np.random.RandomState(0).uniform(size=rows.shape) < 0.3


@pytest.fixture
def gappy(rows, holes):
    return np.where(holes, NAN, rows)


def make(n_components=8, **parameters):
    return make_short(n_components, missing_values=NAN, **parameters)


FILLS = pytest.mark.parametrize("missing_fill", ["mean", "reconstruction"])


def filled_by_means(X, mean):
    return np.where(np.isnan(X), mean, X)


@short
def test_nan_is_an_error_unless_it_is_allowed(gappy, rows):
    with pytest.raises(ValueError, match="contains NaN.*missing_values=np.nan"):
        make_short().fit(gappy)
    autoencoder = make_short().fit(rows)
    for method in ("transform", "score", "score_samples", "objective"):
        with pytest.raises(ValueError, match="contains NaN"):
            getattr(autoencoder, method)(gappy)
    assert not hasattr(autoencoder, "impute")
    with pytest.raises(AttributeError) as error:
        autoencoder.impute(gappy)
    assert "impute needs missing_values=np.nan" in str(error.value.__cause__)
    assert not autoencoder.__sklearn_tags__().input_tags.allow_nan
    assert make().__sklearn_tags__().input_tags.allow_nan
    with pytest.raises(ValueError, match="infinity"):
        make().fit(np.where(gappy > 0.9, np.inf, gappy))


@short
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_with_nothing_missing_the_fit_is_that_of_complete_rows(solver, container, rows):
    expected = make_short(solver=solver).fit(container(rows))
    actual = make(solver=solver).fit(container(rows))
    assert_array_equal(actual.components_, expected.components_)
    assert_array_equal(actual.encoder_coef_, expected.encoder_coef_)
    assert actual.score(rows) == expected.score(rows)
    assert_array_equal(actual.impute(rows), rows)
    assert_allclose(actual.mean_, rows.mean(axis=0), atol=1e-12)


@short
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_encoder_sees_the_mean_of_observed_entries(solver, weighted, gappy, rng):
    weights = rng.uniform(size=len(gappy)) if weighted else None
    autoencoder = make(solver=solver, missing_fill="mean")
    autoencoder.fit(gappy, sample_weight=weights)
    shares = np.where(np.isnan(gappy), 0, 1.0 if weights is None else weights[:, None])
    mean = np.nansum(shares * gappy, axis=0) / shares.sum(axis=0)
    assert_allclose(autoencoder.mean_, mean, rtol=1e-12)
    code = autoencoder.transform(gappy)
    assert_allclose(code, autoencoder.transform(filled_by_means(gappy, mean)))


@short
@FILLS
@pytest.mark.parametrize("weighted", [False, True])
def test_missing_entries_count_in_no_score(weighted, missing_fill, gappy, holes, rng):
    weights = rng.uniform(size=len(gappy)) if weighted else np.ones(len(gappy))
    autoencoder = make(max_iter=20, missing_fill=missing_fill).fit(gappy)
    assert autoencoder.missing_fill_ == missing_fill
    X_hat = autoencoder.inverse_transform(autoencoder.transform(gappy))
    losses = np.where(holes, 0, (gappy - X_hat) ** 2 / 2)
    assert_allclose(autoencoder.score_samples(gappy), -losses.sum(axis=1))
    assert_allclose(loss_per_entry(autoencoder, gappy), losses)
    shares = weights[:, None] * ~holes
    mean = np.nansum(shares * gappy, axis=0) / shares.sum(axis=0)
    null = np.nansum(shares * (gappy - mean) ** 2)
    expected = 1 - 2 * (weights @ losses).sum() / null
    score = autoencoder.score(gappy, sample_weight=weights)
    assert score == pytest.approx(expected, rel=1e-9)
    whole = pipeline_score(autoencoder, gappy, sample_weight=weights)
    assert whole == pytest.approx(expected, rel=1e-9)
    if missing_fill == "mean":
        J = autoencoder.objective(gappy)
        assert pytest.approx(autoencoder.loss_curve_[-1], rel=1e-6) == J


def test_imputation(gappy, rows, holes):
    autoencoder = SparseAutoencoder(
        50, corruption="masking", missing_values=NAN, random_state=0
    )
    full = autoencoder.fit(gappy).impute(gappy)
    assert_array_equal(full[~holes], rows[~holes])
    X_hat = autoencoder.inverse_transform(autoencoder.transform(gappy))
    assert_array_equal(full[holes], X_hat[holes])
    means = SimpleImputer().fit_transform(gappy)
    errors = [np.mean((X - rows)[holes] ** 2) for X in (full, means)]
    assert errors[0] < 0.6 * errors[1]


@short
def test_masked_entries_look_like_missing_ones(rows):
    # Far from zero, which is then no sign of a missing entry.
    X = rows + 10
    masked = {"corruption": "masking", "corruption_level": 0.3, "random_state": 0}
    plain, filled = (
        SparseAutoencoder(30, missing_values=value, **masked).fit(X)
        for value in (None, NAN)
    )
    assert filled.score(X) > plain.score(X) + 0.1


@short
@FILLS
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize("corruption", [None, "masking"])
def test_stored_nan_of_csr_is_missing_and_absent_entries_are_zeros(
    solver, corruption, missing_fill, gappy
):
    make_one = partial(make, solver=solver, missing_fill=missing_fill)
    if corruption is not None and missing_fill == "reconstruction":
        with pytest.raises(ValueError, match="Use missing_fill='mean'"):
            make_one(corruption=corruption).fit(gappy)
        return
    table = sparse.csr_array(gappy)
    assert np.isnan(table.data).any()
    assert table.nnz < gappy.size
    if corruption is None:
        dense = make_one().fit(gappy)
        from_csr = make_one().fit(table)
        assert_allclose(from_csr.mean_, dense.mean_, rtol=1e-12)
        assert_allclose(from_csr.components_, dense.components_, rtol=1e-5, atol=1e-7)
    else:
        from_csr = make_one(corruption=corruption).fit(table)
    assert_allclose(from_csr.transform(table), from_csr.transform(gappy), atol=1e-12)
    assert from_csr.score(table) == pytest.approx(from_csr.score(gappy))
    assert_allclose(from_csr.score_samples(table), from_csr.score_samples(gappy))
    full = from_csr.impute(table)
    assert sparse.issparse(full)
    assert_allclose(full.toarray(), from_csr.impute(gappy), atol=1e-12)


@short
def test_pandas_na_and_nullable_columns(gappy):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(np.round(16 * gappy), columns=[f"p{i}" for i in range(64)])
    nullable = frame.astype("Int64")
    assert nullable.isna().to_numpy().any()
    expected = make().fit(frame)
    actual = make().fit(nullable)
    assert_array_equal(actual.components_, expected.components_)
    assert_array_equal(actual.impute(nullable), expected.impute(frame))
    with pytest.raises(ValueError, match="Column 'p3' of X has no observed entry"):
        make().fit(frame.assign(p3=NAN))


@short
@FILLS
def test_rows_and_columns_without_observed_entries(missing_fill, gappy):
    gappy[0] = NAN
    autoencoder = make(missing_fill=missing_fill).fit(gappy)
    assert autoencoder.score_samples(gappy)[0] == 0
    mean_row = autoencoder.mean_[None]
    assert_allclose(autoencoder.transform(gappy[:1]), autoencoder.transform(mean_row))
    gappy[:, [2, 5]] = NAN
    assert np.isfinite(autoencoder.score(gappy))
    assert np.isfinite(autoencoder.impute(gappy)).all()
    with pytest.raises(ValueError, match="Column 2, 5 of X has no observed entry"):
        make().fit(gappy)
    weights = np.arange(len(gappy)) % 2
    gappy[:, [2, 5]] = np.where(weights[:, None] > 0, NAN, 1.0)
    with pytest.raises(ValueError, match="Column 2, 5 of X has no observed entry"):
        make().fit(gappy, sample_weight=weights)


@short
@FILLS
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_streams(container, missing_fill, gappy, rows):
    autoencoder = make(missing_fill=missing_fill).partial_fit(container(rows))
    for _ in range(20):
        autoencoder.partial_fit(container(gappy))
    assert autoencoder.score(gappy) > 0.1
    assert_allclose(autoencoder.mean_, rows.mean(axis=0), atol=1e-12)
    first = make().partial_fit(container(gappy))
    assert_allclose(first.mean_, np.nanmean(gappy, axis=0), atol=1e-12)


@short
@FILLS
@pytest.mark.parametrize("loss", ["log_loss", "poisson"])
def test_other_losses(loss, missing_fill, gappy, holes):
    counts = np.round(gappy if loss == "log_loss" else 5 * gappy)
    autoencoder = make(loss=loss, max_iter=60, missing_fill=missing_fill).fit(counts)
    assert autoencoder.score(counts) > 0.3
    losses = loss_per_entry(autoencoder, counts)
    assert_array_equal(losses[holes], 0)
    assert_allclose(autoencoder.score_samples(counts), -losses.sum(axis=1))
    whole = pipeline_score(autoencoder, counts)
    assert whole == pytest.approx(autoencoder.score(counts), rel=1e-8)


@short
@FILLS
@pytest.mark.parametrize(
    "penalty", ["l1", "topk", "batch_topk", "jumprelu", "contractive", None]
)
@pytest.mark.parametrize("tied_weights", [False, True])
def test_penalties(penalty, tied_weights, missing_fill, gappy):
    autoencoder = make(penalty=penalty, tied_weights=tied_weights, max_iter=20)
    autoencoder.set_params(missing_fill=missing_fill)
    assert np.isfinite(autoencoder.fit(gappy).impute(gappy)).all()
    assert autoencoder.score(gappy) > 0


@short
@FILLS
def test_early_stopping_and_warm_start(missing_fill, gappy):
    autoencoder = make(early_stopping=True, max_iter=30, missing_fill=missing_fill)
    autoencoder.fit(gappy)
    assert autoencoder.best_validation_score_ > 0
    assert len(autoencoder.validation_scores_) == autoencoder.n_iter_
    again = clone(autoencoder).set_params(warm_start=True, early_stopping=False)
    before = again.fit(gappy).score(gappy)
    assert again.fit(gappy).score(gappy) > before


@short
def test_pipelines_and_searches(gappy):
    y = (np.nansum(gappy[:, :32], axis=1) > np.nansum(gappy[:, 32:], axis=1)).astype(
        int
    )
    pipeline = make_pipeline(StandardScaler(), make(max_iter=30), LogisticRegression())
    search = GridSearchCV(pipeline, {"sparseautoencoder__n_components": [4, 8]}, cv=3)
    assert search.fit(gappy, y).score(gappy, y) > 0.6
    search = GridSearchCV(make(), {"n_components": [1, 8]}, cv=3).fit(gappy)
    assert search.best_params_ == {"n_components": 8}
    assert search.best_estimator_.impute(gappy).shape == gappy.shape


@short
def test_float32_stays(gappy):
    autoencoder = make().fit(gappy.astype(np.float32))
    assert autoencoder.mean_.dtype == np.float32
    assert autoencoder.impute(gappy.astype(np.float32)).dtype == np.float32


@short
def test_numba(gappy):
    pytest.importorskip("numba")
    plain, compiled = make(), make(engine="numba")
    score = compiled.fit(gappy).score(gappy)
    assert score == pytest.approx(plain.fit(gappy).score(gappy), abs=1e-6)


def test_images_are_complete(gappy):
    assert "missing_values" not in ConvSparseAutoencoder().get_params()
    assert not hasattr(ConvSparseAutoencoder(), "impute")
    with pytest.raises(ValueError, match="contains NaN"):
        ConvSparseAutoencoder(2, kernel_size=3).fit(gappy)


@short
@FILLS
def test_estimator_checks_with_missing_values_allowed(missing_fill):
    check_estimator(make(3, missing_fill=missing_fill), on_skip=None)
