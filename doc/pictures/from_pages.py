"""Pictures of the documentation, each drawn by the code that stands above it.

    python doc/pictures/from_pages.py              # all, some minutes
    python doc/pictures/from_pages.py units        # those of one page

A page shows a picture as an image in `_static/pages`. It is what the Python code of the
page has drawn last, when all of it as far as the image has run. So what a reader runs
and sees is what is shown. Needs `pip install ".[examples]"`, and PyTorch for some
pages.
"""

import argparse
import doctest
import re
import warnings
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

from saving import save

DOC = Path(__file__).resolve().parents[1]
FOLDER = DOC / "_static" / "pages"
# A block of Python, an included function, or an image of this folder.
PART = re.compile(
    r"^```python\n(?P<code>.*?)^```$"
    r"|^```\{literalinclude\} (?P<file>\S+)\n.*?:pyobject: (?P<name>\w+)\n```$"
    r"|^!\[[^]]+\]\((?P<image>[./]*_static/pages/[\w-]+\.png)\)$",
    re.DOTALL | re.MULTILINE,
)


def pages():
    """Pages that show such pictures, by name."""
    found = sorted([*DOC.glob("*.md"), *DOC.glob("guide/*.md")])
    return {
        path.relative_to(DOC).with_suffix("").as_posix(): path
        for path in found
        if images_of(path)
    }


def images_of(path):
    """Paths of the pictures of a page."""
    parts = PART.finditer(path.read_text())
    return [path.parent / part["image"] for part in parts if part["image"]]


def figures(path):
    """Run the code of a page; yield the path of each picture and its figure."""
    import matplotlib.pyplot as plt

    names = {}
    parts = list(PART.finditer(path.read_text()))
    while parts and not parts[-1]["image"]:
        parts.pop()
    for part in parts:
        if part["image"]:
            yield path.parent / part["image"], plt.gcf()
            plt.close("all")
        elif part["code"]:
            plt.close("all")
            run(part["code"], names)
        else:
            source = (path.parent / part["file"]).read_text()
            function = rf"^def {part['name']}\(.*?(?=^\S|\Z)"
            run(re.search(function, source, re.DOTALL | re.MULTILINE)[0], names)


def run(code, names):
    """Run a block of code, with or without prompts, but for errors that it shows."""
    examples = doctest.DocTestParser().get_examples(code)
    sources = [e.source for e in examples if e.exc_msg is None] if examples else [code]
    with (
        TemporaryDirectory() as folder,  # for the files that examples write
        chdir(folder),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        for source in sources:
            exec(compile(source, "<page>", "exec"), names)


def main():
    """Draw."""
    import matplotlib

    matplotlib.use("agg")
    matplotlib.rcParams["figure.constrained_layout.use"] = True
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="page", help=", ".join(pages()))
    arguments = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    for name in arguments.names or pages():
        for path, figure in figures(pages()[name]):
            save(figure, path)
            print(path.name, f"{path.stat().st_size / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    main()
