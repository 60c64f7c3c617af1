"""Inner products of what kernels write into images: the matrix of a ridge regression.

A weight of a kernel writes its map, moved by the weight's place in the kernel. The
inner product of two of them depends on the products of the maps at positions that lie
so far apart that both weights meet the same pixel, of which there are far fewer than
pairs of weights. Borders are exact: where a pixel lies outside of the image, its
products are left out.
"""

import itertools

import numpy as np


def kernel_gram(convolution, n_components):
    """Return a matrix of zeros for `add_to_gram`."""
    shape = (*convolution.kernel_shape, n_components)
    return np.zeros(shape + shape)


def add_to_gram(gram, maps, convolution, team):
    """Add the inner products of some images to those of all.

    Parameters
    ----------
    gram : ndarray of shape (height, width, n_components) * 2
        By places in the kernel and units.
    maps : ndarray of shape (n_rows, n_columns, n_images, n_components)
        By positions in the image.
    convolution : Convolution
    team : Team
        Different threads write different entries of `gram`.
    """
    down, right = (
        min((size - 1) // step, n - 1)
        for size, step, n in zip(
            convolution.kernel_shape,
            convolution.stride,
            convolution.map_shape,
            strict=True,
        )
    )
    # Of two displacements in opposite directions, the second is the transpose.
    half = [
        (i, j)
        for i, j in itertools.product(range(down + 1), range(-right, right + 1))
        if (i, j) >= (0, 0)
    ]
    team.map(lambda by: _add_displaced(gram, maps, convolution, by), half)


def _add_displaced(gram, maps, convolution, by):
    """Add the products of positions with those that lie `by` rows and columns apart."""
    products = _products(maps, convolution, by)
    down, right = (step * n for step, n in zip(convolution.stride, by, strict=True))
    height, width = convolution.kernel_shape
    columns = range(max(0, right), min(width, width + right))
    for i, j in itertools.product(range(down, height), columns):
        gram[i, j, :, i - down, j - right] += products[i, j]
        if any(by):
            gram[i - down, j - right, :, i, j] += products[i, j].T


def _products(maps, convolution, by):
    """Return sums over the pixels of images for each place in the first kernel.

    Returns
    -------
    products : ndarray of shape (height, width, n_components, n_components)
    """
    (first, second), (left, right) = (
        _apart(n, step) for n, step in zip(convolution.map_shape, by, strict=True)
    )
    rows = convolution.inside(0)[:, first].astype(float)
    columns = convolution.inside(1)[:, left].astype(float)
    # Columns away from the borders are summed at once.
    starts = np.flatnonzero(np.diff(columns, axis=1, prepend=-1).any(axis=0))
    stops = [*starts[1:], columns.shape[1]]
    a, b = maps[first, left], maps[second, right]
    shape = len(a), -1, maps.shape[-1]
    sums = [
        a[:, i:j].reshape(shape).swapaxes(1, 2) @ b[:, i:j].reshape(shape)
        for i, j in zip(starts, stops, strict=True)
    ]
    sums = [np.tensordot(rows, of_columns, 1) for of_columns in sums]
    return np.moveaxis(np.tensordot(columns[:, starts], sums, 1), 0, 1)


def _apart(n, by):
    """Return the slices of the positions along an axis that have one `by` apart."""
    first = slice(max(0, -by), min(n, n - by))
    return first, slice(first.start + by, first.stop + by)
