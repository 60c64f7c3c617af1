"""Mosaics: many images of one size in a single image."""

from typing import NamedTuple

import numpy as np

# Width of the gap between two images, relative to their width.
GAP = 0.05


class Mosaic(NamedTuple):
    """Images of one size in a grid, as a single image.

    Attributes
    ----------
    pixels : ndarray of shape (height, width) or (height, width, 4)
        The gaps are NaN in grey images, transparent in colour images.
    tops, lefts : ndarray of shape (n_images,)
        Row and column of the first pixel of each image.
    """

    pixels: np.ndarray
    tops: np.ndarray
    lefts: np.ndarray


def mosaic(images, n_columns, top_gap=None):
    """Arrange images in a grid, row by row.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width) or (n_images, height, width, 3)
        Grey values, or colours in [0, 1]. NaN is drawn like the gaps.
    n_columns : int
    top_gap : int or None
        Pixels above each image. None: as many as at its sides.

    Returns
    -------
    mosaic : Mosaic
    """
    n_images, height, width = images.shape[:3]
    gap = max(1, round(GAP * width))
    top_gap = gap if top_gap is None else top_gap
    row, column = np.divmod(np.arange(n_images), n_columns)
    tops = top_gap + row * (height + top_gap)
    lefts = gap + column * (width + gap)
    shape = tops[-1] + height + gap, gap + n_columns * (width + gap)
    if images.ndim == 3:
        pixels = np.full(shape, np.nan)
    else:
        pixels = np.zeros((*shape, 4))
        is_drawn = np.isfinite(images[..., :1])
        images = np.concatenate([np.nan_to_num(images), is_drawn], axis=-1)
    for image, top, left in zip(images, tops, lefts, strict=True):
        pixels[top : top + height, left : left + width] = image
    return Mosaic(pixels, tops, lefts)


def near_square(n_images, height, width):
    """Number of columns for which a mosaic is about as wide as high."""
    return min(n_images, int(np.ceil(np.sqrt(n_images * height / width))))


def mosaic_size(pixels, margins=(0.0, 0.0), longest=7.0):
    """Size of a figure for a mosaic: 10 pixels per inch, or more to limit its size.

    Parameters
    ----------
    pixels : ndarray of shape (height, width) or (height, width, 4)
    margins : tuple of float
        Width and height to add, in inches.
    longest : float
        Maximum of the longer side of the mosaic, in inches.

    Returns
    -------
    figsize : tuple of float
        In inches.
    """
    height, width = pixels.shape[:2]
    inches = min(0.1, longest / max(width, height))
    return width * inches + margins[0], height * inches + margins[1]
