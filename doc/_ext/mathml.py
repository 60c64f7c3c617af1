"""Formulas as MathML, which browsers draw by themselves.

Sphinx's own ways need either a script from the network (MathJax) or an installation of
LaTeX (images). docutils, which Sphinx is built upon, converts LaTeX's notation to
MathML; this makes it a choice for ``html_math_renderer``.
"""

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

logger = logging.getLogger(__name__)


def visit_inline(writer, node):
    writer.body.append(_convert(node, as_block=False))
    raise nodes.SkipNode


def visit_block(writer, node):
    writer.body.append(f'<div class="formula">{_convert(node, as_block=True)}</div>\n')
    raise nodes.SkipNode


def _convert(node, as_block):
    try:
        return tex2mathml(node.astext(), as_block=as_block)
    except SyntaxError as error:
        logger.warning("formula %r: %s", node.astext(), error, location=node)
        return ""


def setup(app):
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
