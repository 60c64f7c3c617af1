"""
=========================
Kernels of natural images
=========================

A convolutional sparse autoencoder of photographs learns kernels that are edges and bars
in many directions. The dense network of
:doc:`another example <plot_natural_patches>` learns an edge once for each place in a
patch; here, one kernel serves all places of an image.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_images

from skl_sparse_ae import ConvSparseAutoencoder
from skl_sparse_ae.display import ReconstructionDisplay, UnitImageDisplay

# %%
# Photographs
# -----------
# All squares of 32 x 32 pixels of the two photographs that come with scikit-learn, in
# grey and *whitened*: fine detail counts as much as coarse brightness [1]_.

SIDE = 32


def whiten(image, cutoff=200 / 512):
    """Filter an image by f exp(-(f / cutoff)^4), f in cycles per pixel."""
    rows, columns = (np.fft.fftfreq(n) for n in image.shape)
    f = np.hypot(rows[:, None], columns)
    gain = f * np.exp(-((f / cutoff) ** 4))
    return np.fft.ifft2(np.fft.fft2(image) * gain).real


squares = []
for photograph in load_sample_images().images:
    image = whiten(photograph.mean(axis=2))
    image /= image.std()
    for row in range(0, image.shape[0] - SIDE, SIDE):
        for column in range(0, image.shape[1] - SIDE, SIDE):
            squares.append(image[row : row + SIDE, column : column + SIDE].ravel())
X = np.array(squares)
print(f"{len(X)} images of {SIDE} x {SIDE} pixels")

# %%
# Kernels
# -------
# 36 kernels of 9 x 9 pixels. A unit is to be active at one position in a hundred: the
# smaller `rho`, the more a kernel is about one thing. They are learned from 100000
# random patches of these images, which takes seconds.
#
# What is drawn are the kernels of the encoder, the patch to which a unit responds most.
# Those of the decoder, `components_`, are harder to read: neighbouring positions write
# into the same pixels, and each adds only what the others leave.

autoencoder = ConvSparseAutoencoder(
    36,
    image_shape=(SIDE, SIDE),
    kernel_size=9,
    padding="valid",
    rho=0.01,
    random_state=0,
).fit(X)
UnitImageDisplay.from_estimator(autoencoder, weights="encoder")

# %%
# Maps
# ----
# Where some of the units find what they look for, in the square of the most detail.

detailed = X[np.argsort(-X.var(axis=1))]
maps = autoencoder.transform(detailed[:1]).reshape(autoencoder.map_shape_)
units = np.argsort(-maps.mean(axis=(0, 1)))[:6]

fig, axes = plt.subplots(2, 7, figsize=(8, 2.6), layout="constrained")
axes[0, 0].imshow(detailed[0].reshape(SIDE, SIDE), cmap="gray")
axes[0, 0].set_title("image", fontsize="small")
axes[1, 0].axis("off")
for column, unit in zip(axes.T[1:], units, strict=True):
    column[0].imshow(autoencoder.encoder_coef_[:, unit].reshape(9, 9), cmap="gray")
    column[0].set_title(f"unit {unit}", fontsize="small")
    column[1].imshow(maps[:, :, unit], cmap="gray_r", vmin=0, vmax=1)
for axis in axes.flat:
    axis.set(xticks=[], yticks=[])
axes[0, 1].set_ylabel("kernel")
axes[1, 1].set_ylabel("map")

# %%
# Reconstructions
# ---------------
# From so sparse maps, edges come back and fine texture does not. Above, the
# squares of the most detail; below, what the autoencoder makes of them.

print(f"explains {autoencoder.score(X):.1%} of the variance of the whitened images")
ReconstructionDisplay.from_estimator(autoencoder, detailed[:8], image_shape=(32, 32))
plt.show()

# %%
# References
# ----------
# .. [1] B. Olshausen, D. Field, "Emergence of simple-cell receptive field properties by
#    learning a sparse code for natural images", Nature 381, 1996.
