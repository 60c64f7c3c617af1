"""Numeric targets: what is taken for one, and correlations against SciPy's."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from scipy.stats import pearsonr, spearmanr
from sklearn.datasets import load_diabetes

from skl_sparse_ae.report import html_report
from skl_sparse_ae.report._targets import as_numbers, correlations

from .estimators import Given, fit
from .pages import cards_of, lines, parse

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize(
    ("y", "is_numeric"),
    [
        (np.arange(4) % 3, False),
        (np.array([0.0, 1, 2, 1]), False),
        (np.array([0.5, 1, 2, 1]), True),
        (np.array([0.5, 1, 2, 1], dtype=object), True),
        (np.array(["0.5", "1", "2", "1"]), False),
        (np.arange(20), False),
        (np.arange(21), True),
        (np.arange(300) // 10, False),
        (np.arange(300) // 9, True),
        (np.arange(300) // 9 > 7, False),
        (np.array([0.5, np.nan]), False),
    ],
)
def test_what_is_a_numeric_target(y, is_numeric):
    numbers = as_numbers(y)
    assert (numbers is not None) == is_numeric
    if is_numeric:
        assert numbers.dtype == np.float64
        assert numbers.tolist() == y.tolist()


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_correlations_are_those_of_scipy(container, rng):
    y = rng.normal(size=40) + 1e3
    code = np.maximum(rng.normal(size=(40, 5)) + 0.5 * y[:, None] - 500, 0)
    code[:, 3] = 0
    found = correlations(container(code), y)
    for unit in (0, 1, 2, 4):
        assert_allclose(found.pearson[unit], pearsonr(code[:, unit], y)[0], rtol=1e-7)
        assert_allclose(found.spearman[unit], spearmanr(code[:, unit], y)[0])
    assert found.pearson[3] == found.spearman[3] == 0


def test_cards_show_the_correlation_with_a_numeric_target():
    y = np.arange(60.0) + 0.5
    code = np.stack([y**3, -y, np.tile([0.0, 1, 2], 20)], axis=1)
    report = html_report(Given(np.eye(3)).fit(), code, y)
    cards = cards_of(report)
    assert [float(card.attrs["data-correlation"]) for card in cards[:2]] == [1, -1]
    pearson = np.corrcoef(y**3, y)[0, 1]
    assert lines(cards[0].all("ul")[-1]) == [
        ["of ranks (Spearman)", "1.00"],
        ["of activations (Pearson)", f"{pearson:.2f}"],
    ]
    assert "No correlation with y beyond chance" in cards[2].text
    orders = [option.attrs["value"] for option in parse(report).all("option")]
    assert {"correlation down", "correlation up"} < set(orders)
    assert "enrichment down" not in orders
    # The rows with their numbers.
    assert lines(cards[0].all("ol")[1])[0] == ["row 59", "59.5", f"{59.5**3:.3g}"]


def test_the_target_of_diabetes_has_214_whole_numbers():
    X, y = load_diabetes(return_X_y=True)
    assert len(np.unique(y)) == 214
    autoencoder = fit(X, "l1")
    for target in (y, y.astype(int), y.astype(object)):
        report = html_report(autoencoder, X, target)
        assert "Correlation with y" in parse(report).text
        assert "Classes where it is active" not in report.html
    # As strings, they are names.
    assert "Correlation" not in html_report(autoencoder, X, y.astype(str)).html


def test_missing_numbers_are_refused():
    y = np.array([0.5, np.nan, 1.5, 2])
    with pytest.raises(ValueError, match=r"y has 1 missing label"):
        html_report(Given().fit(), np.ones((4, 2)), y)
