"""
======================================
Layer upon layer: stacked autoencoders
======================================

A pipeline of two autoencoders is trained greedily, layer by layer: the second learns a
code of the first one's code. No class is needed for it; ``fit``, ``transform`` and
``inverse_transform`` of scikit-learn's ``Pipeline`` do everything.
"""

# %%
# Two layers
# ----------
# The first layer has many units, of which each digit uses a tenth; its code is passed
# on as a sparse matrix, which the second layer takes as it is.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder, TopK

X, y = load_digits(return_X_y=True)
X = X / 16


def first_layer(**settings):
    """200 units, 20 of them active."""
    return SparseAutoencoder(200, penalty=TopK(rho=0.1), random_state=0, **settings)


def stack():
    """A second layer of 64 units upon the first."""
    return make_pipeline(
        first_layer(sparse_output=True), SparseAutoencoder(64, random_state=0)
    )


layers = stack().fit(X)
code = layers.transform(X)
rows = layers.inverse_transform(code)
explained = 1 - ((rows - X) ** 2).sum() / ((X - X.mean(axis=0)) ** 2).sum()
print(f"code of the second layer: {code.shape}, variance explained: {explained:.3f}")

# %%
# Features of each layer
# ----------------------
# Judged by a linear classifier, cross-validated. The pipeline is fitted within each
# fold, both layers of it.

folds = StratifiedKFold(5, shuffle=True, random_state=0)
for name, features in {
    "64 pixels": "passthrough",
    "PCA, 64": PCA(64),
    "first layer, 200": first_layer(),
    "second layer, 64": stack(),
    "both, 264": make_union(first_layer(), stack()),
}.items():
    pipeline = make_pipeline(
        features, StandardScaler(), LogisticRegression(max_iter=1000)
    )
    accuracy = cross_val_score(pipeline, X, y, cv=folds).mean()
    print(f"accuracy on {name:17}: {accuracy:.3f}")

# %%
# What the layers stand for
# -------------------------
# A unit of the first layer draws its row of ``components_``. For one of the second,
# ``inverse_transform`` walks back through both layers: what changes in the image when
# the unit goes from its mean to full activation.

first, second = layers
strokes = first.components_[np.argsort(-first.mean_activation_)[:36]]
base = np.tile(code.mean(axis=0), (64, 1))
changes = layers.inverse_transform(base + np.eye(64) * (1 - base))
changes = (changes - layers.inverse_transform(base))[:36]

fig = plt.figure(figsize=(9, 4.8), layout="constrained")
titles = ["first layer", "second layer"]
for panel, title, images in zip(
    fig.subfigures(1, 2), titles, [strokes, changes], strict=True
):
    panel.suptitle(title)
    for ax, image in zip(panel.subplots(6, 6).ravel(), images, strict=True):
        limit = np.abs(image).max()
        ax.imshow(image.reshape(8, 8), cmap="gray", vmin=-limit, vmax=limit)
        ax.set_axis_off()
plt.show()
