"""Random patches of images as rows: what the weights of a convolution see."""

import numpy as np

from .._arrays._blocks import blocks
from .._rows._in_memory import InMemory

# Patches from which moments, directions of large variance and default weights come.
N_SEEN = 20_000
# Patches from which kernels are learned. Ten times as many give the same features of
# MNIST.
N_TRAINING = 100_000
# Images that are copied to draw from them, at most.
MAX_IMAGES = 10_000


def patches_of(rows, convolution, n_patches=N_SEEN, seed=0):
    """Return random patches of images.

    Positions are drawn from as many equal parts of an image as there are patches of it.

    Parameters
    ----------
    rows : Rows
        Images in memory.
    convolution : Convolution
    n_patches : int
        Their number at least, unless there are fewer.
    seed : int, default=0

    Returns
    -------
    patches : InMemory
        With the weights of their images.
    """
    rng = np.random.default_rng(seed)
    n_positions = convolution.n_positions
    n_each = min(n_positions, -(-n_patches // min(MAX_IMAGES, rows.shape[0])))
    X, sample_weight, _ = rows.sample(-(-n_patches // n_each))
    found = np.empty((len(X) * n_each, convolution.patch_size), X.dtype)
    bounds = np.arange(n_each + 1) * n_positions // n_each
    for part in blocks(0, len(X), X.strides[0]):
        n_images = part.stop - part.start
        positions = rng.integers(bounds[:-1], bounds[1:], (n_images, n_each))
        images = np.repeat(np.arange(n_images), n_each)
        found[part.start * n_each : part.stop * n_each] = convolution.patches_at(
            X[part], images, positions.ravel()
        )
    if sample_weight is not None:
        sample_weight = np.repeat(sample_weight, n_each)
    return InMemory(found, sample_weight)
