"""
============================================
Digits by dense and convolutional networks
============================================

Four sparse autoencoders reconstruct the same digits: a dense and a convolutional
network, each with the Kullback-Leibler penalty and with the L1 penalty. A unit of the
dense network is a picture of the whole image; a unit of the convolutional one is a
small kernel that is used everywhere, so that a stroke is the same unit wherever it is.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import ConvSparseAutoencoder, SparseAutoencoder

digits = load_digits()
X, X_test, y, y_test = train_test_split(
    digits.data / 16, digits.target, random_state=0, stratify=digits.target
)

# %%
# Four autoencoders
# -----------------
# Rows stay rows: the convolutional network is told the shape of the images that they
# hold. With 16 kernels of 3 x 3 it has 305 parameters, the dense one with 32 units has
# 4192. Like the dense one, it is trained on whole images: digits are so small that this
# takes seconds, and few kernels give better features than those learned from patches.

autoencoders = {
    f"{name}, {penalty}": make(penalty=penalty, random_state=0)
    for name, make in [
        ("dense", lambda **options: SparseAutoencoder(32, **options)),
        (
            "convolutional",
            lambda **options: ConvSparseAutoencoder(
                16, image_shape=(8, 8), kernel_size=3, train_on="images", **options
            ),
        ),
    ]
    for penalty in ("kl", "l1")
}
for name, autoencoder in autoencoders.items():
    autoencoder.fit(X)
    print(f"{name}: explains {autoencoder.score(X_test):.1%} of the test variance")

# %%
# Reconstructions
# ---------------
# The first test digit of each class, and what each autoencoder makes of it.

first = [int(np.flatnonzero(y_test == label)[0]) for label in range(10)]
shown = {"digits": X_test[first]}
for name, autoencoder in autoencoders.items():
    shown[name] = autoencoder.inverse_transform(autoencoder.transform(X_test[first]))

fig, axes = plt.subplots(5, 10, figsize=(8, 4.6), layout="constrained")
for row, (name, images) in zip(axes, shown.items(), strict=True):
    for axis, image in zip(row, images, strict=True):
        axis.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        axis.set(xticks=[], yticks=[])
    row[0].set_ylabel(name.replace(", ", ",\n"), rotation=0, ha="right", va="center")

# %%
# Maps
# ----
# The code of an image is a map for each kernel. ``map_shape_`` is its shape; here are
# the kernels of the convolutional network with L1 that are most active, and their maps
# of one digit.

autoencoder = autoencoders["convolutional, l1"]
maps = autoencoder.transform(X_test[first[3:4]]).reshape(autoencoder.map_shape_)
units = np.argsort(-maps.sum(axis=(0, 1)))[:6]

fig, axes = plt.subplots(2, 7, figsize=(8, 2.6), layout="constrained")
axes[0, 0].imshow(X_test[first[3]].reshape(8, 8), cmap="gray_r")
axes[0, 0].set_title("digit", fontsize="small")
axes[1, 0].axis("off")
limit = np.abs(autoencoder.components_[units]).max()
for column, unit in zip(axes.T[1:], units, strict=True):
    kernel = autoencoder.components_[unit].reshape(3, 3)
    column[0].imshow(kernel, cmap="RdBu_r", vmin=-limit, vmax=limit)
    column[0].set_title(f"unit {unit}", fontsize="small")
    column[1].imshow(maps[:, :, unit], cmap="gray_r", vmin=0, vmax=maps.max())
for axis in axes.flat:
    axis.set(xticks=[], yticks=[])
axes[0, 1].set_ylabel("kernel")
axes[1, 1].set_ylabel("map")

# %%
# Features for a classifier
# -------------------------
# ``pooling`` keeps the largest activation of each square of positions, so that a small
# shift of the image hardly changes the code. Training does not depend on it, and a
# fitted estimator can be switched.

pooled = autoencoder.set_params(pooling="max", pool_size=2)
for name, steps in {
    "pixels": [],
    "dense, kl": [autoencoders["dense, kl"]],
    "convolutional, l1, pooled": [pooled],
}.items():
    model = make_pipeline(*steps, StandardScaler(), LogisticRegression(max_iter=2000))
    model.fit(X, y)
    print(f"{name}: {model.score(X_test, y_test):.3f} of the test digits are right")

plt.show()
