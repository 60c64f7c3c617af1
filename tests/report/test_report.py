"""The page says what metrics and inspection say, needs nothing else, and works."""

import base64
import hashlib
import io
import json
import re
import shutil
import subprocess
import tomllib
from collections import Counter
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.stats import fisher_exact
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.decomposition import (
    NMF,
    PCA,
    LatentDirichletAllocation,
    MiniBatchDictionaryLearning,
    TruncatedSVD,
)
from sklearn.exceptions import NotFittedError
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import skl_sparse_ae.report
from skl_sparse_ae import SparseAutoencoder, metrics
from skl_sparse_ae.inspection import label_enrichment, top_activating, top_features
from skl_sparse_ae.report import html_report
from skl_sparse_ae.report._charts import Axis, areas, histogram
from skl_sparse_ae.report._pictures import encode_png, shrink

from ..array_api import run_in_array_api_mode

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

PACKAGE = Path(skl_sparse_ae.report.__file__).parent
VOID = {"meta", "input", "br", "img", "link"}


# Reading pages


class Node:
    def __init__(self, tag, attrs, parent=None):
        self.tag, self.attrs, self.parent = tag, dict(attrs), parent
        self.children = []

    def __iter__(self):
        """All elements below, in order."""
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child

    @property
    def text(self):
        texts = [c if isinstance(c, str) else c.text for c in self.children]
        return " ".join(" ".join(texts).split())

    def all(self, tag=None, **attrs):
        """Elements below of a tag, with attributes; class_ is one of the classes."""
        css_class = attrs.pop("class_", None)
        return [
            node
            for node in self
            if tag in (None, node.tag)
            and (css_class is None or css_class in node.attrs.get("class", "").split())
            and all(node.attrs.get(key) == value for key, value in attrs.items())
        ]

    def one(self, tag=None, **attrs):
        (node,) = self.all(tag, **attrs)
        return node


class Tree(HTMLParser):
    """A tree of elements, which fails where they are not nested."""

    def __init__(self, html):
        super().__init__()
        self.root = self.node = Node("root", [])
        self.feed(html)
        self.close()
        assert self.node is self.root

    def handle_starttag(self, tag, attrs):
        node = Node(tag, attrs, self.node)
        self.node.children.append(node)
        if tag not in VOID:
            self.node = node

    def handle_startendtag(self, tag, attrs):
        self.node.children.append(Node(tag, attrs, self.node))

    def handle_endtag(self, tag):
        assert tag == self.node.tag
        self.node = self.node.parent

    def handle_data(self, data):
        self.node.children.append(data)


def parse(report):
    return Tree(report.html).root


def cards_of(report):
    return parse(report).all("li", class_="unit")


def facts(node, css_class):
    """The terms of a description list and what they are said to be."""
    below = node.one("dl", class_=css_class)
    names, values = below.all("dt"), below.all("dd")
    return {n.text: v.text for n, v in zip(names, values, strict=True)}


def lines(node):
    return [[cell.text for cell in line.children] for line in node.all("li")]


def table_of(page):
    rows = page.one("table").one("tbody").all("tr")
    return [[c.text for c in row.children if isinstance(c, Node)] for row in rows]


# Estimators


class Given(TransformerMixin, BaseEstimator):
    """An estimator whose code is its input, and whose weights are given."""

    def __init__(self, components=((1.0, 0.0), (0.0, 1.0))):
        self.components = components

    def fit(self, X=None, y=None):
        self.components_ = np.array(self.components)
        return self

    def transform(self, X):
        return X


@pytest.fixture(scope="module")
def target():
    return load_digits().target[:300]


@pytest.fixture(scope="module")
def X(digits):
    return digits[:300]


def fit(X, penalty="topk", n_components=20, **params):
    return SparseAutoencoder(
        n_components, penalty=penalty, tol=0.05, random_state=0, **params
    ).fit(X)


@pytest.fixture(scope="module")
def topk(X):
    return fit(X)


@pytest.fixture(scope="module")
def images(topk, X, target):
    return html_report(topk, X, target, image_shape=(8, 8))


