"""Rows outside of the range of the output are refused."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_wine
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skl_sparse_ae import SparseAutoencoder

from .short_fits import make_short, short

CONTAINERS = [np.asarray, sparse.csr_array]


def logistic(**parameters):
    return make_short(out_activation="logistic", **parameters)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    ("scaler", "column"), [(StandardScaler(), 1), (None, 12)], ids=["standard", "raw"]
)
def test_logistic_outputs_refuse_tables_outside_of_0_to_1(method, scaler, column):
    X = load_wine().data
    X = X if scaler is None else scaler.fit_transform(X)
    largest = np.maximum(-X.min(axis=0), X.max(axis=0) - 1).argmax()
    message = rf"column {largest} of X has the value .*MinMaxScaler.*'identity'"
    with pytest.raises(ValueError, match=message):
        getattr(logistic(), method)(X)


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("value", [-0.25, 1.25])
@pytest.mark.parametrize("parameters", [{}, {"early_stopping": True}], ids=str)
def test_one_value_is_found_wherever_it_is(container, value, parameters, X):
    for row in (0, len(X) - 1):
        rows = X.copy()
        rows[row, 5] = value
        with pytest.raises(ValueError, match=f"column 5 of X has the value {value}"):
            logistic(**parameters).fit(container(rows))


@short
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_ends_of_the_range_and_rounding_errors_are_let_through(container, dtype, X):
    rows = X.astype(dtype)
    rows[0, 5] = np.nextafter(dtype(1), dtype(2))
    assert (rows.min(), rows[:, :5].max()) == (0, 1)
    logistic().fit(container(rows)).partial_fit(container(rows))


@short
@pytest.mark.parametrize("loss", ["squared_error", "log_loss"])
def test_rounding_errors_of_a_scaler_are_let_through(loss, rng):
    years = (2000 + rng.uniform(-10, 7, size=(200, 8))).astype(np.float32)
    X = MinMaxScaler().fit_transform(years)
    assert X.dtype == np.float32
    assert max(X.max() - 1, -X.min()) > 1e-6
    settings = {"loss": loss, "out_activation": "logistic"}
    autoencoder = make_short(**settings).fit(X).partial_fit(X)
    assert np.isfinite(autoencoder.score_samples(X)).all()


@short
@pytest.mark.parametrize("loss", ["squared_error", "log_loss"])
@pytest.mark.parametrize("value", [-1.1e-4, 1.00011])
def test_values_outside_by_more_than_that_are_named(loss, value, X):
    settings = {"loss": loss, "out_activation": "logistic"}
    for dtype in (np.float32, np.float64):
        rows = X.astype(dtype)
        rows[3, 5] = value
        with pytest.raises(ValueError, match=f"column 5 of X has the value {value:g}"):
            make_short(**settings).fit(rows)


def test_the_message_has_the_name_of_the_column():
    wine = load_wine(as_frame=True).data
    for method in ("fit", "partial_fit"):
        with pytest.raises(
            ValueError, match="column 'proline' of X has the value 1680"
        ):
            getattr(logistic(), method)(wine)


@short
def test_rows_of_weight_zero_do_not_count(X):
    rows, weights = X.copy(), np.ones(len(X))
    rows[3, 5], weights[3] = 9, 0
    logistic().fit(rows, sample_weight=weights)


@short
def test_new_rows_may_be_outside_of_what_a_scaler_has_seen(X):
    pipeline = make_pipeline(MinMaxScaler(), logistic()).fit(X[:100] / 2)
    assert pipeline[0].transform(X).max() > 1
    assert pipeline.score(X) < 1
    assert pipeline.transform(X).shape == (len(X), 8)


@short
def test_partial_fit_asks_the_fitted_output(X):
    fitted = logistic().fit(X).set_params(out_activation="identity")
    with pytest.raises(ValueError, match="out_activation='logistic' gives values"):
        fitted.partial_fit(X + 1)
    linear = SparseAutoencoder(3, max_iter=5).fit(X)
    linear.set_params(out_activation="logistic").partial_fit(X + 1)
