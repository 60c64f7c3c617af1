"""The rows that activate a unit most on its card: as pictures, or by name."""

import numpy as np
from scipy import sparse

from .._sklearn import _safe_indexing
from ..display._checks import check_image_shape
from ..display._reading import limits_of, table
from ._pictures import between, shrink, sprite
from ._text import number, short

# Maximum length of the longer side of a picture, in CSS pixels.
SIDE = 56


class RowLines:
    """Lists of the rows that activate units most, by name.

    Parameters
    ----------
    top : Bunch
        Result of :func:`~skl_sparse_ae.inspection.top_activating`.
    row_names : sequence of str of shape (n_samples,)
    y : array-like of shape (n_samples,) or None
        Class or number of each row.
    is_numeric : bool
        Whether y is a numeric target.
    found : list of list of int
        For each unit, rows that the search finds it by, besides those that it shows.
    """

    sprites = {}

    def __init__(self, top, row_names, y=None, *, is_numeric=False, found=()):
        self._top = top
        self._names = row_names
        self._y = y
        self._is_numeric = is_numeric
        self._found = found

    def names(self, unit):
        """Names that the search finds: those of the rows."""
        shown = [row for row, _ in self._rows(unit)]
        others = self._found[unit] if self._found else []
        return [short(self._names[row]) for row in dict.fromkeys([*shown, *others])]

    def html(self, unit):
        """HTML of the rows that activate a unit most, with their activations."""
        if not self._rows(unit):
            return '<p class="caption">Zero on all rows</p>'
        return (
            '<div><p class="caption">Rows where it is most active</p>'
            f"{self._list(unit)}</div>"
        )

    def _list(self, unit):
        lines = "".join(
            f"<li>{self._cells(row)}<b>{number(activation)}</b></li>"
            for row, activation in self._rows(unit)
        )
        return f'<ol class="lines">{lines}</ol>'

    def _rows(self, unit):
        """Pairs of row and activation, without the padding of `top`."""
        found = self._top.activations[unit] != 0
        indices, activations = self._top.indices[unit], self._top.activations[unit]
        return list(zip(indices[found], activations[found], strict=True))

    def _cells(self, row):
        name = short(self._names[row])
        # The whole name, where the page cuts it.
        name = f'<span title="{name}">{name}</span>'
        return name if self._y is None else f"{name}<i>{self._target(row)}</i>"

    def _target(self, row):
        y = self._y[row]
        return number(y) if self._is_numeric else short(y)


class RowPictures(RowLines):
    """Pictures of the rows that activate units most, with their names as tooltips.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    image_shape : tuple of int
    top, row_names, y, is_numeric, found
        As in RowLines.
    """

    def __init__(self, X, image_shape, top, row_names, y=None, **options):
        super().__init__(top, row_names, y, **options)
        shown = np.unique(top.indices[top.activations != 0])
        if len(shown) == 0:
            # No unit shows a row, but a sprite needs a picture.
            shown = np.array([0])
        self._positions = {row: position for position, row in enumerate(shown)}
        rows = table(_safe_indexing(X.tocsr() if sparse.issparse(X) else X, shown))
        check_image_shape(image_shape, rows.shape[1])
        pictures = rows.reshape(-1, *image_shape).astype(np.float64)
        low, high = limits_of(pictures)
        # Missing pixels are black.
        pictures = shrink(np.nan_to_num(pictures, nan=low), SIDE)
        self._sprite = sprite(between(pictures, low, high), SIDE)
        self.sprites = {".row-picture": self._sprite}

    def _list(self, unit):
        items = "".join(
            f'<span class="row-picture" role="img" '
            f'title="{self._title(row)}, activation {number(activation)}" '
            f'style="{self._sprite.style(self._positions[row])}"></span>'
            for row, activation in self._rows(unit)
        )
        return f'<div class="pictures">{items}</div>'

    def _title(self, row):
        name = short(self._names[row])
        if self._y is None:
            return name
        return f"{name}, {'y =' if self._is_numeric else 'class'} {self._target(row)}"
