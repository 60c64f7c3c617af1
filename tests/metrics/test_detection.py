import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import f1_score, precision_score, recall_score

from skl_sparse_ae import metrics

from .containers import CONTAINERS


@pytest.mark.parametrize("container", CONTAINERS)
def test_detection_against_scikit_learn(rng, container):
    codes = rng.uniform(size=(60, 4)) * (rng.uniform(size=(60, 4)) < 0.3)
    A = rng.uniform(size=(60, 5)) * (rng.uniform(size=(60, 5)) < 0.5)
    result = metrics.feature_detection(container(codes), container(A))
    for j, unit in enumerate(result.units):
        truth, all_f1 = codes[:, j] > 0, [f1_score(codes[:, j] > 0, a > 0) for a in A.T]
        assert unit == np.argmax(all_f1)
        assert_allclose(result.f1[j], max(all_f1))
        active = A[:, unit] > 0
        assert_allclose(result.precision[j], precision_score(truth, active))
        assert_allclose(result.recall[j], recall_score(truth, active))


def test_detection_by_given_units_and_empty_columns():
    codes, A = [[1, 0], [1, 0], [0, 0]], [[0.1, 0], [0.9, 0], [0.8, 0]]
    result = metrics.feature_detection(codes, A, threshold=0.5, units=[0, 1])
    assert_array_equal(result.units, [0, 1])
    assert_allclose(result.precision, [0.5, 0])
    assert_allclose(result.recall, [0.5, 0])
    assert_allclose(result.f1, [0.5, 0])


@pytest.mark.parametrize("container", CONTAINERS)
def test_relative_l0(container):
    codes, A = np.eye(3), np.array([[1.0, 2, 0], [0, 0, 0], [3, 3, 3]])
    assert_allclose(metrics.relative_l0(container(codes), container(A)), 5 / 3)
    assert np.isnan(metrics.relative_l0(np.zeros((2, 2)), np.eye(2)))


@pytest.mark.parametrize("container", CONTAINERS)
def test_absorption_by_hand(container):
    # Feature 1 is a child of 0, on four rows; the unit of 0 is silent on three of them,
    # on one of which the child's unit is silent too. Feature 2 has no rows.
    codes = np.zeros((10, 3))
    codes[:, 0], codes[:4, 1] = 1, 1
    A = np.zeros((10, 2))
    A[3:, 0], A[[0, 1, 3], 1] = 1, 1
    rates = metrics.absorption_rate(container(codes), container(A), [-1, 0, 0])
    assert_allclose(rates, [np.nan, 0.5, np.nan])
    same = metrics.absorption_rate(codes, A, [-1, 0, 0], units=[0, 0, 0])
    assert_allclose(same, [np.nan, 0, np.nan])


def test_a_faithful_code_absorbs_nothing():
    codes = np.array([[1, 0], [1, 1], [1, 1], [0, 0]])
    assert_allclose(metrics.absorption_rate(codes, codes, [-1, 0]), [np.nan, 0])
    with pytest.raises(ValueError, match="parents must have 2 entries"):
        metrics.absorption_rate(codes, codes, [-1])


@pytest.mark.parametrize("container", CONTAINERS)
def test_splitting_by_hand(container):
    # The first feature has three units for ten rows each, the second one unit for all,
    # and a further one for a single row of thirty. No unit is active with the third.
    codes, A = np.zeros((61, 3)), np.zeros((61, 6))
    codes[:30, 0], codes[30:60, 1], codes[60, 2] = 1, 1, 1
    for unit in range(3):
        A[10 * unit : 10 * unit + 10, unit] = 1
    A[31:60, 3], A[30, 4] = 1, 1
    counts = metrics.n_split_units(container(codes), container(A))
    assert_array_equal(counts, [3, 1, 0])
    # F1 of 29 of 30 rows is 58 / 59, so that the last row is a gain of 1 / 59.
    assert_array_equal(metrics.n_split_units(codes, A, min_gain=0.016), [3, 2, 0])


@pytest.mark.parametrize(
    "measure", [metrics.feature_detection, metrics.relative_l0, metrics.n_split_units]
)
def test_invalid_codes(measure):
    with pytest.raises(ValueError, match="same number of rows"):
        measure(np.eye(2), np.eye(3))
    with pytest.raises(ValueError, match="'threshold' parameter"):
        measure(np.eye(2), np.eye(2), threshold="median")
