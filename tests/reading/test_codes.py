import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae._reading import _codes


def as_memmap(X, folder):
    np.save(folder / "rows.npy", X)
    return np.load(folder / "rows.npy", mmap_mode="r")


ROWS = {
    "array": lambda X, _: X,
    "list": lambda X, _: X.tolist(),
    "memmap": as_memmap,
    "pandas": lambda X, _: pd.DataFrame(X).add_prefix("pixel"),
    "polars": lambda X, _: pl.DataFrame(X),
    "csr": lambda X, _: sparse.csr_array(X),
    "coo": lambda X, _: sparse.coo_matrix(X),
}


@pytest.mark.parametrize("rows_of", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("sparse_output", [False, True])
def test_blocks_make_up_the_code(rows_of, sparse_output, digits, tmp_path, monkeypatch):
    monkeypatch.setattr(_codes, "CODE_BYTES", 8 * 5 * 13)
    X = rows_of(digits[:100], tmp_path)
    autoencoder = SparseAutoencoder(
        5, penalty="topk", tol=0.1, random_state=0, sparse_output=sparse_output
    ).fit(X)
    rows, codes = zip(*_codes.encode_blocks(autoencoder, X), strict=True)
    assert [r.start for r in rows] + [100] == [0] + [r.stop for r in rows]
    assert max(code.shape[0] for code in codes) == 13
    assert all(sparse.issparse(code) == sparse_output for code in codes)
    dense = [code.toarray() if sparse_output else code for code in codes]
    whole = autoencoder.set_params(sparse_output=False).transform(X)
    assert_allclose(np.vstack(dense), whole)


def test_blocks_of_texts():
    texts = ["a red apple", "a green apple", "a red car"]
    pipeline = make_pipeline(TfidfVectorizer(), FunctionTransformer()).fit(texts)
    [(rows, code)] = _codes.encode_blocks(pipeline, texts)
    assert rows == slice(0, 3)
    assert sparse.issparse(code)
    assert code.shape == (3, 4)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"penalty": "kl"}, "mean"),
        ({"penalty": "kl", "activation": "tanh"}, "mean"),
        ({"penalty": "l1"}, None),
        ({"penalty": "topk"}, None),
        ({"penalty": "topk", "activation": "logistic"}, None),
        ({"penalty": "contractive", "activation": "identity"}, "mean"),
    ],
)
def test_the_threshold_suits_the_units(parameters, expected, digits):
    autoencoder = SparseAutoencoder(4, tol=0.3, random_state=0, **parameters)
    pipeline = make_pipeline(StandardScaler(), autoencoder).fit(digits[:100])
    assert _codes.auto_threshold(autoencoder) == expected
    assert _codes.auto_threshold(pipeline) == expected


def test_units_of_other_estimators_are_active_unless_zero(digits):
    assert _codes.auto_threshold(PCA(2).fit(digits)) is None
    active = _codes.is_active(np.array([[-1.0, 0.0, 2.0]]), None)
    assert_array_equal(active, [[True, False, True]])


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        (None, [[1, 1, 0], [1, 0, 1]]),
        (2, [[1, 0, 0], [1, 0, 0]]),
        ([3, 1, 0.5], [[0, 1, 0], [1, 0, 0]]),
        ("mean", [[0, 1, 0], [1, 0, 1]]),
    ],
)
def test_what_is_active(threshold, expected, container):
    code = container(np.array([[3, 2, 0], [5, 0, 0.5]]))
    active = _codes.is_active(code, threshold)
    assert sparse.issparse(active) == sparse.issparse(code)
    assert active.sum() == np.sum(expected)
    assert_array_equal(active.toarray() if sparse.issparse(code) else active, expected)
    assert code.sum() == 10.5  # unchanged


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_constant_unit_is_never_above_its_mean(container, dtype, rng):
    values = np.array([0.1, 0.7, 1e-30, 1 / 3, 0], dtype)
    code = container(np.tile(values, (997, 1)))
    weights = rng.uniform(size=997)
    assert not _codes.is_active(code, "mean").sum()
    assert not _codes.is_active(code, "mean", weights).sum()


def test_the_mean_is_weighted():
    # 0.18; without weights it would be 0.37.
    code = np.array([[0.1], [0.3], [0.7]])
    active = _codes.is_active(code, "mean", np.array([8, 1, 1]))
    assert_array_equal(active.ravel(), [False, True, True])


def test_invalid_thresholds():
    code = np.array([[1.0, -2.0]])
    with pytest.raises(ValueError, match=r"shape \(3,\).* 2 units"):
        _codes.is_active(code, [1, 2, 3])
    assert _codes.is_active(code, -2.5).all()
    with pytest.raises(ValueError, match="threshold=-2.* is below zero"):
        _codes.is_active(sparse.csr_array(code), -2.5)


def test_negative_means_of_codes_in_csr():
    # As tanh units with sparse_output=True have them.
    code = np.array([[1.0, -2.0, 0.0], [-1.0, -1.0, 0.0]])
    active = _codes.is_active(sparse.csr_array(code), "mean")
    assert_array_equal(active, [[True, False, False], [False, True, False]])
