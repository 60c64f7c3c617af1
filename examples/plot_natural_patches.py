"""
================================
Natural images are made of edges
================================

A sparse autoencoder that is trained on small pieces of photographs learns to detect
edges: each unit responds to a light-dark border in one place and direction. This is the
exercise with which Stanford's course on unsupervised feature learning, UFLDL,
introduced sparse autoencoders [1]_, with the same preparation and parameters.
"""

# %%
# Photographs
# -----------
# UFLDL takes its pieces from ten natural images that Olshausen and Field have
# *whitened* [2]_: neighbouring pixels of a photograph are almost equal, so that most
# variance is in coarse brightness; a filter in the frequency domain makes fine detail
# count as much.
#
# The images are read from ``natural_images.npz``, which has an array ``IMAGES`` of
# shape (height, width, n_images), whitened and of variance 0.1. The folder is the one
# that the environment variable ``SKL_SPARSE_AE_DATA`` names, or ``shared/data`` beside
# the checkout. Without it, the two photographs that come with scikit-learn are used; a
# tiled roof in one of them makes some units respond to stripes.

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_images

from skl_sparse_ae import SparseAutoencoder


def whiten(image, cutoff=200 / 512):
    """Filter an image by f exp(-(f / cutoff)^4), f in cycles per pixel.

    Olshausen and Field's cutoff is 200 cycles per picture of 512 x 512 pixels.
    """
    rows, columns = (np.fft.fftfreq(n) for n in image.shape)
    f = np.hypot(rows[:, None], columns)
    gain = f * np.exp(-((f / cutoff) ** 4))
    return np.fft.ifft2(np.fft.fft2(image) * gain).real


def load_images():
    """Return whitened grey images, (height, width, n_images), of variance 0.1."""
    try:
        here = Path(__file__).parent
    except NameError:  # Sphinx-Gallery runs an example in its own folder
        here = Path.cwd()
    beside_checkout = here.resolve().parents[1] / "shared" / "data"
    folder = Path(os.environ.get("SKL_SPARSE_AE_DATA", beside_checkout))
    path = folder / "natural_images.npz"
    if path.exists():
        print(f"Images: {path.name}")
        return np.load(path)["IMAGES"].astype(float)
    print("Images: scikit-learn's two sample photographs")
    photographs = load_sample_images().images
    images = np.stack([whiten(rgb.mean(axis=2)) for rgb in photographs], axis=2)
    return images * np.sqrt(0.1 / images.var())


images = load_images()

# %%
# 10000 patches
# -------------
# Squares of 8 x 8 pixels from random places. The mean of each is subtracted, values
# beyond three standard deviations are clipped, and the result is mapped to [0.1, 0.9],
# which logistic output units can reach.

rng = np.random.default_rng(0)


def random_patches(images, n_patches, side, rng):
    """Return flattened squares from random places of random images."""
    height, width, n_images = images.shape
    row = rng.integers(height - side + 1, size=(n_patches, 1, 1))
    column = rng.integers(width - side + 1, size=(n_patches, 1, 1))
    image = rng.integers(n_images, size=(n_patches, 1, 1))
    offset = np.arange(side)
    patches = images[row + offset[:, None], column + offset, image]
    return patches.reshape(n_patches, side * side)


def normalise(patches):
    """Scale to [0.1, 0.9] as UFLDL does."""
    patches = patches - patches.mean(axis=1, keepdims=True)
    limit = 3 * patches.std()
    return 0.5 + 0.4 * np.clip(patches, -limit, limit) / limit


X = normalise(random_patches(images, n_patches=10_000, side=8, rng=rng))

# %%
# Learning
# --------
# 25 units with a mean activation of 0.01. All numbers are UFLDL's and mean the same
# here. On the ten whitened images J ends between 0.37 and 0.38, depending on which
# patches were drawn, and the mean activation is close to the target. ``tol=1e-3`` gives
# edges too, in a quarter of the iterations.

notes = {
    "n_components": 25,
    "rho": 0.01,
    "beta": 3,
    "alpha": 1e-4,
    "out_activation": "logistic",
    "solver": "lbfgs",
    "max_iter": 400,
    "tol": 1e-5,
    "random_state": 0,
}
sparse = SparseAutoencoder(**notes).fit(X)
print(f"J = {sparse.objective(X):.4f} after {sparse.n_iter_} iterations")
print(f"mean activation = {sparse.mean_activation_.mean():.4f}")
print(f"variance explained = {sparse.score(X):.3f}")

# %%
# What the units have learned
# ---------------------------
# The input of norm 1 that activates unit j most is ``w_j / ||w_j||``, where ``w_j`` is
# the unit's column of the encoder's weights. As pictures, these inputs are edges in
# many places and directions.


def mosaic(rows, n_columns=5):
    """Arrange square pictures in a grid, each scaled to its largest value."""
    side = int(np.sqrt(rows.shape[1]))
    rows = rows - rows.mean(axis=1, keepdims=True)
    rows = rows / np.abs(rows).max(axis=1, keepdims=True)
    pictures = rows.reshape(-1, n_columns, side, side)
    frame = ((0, 0), (0, 0), (1, 0), (1, 0))
    pictures = np.pad(pictures, frame, constant_values=np.nan)
    return pictures.transpose(0, 2, 1, 3).reshape(-1, n_columns * (side + 1))


def show(ax, rows, title):
    ax.imshow(mosaic(rows), cmap="gray", vmin=-1, vmax=1)
    ax.set_title(title)
    ax.axis("off")


def best_inputs(autoencoder):
    """Return the input of norm 1 that activates each unit most."""
    weights = autoencoder.encoder_coef_.T
    return weights / np.linalg.norm(weights, axis=1, keepdims=True)


fig, axes = plt.subplots(1, 3, figsize=(11, 3.8), layout="constrained")
show(axes[0], X[:25], "25 of the patches")
show(axes[1], best_inputs(sparse), "What activates each unit most")
axes[2].plot(np.arange(1, sparse.n_iter_ + 1), sparse.loss_curve_)
axes[2].set(xscale="log", xlabel="L-BFGS iteration", ylabel="J", title="Loss curve")
axes[2].grid(alpha=0.3)
plt.show()

# %%
# The penalty makes the edges
# ---------------------------
# The same network without the sparsity penalty reconstructs the patches better. Its
# units, however, are mixtures that spread over the whole patch and cannot be
# interpreted one by one.

without = {"penalty": None, "rho": "auto", "beta": "scale", "tol": 1e-3}
dense = SparseAutoencoder(**{**notes, **without}).fit(X)

fig, axes = plt.subplots(1, 2, figsize=(7.6, 4.5), layout="constrained")
for ax, autoencoder, name in zip(axes, (sparse, dense), ("KL", "No"), strict=True):
    score = autoencoder.score(X)
    show(
        ax, best_inputs(autoencoder), f"{name} penalty\nvariance explained {score:.2f}"
    )
plt.show()

# %%
# References
# ----------
# .. [1] A. Ng, J. Ngiam, C. Y. Foo, Y. Mai, C. Suen, "UFLDL Tutorial", exercise "Sparse
#    Autoencoder", Stanford University, 2011.
# .. [2] B. A. Olshausen, D. J. Field, "Sparse coding with an overcomplete basis set: a
#    strategy employed by V1?", Vision Research 37, 1997.
