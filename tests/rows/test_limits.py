"""The smallest and the largest value of each column, for every kind of rows."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skl_sparse_ae._rows import _limits
from skl_sparse_ae._rows._limits import column_limits

from .test_rows import KINDS


@pytest.mark.parametrize("make", KINDS)
def test_limits_are_those_of_the_rows_of_positive_weight(make, rng):
    X = rng.normal(size=(100, 4)) * (rng.uniform(size=(100, 4)) < 0.7)
    X[:, 1] = np.abs(X[:, 1])
    assert_array_equal(make(X).limits(), [X.min(axis=0), X.max(axis=0)])
    weights = np.ones(100)
    weights[X.argmax(axis=0)] = 0
    kept = X[weights > 0]
    assert kept.max() < X.max()
    limits = make(X, weights).limits()
    assert_array_equal(limits, [kept.min(axis=0), kept.max(axis=0)])


def test_limits_by_hand_over_several_blocks(monkeypatch):
    monkeypatch.setattr(_limits, "blocks", lambda a, b, _: [slice(0, 1), slice(1, b)])
    X = np.array([[3.0, -1.0], [2.0, 5.0], [7.0, 0.0]])
    assert_array_equal(column_limits(X), [[2, -1], [7, 5]])
