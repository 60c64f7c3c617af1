"""Matplotlib, Axes and marks, as several displays use them."""

import numpy as np

from .._optional import import_optional


def import_pyplot():
    """Import ``matplotlib.pyplot``; if it is missing, the error tells how to get it."""
    return import_optional("matplotlib.pyplot", "plot")


def one_axes(ax, plt, figsize=None):
    """The given Axes, or those of a new figure."""
    if ax is None:
        _, ax = plt.subplots(figsize=figsize, layout="constrained")
    if not hasattr(ax, "figure"):
        raise TypeError(f"ax={ax!r} must be Axes of matplotlib, or None.")
    return ax


def grid_of_axes(ax, plt, n_axes, n_columns, cell_size, extra_height=0.0):
    """Several Axes: those given, a grid that replaces a single one, or a new figure's.

    Parameters
    ----------
    ax : Axes, sequence of Axes or None
    plt : module
    n_axes, n_columns : int
    cell_size : tuple of float
        Width and height of one of the Axes of a new figure, in inches.
    extra_height : float
        Height of a new figure in addition to that of the Axes, in inches.

    Returns
    -------
    axes : ndarray of shape (n_axes,)
    """
    if isinstance(ax, plt.Axes) and n_axes == 1:
        return np.array([ax])
    if ax is not None and not isinstance(ax, plt.Axes):
        return _check_n_axes(ax, n_axes)
    n_rows = -(-n_axes // n_columns)
    if ax is None:
        width, height = cell_size
        figsize = n_columns * width, n_rows * height + extra_height
        figure = plt.figure(figsize=figsize, layout="constrained")
        grid = figure.add_gridspec(n_rows, n_columns)
    else:
        figure = ax.figure
        grid = _grid_in_place_of(ax, n_axes, n_rows, n_columns)
    cells = [grid[i // n_columns, i % n_columns] for i in range(n_axes)]
    return np.array([figure.add_subplot(cell) for cell in cells])


def _check_n_axes(axes, n_axes):
    axes = np.asarray(axes, dtype=object).ravel()
    if len(axes) != n_axes:
        raise ValueError(
            f"ax has {len(axes)} Axes, and {n_axes} are to be drawn. Give as many, "
            "or a single one, whose place they take."
        )
    return axes


def _grid_in_place_of(ax, n_axes, n_rows, n_columns):
    """A grid that covers the place of an Axes, which is hidden."""
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError(
            "ax is in no grid whose place several Axes could take. Use Axes made "
            f"by plt.subplots, or a sequence of {n_axes} Axes."
        )
    ax.set_axis_off()
    return place.subgridspec(n_rows, n_columns)


def draw_rho(draw_line, rho):
    """Draw a line at `rho` with ``ax.axvline`` or ``ax.axhline``, unless it is None."""
    if rho is None:
        return None
    return draw_line(rho, color="black", linestyle="--", label=f"rho = {rho:.3g}")


def absolute_limits(arrays, limits):
    """The absolute value at the end of the scale of each array, never 0.

    Parameters
    ----------
    arrays : ndarray of shape (n_arrays, ...)
    limits : {"unit", "shared"} or float
        The largest value of each array, the largest of all, or a number.

    Returns
    -------
    limits : ndarray of shape (n_arrays,)
    """
    largest = np.abs(arrays).reshape(len(arrays), -1).max(axis=1)
    if limits == "shared":
        largest = np.full(len(arrays), largest.max())
    elif limits != "unit":
        largest = np.full(len(arrays), float(limits))
    return np.where(largest > 0, largest, 1.0)
