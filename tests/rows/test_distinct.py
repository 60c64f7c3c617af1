"""The number of distinct rows, for every kind of rows."""

import numpy as np
import pytest

from .test_rows import KINDS


@pytest.mark.parametrize("make", KINDS)
def test_distinct_rows_of_positive_weight_are_counted(make, rng):
    X = rng.randint(2, size=(100, 5)).astype(float)
    weights = np.ones(100)
    weights[:30] = 0
    expected = len(np.unique(X[30:], axis=0))
    rows = make(X, weights).of_positive_weight()
    assert 20 < expected < 32
    assert rows.n_distinct(1000) == expected
    assert rows.n_distinct(10) == 10
    assert make(X).n_distinct(1000) == len(np.unique(X, axis=0))
    rows = make(X)
    for enough in (10, 20, 15, 1000, 5):  # what was counted before is used again
        assert rows.n_distinct(enough) == min(enough, len(np.unique(X, axis=0)))
