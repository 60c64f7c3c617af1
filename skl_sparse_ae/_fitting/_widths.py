"""The widths of nested reconstructions."""

from numbers import Integral

import numpy as np

#: Number of widths of "auto", each half of the next one.
N_WIDTHS = 5


def matryoshka_widths(settings, n_components):
    """Return the widths of a fit as a tuple, or None without nested reconstructions.

    Parameters
    ----------
    settings : SparseAutoencoder
    n_components : int

    Returns
    -------
    widths : tuple of int or None
        In increasing order; the last is `n_components`.

    Raises
    ------
    ValueError
        If they are no increasing numbers of units.
    """
    widths = settings.matryoshka_widths
    if widths is None:
        return None
    if isinstance(widths, str):  # "auto"
        widths = [n_components >> shift for shift in reversed(range(N_WIDTHS))]
        return tuple(sorted({width for width in widths if width > 0}))
    widths = list(np.atleast_1d(widths)) if hasattr(widths, "ndim") else list(widths)
    if not all(isinstance(width, Integral) for width in widths):
        raise ValueError(f"matryoshka_widths={widths} must be whole numbers.")
    bounds = [0, *map(int, widths), n_components + 1]
    if sorted(set(bounds)) != bounds:
        raise ValueError(
            f"matryoshka_widths={widths} must increase, from at least 1 to at most "
            f"n_components={n_components}."
        )
    return tuple(sorted({*bounds[1:-1], n_components}))
