"""Pictures and measured figures in README and in the documentation."""

import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOC = ROOT / "doc"
PAGES = [ROOT / "README.md", *sorted(DOC.glob("*.md")), *sorted(DOC.glob("guide/*.md"))]
GUIDE = [path for path in PAGES if path.parent.name == "guide" or path.stem == "README"]
# Lines of pages that need an optional library.
NEEDED = {
    "torch": "import torch",
    "pandas": "import pandas|.*as_frame=True",
    "safetensors": "from skl_sparse_ae.interchange import",
}
IMAGE = re.compile(r"!\[(?P<alt>[^]]*)\]\((?P<file>[^)]+)\)")


def script(folder, name):
    """A script of the repository, as a module."""
    path = str(ROOT / folder)
    sys.path.insert(0, path)
    try:
        return import_module(name)
    finally:
        sys.path.remove(path)


def page_name(path):
    return path.stem


@pytest.mark.parametrize("path", PAGES, ids=page_name)
def test_images_are_there_and_small_and_described(path):
    for image in IMAGE.finditer(path.read_text()):
        assert (path.parent / image["file"]).stat().st_size < 200_000
        assert len(image["alt"].split()) > 4, image["file"]


@pytest.mark.parametrize("path", GUIDE, ids=page_name)
def test_a_page_begins_with_a_picture(path):
    beginning, *_ = path.read_text().split("\n## ")
    assert path.stem == "index" or IMAGE.search(beginning)


def drawn_pages():
    return script("doc/pictures", "from_pages").pages()


@pytest.mark.parametrize("name", drawn_pages())
def test_the_code_above_a_picture_draws_it(name):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    module = script("doc/pictures", "from_pages")
    path = module.pages()[name]
    for library, use in NEEDED.items():
        if re.search(rf"^{use}", path.read_text(), re.MULTILINE):
            pytest.importorskip(library)
    pyplot.switch_backend("agg")
    try:
        images = [(image, len(figure.axes)) for image, figure in module.figures(path)]
    finally:
        pyplot.close("all")
    assert [image for image, _ in images] == module.images_of(path)
    assert all(n_axes for _, n_axes in images)


def test_measured_figures_are_those_of_the_files():
    pytest.importorskip("matplotlib")
    inserted = script("benchmarks", "reporting").inserted
    for (page, name), text in script("benchmarks", "pages").texts().items():
        content = (ROOT / page).read_text()
        is_as_written = inserted(content, name, text) == content
        assert is_as_written, f"{page}: run `python benchmarks/pages.py`"
