"""Convolutional units: their activations in an image as one, their kernels as pictures.

A kernel of :class:`~skl_sparse_ae.ConvSparseAutoencoder` has an activation at each
position of an image. A card shows the largest one, which tells whether what the kernel
stands for is in the image at all.
"""

import numpy as np
from scipy import sparse


def is_convolutional(fitted):
    """Whether an estimator has a map of activations for each unit."""
    return hasattr(fitted, "map_shape_")


def per_unit(fitted, code):
    """Largest activation of each unit in each image.

    Parameters
    ----------
    fitted : ConvSparseAutoencoder
    code : ndarray or csr_array of shape (n_samples, n_positions * n_components)

    Returns
    -------
    activations : ndarray of shape (n_samples, n_components)
    """
    n_components = len(fitted.components_)
    maps = code.toarray() if sparse.issparse(code) else code
    return maps.reshape(len(maps), -1, n_components).max(axis=1)


def kernels(fitted):
    """Patches that units write, and the shape to draw them in.

    Returns
    -------
    components : ndarray of shape (n_components, n_features)
    image_shape : tuple of int
        Channels lie side by side unless there are one or three.
    """
    components = np.asarray(fitted.components_)
    height, width, n_channels = fitted.kernel_shape_
    if n_channels == 1:
        return components, (height, width)
    if n_channels == 3:
        return components, (height, width, 3)
    beside = components.reshape(-1, height, width, n_channels).swapaxes(2, 3)
    return beside.reshape(components.shape), (height, n_channels * width)


def shape_of_images(fitted):
    """Shape to draw the rows in, or None if that is not possible."""
    *size, n_channels = fitted.image_shape_
    return {1: tuple(size), 3: (*size, 3)}.get(n_channels)
