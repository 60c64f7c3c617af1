"""Patches of images as rows: what the weights of a convolution see."""

import numpy as np

from .._rows._in_memory import InMemory

# Patches from which moments, directions of large variance and default weights come.
N_PATCHES = 20_000


def patches_of(rows, convolution):
    """Return random patches of images, the same ones in each call.

    Parameters
    ----------
    rows : Rows
        Images in memory.
    convolution : Convolution

    Returns
    -------
    patches : InMemory
        With the weights of their images.
    """
    rng = np.random.default_rng(0)
    n_positions = convolution.n_positions
    n_each = min(n_positions, max(1, -(-N_PATCHES // rows.shape[0])))
    X, sample_weight, _ = rows.sample(-(-N_PATCHES // n_each))
    found = np.empty((len(X), n_each, convolution.patch_size), X.dtype)
    for i in range(len(X)):
        chosen = rng.choice(n_positions, n_each, replace=False)
        found[i] = convolution.unfold(X[i : i + 1])[np.sort(chosen)]
    if sample_weight is not None:
        sample_weight = np.repeat(sample_weight, n_each)
    return InMemory(found.reshape(-1, convolution.patch_size), sample_weight)
