"""Alternative texts for the gallery's small pictures, which come without any.

Sphinx-Gallery leaves them out, since a title stands beside each. The title is that of
the example, the first heading in its docstring.
"""

import ast
import re
from pathlib import Path

from docutils import nodes

THUMBNAIL = re.compile(r"sphx_glr_(\w+)_thumb\.\w+$")


def describe(app, doctree):
    """Name the example of each thumbnail of a page."""
    for image in doctree.findall(nodes.image):
        name = THUMBNAIL.search(image["uri"])
        if name and not image.get("alt"):
            image["alt"] = f"Picture of the example: {title(app, name[1])}"


def title(app, name):
    """The heading of an example."""
    folder = Path(app.srcdir) / app.config.sphinx_gallery_conf["examples_dirs"]
    source = (folder / f"{name}.py").read_text()
    lines = ast.get_docstring(ast.parse(source)).splitlines()
    return next(line for line in lines if re.search(r"\w", line))


def setup(app):
    app.connect("doctree-read", describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