@pytest.fixture(scope="module")
def cancer():
    data = load_breast_cancer(as_frame=True)
    return data.data, data.target_names[data.target]


@pytest.fixture(scope="module")
def pipeline(cancer):
    autoencoder = SparseAutoencoder(15, penalty="l1", tol=0.05, random_state=0)
    return make_pipeline(StandardScaler(), autoencoder).fit(cancer[0])


@pytest.fixture(scope="module")
def names(pipeline, cancer):
    return html_report(pipeline, *cancer, n_top_rows=4, n_top_features=3)


# Numbers


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


def test_the_fraction_explained_stands_beside_that_of_pca(topk, X, monkeypatch):
    # Several blocks of rows.
    monkeypatch.setattr("skl_sparse_ae._arrays._blocks.BLOCK_BYTES", 10_000)
    rows = table_of(parse(html_report(topk, X, image_shape=(8, 8))))
    explained = PCA().fit(X).explained_variance_ratio_.cumsum()
    assert rows == [
        ["SparseAutoencoder", "20", "2", f"{topk.score(X):.3f}"],
        ["PCA", "20", "20", f"{explained[19]:.3f}"],
        ["PCA", "2", "2", f"{explained[1]:.3f}"],
    ]


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.coo_matrix])
def test_as_many_components_as_columns_explain_all(container, X):
    X = container(X[:, :30])
    autoencoder = fit(X, "kl", n_components=40)
    rows = table_of(parse(html_report(autoencoder, X)))
    assert rows[0] == ["SparseAutoencoder", "40", "40", f"{autoencoder.score(X):.3f}"]
    assert rows[1:] == [["PCA", "30", "30", "1.000"]]


def test_pca_can_be_left_out(topk, X):
    rows = table_of(parse(html_report(topk, X, image_shape=(8, 8), pca=False)))
    assert [row[0] for row in rows] == ["SparseAutoencoder"]


def test_scores_of_a_pipeline_are_those_of_its_last_step(pipeline, cancer, names):
    rows = table_of(parse(names))
    assert rows[0][-1] == f"{pipeline.score(cancer[0]):.3f}"
    scaled = StandardScaler().fit_transform(cancer[0])
    pca = PCA(15).fit(scaled)
    assert rows[1][-1] == f"{pca.explained_variance_ratio_.sum():.3f}"


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
        ["class b", "3.2 times as frequent, 80 % of its rows"]
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
        assert card.attrs["data-text"].split("\n")[-8:] == expected


def test_parameters_and_what_came_out_of_fit(images, topk):
    settings = parse(images).one("section", id="settings")
    outcomes, parameters = settings.all("dl")
    shown = {
        dt.text: dd
        for dt, dd in zip(parameters.all("dt"), parameters.all("dd"), strict=True)
    }
    assert {name: dd.text for name, dd in shown.items()} == {
        name: repr(value) for name, value in topk.get_params().items()
    }
    changed = {name for name, dd in shown.items() if dd.all("strong")}
    assert changed == {"n_components", "penalty", "tol", "random_state"}
    values = {
        dt.text: dd.text
        for dt, dd in zip(outcomes.all("dt"), outcomes.all("dd"), strict=True)
    }
    expected = {
        "activation_": "relu",
        "alpha_": f"{topk.alpha_:.3g}",
        "beta_": f"{topk.beta_:.3g}",
        "n_features_in_": "64",
        "n_iter_": str(topk.n_iter_),
    }
    assert expected.items() <= values.items()
    # Numbers and names only.
    assert not {"components_", "loss_curve_", "penalty_"} & set(values)


@pytest.mark.parametrize(
    ("params", "marked"),
    [
        ({"penalty": "topk"}, [0, 1]),
        ({"penalty": "kl"}, [2]),
        ({"penalty": "kl", "activation": "tanh"}, [2]),
        ({"penalty": "l1"}, []),
    ],
)
def test_rho_is_marked_where_it_is_the_aim(params, marked, X):
    autoencoder = fit(X, rho=0.15, **params)
    section = parse(html_report(autoencoder, X)).one("section", id="sparsity")
    figures = section.all("figure")
    assert [i for i, f in enumerate(figures) if f.all("line", class_="mark")] == marked
    assert [i for i, f in enumerate(figures) if "rho = 0.15" in f.text] == marked
    # With tanh too, in the units of rho.
    assert ("mapped to (0, 1)" in figures[2].text) == ("activation" in params)
    low = float(
        re.search(r"from (\S+) to", figures[2].one("svg").attrs["aria-label"])[1]
    )
    assert low > 0


