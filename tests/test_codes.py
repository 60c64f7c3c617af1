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

from skl_sparse_ae import SparseAutoencoder, _codes


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
        ({"penalty": "kl"}, 0.5),
        ({"penalty": "kl", "activation": "tanh"}, 0),
        ({"penalty": "l1"}, None),
        ({"penalty": "topk"}, None),
        ({"penalty": "topk", "activation": "logistic"}, None),
        ({"penalty": "contractive", "activation": "identity"}, None),
    ],
)
def test_the_threshold_suits_the_units(parameters, expected, digits):
    autoencoder = SparseAutoencoder(4, tol=0.3, random_state=0, **parameters)
    pipeline = make_pipeline(StandardScaler(), autoencoder).fit(digits[:100])
    assert _codes.threshold_of(autoencoder) == expected
    assert _codes.threshold_of(pipeline) == expected


def test_without_named_units_whatever_is_not_zero_is_active(digits):
    assert _codes.threshold_of(PCA(2).fit(digits)) is None
    active = _codes.is_active(np.array([[-1.0, 0.0, 2.0]]), None)
    assert_array_equal(active, [[True, False, True]])
