"""Norms whose squares neither overflow nor underflow."""

import numpy as np


def row_norms(array):
    """Return the Euclidean norms of the rows of an array, of shape (n_rows, 1)."""
    scale = np.abs(array).max(axis=1, keepdims=True)
    scale[scale == 0] = 1
    return scale * np.linalg.norm(array / scale, axis=1, keepdims=True)


def unit_rows(array):
    """Return rows divided by their norms; rows of zeros are unchanged."""
    norms = row_norms(array)
    return array / np.where(norms > 0, norms, 1)