def test_training_ends_where_the_curve_does(images, topk):
    section = parse(images).one("section", id="training")
    assert f"to {topk.loss_curve_[-1]:.3g}" in section.text
    assert f"{topk.n_iter_} iterations" in section.text
    names = "reconstruction", "decay", "sparsity"
    for name, term in zip(names, topk.loss_terms_[-1], strict=True):
        assert f"{name}, at last {term:.3g}" in section.text


# Safety


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
    # The one script is that of the package.
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


def test_the_same_arguments_give_the_same_page(images, topk, X, target, tmp_path):
    again = html_report(topk, X, target, image_shape=(8, 8), random_state=0)
    assert again.html == images.html
    images.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_bytes().decode() == images.html
    assert repr(images) == "HTMLReport(title='SparseAutoencoder: 20 units')"


def test_notebooks_show_it_in_a_frame(images):
    frame = Tree(images._repr_html_()).root.one("iframe")
    assert frame.attrs["srcdoc"] == images.html
    assert frame.attrs["sandbox"] == "allow-scripts"
    assert frame.attrs["title"] == images.title


@pytest.mark.parametrize("image_shape", [None, (8, 8)])
def test_pages_of_many_units_are_not_large(image_shape, X, target):
    sizes = [
        len(
            html_report(fit(X, n_components=n), X, target, image_shape=image_shape).html
        )
        for n in (20, 220)
    ]
    # 2000 units: some megabytes.
    assert sizes[0] < 80_000
    assert (sizes[1] - sizes[0]) / 200 < 3000


# Pictures


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (1, 1), (40, 300)])
def test_pngs_are_read_as_what_they_are(shape, rng):
    image = pytest.importorskip("matplotlib.image")
    pixels = rng.randint(256, size=shape).astype(np.uint8)
    read = image.imread(io.BytesIO(encode_png(pixels)), format="png")
    assert_array_equal(np.rint(255 * read), pixels)


