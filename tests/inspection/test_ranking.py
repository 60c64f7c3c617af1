import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import false_discovery_control, mannwhitneyu, spearmanr
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

from skl_sparse_ae.inspection import _ranking, rank_units

from .estimators import CONTAINERS, IDENTITY


@pytest.fixture
def code(rng):
    """A code with many ties, and a unit that is never active."""
    code = rng.uniform(0.1, 1, size=(50, 6)).round(1)
    code[rng.uniform(size=code.shape) < 0.6] = 0
    code[:, 4] = 0
    return code


@pytest.mark.usefixtures("block_bytes")
@pytest.mark.parametrize("rank_bytes", [1, 2**26])
@pytest.mark.parametrize("container", CONTAINERS)
def test_classes_against_scipy_and_scikit_learn(
    code, rng, container, rank_bytes, monkeypatch
):
    monkeypatch.setattr(_ranking, "RANK_BYTES", rank_bytes)
    y = np.array(["a", "b", "c"])[rng.randint(3, size=50)]
    result = rank_units(IDENTITY, container(code), y)
    assert_array_equal(result.classes, ["a", "b", "c"])
    for column, name in enumerate(result.classes):
        for unit in (0, 1, 2, 3, 5):
            a = code[:, unit]
            auc = roc_auc_score(y == name, a)
            assert_allclose(result.effect[unit, column], 2 * auc - 1, atol=1e-12)
            test = mannwhitneyu(a[y == name], a[y != name], method="asymptotic")
            assert_allclose(result.pvalues[unit, column], test.pvalue)
    assert_array_equal(result.effect[4], 0)
    assert_array_equal(result.pvalues[4], 1)
    assert result.units[-1] == 4
    expected = false_discovery_control(result.pvalues.ravel(), method="by")
    assert_allclose(result.adjusted_pvalues.ravel(), expected)


@pytest.mark.parametrize("container", CONTAINERS)
def test_numbers_against_scipy(code, rng, container):
    y = rng.normal(size=50) + 2 * code[:, 3]
    result = rank_units(IDENTITY, container(code), y)
    assert result.classes is None
    for unit in (0, 1, 2, 3, 5):
        expected = spearmanr(code[:, unit], y)
        assert_allclose(result.effect[unit, 0], expected.statistic)
        assert_allclose(result.pvalues[unit, 0], expected.pvalue)
    assert result.units[0] == 3
    assert (result.effect[4], result.pvalues[4]) == (0, 1)


def test_units_that_tell_everything():
    code = np.array([[0.0, 3, 1], [0, 2, 1], [5, 1, 0], [6, 0, 1]])
    result = rank_units(IDENTITY, code, [0, 0, 1, 1])
    assert_array_equal(result.effect[:2], [[-1, 1], [1, -1]])
    assert_array_equal(result.units, [0, 1, 2])
    numbers = rank_units(IDENTITY, code, [4, 3, 2, 1], kind="numbers")
    assert_allclose(numbers.effect[1], 1)
    assert numbers.pvalues[1] == 0


def test_targets_that_are_refused(code):
    with pytest.raises(ValueError, match="only one class"):
        rank_units(IDENTITY, code, np.ones(50))
    with pytest.raises(ValueError, match="50 missing label.s."):
        rank_units(IDENTITY, code, np.full(50, np.nan), kind="numbers")
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        rank_units(IDENTITY, code, [0, 1])
    infinite = np.where(np.arange(50) == 7, np.inf, 1.0)
    for kind in ("auto", "classes", "numbers"):
        with pytest.raises(ValueError, match="y has values that are infinite"):
            rank_units(IDENTITY, code, infinite, kind=kind)


@pytest.mark.parametrize("missing", [np.nan, None])
@pytest.mark.parametrize("kind", ["auto", "classes", "numbers"])
def test_missing_labels_are_counted(kind, missing, code):
    y = np.arange(50) % 3 / 2
    y = np.where(y == 1, missing, y) if missing is None else np.where(y == 1, np.nan, y)
    with pytest.raises(ValueError, match="16 missing label.s., the first in row 2"):
        rank_units(IDENTITY, code, y, kind=kind)


def test_numbers_in_objects_are_numbers(code):
    y = np.linspace(0, 1, 50)
    result = rank_units(IDENTITY, code, y.astype(object))
    assert result.classes is None
    assert_array_equal(result.effect, rank_units(IDENTITY, code, y).effect)


def test_names_are_no_numbers(rng):
    X = rng.uniform(size=(30, 4))
    with pytest.raises(ValueError, match="kind='numbers' needs numbers"):
        rank_units(PCA(2).fit(X), X, np.array(["a", "b"] * 15), kind="numbers")
