from datetime import date
from decimal import Decimal
from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import false_discovery_control, fisher_exact
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import metrics
from skl_sparse_ae.inspection import label_enrichment

from .estimators import CONTAINERS, IDENTITY, fitted


@pytest.mark.usefixtures("block_bytes")
@pytest.mark.parametrize("container", CONTAINERS)
def test_enrichment_by_hand(container):
    # Fisher's tea-tasting experiment: of eight cups, four are named as milk first,
    # three of them correctly, which has the probability (16 + 1) / 70. The second unit
    # is always active, the third never, the fourth on one cup.
    y = np.array(["milk"] * 4 + ["tea"] * 4)
    code = np.zeros((8, 4))
    code[[0, 1, 2, 4], 0] = 1
    code[:, 1] = 2
    code[7, 3] = 0.1
    result = label_enrichment(IDENTITY, container(code), y)
    assert_array_equal(result.classes, ["milk", "tea"])
    assert_array_equal(result.class_counts, [4, 4])
    assert_array_equal(result.n_active, [4, 8, 0, 1])
    assert_array_equal(result.counts, [[3, 1], [4, 4], [0, 0], [0, 1]])
    assert_allclose(result.enrichment, [[1.5, 0.5], [1, 1], [np.nan] * 2, [0, 2]])
    expected = [[17 / 70, 69 / 70], [1, 1], [1, 1], [1, 1 / 2]]
    assert_allclose(result.pvalues, expected)


@pytest.mark.usefixtures("block_bytes")
def test_enrichment_is_fishers_exact_test(rng):
    y = rng.choice([3, 5, 9], p=[0.6, 0.3, 0.1], size=90)
    code = rng.uniform(size=(90, 4)) * (rng.uniform(size=(90, 4)) < 0.3)
    code[:, 0] = (y == 9) * rng.uniform(size=90)
    result = label_enrichment(IDENTITY, code, y, threshold=0.2)
    for unit, k in product(range(4), range(3)):
        active, of_class = code[:, unit] > 0.2, y == result.classes[k]
        table = [
            [np.sum(a & c) for c in (of_class, ~of_class)] for a in (active, ~active)
        ]
        test = fisher_exact(table, alternative="greater")
        assert_allclose(result.pvalues[unit, k], test.pvalue)
        lift = of_class[active].mean() / of_class.mean()
        assert_allclose(result.enrichment[unit, k], lift)
    adjusted = false_discovery_control(result.pvalues.ravel(), method="by")
    assert_allclose(result.adjusted_pvalues.ravel(), adjusted)
    assert result.adjusted_pvalues[0, 2] < 1e-4 < result.adjusted_pvalues[1:].min()


def test_random_labels_are_rarely_significant(digits, rng):
    autoencoder = fitted(digits)
    smallest = [
        label_enrichment(
            autoencoder, digits, rng.randint(10, size=len(digits))
        ).adjusted_pvalues.min()
        for _ in range(20)
    ]
    assert np.mean(np.array(smallest) < 0.05) <= 0.1


@pytest.mark.usefixtures("block_bytes")
@pytest.mark.parametrize(("penalty", "auto"), [("kl", "mean"), ("topk", None)])
def test_the_threshold_is_that_of_the_units(penalty, auto, digits):
    digits, y = digits[:200], np.arange(200) % 2
    pipeline = make_pipeline(StandardScaler(), fitted(digits, penalty)).fit(digits)
    code = pipeline.transform(digits)
    for threshold in ("auto", "mean", None, 0.3, np.linspace(0, 0.5, 12)):
        density = metrics.activation_density(
            code, threshold=auto if str(threshold) == "auto" else threshold
        )
        n_active = label_enrichment(pipeline, digits, y, threshold=threshold).n_active
        assert_allclose(n_active / 200, density)