def picture_of(page, node, selector, beside=0):
    """The pixels that an element shows, cut out as a browser does, and those beside."""
    image = pytest.importorskip("matplotlib.image")
    style = "".join(page.one("style").children)
    rule = re.search(rf"{re.escape(selector)} {{ (width[^}}]*) }}", style)[1]
    width, height = map(
        int, re.search(r"width: (\d+)px; height: (\d+)px", rule).groups()
    )
    png = base64.b64decode(re.search(r"base64,([^)]*)\)", rule)[1])
    pixels = np.rint(255 * image.imread(io.BytesIO(png), format="png"))
    across, down = map(int, re.search(r"0 0 / (\d+)px (\d+)px", rule).groups())
    scale = across // pixels.shape[1]
    assert (down, across) == (scale * pixels.shape[0], scale * pixels.shape[1])
    position = re.fullmatch(
        r"background-position:-(\d+)px -(\d+)px", node.attrs["style"]
    )
    left, top = (int(n) // scale - beside for n in position.groups())
    bottom, right = top + height // scale, left + width // scale
    return pixels[top : bottom + 2 * beside, left : right + 2 * beside]


def test_units_are_shown_by_their_weights(images, topk):
    page = parse(images)
    pictures = page.all(class_="picture")
    assert [p.attrs["aria-label"] for p in pictures] == [
        f"Weights of unit {i}" for i in range(20)
    ]
    for picture, weights in zip(pictures, topk.components_, strict=True):
        # What scaling may bring in from beside a picture is its own edge.
        shown = picture_of(page, picture, ".picture", beside=1)
        expected = (128 + 127.5 * weights / np.abs(weights).max()).clip(0, 255)
        expected = np.pad(expected.reshape(8, 8), 1, mode="edge")
        assert_allclose(shown, expected, atol=1)


def test_rows_are_shown_as_they_are(images, topk, X, target):
    page = parse(images)
    top = top_activating(topk, X, n=8)
    cards = page.all("li", class_="unit")
    for card, rows, activations in zip(
        cards, top.indices, top.activations, strict=True
    ):
        pictures = card.all(class_="row-picture")
        assert [p.attrs["title"] for p in pictures] == [
            f"row {row}, class {target[row]}, activation {activation:.3g}"
            for row, activation in zip(rows, activations, strict=True)
        ]
        for picture, row in zip(pictures, rows, strict=True):
            shown = picture_of(page, picture, ".row-picture")
            assert_allclose(shown, 255 * X[row].reshape(8, 8), atol=1)


@pytest.mark.parametrize("container", [np.asarray, sparse.csc_array, pd.DataFrame])
def test_colours_and_sizes_that_are_no_squares(container, rng):
    X = rng.uniform(2, 5, size=(30, 2 * 3 * 3))
    X[0, 0], X[1, 0] = 2, 5
    X = container(X)
    page = parse(html_report(PCA(4).fit(X), X, image_shape=(2, 3, 3), n_top_rows=30))
    picture = page.all(class_="row-picture")[0]
    row = int(re.match(r"row (\d+)", picture.attrs["title"])[1])
    expected = pd.DataFrame(X.toarray() if sparse.issparse(X) else X).to_numpy()[row]
    shown = picture_of(page, picture, ".row-picture")
    assert_allclose(shown, 255 * (expected.reshape(2, 3, 3) - 2) / 3, atol=1)
    assert picture_of(page, page.all(class_="picture")[3], ".picture").shape == (
        2,
        3,
        3,
    )


def test_shrinking_takes_means_of_squares():
    image = np.arange(15.0).reshape(1, 3, 5)
    assert_allclose(shrink(image, 3), [[[3, 5, 6.5], [10.5, 12.5, 14]]])
    assert shrink(image, 5) is image
    assert shrink(np.ones((2, 90, 200, 3)), 56).shape == (2, 23, 50, 3)


def test_large_images_are_shrunk(rng):
    X = rng.uniform(size=(5, 150 * 300))
    estimator = PCA(2).fit(X)
    page = parse(html_report(estimator, X, image_shape=(150, 300), pca=False))
    weights = picture_of(page, page.all(class_="picture")[0], ".picture")
    assert weights.shape == (50, 100)
    assert picture_of(
        page, page.all(class_="row-picture")[0], ".row-picture"
    ).shape == (
        25,
        50,
    )


# Charts


def rectangles(svg):
    keys = "x", "y", "width", "height"
    return np.array([[float(r.attrs[k]) for k in keys] for r in svg.all("rect")])


def test_a_histogram_counts():
    values = np.array([3, 3, 3, 5, 5, 8])
    svg = Tree(histogram(values, "Rows", mark=5.0)).root.one("svg")
    assert svg.attrs["aria-label"] == "Rows: from 3 to 8"
    x, _, width, height = rectangles(svg).T
    assert_allclose(height / height[0], [1, 2 / 3, 1 / 3], atol=0.01)
    middles = x + width / 2
    assert_allclose(np.diff(middles) / (middles[2] - middles[0]), [0.4, 0.6], atol=0.01)
    mark = float(svg.one("line").attrs["x1"])
    assert mark == pytest.approx(middles[1], abs=0.5)


@pytest.mark.parametrize(
    "values",
    [
        np.array([7]),
        np.array([0, 0]),
        np.arange(1000),
        np.array([0.5, 0.5]),
        np.zeros(3),
        np.array([-1e-15, 1e-15]),
    ],
)
@pytest.mark.parametrize("mark", [None, 3.3])
def test_all_values_are_in_a_histogram(values, mark):
    svg = Tree(histogram(values, "Units", mark=mark)).root.one("svg")
    x, y, width, height = rectangles(svg).T
    assert (x >= 44).all()
    assert (x + width <= 291).all()
    assert_allclose(y + height, 108, atol=0.11)
    assert height.max() == pytest.approx(100, abs=0.1)
    if mark is not None:
        assert 44 <= float(svg.one("line").attrs["x1"]) <= 290


def test_integers_share_bins_evenly():
    svg = Tree(histogram(np.repeat(np.arange(100), 3), "Rows")).root.one("svg")
    heights = Counter(rectangles(svg)[:, 3])
    # 33 bins of three integers, and one of a single one.
    assert sorted(heights.values()) == [1, 33]


def test_areas_add_up():
    curves = {"decay": np.array([1.0, 2, 1]), "sparsity": np.array([3.0, 0, 1])}
    svg = Tree(areas(curves, np.array([4.0, 2, 2]), "J")).root.one("svg")
    (lower, upper), total = svg.all("polygon"), svg.one("polyline")

    def heights(node):
        points = [p.split(",") for p in node.attrs["points"].split()]
        return (108 - np.array(points, dtype=float)[:, 1]) / 25

    assert_allclose(heights(lower), [1, 2, 1, 0, 0, 0], atol=0.01)
    assert_allclose(heights(upper), [4, 2, 2, 1, 2, 1], atol=0.01)
    assert_allclose(heights(total), [4, 2, 2], atol=0.01)
    assert [lower.attrs["class"], upper.attrs["class"]] == ["decay", "sparsity"]


@pytest.mark.parametrize("n", [1, 2, 300, 5000])
def test_curves_of_any_length_reach_from_end_to_end(n):
    svg = Tree(areas({}, np.linspace(2, 1, n), "J")).root.one("svg")
    points = svg.one("polyline").attrs["points"].split()
    assert len(points) <= 300
    assert points[0] == "44.0,8.0"
    assert points[-1] == ("290.0,58.0" if n > 1 else "44.0,8.0")


@pytest.mark.parametrize(
    ("axis", "ticks"),
    [
        (Axis(0, 10, 0, 1), [0, 2, 4, 6, 8, 10]),
        (Axis(-0.07, 0.11, 0, 1), [-0.05, 0, 0.05, 0.1]),
        (Axis(0, 2, 0, 1, whole=True), [0, 1, 2]),
        (Axis(0, 3 * np.nextafter(1e-5, 0), 0, 1), [0, 1e-5, 2e-5]),
        (Axis(1, 300, 0, 1, log=True), [1, 10, 100]),
    ],
)
def test_ticks_are_round(axis, ticks):
    assert_allclose(axis.ticks(), ticks, atol=1e-12)
    assert not np.signbit(axis.ticks()[ticks.index(0) if 0 in ticks else 0])


# Other estimators and tables


@pytest.mark.parametrize(
    "estimator",
    [
        PCA(5),
        NMF(5, max_iter=300),
        MiniBatchDictionaryLearning(5, max_iter=5, random_state=0),
        TruncatedSVD(5),
        LatentDirichletAllocation(5, max_iter=2, random_state=0),
        SparseAutoencoder(5, penalty=None, activation="identity", tol=0.1),
        make_pipeline(MinMaxScaler(), PCA(5)),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_other_estimators_have_pages(estimator, X, target):
    report = html_report(estimator.fit(X), X, target, image_shape=(8, 8))
    page = parse(report)
    assert len(page.all("li", class_="unit")) == 5
    last = estimator[-1] if hasattr(estimator, "steps") else estimator
    assert report.title == f"{type(last).__name__}: 5 units"
    assert bool(page.all("section", id="training")) == hasattr(last, "loss_curve_")
    codes = {row[0] for row in table_of(page)}
    explains = hasattr(last, "inverse_transform")
    assert codes == ({type(last).__name__, "PCA"} if explains else {"PCA"})


def test_a_loss_curve_without_terms(X):
    class Curve(Given):
        loss_curve_ = [3.0, 2.0, 1.5]

    page = parse(html_report(Curve().fit(), X[:, 10:12]))
    assert "Objective J, from 3 to 1.5, over 3 iterations" in page.text
    assert not page.one("section", id="training").all("polygon")


def test_sparse_codes_and_data_frames_by_configuration(X):
    autoencoder = fit(X, sparse_output=True)
    dense = html_report(fit(X), X, random_state=0)
    page = html_report(autoencoder, sparse.csr_matrix(X), random_state=0)
    assert page.html.count("data-density") == 20
    for ours, theirs in zip(cards_of(page), cards_of(dense), strict=True):
        assert ours.attrs == theirs.attrs
    frame = pd.DataFrame(X).add_prefix("pixel")
    scaled = make_pipeline(MinMaxScaler(), fit(X))
    with sklearn.config_context(transform_output="pandas"):
        cards = cards_of(html_report(scaled.fit(frame), frame))
    assert all("pixel" in card.attrs["data-text"] for card in cards)


def test_rows_without_variance():
    X = np.ones((10, 3))
    autoencoder = SparseAutoencoder(2, random_state=0, max_iter=5).fit(X)
    rows = table_of(parse(html_report(autoencoder, X)))
    assert [row[0] for row in rows] == ["SparseAutoencoder"]


def test_units_that_are_never_active():
    estimator = Given(np.zeros((4, 4))).fit()
    report = html_report(estimator, np.zeros((6, 4)), [0, 1] * 3, image_shape=(2, 2))
    page = parse(report)
    assert len(page.all("span", class_="badge")) == 4
    assert not page.all(class_="row-picture")
    # Weights of zero are grey.
    assert (picture_of(page, page.all(class_="picture")[0], ".picture") == 128).all()


SCRIPT = """
import array_api_strict as xp
import sklearn
from sklearn.datasets import load_digits
from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.report import html_report

X, y = load_digits(return_X_y=True)
sklearn.set_config(array_api_dispatch=True)

def page(X, y):
    ae = SparseAutoencoder(6, penalty="topk", tol=0.1, random_state=0).fit(X)
    return html_report(ae, X, y, image_shape=(8, 8), random_state=0).html

assert page(X, y) == page(xp.asarray(X), xp.asarray(y))
print("compared")
"""


def test_arrays_of_other_libraries():
    output, errors = run_in_array_api_mode(SCRIPT)
    assert output == "compared\n", errors


# Bad input


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"image_shape": (8, 9)}, r"image_shape=\(8, 9\) is for 72 features"),
        ({"row_labels": ["a"]}, "row_labels has 1 entries, but X has 300 rows"),
        ({"y": [0, 1]}, "inconsistent numbers of samples"),
        ({"y": np.linspace(0, 1, 300)}, "continuous"),
        ({"feature_names": ["a"]}, r"feature_names has shape \(1,\)"),
        ({"threshold": [1.0, 2.0]}, r"threshold has shape \(2,\)"),
        ({"threshold": "median"}, "'threshold' parameter"),
        ({"n_top_rows": 0}, "'n_top_rows' parameter"),
        ({"n_top_features": 0}, "'n_top_features' parameter"),
        ({"title": 3}, "'title' parameter"),
    ],
)
def test_bad_parameters_are_named(params, match, topk, X):
    with pytest.raises(ValueError, match=match):
        html_report(topk, X, **params)


