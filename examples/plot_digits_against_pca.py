"""
===================================
A sparse autoencoder in PCA's place
===================================

A sparse autoencoder can replace PCA: both learn ``n_components`` features from the
columns of a table, alone or in a pipeline. This example replaces one by the other and
compares how much variance is explained, how well a linear classifier does on the
features, and what the components look like.
"""

# %%
# Both are fitted to the 1797 digits of 8 x 8 pixels that come with scikit-learn. The
# autoencoder has its default parameters.

from timeit import repeat

import matplotlib.pyplot as plt
import numpy as np
from scipy.linalg import subspace_angles
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder

X, y = load_digits(return_X_y=True)
X = X / 16

# %%
# Variance explained and accuracy
# -------------------------------
# ``SparseAutoencoder.score`` is the fraction of variance that the reconstruction
# explains; on the training rows PCA's is the sum of ``explained_variance_ratio_``.
# Features are judged by the cross-validated accuracy of a logistic regression on them;
# the bars in the figure are standard errors over the folds.

folds = StratifiedKFold(5, shuffle=True, random_state=0)


def accuracies(transformer):
    """Return the cross-validated accuracies of a linear classifier on the features."""
    classifier = LogisticRegression(max_iter=1000)
    pipeline = make_pipeline(transformer, StandardScaler(), classifier)
    return cross_val_score(pipeline, X, y, cv=folds)


def explained(transformer):
    """Return the fraction of the training rows' variance that is explained."""
    if isinstance(transformer, PCA):
        return transformer.explained_variance_ratio_.sum()
    return transformer.score(X)


def seconds_to_fit(transformer):
    """Return the time of the fastest of three fits."""
    return min(repeat(lambda: transformer.fit(X), number=1, repeat=3))


numbers = [4, 8, 16, 32, 48, 64]
kinds = {
    "PCA": lambda n: PCA(n, random_state=0),
    "SparseAutoencoder": lambda n: SparseAutoencoder(n, random_state=0),
}
variance, accuracy = {}, {}
print("                    n  variance  accuracy  seconds to fit")
for name, make in kinds.items():
    variance[name], accuracy[name] = [], []
    for n in numbers:
        seconds = seconds_to_fit(make(n))
        variance[name].append(explained(make(n).fit(X)))
        accuracy[name].append(accuracies(make(n)))
        print(
            f"{name:17} {n:3}  {variance[name][-1]:8.3f}"
            f"  {accuracy[name][-1].mean():8.3f}  {seconds:14.3f}"
        )
raw = accuracies("passthrough").mean()
print(f"accuracy on the pixels: {raw:.3f}")

# %%
# PCA always explains more variance: an autoencoder with identity output reconstructs
# within a subspace of ``n_components`` dimensions, and PCA's subspace is the closest to
# the rows (Eckart and Young, 1936). Sparsity costs the autoencoder some reconstruction.
# In return its features are not linear in the pixels: from about 30 units on, the
# classifier does better on them than on as many principal components. With fewer than
# 20, the effective rank of the digits, the default code is hardly sparse, and about as
# good as PCA's in both respects. Prefer PCA there, and where reconstruction or time
# matter most: it takes milliseconds.

fig, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for name in kinds:
    axes[0].plot(numbers, variance[name], "o-", label=name)
    mean = np.mean(accuracy[name], axis=1)
    error = np.std(accuracy[name], axis=1) / np.sqrt(folds.get_n_splits())
    axes[1].errorbar(numbers, mean, error, fmt="o-", capsize=3, label=name)
axes[1].axhline(raw, color="grey", linestyle="--", label="the 64 pixels themselves")
axes[0].set(title="Variance explained", ylim=(0, 1.02))
axes[1].set(title="Accuracy of logistic regression, 5 folds")
for ax in axes:
    ax.set(xlabel="n_components", xticks=numbers)
    ax.grid(alpha=0.3)
    ax.legend(loc="lower right")
plt.show()

# %%
# What the components look like
# -----------------------------
# In both, a row of ``components_`` is what a component adds to the reconstruction.
# PCA's are ordered by variance, from blobs to finer patterns over the whole picture.
# The autoencoder's units have no order. With a smaller ``rho`` and ``tol`` than the
# defaults, more of them are strokes and parts of digits. Pixels are few, however, and
# the units of larger images are easier to read.


def mosaic(rows, n_columns=8, side=8):
    """Arrange square pictures in a grid, each scaled to its largest value."""
    rows = rows / np.abs(rows).max(axis=1, keepdims=True)
    pictures = rows.reshape(-1, n_columns, side, side)
    frame = ((0, 0), (0, 0), (1, 0), (1, 0))
    pictures = np.pad(pictures, frame, constant_values=np.nan)
    return pictures.transpose(0, 2, 1, 3).reshape(-1, n_columns * (side + 1))


pca = PCA(32, random_state=0).fit(X)
sparser = SparseAutoencoder(32, rho=0.03, tol=1e-4, random_state=0).fit(X)

fig, axes = plt.subplots(1, 2, figsize=(11, 3.2), layout="constrained")
for ax, transformer in zip(axes, (pca, sparser), strict=True):
    ax.imshow(mosaic(transformer.components_), cmap="RdBu_r", vmin=-1, vmax=1)
    ax.set_title(f"{type(transformer).__name__}, 32 components")
    ax.axis("off")
plt.show()

# %%
# A linear autoencoder is PCA
# ---------------------------
# Without a penalty, without weight decay and with identity activations, the optimum of
# an autoencoder is PCA's subspace (Baldi and Hornik, 1989). The fit finds it: the
# largest angle between the two subspaces is about a hundredth of a degree or less, and
# the variance explained is the same. It needs a very small ``tol``, because every other
# choice of principal components is a saddle point, near which the objective is flat.
# Tied weights save iterations, most of all for few components. This is a good test of
# the library, and a slow way to compute PCA.

for n in (4, 8, 16, 32):
    linear = SparseAutoencoder(
        n,
        penalty=None,
        activation="identity",
        alpha=0,
        tied_weights=True,
        tol=1e-11,
        max_iter=5000,
        random_state=0,
    ).fit(X)
    pca = PCA(n).fit(X)
    angles = np.degrees(subspace_angles(linear.components_.T, pca.components_.T))
    print(
        f"n_components = {n:2}: variance {linear.score(X):.6f} and {explained(pca):.6f}"
        f" (PCA), angle {angles.max():.4f} degrees, {linear.n_iter_} iterations"
    )
