"""Dask arrays and parameters that cannot be used: errors say what to do instead."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae._rows import check_rows

from .dask_tools import blocks_of, da, dask, make, short


def with_nan(rows):
    return da.where(da.arange(len(rows), chunks=31)[:, None] == 70, np.nan, rows)


def unknown(rows):
    return rows[rows[:, 0] > 0.5]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (unknown, ValueError, r"unknown shape.*X\.compute_chunk_sizes\(\)"),
        (lambda X: X.rechunk({1: 3}), ValueError, r"3 blocks.*X\.rechunk\(\{1: -1\}\)"),
        (with_nan, ValueError, r"X\.blocks\[2\] cannot be used.*NaN"),
        (lambda X: 1 / (X < 0), ValueError, r"X\.blocks\[\d\] cannot.*infinity"),
        (lambda X: X.astype(object), ValueError, r"dtype object.*X\.astype\(float\)"),
        (lambda X: X.astype(str), ValueError, r"dtype <U.*X\.astype\(float\)"),
        (lambda X: X + 1j, ValueError, "dtype complex.*real numbers"),
        (lambda X: X[:, 0], ValueError, r"1 dimension\(s\).*X\.reshape\(-1, 1\)"),
        (lambda X: X[:0], ValueError, r"\(0, 7\).*one row"),
        (lambda X: X[:, :0], ValueError, r"\(310, 0\).*one column"),
        (lambda X: dask.delayed(X), TypeError, r"X\.to_dask_array\(lengths=True\)"),
        (lambda X: 1e200 * X, ValueError, "variance of X overflows"),
    ],
)
@pytest.mark.filterwarnings("ignore:(overflow|divide):RuntimeWarning")
def test_rows_that_cannot_be_used(change, error, message, X):
    with pytest.raises(error, match=f"(?s){message}"):
        make().fit(change(blocks_of(X)))


@short
@pytest.mark.parametrize(
    ("method", "change", "message"),
    [
        ("transform", with_nan, r"X\.blocks\[2\] cannot be used.*NaN"),
        ("score", with_nan, r"X\.blocks\[2\] cannot be used.*NaN"),
        ("objective", with_nan, r"X\.blocks\[2\] cannot be used.*NaN"),
        ("score", unknown, r"X\.compute_chunk_sizes\(\)"),
        ("objective", unknown, r"X\.compute_chunk_sizes\(\)"),
        ("transform", lambda X: X[:, :5], "5 features.*expecting 7"),
        ("inverse_transform", lambda X: X, "X has 7 columns.*has 5"),
    ],
)
def test_rows_that_a_fitted_estimator_cannot_use(method, change, message, X):
    autoencoder = make().fit(X)
    with pytest.raises(ValueError, match=f"(?s){message}"):
        dask.compute(getattr(autoencoder, method)(change(blocks_of(X))))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w - 0.5, "negative values, such as -0.5"),
        (lambda w: 0 * w, "at least one positive"),
        (lambda w: da.where(w > 0.5, np.nan, w), "NaN or infinity"),
        (lambda w: w[1:], r"shape \(309,\).*310 rows"),
        (lambda w: w[w > 0], r"sample_weight\.compute_chunk_sizes\(\)"),
        (lambda w: w[1:].compute(), "309"),
        (lambda w: -w.compute(), "Negative values"),
    ],
)
def test_weights_that_cannot_be_used(change, message, X, weights):
    with pytest.raises(ValueError, match=message):
        make().fit(blocks_of(X), sample_weight=change(blocks_of(weights)))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"solver": "adam"}, "Use solver='lbfgs'.*sample of the rows in memory"),
        ({"penalty": "batch_topk"}, "another penalty.*sample of the rows in memory"),
        ({"early_stopping": True}, "n_samples=1"),
        ({"corruption": "masking", "corruption_level": 1}, "below 1"),
    ],
)
def test_parameters_that_cannot_be_used(parameters, message, X):
    rows = blocks_of(X)[: 1 if "early_stopping" in parameters else None]
    with pytest.raises(ValueError, match=message):
        SparseAutoencoder(5, **parameters).fit(rows)


def test_partial_fit_takes_one_block_at_a_time(X):
    with pytest.raises(
        TypeError, match=r"partial_fit with X\.blocks\[i\]\.compute\(\)"
    ):
        make().partial_fit(blocks_of(X))


def test_dask_is_imported_by_those_who_use_it():
    code = """
import sys
import numpy as np
from skl_sparse_ae import SparseAutoencoder
X = np.random.RandomState(0).uniform(size=(50, 3))
SparseAutoencoder(2, tol=0.1).fit(X).transform(X)
sys.exit("dask" in sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_only_ratios_of_weights_matter(X, weights):
    for scale in (1e-46, 1e39):
        rows = check_rows(
            make(),
            blocks_of(X.astype(np.float32)),
            blocks_of(scale * weights),
            method="fit",
            reset=True,
        )
        expected = (weights / weights.max()).astype(np.float32)
        assert_allclose(rows.sample_weight.compute(), expected, rtol=1e-6)
