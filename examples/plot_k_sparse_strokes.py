"""
============================================
From strokes to whole digits: k-sparse units
============================================

In a k-sparse autoencoder the k largest activations of each row are kept and all others
are set to zero. What the units learn depends on k: with many active units, each draws a
short stroke; with few, each draws most of a digit. This example reproduces the figure
with which Makhzani and Frey introduced these autoencoders [1]_.
"""

# %%
# Handwritten digits
# ------------------
# Images of 28 x 28 pixels from MNIST, read from the folder that the environment
# variable ``SKL_SPARSE_AE_DATA`` names, or ``shared/data`` beside the checkout. Without
# them, scikit-learn's digits of 8 x 8 pixels are used, which show the same less
# clearly.

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
    """Return images as rows of pixels in [0, 1], float32."""
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
# As in the paper there are 1000 units (200 for the small images) with tied weights: a
# unit's picture shows both which input activates it and what it draws. Twelve epochs
# (150 for the small images) are enough to see the effect, though not to converge.

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
    # The participation ratio: n for a drawing of n pixels of equal strength.
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
# The larger k, the smaller the drawings: with k = 70 many units draw dots and short
# strokes (the noisy mixtures among them become clearer with more digits and epochs),
# with k = 10 most draw whole digits or large parts of one.
#
# .. [1] A. Makhzani, B. Frey, "k-Sparse Autoencoders", arXiv:1312.5663, 2013.
