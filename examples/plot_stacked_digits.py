"""
======================================
Layer upon layer: stacked autoencoders
======================================

A pipeline of two autoencoders is a stacked autoencoder, trained layer by layer: the
second one learns a code of the first one's code. It needs no class of its own; ``fit``,
``transform`` and ``inverse_transform`` of scikit-learn's ``Pipeline`` do everything.
"""

# %%
# Two layers
# ----------
# The first layer has 200 units, of which each digit uses 20. It passes its code on as a
# sparse matrix, from which the second layer learns 64 units.

from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder, TopK
from skl_sparse_ae.metrics import variance_explained

X, y = load_digits(return_X_y=True)
X = X / 16

first_layer = SparseAutoencoder(
    200, penalty=TopK(rho=0.1), sparse_output=True, random_state=0
)
second_layer = SparseAutoencoder(64, random_state=0)
layers = make_pipeline(first_layer, second_layer).fit(X)
code = layers.transform(X)
explained = variance_explained(X, layers.inverse_transform(code))
print(f"code of the second layer: {code.shape}, variance explained: {explained:.3f}")

# %%
# Features of each layer
# ----------------------
# How well a linear classifier does on each layer's code, cross-validated. Both layers
# are fitted in each fold, on its training rows only. With ``memory``, a pipeline looks
# up a step that has been fitted on the same rows before: the first layer is trained
# once for each fold rather than three times.

folds = StratifiedKFold(5, shuffle=True, random_state=0)
candidates = {
    "64 pixels": [],
    "PCA, 64": [PCA(64)],
    "first layer, 200": [first_layer],
    "second layer, 64": [first_layer, second_layer],
    "both, 264": [first_layer, make_union("passthrough", second_layer)],
}
with TemporaryDirectory() as folder:
    for name, steps in candidates.items():
        scaler = StandardScaler(with_mean=False)  # keeps sparse codes sparse
        classifier = LogisticRegression(max_iter=1000)
        pipeline = make_pipeline(*steps, scaler, classifier, memory=folder)
        accuracy = cross_val_score(pipeline, X, y, cv=folds).mean()
        print(f"accuracy on {name:17}: {accuracy:.3f}")

# %%
# What the units draw
# -------------------
# A unit of the first layer draws its row of ``components_``. For a unit of the second,
# ``inverse_transform`` goes back through both layers: its picture shows how the image
# changes when the unit goes from its mean activation to 1.

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