def test_pictures_of_rows_must_be_of_the_same_size(X):
    narrow = make_pipeline(PCA(16), fit(X[:, :16], n_components=3)).fit(X)
    with pytest.raises(ValueError, match=r"image_shape=\(4, 4\) is for 16 features"):
        html_report(narrow, X, image_shape=(4, 4))


@pytest.mark.parametrize("estimator", [SparseAutoencoder(), MLPRegressor(), PCA()])
def test_what_has_no_units_is_refused(estimator, X):
    with pytest.raises((NotFittedError, ValueError)):
        html_report(estimator, X)


def test_codes_that_are_not_of_the_units_are_refused(X):
    split = MiniBatchDictionaryLearning(3, max_iter=2, split_sign=True).fit(X)
    with pytest.raises(ValueError, match=r"6 columns, and components_ 3.*split_sign"):
        html_report(split, X)


# The files of the page, and who can read it


def test_the_package_has_the_files_of_the_page():
    project = PACKAGE.parents[1] / "pyproject.toml"
    if not project.is_file():
        pytest.skip("needs the project's pyproject.toml")
    listed = tomllib.loads(project.read_text())["tool"]["setuptools"]["package-data"]
    files = {p.name for p in PACKAGE.iterdir() if p.is_file() and p.suffix != ".py"}
    assert set(listed["skl_sparse_ae.report"]) == files