def test_labels_must_be_classes_one_for_each_row():
    code = np.eye(4)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        label_enrichment(IDENTITY, code, [0, 1])
    with pytest.raises(ValueError, match="continuous"):
        label_enrichment(IDENTITY, code, [0.1, 0.2, 0.3, 1.7])
    with pytest.raises(ValueError, match="'threshold' parameter"):
        label_enrichment(IDENTITY, code, [0, 1, 0, 1], threshold="high")


def test_labels_that_are_missing(digits):
    y = np.array(["a", None] * (len(digits) // 2) + ["a"], dtype=object)
    for missing in (y, y[::-1]):
        with pytest.raises(ValueError, match="missing label.s., the first in row [01]"):
            label_enrichment(fitted(digits), digits, missing)
    y[1::2] = 3
    with pytest.raises(ValueError, match="cannot be sorted, of type int and str"):
        label_enrichment(fitted(digits), digits, y)


KINDS = {
    "int": [1, 2],
    "bool": [False, True],
    "float": [1.0, 2.0],
    "str": ["a", "b"],
    "bytes": [b"a", b"b"],
    "date": [date(2020, 1, 1), date(2020, 1, 2)],
    "decimal": [Decimal(1), Decimal(2)],
    "tuple": [(1, 2), (1, 3)],
}


def in_objects(values):
    """An array of objects, also where these are sequences."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


@pytest.mark.parametrize("name", KINDS)
def test_labels_that_are_objects(name):
    first, second = KINDS[name]
    result = label_enrichment(
        IDENTITY, np.eye(4), in_objects([second, first, second, second])
    )
    assert result.classes.tolist() == [first, second]
    assert result.class_counts.tolist() == [1, 3]
    assert_allclose(result.enrichment[:2], [[0, 4 / 3], [4, 0]])


@pytest.mark.parametrize("dtype", ["S1", "T", "U1", "M8[D]", "m8[s]", "?", "f2", "u8"])
def test_labels_of_plain_dtypes(dtype):
    if dtype == "T" and np.lib.NumpyVersion(np.__version__) < "2.0.0":
        pytest.skip("needs NumPy 2")
    y = np.array(["1", "0", "1", "1"]) if dtype in "STU1" else np.array([1, 0, 1, 1])
    result = label_enrichment(IDENTITY, np.eye(4), y.astype(dtype))
    assert result.class_counts.tolist() == [1, 3]


def test_labels_of_pandas():
    pandas = pytest.importorskip("pandas")
    numbers = pandas.Series([0.1, 0.9, 0.2, 0.8])
    days = pandas.to_datetime(["2020-01-01", "2021-01-01"] * 2)
    for y in (
        pandas.cut(numbers, 2),
        pandas.Series(days),
        pandas.Series(days.to_period("Y")),
        numbers.round().astype("Int64"),
        numbers.round().astype(bool).astype("boolean"),
        pandas.Series(["a", "b"] * 2, dtype="string"),
        pandas.Series(["a", "b"] * 2, dtype="category"),
    ):
        result = label_enrichment(IDENTITY, np.eye(4), y)
        assert result.class_counts.tolist() == [2, 2]
        assert_allclose(result.enrichment[:, 0], [2, 0, 2, 0])
    missing = pandas.Series([pandas.NA, "b", "a", "a"], dtype="string")
    with pytest.raises(ValueError, match="1 missing label.s., the first in row 0"):
        label_enrichment(IDENTITY, np.eye(4), missing)


def test_numeric_targets_are_not_taken_for_classes():
    code, y = np.eye(60), np.arange(60) // 2
    with pytest.raises(ValueError, match="30 different numbers in 60 rows"):
        label_enrichment(IDENTITY, code, y.astype(float))
    with pytest.warns(UserWarning, match="30 different numbers in 60 rows"):
        label_enrichment(IDENTITY, code, y)
    assert len(label_enrichment(IDENTITY, code, y.astype(str)).classes) == 30
    assert len(label_enrichment(IDENTITY, code, y % 20).classes) == 20
