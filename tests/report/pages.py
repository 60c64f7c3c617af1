"""Parsing of pages: a tree of their elements, and the contents of these."""

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest

VOID = {"meta", "input", "br", "img", "link"}


class Node:
    def __init__(self, tag, attrs, parent=None):
        self.tag, self.attrs, self.parent = tag, dict(attrs), parent
        self.children = []

    def __iter__(self):
        """All descendants, in order."""
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child

    @property
    def text(self):
        texts = [c if isinstance(c, str) else c.text for c in self.children]
        return " ".join(" ".join(texts).split())

    def all(self, tag=None, **attrs):
        """Descendants with a tag and attributes; class_ is one of their classes."""
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
    """Tree of elements; raises AssertionError if they are not nested properly."""

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
    """Terms and descriptions of a description list, as a dict."""
    below = node.one("dl", class_=css_class)
    names, values = below.all("dt"), below.all("dd")
    return {n.text: v.text for n, v in zip(names, values, strict=True)}


def lines(node):
    return [[cell.text for cell in line.children] for line in node.all("li")]


def table_of(page):
    rows = page.one("table").one("tbody").all("tr")
    return [[c.text for c in row.children if isinstance(c, Node)] for row in rows]


def picture_of(page, node, selector, margin=0):
    """Pixels of the sprite that an element shows, and `margin` pixels around them."""
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
    left, top = (int(n) // scale - margin for n in position.groups())
    bottom, right = top + height // scale, left + width // scale
    return pixels[top : bottom + 2 * margin, left : right + 2 * margin]
