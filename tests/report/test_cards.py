"""Cards show what metrics and inspection return."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy.stats import fisher_exact

from skl_sparse_ae import metrics
from skl_sparse_ae.inspection import label_enrichment, top_activating, top_features
from skl_sparse_ae.report import html_report

from .estimators import Given, fit
from .pages import cards_of, facts, lines, parse

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("penalty", ["topk", "kl"])
def test_cards_have_the_numbers_of_metrics(penalty, X):
    autoencoder = fit(X, penalty)
    threshold = {"topk": None, "kl": "mean"}[penalty]
    A = autoencoder.transform(X)
    expected = {
        "unit": np.arange(20),
        "density": metrics.activation_density(A, threshold=threshold),
        "mean": A.mean(axis=0),
        "largest": A.max(axis=0),
    }
    cards = cards_of(html_report(autoencoder, X))
    for key, values in expected.items():
        found = [float(card.attrs[f"data-{key}"]) for card in cards]
        assert_allclose(found, values, rtol=1e-5)
    for card, density, mean in zip(
        cards, expected["density"], expected["mean"], strict=True
    ):
        shown = facts(card, "numbers")
        assert shown["density"] == f"{100 * density:.3g} %"
        assert shown["mean activation"] == f"{mean:.3g}"


def test_dead_and_always_on_units_by_hand():
    # Unit 0 is active on rows 0 and 1, unit 1 on none, unit 2 on all.
    code = np.array([[3.0, 0, 1], [1, 0, 1], [0, 0, 2], [0, 0, 2]])
    estimator = Given(np.eye(3)).fit()
    page = parse(html_report(estimator, code))
    summary = facts(page.one("section", id="sparsity"), "facts")
    assert summary["Active units per row"] == "1.5 of 3"
    assert summary["Fewest and most"] == "1 to 2"
    assert (summary["Dead units"], summary["Always on"]) == ("1", "1")
    cards = page.all("li", class_="unit")
    badges = [[b.text for b in card.all(class_="badge")] for card in cards]
    assert badges == [[], ["dead"], ["always on"]]
    assert [card.attrs["data-density"] for card in cards] == ["0.5", "0", "1"]
    first, last = (lines(cards[unit].all("ol")[1]) for unit in (0, 2))
    assert first == [["row 0", "3"], ["row 1", "1"]]
    assert [name for name, _ in last] == ["row 2", "row 3", "row 0", "row 1"]
    assert "Zero on all rows" in cards[1].text
    buttons = {b.attrs["data-query"]: b.text for b in page.all("button")}
    assert buttons == {"dead": "1 dead", "always on": "1 always on"}


def test_the_threshold_says_what_is_active():
    code = np.array([[3.0, 0.2], [1.0, 0.1]])
    cards = cards_of(html_report(Given().fit(), code, threshold=[2.0, 0.0]))
    assert [card.attrs["data-density"] for card in cards] == ["0.5", "1"]


def test_classes_by_hand():
    # Unit 0 is active on the 20 rows of class b and on 5 of the 60 others, unit 1 on
    # half of both, and unit 2 on 9 of 20 and 12 of 60: not enough, for six tests.
    y = np.repeat(["b", "c"], [20, 60])
    code = np.zeros((80, 3))
    code[:25, 0] = 1
    code[::2, 1] = 1
    code[[*range(9), *range(20, 32)], 2] = 1
    first, *others = cards_of(html_report(Given(np.eye(3)).fit(), code, y))
    assert fisher_exact([[9, 12], [11, 48]], alternative="greater").pvalue < 0.05
    # 20 / 25 against 20 / 80.
    assert first.attrs["data-enrichment"] == "3.2"
    assert lines(first.all("ul")[-1]) == [
        ["class b", "3.2 times as frequent, 80 % of its active rows"]
    ]
    for card in others:
        assert "data-enrichment" not in card.attrs
        assert "No class is more frequent" in card.text


def test_classes_are_those_of_inspection(images, topk, X, target):
    enrichment = label_enrichment(topk, X, target)
    beyond = enrichment.adjusted_pvalues < 0.05
    largest = np.where(beyond, enrichment.enrichment, -1).max(axis=1)
    cards = cards_of(images)
    found = [float(card.attrs.get("data-enrichment", -1)) for card in cards]
    assert_allclose(found, largest, rtol=1e-5)
    assert max(found) > 2


def test_features_and_rows_are_those_of_inspection(names, pipeline, cancer):
    X, y = cancer
    features = top_features(pipeline, 3)
    rows = top_activating(pipeline, X, n=4)
    for unit, card in enumerate(cards_of(names)):
        weights, active = card.all("ol")
        assert lines(weights) == [
            [name, f"{weight:.3g}"]
            for name, weight in zip(
                features.names[unit], features.weights[unit], strict=True
            )
        ]
        assert lines(active) == [
            [f"row {row}", y[row], f"{activation:.3g}"]
            for row, activation in zip(
                rows.indices[unit], rows.activations[unit], strict=True
            )
        ]
        signs = [line.attrs["class"] for line in weights.all("li")]
        assert signs == ["plus" if w > 0 else "minus" for w in features.weights[unit]]


def test_the_search_finds_what_the_card_names(names, pipeline, cancer):
    features, rows = top_features(pipeline, 3), top_activating(pipeline, cancer[0], n=4)
    for unit, card in enumerate(cards_of(names)):
        texts = card.attrs["data-text"].split("\n")
        assert texts[0] == f"unit {unit}"
        assert set(features.names[unit]) <= set(texts)
        assert {f"row {row}" for row in rows.indices[unit]} <= set(texts)


def test_rows_have_their_labels(X):
    labels = [f"digit number {i}" for i in range(300)]
    frame = pd.DataFrame(X, index=labels).add_prefix("pixel")
    autoencoder = fit(frame)
    rows = top_activating(autoencoder, frame, n=8).indices[0]
    for table, row_labels, expected in [
        (frame, None, [labels[row] for row in rows]),
        (frame, range(1000, 1300), [f"row {1000 + row}" for row in rows]),
        (frame.set_axis(range(300, 0, -1)), None, [f"row {300 - row}" for row in rows]),
        (pl.DataFrame(frame), None, [f"row {row}" for row in rows]),
    ]:
        card = cards_of(html_report(autoencoder, table, row_labels=row_labels))[0]
        assert [name for name, _ in lines(card.all("ol")[1])] == expected
        names = card.attrs["data-text"].split("\n")
        first = names.index(expected[0])
        assert names[first : first + 8] == expected
