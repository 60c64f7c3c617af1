"""Tables that are made from the registries of the package, as directives.

For MyST pages::

    ```{penalty-table}
    ```
"""

from inspect import getdoc

from sphinx.util.docutils import SphinxDirective

import skl_sparse_ae
from skl_sparse_ae._penalties import PENALTIES

HEADER = ["`penalty`", "class", "what it does", "activation", "`rho`", "`beta`"]


class PenaltyTable(SphinxDirective):
    """Insert a table of the penalties."""

    def run(self):
        return self.parse_text_to_nodes(penalty_table())


def penalty_table():
    """Return a Markdown table with a row for each penalty."""
    rows = [_penalty_row(name, cls) for name, cls in PENALTIES.items()]
    return "\n".join(map(_join, [HEADER, ["---"] * len(HEADER), *rows]))


def _penalty_row(name, cls):
    parameters = cls().get_params()
    is_public = cls.__name__ in skl_sparse_ae.__all__
    return [
        _literal(name),
        f"{{class}}`~skl_sparse_ae.{cls.__name__}`" if is_public else "",
        getdoc(cls).splitlines()[0].removesuffix(".").replace("|", r"\|"),
        _literal(cls.default_activation),
        *("yes" if key in parameters else "" for key in ("rho", "beta")),
    ]


def _literal(value):
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def _join(cells):
    return " ".join(["|", *(f"{cell} |" if cell else "|" for cell in cells)])


def setup(app):
    app.add_directive("penalty-table", PenaltyTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