def luminance(colour):
    """Relative luminance, as WCAG 2.2 defines it."""
    shares = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(
        shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4
    )
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "grounds"),
    [
        ("ink", ["ground", "card", "blue-tint", "orange-tint"]),
        ("faint", ["ground", "card"]),
        ("orange", ["card"]),
    ],
)
def test_texts_have_the_contrast_that_wcag_asks_for(text, grounds, theme):
    style = (PACKAGE / "style.css").read_text()
    themes = re.findall(r":root {(.*?)}", style, flags=re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#\w{6});", themes[theme]))
    for ground in grounds:
        low, high = sorted(luminance(colours[name]) for name in (text, ground))
        assert (high + 0.05) / (low + 0.05) >= 4.5


def test_controls_have_labels_and_pictures_names(images, names):
    for report in (images, names):
        page = parse(report)
        labels = {label.attrs["for"] for label in page.all("label")}
        controls = page.all("input") + page.all("select")
        assert {control.attrs["id"] for control in controls} == labels
        assert all(button.text for button in page.all("button"))
        for picture in page.all(role="img"):
            assert picture.attrs.get("aria-label") or picture.attrs.get("title")
        identifiers = [node.attrs["id"] for node in page if "id" in node.attrs]
        assert len(identifiers) == len(set(identifiers))
        for section in page.all("section"):
            assert section.attrs["aria-labelledby"] in identifiers
        assert page.one("html").attrs["lang"] == "en"


# The page in a browser


@pytest.fixture(scope="module")
def chromium():
    names = ["chromium", "chromium-browser", "google-chrome", "chrome"]
    for name in filter(shutil.which, names):
        return name
    pytest.skip("needs Chromium, to open pages in")


SWITCHES = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--virtual-time-budget=20000",
    "--dump-dom",
]


