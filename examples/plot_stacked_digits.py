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
# sparse matrix, from which the second layer learns 64 units. The pipeline's own
# ``score`` is that of the second layer on this code; ``pipeline_score`` is that of the
# pixels.

from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder, TopK
from skl_sparse_ae.display import UnitImageDisplay
from skl_sparse_ae.metrics import pipeline_score

X, y = load_digits(return_X_y=True)
X = X / 16

first_layer = SparseAutoencoder(
    200, penalty=TopK(rho=0.1), sparse_output=True, random_state=0
)
second_layer = SparseAutoencoder(64, random_state=0)
layers = make_pipeline(first_layer, second_layer).fit(X)
print(f"variance explained, of the pixels:         {pipeline_score(layers, X):.3f}")
print(f"                    by the first layer:    {pipeline_score(layers[:1], X):.3f}")
print(f"                    of the first's code:   {layers.score(X):.3f}")

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
# displays go back through both layers: its picture shows how the image changes when the
# unit's activation rises from its mean.

fig, axes = plt.subplots(1, 2, figsize=(9, 4.8), layout="constrained")
for ax, title, pipeline in zip(
    axes, ["first layer", "second layer"], [layers[:1], layers], strict=True
):
    UnitImageDisplay.from_estimator(
        pipeline, image_shape=(8, 8), order="activation", n_units=36, ax=ax
    )
    ax.set_title(title)
plt.show()
