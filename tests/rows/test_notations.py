"""Missing entries in other notations than NaN."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skl_sparse_ae import SparseAutoencoder, metrics
from skl_sparse_ae._rows._notations import with_nan

pandas = pytest.importorskip("pandas")


@pytest.fixture
def gappy(rng):
    X = np.round(rng.normal(size=(20, 3)), 1)
    X[rng.uniform(size=X.shape) < 0.2] = np.nan
    return X


def objects(X):
    values = X.astype(object)
    values[np.isnan(X)] = pandas.NA
    return values


NOTATIONS = {
    "masked": lambda X: np.ma.masked_array(np.nan_to_num(X, nan=7.0), np.isnan(X)),
    "masked integers": lambda X: np.ma.masked_array(
        np.nan_to_num(10 * X, nan=7.0).astype(int), np.isnan(X)
    ),
    "objects": objects,
    "frame of objects": lambda X: pandas.DataFrame(objects(X)),
    "one column of objects": lambda X: pandas.DataFrame(X).assign(
        **{"0": pandas.Series(list(objects(X)[:, 0]), dtype=object)}
    )[["0", 1, 2]],
    "nullable": lambda X: pandas.DataFrame(X).astype("Float64"),
    "sparse": lambda X: pandas.DataFrame(X).astype(pandas.SparseDtype(float, np.nan)),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", NOTATIONS)
def test_missing_entries_of_any_notation_are_nan(name, gappy):
    rows = NOTATIONS[name](gappy)
    if isinstance(rows, pandas.DataFrame):
        rows.columns = [f"column{i}" for i in range(3)]
    unit = 10.0 if name == "masked integers" else 1.0
    autoencoder = SparseAutoencoder(
        2, missing_values=np.nan, max_iter=2, random_state=0
    ).fit(rows)
    expected = SparseAutoencoder(
        2, missing_values=np.nan, max_iter=2, random_state=0
    ).fit(np.round(unit * gappy, 1))
    assert_array_equal(autoencoder.components_, expected.components_)
    losses = metrics.loss_per_entry(autoencoder, rows)
    assert_array_equal(losses == 0, np.isnan(gappy))
    if isinstance(rows, pandas.DataFrame):
        assert list(autoencoder.feature_names_in_) == list(rows)
    with pytest.raises(ValueError, match="contains NaN.*missing_values=np.nan"):
        SparseAutoencoder(2).fit(rows)


def test_other_rows_are_returned_as_they_are(gappy):
    for rows in (
        gappy,
        gappy.tolist(),
        pandas.DataFrame(gappy),
        np.array([["1", 2.0]], dtype=object),
        pandas.DataFrame(np.eye(3)).astype(pandas.SparseDtype(float, 0)),
    ):
        assert with_nan(rows) is rows