def browse(chromium, path):
    """The page as it is once its scripts have run; none may complain."""
    profile = path.with_suffix(".profile")
    run = subprocess.run(
        [chromium, *SWITCHES, f"--user-data-dir={profile}", path.as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "CONSOLE" not in run.stderr, run.stderr
    return Tree(run.stdout).root


# A page with another one in a frame, which it works with: `steps` is a function of the
# frame's document, and what it returns is written down.
BENCH = """<!doctype html>
<iframe srcdoc="{srcdoc}" width="900" height="700"></iframe>
<pre></pre>
<script>
const frame = document.querySelector("iframe");
const steps = (page, type, choose, units) => {{ {steps} }};
frame.addEventListener("load", () => {{
  const page = frame.contentDocument;
  const set = (id, event) => (value) => {{
    page.getElementById(id).value = value;
    page.getElementById(id).dispatchEvent(new frame.contentWindow.Event(event));
  }};
  const units = () => [...page.querySelectorAll("#units > li")]
    .filter((unit) => unit.checkVisibility())
    .map((unit) => Number(unit.id.slice("unit-".length)));
  const type = set("search", "input"), choose = set("order", "change");
  const found = steps(page, type, choose, units);
  document.querySelector("pre").textContent = JSON.stringify(found);
}});
</script>
"""


def work_with(chromium, report, steps, folder):
    path = folder / "bench.html"
    path.write_text(BENCH.format(srcdoc=escape(report.html), steps=steps))
    return json.loads(browse(chromium, path).one("pre").text)


def test_a_saved_page_opens_without_complaint(chromium, images, tmp_path):
    images.save(tmp_path / "page.html")
    page = browse(chromium, tmp_path / "page.html")
    # It was hidden until the script ran.
    assert "hidden" not in page.one("div", id="toolbar").attrs
    assert page.one("output").text == "20 units"
    assert len(page.all("li", class_="unit")) == 20


def test_the_frame_of_a_notebook_opens_without_complaint(chromium, names, tmp_path):
    path = tmp_path / "notebook.html"
    path.write_text(f"<!doctype html><p></p>{names._repr_html_()}")
    assert browse(chromium, path).one("iframe").attrs["title"] == names.title


def test_searching(chromium, names, pipeline, cancer, tmp_path):
    features, rows = top_features(pipeline, 3), top_activating(pipeline, cancer[0], n=4)
    name, row = features.names[3, 0], rows.indices[5, 2]
    queries = ["", "unit 1", " UNIT 12 ", name.upper(), f"row {row}", "(", "no such"]
    steps = f"""
      return {json.dumps(queries)}.map((query) => {{
        type(query);
        return [units(), page.getElementById("count").value];
      }});"""
    everything, one, twelve, feature, by_row, bracket, nothing = work_with(
        chromium, names, steps, tmp_path
    )
    assert everything == [list(range(15)), "15 units"]
    # Not 10 to 14, too.
    assert one == [[1], "1 of 15 units"]
    assert twelve[0] == [12]
    # Names may be parts of names.
    found = [any(name in other for other in others) for others in features.names]
    assert feature[0] == np.flatnonzero(found).tolist()
    assert by_row[0] == np.flatnonzero((rows.indices == row).any(axis=1)).tolist()
    assert bracket == [[], "0 of 15 units"]
    assert nothing == [[], "0 of 15 units"]


def test_ordering(chromium, rng, tmp_path):
    # Each of the first units prefers one of four classes, the others none.
    y = np.arange(200) % 4
    A = rng.exponential(size=(200, 6)) * (rng.uniform(size=(200, 6)) < 0.2)
    A[:, :4] += (y[:, np.newaxis] == range(4)) * rng.uniform(0, 2, size=(200, 4))
    estimator = Given(np.eye(6)).fit()
    report = html_report(estimator, A, y)
    enrichment = label_enrichment(estimator, A, y)
    beyond = np.where(enrichment.adjusted_pvalues < 0.05, enrichment.enrichment, np.nan)
    assert np.isnan(beyond).all(axis=1).sum() == 2
    values = {
        "unit": np.arange(6),
        "density": (A != 0).mean(axis=0),
        "mean": A.mean(axis=0),
        "largest": A.max(axis=0),
        "enrichment": pd.DataFrame(beyond).max(axis=1).to_numpy(),
    }
    steps = """
      const orders = [...page.getElementById("order").options].map((o) => o.value);
      return orders.map((order) => { choose(order); return [order, units()]; });"""
    found = work_with(chromium, report, steps, tmp_path)
    assert len(found) == 9
    for order, units in found:
        key, direction = order.split()
        assert sorted(units) == list(range(6))
        ordered = np.round(values[key][units], 6)
        # Without the number, last.
        ordered = ordered[: np.isfinite(ordered).sum()]
        assert np.isfinite(ordered).all()
        steps = np.diff(ordered) * (1 if direction == "up" else -1)
        assert (steps >= 0).all()


def test_buttons_search_for_dead_units(chromium, tmp_path):
    code = np.array([[3.0, 0, 1], [1, 0, 1], [0, 0, 2], [0, 0, 2]])
    report = html_report(Given(np.eye(3)).fit(), code)
    steps = """
      const buttons = [...page.querySelectorAll("button")];
      const found = buttons.map((button) => { button.click(); return units(); });
      return [...found, page.getElementById("search").value];"""
    assert work_with(chromium, report, steps, tmp_path) == [[1], [2], "always on"]


def test_thousands_of_units_are_searched_at_once(chromium, rng, tmp_path):
    estimator = Given(rng.normal(size=(2000, 4))).fit()
    report = html_report(estimator, rng.uniform(size=(50, 2000)), pca=False)
    steps = """
      const start = performance.now();
      for (const query of ["unit 7", "", "x1", ""]) {
        type(query);
        page.body.getBoundingClientRect();
      }
      choose("density down");
      page.body.getBoundingClientRect();
      return (performance.now() - start) / 1000;"""
    assert work_with(chromium, report, steps, tmp_path) < 10
