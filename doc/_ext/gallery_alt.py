"""Alternative texts for the gallery's pictures, where Sphinx-Gallery has none.

The small pictures that link to examples come without any, since a title stands beside
each, and pictures in examples without titles have the name of the file. Both get the
title of the example, the first heading in its docstring.
"""

import ast
import re
from pathlib import Path

from docutils import nodes
from sphinx_gallery.directives import imgsgnode

PICTURE = re.compile(r"sphx_glr_(\w+)_(thumb|\d+)\.\w+$")


def describe(app, doctree):
    """Name the example of each picture that is not described."""
    for image in doctree.findall(lambda n: isinstance(n, (nodes.image, imgsgnode))):
        match = PICTURE.search(image["uri"])
        if match is None:
            continue
        name, which = match.groups()
        if not image.get("alt") or image["alt"] == name.replace("_", " "):
            what = "" if which == "thumb" else f" {int(which)}"
            image["alt"] = f"Picture{what} of the example: {title(app, name)}"


def title(app, name):
    """The heading of an example."""
    folder = Path(app.srcdir) / app.config.sphinx_gallery_conf["examples_dirs"]
    source = (folder / f"{name}.py").read_text()
    lines = ast.get_docstring(ast.parse(source)).splitlines()
    return next(line for line in lines if re.search(r"\w", line))


def setup(app):
    app.connect("doctree-read", describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
