import base64
import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

import skl_sparse_ae.report
from skl_sparse_ae.report import html_report

from .estimators import Given
from .pages import cards_of, lines, parse

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

PACKAGE = Path(skl_sparse_ae.report.__file__).parent
NASTY = '<script>alert("1")</script>'


class Nasty(Given):
    def __init__(self, components=((1.0, 0.0), (0.0, 1.0)), note=NASTY):
        super().__init__(components)
        self.note = note


def test_what_comes_from_the_data_is_escaped(rng):
    report = html_report(
        Nasty(note=NASTY + "'").fit(),
        rng.uniform(size=(40, 2)),
        np.repeat([NASTY, '"><img src=x onerror=alert(1)>'], 20),
        feature_names=[NASTY, "&lt;b&gt; $title ${style}"],
        row_labels=[f'{i}" onclick="alert(1)"' for i in range(40)],
        title=NASTY,
    )
    page = parse(report)
    # The only script is that of the package.
    assert page.one("script").text == " ".join(
        (PACKAGE / "script.js").read_text().split()
    )
    assert page.one("h1").text == page.one("title").text == NASTY
    assert not page.all("img")
    assert not any(name.startswith("on") for node in page for name in node.attrs)
    card = page.all("li", class_="unit")[0]
    assert {NASTY, "&lt;b&gt; $title ${style}"} <= set(
        card.attrs["data-text"].split("\n")
    )
    assert NASTY in page.one("section", id="settings").text
    assert f"class {NASTY}" in card.text or NASTY in card.text


def test_names_in_pictures_are_escaped(rng):
    labels = [f'{i}" onclick="alert(1)"' for i in range(40)]
    components = rng.normal(size=(2, 4))
    X = rng.uniform(size=(40, 2))
    X = np.hstack([X, X])

    class Half(Given):
        def transform(self, X):
            return X[:, :2]

    report = html_report(
        Half(components).fit(), X, image_shape=(2, 2), row_labels=labels, pca=False
    )
    pictures = parse(report).all(class_="row-picture")
    assert len(pictures) == 16
    assert all({"class", "role", "title", "style"} == set(p.attrs) for p in pictures)
    assert 'onclick="alert(1)"' in pictures[0].attrs["title"]


def test_long_names_are_cut(rng):
    label = "a " * 500
    report = html_report(
        Given().fit(), rng.uniform(size=(9, 2)), row_labels=[label] * 9
    )
    name = lines(cards_of(report)[0].all("ol")[1])[0][0]
    assert len(name) == 80
    assert name.startswith("a a a")
    assert name.endswith("…")


def test_the_page_needs_nothing_else(images, names):
    for report in (images, names):
        page = parse(report)
        for node in page:
            assert not {"src", "href", "srcset", "action", "data"} & set(node.attrs)
            assert node.tag not in {"link", "iframe", "object", "embed", "base"}
        html = report.html
        assert html.count("http") == html.count('http-equiv="Content') == 1
        assert not re.search(r"@import|url\((?!data:image/png;base64,)", html)


def test_the_policy_lets_the_own_script_run_and_nothing_else(images):
    page = parse(images)
    meta = page.one("meta", **{"http-equiv": "Content-Security-Policy"})
    rules = dict(rule.split(maxsplit=1) for rule in meta.attrs["content"].split("; "))
    assert rules["default-src"] == "'none'"
    script = "".join(page.one("script").children)
    digest = hashlib.sha256(script.encode()).digest()
    assert rules["script-src"] == f"'sha256-{base64.b64encode(digest).decode()}'"


# A control sequence of terminals, an override of the direction, half of a pair.
HIDDEN = "a\x1b[2J\x07 \u202eb\u2066 \ud800c"
SHOWN = r"a\x1b[2J\x07 \u202eb\u2066 \ud800c"


# Joiners are parts of words and pictures.
JOINED = "\u0646\u200c\u0647 \U0001f469\u200d\U0001f52c"


def test_characters_that_cannot_be_seen_are_shown(rng, tmp_path):
    report = html_report(
        Nasty(note=HIDDEN).fit(),
        rng.uniform(size=(40, 2)),
        np.array([HIDDEN] * 10 + ["other"] * 30, dtype=object),
        feature_names=[HIDDEN, JOINED],
        row_labels=[HIDDEN] * 40,
        title=HIDDEN,
    )
    report.save(tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert html == report.html
    assert not set(html) & set("\x1b\x07\u202e\u2066\ud800")
    page = parse(report)
    assert page.one("h1").text == page.one("title").text == SHOWN
    text = page.all("li", class_="unit")[0].attrs["data-text"].split("\n")
    assert {SHOWN, JOINED} <= set(text)
    assert not set(report._repr_html_()) & set("\x1b\x07\u202e\u2066\ud800")
