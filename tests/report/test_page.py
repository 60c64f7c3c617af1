"""Files of the page, and its accessibility."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

import skl_sparse_ae.report

from .pages import parse

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

PACKAGE = Path(skl_sparse_ae.report.__file__).parent


def test_the_package_has_the_files_of_the_page():
    project = PACKAGE.parents[1] / "pyproject.toml"
    if not project.is_file():
        pytest.skip("needs the project's pyproject.toml")
    listed = tomllib.loads(project.read_text())["tool"]["setuptools"]["package-data"]
    files = {p.name for p in PACKAGE.iterdir() if p.is_file() and p.suffix[:3] != ".py"}
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
