from collections import Counter

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skl_sparse_ae.report._charts import Axis, areas, histogram

from .pages import Tree


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
