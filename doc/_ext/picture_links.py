"""Each picture of a page leads to itself in its full size.

Beside a text, and on a telephone above all, a picture of several plots is too small to
read.
"""

from docutils import nodes
from sphinx_gallery.directives import imgsgnode

FOLDER = "_images"


def link(app, doctree, docname):
    """Put each picture that leads nowhere into a link to its file."""
    up = "../" * docname.count("/")
    for image in list(doctree.findall(nodes.image)):
        known = app.env.images.get(image["uri"])
        if known is not None and not isinstance(image.parent, nodes.reference):
            wrap(image, f"{up}{FOLDER}/{known[1]}")
    # Sphinx-Gallery copies its pictures itself.
    for image in list(doctree.findall(imgsgnode)):
        if "thumb" not in image["uri"]:
            # HTML's writer takes no other links but those in texts, and to images.
            paragraph = nodes.paragraph()
            image.replace_self(paragraph)
            paragraph += image
            wrap(image, f"{up}{FOLDER}/{image['uri'].rpartition('/')[2]}")


def wrap(image, uri):
    """Put a picture into a link."""
    reference = nodes.reference("", "", refuri=uri, classes=["picture"])
    image.replace_self(reference)
    reference += image


def setup(app):
    app.connect("doctree-resolved", link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
