"""Sprites: many pictures of one size as a single PNG, inside the style sheet.

An element of the page shows one picture as a part of the sprite. This avoids one file
header for each picture, and copies of pictures that several cards show.
"""

import base64
import struct
import zlib
from typing import NamedTuple

import numpy as np

# Pixels around each picture that repeat its edge, so that no neighbouring picture is
# visible when a browser scales the sprite.
MARGIN = 1


class Sprite(NamedTuple):
    """Pictures of one size in a single PNG.

    Attributes
    ----------
    png : bytes
    grid : (int, int)
        Number of rows and columns of pictures.
    shape : (int, int)
        Height and width of a picture.
    scale : int
        CSS pixels per pixel of a picture.
    """

    png: bytes
    grid: tuple
    shape: tuple
    scale: int

    def rule(self, selector):
        """CSS rule for the elements that show one of the pictures."""
        height, width = self._to_css(self.shape)
        tile_height, tile_width = self._tile_shape()
        uri = "data:image/png;base64," + base64.b64encode(self.png).decode()
        n_rows, n_columns = self.grid
        size = f"{n_columns * tile_width}px {n_rows * tile_height}px"
        return (
            f"{selector} {{ width: {width}px; height: {height}px; "
            f"background: url({uri}) 0 0 / {size}; }}"
        )

    def style(self, index):
        """CSS of an element that shows the picture of this index."""
        row, column = divmod(index, self.grid[1])
        tile_height, tile_width = self._tile_shape()
        (margin,) = self._to_css([MARGIN])
        left, top = column * tile_width + margin, row * tile_height + margin
        return f"background-position:-{left}px -{top}px"

    def _tile_shape(self):
        """Height and width of a picture with its margins, in CSS pixels."""
        return self._to_css([side + 2 * MARGIN for side in self.shape])

    def _to_css(self, pixels):
        """Lengths in pixels of a picture as CSS pixels."""
        return [n * self.scale for n in pixels]


def sprite(pictures, side):
    """Combine pictures into a sprite.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (n, height, width) or (n, height, width, 3)
        No side may be longer than `side`, see :func:`shrink`.
    side : int
        Maximum length of the longer side of a picture, in CSS pixels.

    Returns
    -------
    sprite : Sprite
    """
    shape = pictures.shape[1:3]
    margins = [(0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)][: pictures.ndim]
    tiles = np.pad(pictures, margins, mode="edge")
    n, height, width, *colours = tiles.shape
    n_columns = int(np.ceil(np.sqrt(n * height / width)))
    n_rows = -(-n // n_columns)
    grid = np.zeros((n_rows * n_columns, *tiles.shape[1:]), np.uint8)
    grid[:n] = tiles
    grid = grid.reshape(n_rows, n_columns, height, width, *colours).swapaxes(1, 2)
    pixels = grid.reshape(n_rows * height, n_columns * width, *colours)
    scale = side // max(shape)
    return Sprite(encode_png(pixels), (n_rows, n_columns), shape, scale)


def shrink(images, side):
    """Shrink images by a whole factor, so that no side is longer than `side`.

    Each new pixel is the mean of a square of pixels.

    Parameters
    ----------
    images : ndarray of float, shape (n, height, width) or (n, height, width, 3)
    side : int
        In pixels.

    Returns
    -------
    images : ndarray of float, of as many dimensions
    """
    factor = -(-max(images.shape[1:3]) // side)
    if factor == 1:
        return images
    for axis in (1, 2):
        length = images.shape[axis]
        starts = np.arange(0, length, factor)
        # The last pixels may be fewer than the factor.
        counts = np.diff(np.append(starts, length))
        sums = np.add.reduceat(images, starts, axis=axis)
        along = [-1 if a == axis else 1 for a in range(images.ndim)]
        images = sums / counts.reshape(along)
    return images


def around_zero(images):
    """Scale images to bytes: 0 to 128, the largest absolute value of each to 0 or 255.

    These are the greys of :class:`~skl_sparse_ae.display.UnitImageDisplay`.
    """
    largest = np.abs(images).max(axis=tuple(range(1, images.ndim)), keepdims=True)
    shares = np.divide(images, largest, out=np.zeros_like(images), where=largest > 0)
    return np.floor(127.5 * shares + 128).clip(0, 255).astype(np.uint8)


def between(images, low, high):
    """Scale images to bytes, from 0 at `low` to 255 at `high`."""
    shares = (images - low) / ((high - low) or 1.0)
    return np.rint(255 * shares.clip(0, 1)).astype(np.uint8)


def encode_png(pixels):
    """Encode grey or RGB bytes as PNG, according to the specification [1]_.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width) or (height, width, 3)

    Returns
    -------
    png : bytes

    References
    ----------
    .. [1] "Portable Network Graphics (PNG) Specification (Third Edition)", W3C, 2025.
    """
    height, width = pixels.shape[:2]
    colour_type = 0 if pixels.ndim == 2 else 2
    # The first byte of each line is its filter type; 0 stands for none.
    lines = np.pad(pixels.reshape(height, -1), [(0, 0), (1, 0)])
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(lines.tobytes()))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind, data):
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
