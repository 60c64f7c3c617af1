"""What several displays draw with: matplotlib itself, grids of Axes, mosaics."""

from typing import NamedTuple

import numpy as np

from .._optional import import_optional

# Room between two images, as a part of their width.
GAP = 0.05


def import_pyplot():
    """``matplotlib.pyplot``, or an error that says how to get it."""
    return import_optional("matplotlib.pyplot", "plot")


def one_axes(ax, plt, figsize=None):
    """The Axes given, or those of a new figure."""
    if ax is None:
        _, ax = plt.subplots(figsize=figsize, layout="constrained")
    return ax


def grid_of_axes(ax, plt, n_axes, n_columns, cell, room=0.0):
    """As many Axes: those given, or a grid in the place of one, or in a new figure.

    Parameters
    ----------
    ax : Axes, sequence of Axes or None
    plt : module
    n_axes, n_columns : int
    cell : tuple of float
        Width and height of one of them in a new figure, in inches.
    room : float
        What the new figure is to be higher than all of them.

    Returns
    -------
    axes : ndarray of shape (n_axes,)
    """
    if isinstance(ax, plt.Axes) and n_axes == 1:
        return np.array([ax])
    if ax is not None and not isinstance(ax, plt.Axes):
        axes = np.asarray(ax, dtype=object).ravel()
        if len(axes) != n_axes:
            raise ValueError(
                f"ax has {len(axes)} Axes, and {n_axes} are to be drawn. Give as many, "
                "or a single one, whose place they take."
            )
        return axes
    n_rows = -(-n_axes // n_columns)
    if ax is None:
        figsize = n_columns * cell[0], n_rows * cell[1] + room
        figure = plt.figure(figsize=figsize, layout="constrained")
        grid = figure.add_gridspec(n_rows, n_columns)
    else:
        place = ax.get_subplotspec()
        if place is None:
            raise ValueError(
                "ax is in no grid whose place several Axes could take. Use Axes made "
                f"by plt.subplots, or a sequence of {n_axes} Axes."
            )
        figure = ax.figure
        ax.set_axis_off()
        grid = place.subgridspec(n_rows, n_columns)
    cells = [grid[i // n_columns, i % n_columns] for i in range(n_axes)]
    return np.array([figure.add_subplot(cell) for cell in cells])


class Mosaic(NamedTuple):
    """Images of one size in a grid, as a single image.

    Attributes
    ----------
    pixels : ndarray of shape (height, width) or (height, width, 4)
        NaN, or transparent where the images have colours, is between the images.
    tops, lefts : ndarray of shape (n_images,)
        Where each image begins.
    """

    pixels: np.ndarray
    tops: np.ndarray
    lefts: np.ndarray


def mosaic(images, n_columns, top_gap=None):
    """Put images into a grid, row by row.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width) or (n_images, height, width, 3)
        Grey, or of colours in [0, 1]. What is NaN is left out.
    n_columns : int
    top_gap : int or None
        Pixels above each image; by default as many as beside it.
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
    """The number of columns that makes a mosaic about as wide as it is high."""
    return min(n_images, int(np.ceil(np.sqrt(n_images * height / width))))


def mosaic_size(pixels, margins=(0.0, 0.0), longest=7.0):
    """A figure's size for a mosaic, in inches: ten pixels to each, where that fits."""
    height, width = pixels.shape[:2]
    inches = min(0.1, longest / max(width, height))
    return width * inches + margins[0], height * inches + margins[1]


def limit_of(arrays, limits):
    """The largest absolute value, for each array or shared; or the number given."""
    largest = np.abs(arrays).reshape(len(arrays), -1).max(axis=1)
    if limits == "shared":
        largest = np.full(len(arrays), largest.max())
    elif limits != "unit":
        largest = np.full(len(arrays), float(limits))
    return np.where(largest > 0, largest, 1.0)
