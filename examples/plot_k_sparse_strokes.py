"""
============================================
From strokes to whole digits: k-sparse units
============================================

In a k-sparse autoencoder each row keeps its k largest activations, and nothing else
makes the code sparse. What the units become depends on k alone: where many of them
share the work, each draws a short stroke; where few may speak, each must stand for most
of a digit. This is the figure by which Makhzani and Frey introduced these autoencoders
[1]_.
"""

# %%
# Handwritten digits
# ------------------
# Images of 28 x 28 pixels from MNIST, read from the folder that the environment
# variable ``SKL_SPARSE_AE_DATA`` names, or ``shared/data`` beside the checkout. Where
# there is none, scikit-learn's digits of 8 x 8 pixels hint at the same.

import gzip
import os
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from skl_sparse_ae import SparseAutoencoder, TopK


def load_images(n_images=10_000):
    """Images as rows of pixels in [0, 1], float32."""
    try:
        here = Path(__file__).parent
    except NameError:  # Sphinx-Gallery runs an example in its own folder
        here = Path.cwd()
    beside_checkout = here.resolve().parents[1] / "shared" / "data"
    folder = Path(os.environ.get("SKL_SPARSE_AE_DATA", beside_checkout))
    path = folder / "mnist" / "train-images-idx3-ubyte.gz"
    if path.exists():
        with gzip.open(path) as file:
            pixels = np.frombuffer(file.read(16 + 784 * n_images), np.uint8, offset=16)
        return pixels.reshape(n_images, 784).astype(np.float32) / 255
    return load_digits().data.astype(np.float32) / 16


X = load_images()
side = int(np.sqrt(X.shape[1]))
print(f"{X.shape[0]} images of {side} x {side} pixels")

# %%
# One autoencoder for each k
# --------------------------
# As in the paper there are 1000 units (fewer for the small images), and one matrix
# reads and writes: a unit's picture is both what it looks for and what it draws. Twelve
# epochs are enough to see it (150 for the few small images), though not to converge.

warnings.simplefilter("ignore", ConvergenceWarning)
n_components, n_epochs = (1000, 12) if side == 28 else (200, 150)
numbers = [70, 40, 25, 10]
fitted = {}
print("   k of 1000   variance explained   unused units   pixels in a unit's drawing")
for k in numbers:
    autoencoder = SparseAutoencoder(
        n_components,
        penalty=TopK(rho=k / 1000),
        alpha=0,
        tied_weights=True,
        max_iter=n_epochs,
        tol=0,
        batch_size=100,
        random_state=0,
    )
    code = autoencoder.fit_transform(X)
    drawings = np.abs(autoencoder.components_)
    # The participation ratio: as many pixels of equal strength would have it.
    extent = (drawings**2).sum(axis=1) ** 2 / (drawings**4).sum(axis=1)
    print(
        f"{k:12} {autoencoder.score(X):20.3f} {np.sum(code.max(axis=0) == 0):14}"
        f" {np.median(extent):27.0f}"
    )
    fitted[k] = autoencoder

# %%
# What the units draw
# -------------------
# The first 48 units, white where a unit adds ink and black where it takes some away.

fig = plt.figure(figsize=(10, 8.4), layout="constrained")
panels = fig.subfigures(2, 2).ravel()
for (k, autoencoder), panel in zip(fitted.items(), panels, strict=True):
    panel.suptitle(f"k = {k} of 1000")
    units = autoencoder.components_[:48]
    for ax, unit in zip(panel.subplots(6, 8).ravel(), units, strict=True):
        image = unit.reshape(side, side)
        limit = np.abs(image).max()
        ax.imshow(image, cmap="gray", vmin=-limit, vmax=limit)
        ax.set_axis_off()
plt.show()

# %%
# The larger k, the smaller the drawings: with k = 70 many units are dots and short
# strokes (the noisy mixtures among them sharpen with more digits and epochs), with
# k = 10 most are whole digits or large parts of one.
#
# .. [1] A. Makhzani, B. Frey, "k-Sparse Autoencoders", arXiv:1312.5663, 2013.
