"""The weights of a unit on its card: a picture, or its largest features."""

import numpy as np

from ._pictures import around_zero, shrink, sprite
from ._text import number, short

# Maximum length of the longer side of a picture, in CSS pixels.
SIDE = 112


class UnitPictures:
    """The weights of units as pictures.

    Parameters
    ----------
    components : ndarray of shape (n_components, n_features)
    image_shape : tuple of int
    """

    def __init__(self, components, image_shape):
        images = components.reshape(-1, *image_shape).astype(np.float64)
        self._sprite = sprite(around_zero(shrink(images, SIDE)), SIDE)
        self.sprites = {".picture": self._sprite}

    def names(self, unit):
        """Names that the search finds: none."""
        return []

    def html(self, unit):
        """HTML of the picture of a unit."""
        return (
            f'<div class="fixed picture" role="img" aria-label="Weights of unit {unit}"'
            f' style="{self._sprite.style(unit)}"></div>'
        )


class UnitFeatures:
    """The features with the largest weights of units.

    Parameters
    ----------
    top : Bunch
        Result of :func:`~skl_sparse_ae.inspection.top_features`.
    """

    sprites = {}

    def __init__(self, top):
        self._top = top

    def names(self, unit):
        """Names that the search finds: those of the features."""
        return [short(name) for name in self._top.names[unit]]

    def html(self, unit):
        """HTML of the list of features of a unit, with bars."""
        weights = self._top.weights[unit]
        shares = weights / (np.abs(weights).max() or 1.0)
        lines = "".join(
            f'<li class="{"minus" if share < 0 else "plus"}" '
            f'style="--w:{abs(share):.2f}"><span title="{name}">{name}</span>'
            f"<b>{number(weight)}</b></li>"
            for name, weight, share in zip(
                self.names(unit), weights, shares, strict=True
            )
        )
        return (
            '<div><p class="caption">Largest weights</p>'
            f'<ol class="lines">{lines}</ol></div>'
        )
