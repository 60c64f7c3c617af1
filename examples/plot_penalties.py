"""
==========================
What each penalty produces
==========================

The penalty decides what "sparse" means: units that are rarely active, few active units
for each row, or a code that changes little when its row does. This example fits the
same digits with every penalty and then varies the parameters that set the sparsity.
"""

# %%
# The same digits, every penalty
# ------------------------------
# 64 units and the default parameters. A rectified unit counts as active where it is not
# zero. Logistic units are never zero: they count as active above their mean.

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import L1, BatchTopK, SparseAutoencoder, TopK
from skl_sparse_ae.display import (
    MeanActivationDisplay,
    SparsityCurveDisplay,
    UnitImageDisplay,
)
from skl_sparse_ae.metrics import dead_units, n_active_units

X, y = load_digits(return_X_y=True)
X = X / 16
folds = StratifiedKFold(3, shuffle=True, random_state=0)


def accuracy(autoencoder):
    """Cross-validated accuracy of a linear classifier on the code."""
    classifier = LogisticRegression(max_iter=1000)
    pipeline = make_pipeline(autoencoder, StandardScaler(), classifier)
    return cross_val_score(pipeline, X, y, cv=folds).mean()


penalties = ["kl", "l1", "topk", "batch_topk", "contractive", None]
fitted = {}
print("penalty      units      active per row  unused  explained  accuracy")
for penalty in penalties:
    autoencoder = SparseAutoencoder(64, penalty=penalty, random_state=0)
    code = autoencoder.fit_transform(X)
    logistic = autoencoder.activation_ == "logistic"
    n_active = n_active_units(code, threshold="mean" if logistic else None).mean()
    print(
        f"{penalty!s:12} {autoencoder.activation_:9} {n_active:15.1f}"
        f" {dead_units(code).sum():7} {autoencoder.score(X):10.3f}"
        f" {accuracy(autoencoder):9.3f}"
    )
    fitted[penalty] = autoencoder

# %%
# The dictionaries: each small picture shows what one unit adds to the reconstruction,
# the most active units first. With few active units, as with ``"topk"``, each must draw
# more of a digit: the pictures become strokes and whole digits.

fig, axes = plt.subplots(2, 3, figsize=(9, 6.6), layout="constrained")
for ax, (penalty, autoencoder) in zip(axes.flat, fitted.items(), strict=True):
    UnitImageDisplay.from_estimator(
        autoencoder,
        X,
        image_shape=(8, 8),
        order="activation",
        n_units=36,
        ax=ax,
    )
    ax.set_title(f"penalty = {penalty}")
plt.show()

# %%
# The price of sparsity
# ---------------------
# ``rho`` is the fraction of units that should be active: 2, 5, 12 or 24 of 64.
# ``"topk"`` and ``"batch_topk"`` fix it by construction, and ``"l1"`` reaches it with
# ``beta="adaptive"``. The fewer units are active, the less is explained. A sparse code
# with few active units explains more than as many principal components, since each row
# uses other units, and all rows the same components. On the digits ``"topk"`` and
# ``"batch_topk"`` hardly differ.

levels = [2 / 64, 5 / 64, 12 / 64, 24 / 64]
fig, ax = plt.subplots(figsize=(7, 4.6), layout="constrained")
for name, make in {
    '"topk"': lambda rho: TopK(rho=rho),
    '"batch_topk"': lambda rho: BatchTopK(rho=rho),
    '"l1", adaptive': lambda rho: L1(beta="adaptive", rho=rho),
}.items():
    autoencoders = [
        SparseAutoencoder(64, penalty=make(rho), max_iter=300, random_state=0).fit(X)
        for rho in levels
    ]
    SparsityCurveDisplay.from_estimators(
        autoencoders,
        X,
        name=name,
        pca=name == '"topk"',
        ax=ax,
        linestyle="--" if name == '"batch_topk"' else "-",
    )
plt.show()

# %%
# rho and beta of "kl"
# --------------------
# For ``"kl"``, ``rho`` is the mean activation that each unit should have, and ``beta``
# is the weight of the penalty. With a small ``beta`` the mean activations differ
# between units, as suits the reconstruction; a large ``beta`` keeps all of them close
# to ``rho``.

fig, axes = plt.subplots(1, 3, figsize=(10, 3), sharex=True, layout="constrained")
for ax, factor in zip(axes, [0.1, 1, 10], strict=True):
    beta = factor * fitted["kl"].beta_
    autoencoder = SparseAutoencoder(64, beta=beta, random_state=0).fit(X)
    MeanActivationDisplay.from_estimator(autoencoder, ax=ax)
    ax.set_title(f"beta = {beta:.2g}, explained {autoencoder.score(X):.2f}")
plt.show()
