"""Pooling: squares of neighbouring positions replaced by one value for each unit."""

import numpy as np

#: What a square is replaced by, for each value of the parameter `pooling`.
POOLINGS = {"max": np.maximum, "mean": np.add}


def pooled_shape(map_shape, pooling, size):
    """Return the shape of pooled maps.

    Parameters
    ----------
    map_shape : (int, int, int)
    pooling : str or None
    size : (int, int)
        Height and width of a square.

    Returns
    -------
    shape : (int, int, int)
    """
    height, width, n_units = map_shape
    if pooling is None:
        return map_shape
    return -(-height // size[0]), -(-width // size[1]), n_units


def pool(maps, pooling, size):
    """Return pooled maps.

    Parameters
    ----------
    maps : ndarray of shape (n_images, height, width, n_units)
    pooling : {"max", "mean"}
    size : (int, int)
        Height and width of a square; those at the end of an axis may be smaller.

    Returns
    -------
    pooled : ndarray of shape (n_images, n_rows, n_columns, n_units)
    """
    for axis, step in zip((1, 2), size, strict=True):
        length = maps.shape[axis]
        starts = np.arange(0, length, step)
        maps = POOLINGS[pooling].reduceat(maps, starts, axis=axis)
        if pooling == "mean":
            counts = np.diff(np.append(starts, length)).astype(maps.dtype)
            maps /= counts[:, None, None] if axis == 1 else counts[:, None]
    return maps
