"""Convolution as a linear map of patches: the geometry of images, kernels and maps.

A convolution multiplies the patches of an image by the encoder's weights; a transposed
convolution adds up patches that the decoder's weights write [1]_. Both are products of
matrices between `Convolution.unfold` and its adjoint, `Convolution.fold`.

.. [1] V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning",
   arXiv:1603.07285, 2016.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


@dataclass(frozen=True)
class Convolution:
    """Geometry of a convolution over images with channels last.

    Attributes
    ----------
    image_shape : (int, int, int)
        Height, width and number of channels.
    kernel_shape : (int, int)
    stride : (int, int)
    padding : {"same", "valid"}
        With "same", images are surrounded by zeros such that there are
        ``ceil(size / stride)`` positions along an axis; of an odd number of zeros, one
        more is behind than before. With "valid", kernels lie inside the image.

    Raises
    ------
    ValueError
        If a kernel does not fit into the image.
    """

    image_shape: tuple
    kernel_shape: tuple
    stride: tuple
    padding: str

    def __post_init__(self):
        sizes = zip(self.image_shape, self.kernel_shape, strict=False)
        if self.padding == "valid" and any(image < kernel for image, kernel in sizes):
            raise ValueError(
                f"kernel_size={self.kernel_shape} is larger than the image of "
                f"{self.image_shape[:2]}. Use a smaller kernel, or padding='same'."
            )

    @property
    def leaves_gaps(self):
        """Whether pixels between the positions are in no patch."""
        axes = zip(self.stride, self.kernel_shape, self.map_shape, strict=True)
        return any(step > size and n > 1 for step, size, n in axes)

    @property
    def n_pixels(self):
        """Number of values of an image, over all channels."""
        return int(np.prod(self.image_shape))

    @property
    def patch_size(self):
        """Number of values of a patch, over all channels."""
        return int(np.prod(self.kernel_shape)) * self.image_shape[2]

    @property
    def map_shape(self):
        """Number of rows and columns of positions of a kernel."""
        if self.padding == "same":
            return tuple(
                -(-size // step)
                for size, step in zip(self.image_shape, self.stride, strict=False)
            )
        return tuple(
            (size - kernel) // step + 1
            for size, kernel, step in zip(
                self.image_shape, self.kernel_shape, self.stride, strict=False
            )
        )

    @property
    def n_positions(self):
        """Number of positions of a kernel in an image."""
        return int(np.prod(self.map_shape))

    @property
    def overlap(self):
        """Number of patches that contain a pixel, away from the borders."""
        return float(np.prod(self.kernel_shape) / np.prod(self.stride))

    def unfold(self, X):
        """Return the patches of images.

        Parameters
        ----------
        X : ndarray of shape (n_images, n_pixels)

        Returns
        -------
        patches : ndarray of shape (n_images * n_positions, patch_size)
            By image, row and column of the position; of each patch by row, column and
            channel. In Fortran order, so that images are copied by lines.
        """
        n_images = len(X)
        patches = self.empty_patches(n_images, X.dtype)
        padded = self._padded(X)
        for pixels, values in self._pairs(padded, patches):
            values[...] = pixels
        return patches

    def fold(self, patches, n_images):
        """Return images as the sums of overlapping patches, the adjoint of `unfold`.

        Parameters
        ----------
        patches : ndarray of shape (n_images * n_positions, patch_size)
        n_images : int

        Returns
        -------
        X : ndarray of shape (n_images, n_pixels)
        """
        padded = self._empty_padded(n_images, patches.dtype)
        for pixels, values in self._pairs(padded, patches):
            pixels += values
        return self._inside(padded).reshape(n_images, -1)

    def patches_at(self, X, images, positions):
        """Return single patches of images, as `unfold` has them.

        Parameters
        ----------
        X : ndarray of shape (n_images, n_pixels)
        images, positions : ndarray of int of shape (n_patches,)

        Returns
        -------
        patches : ndarray of shape (n_patches, patch_size)
        """
        padded = self._padded(X)
        windows = sliding_window_view(padded, self.kernel_shape, axis=(1, 2))
        rows, columns = np.divmod(positions, self.map_shape[1])
        found = windows[images, rows * self.stride[0], columns * self.stride[1]]
        return np.moveaxis(found, 1, -1).reshape(len(images), -1)

    def inside(self, axis):
        """Return which rows or columns of patches lie inside the image.

        Parameters
        ----------
        axis : {0, 1}

        Returns
        -------
        inside : ndarray of bool of shape (kernel size, number of positions)
        """
        size, n = self.kernel_shape[axis], self.map_shape[axis]
        starts = self.stride[axis] * np.arange(n) - self._pads()[axis][0]
        pixels = np.arange(size)[:, np.newaxis] + starts
        return (pixels >= 0) & (pixels < self.image_shape[axis])

    def empty_patches(self, n_images, dtype):
        """Return an array for the patches of images, not initialised."""
        return np.empty((self.patch_size, n_images * self.n_positions), dtype).T

    def _pairs(self, padded, patches):
        """Yield pixels and values of patches, both (n_images, n_rows, n_columns)."""
        height, width = self.map_shape
        down, right = self.stride
        channels = self.image_shape[2]
        columns = patches.T.reshape(-1, len(padded), height, width)
        for i, values in enumerate(columns):
            place, channel = divmod(i, channels)
            top, left = divmod(place, self.kernel_shape[1])
            rows = slice(top, top + down * (height - 1) + 1, down)
            cols = slice(left, left + right * (width - 1) + 1, right)
            yield padded[:, rows, cols, channel], values

    def _pads(self):
        """The numbers of zeros (before, after) along both axes."""
        pads = []
        for size, kernel, step, n in zip(
            self.image_shape,
            self.kernel_shape,
            self.stride,
            self.map_shape,
            strict=False,
        ):
            total = max(0, (n - 1) * step + kernel - size)
            pads.append((total // 2, total - total // 2))
        return pads

    def _padded(self, X):
        padded = self._empty_padded(len(X), X.dtype)
        self._inside(padded)[...] = X.reshape(-1, *self.image_shape)
        return padded

    def _empty_padded(self, n_images, dtype):
        height, width, channels = self.image_shape
        (top, bottom), (left, right) = self._pads()
        shape = n_images, top + height + bottom, left + width + right, channels
        return np.zeros(shape, dtype)

    def _inside(self, padded):
        height, width, _ = self.image_shape
        (top, _), (left, _) = self._pads()
        return padded[:, top : top + height, left : left + width]
