"""
=============================================
Anomaly detection by the reconstruction error
=============================================

A row with a large reconstruction error is unlike the rows that the autoencoder was
trained on. With few active units for each row this makes a detector of anomalies: the
units are parts of usual rows, and five of them cannot be combined to an unusual one.
"""

# %%
# A digit that was left out of training
# -------------------------------------
# Ten problems: each time, one of the ten digits is left out of training, and must then
# be told from further examples of the other nine. `score_samples` of the autoencoder is
# minus half the squared error of each row, lower for less usual rows, like that of
# scikit-learn's detectors. The measure is the area under the ROC curve (0.5 for
# guessing). PCA has 8 components, the best of 4, 8, 16 and 24.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import LocalOutlierFactor
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder, TopK
from skl_sparse_ae.metrics import loss_per_entry


def by_score_samples(detector):
    """Return a function that fits and returns a scorer, by `score_samples`."""

    def fit(X):
        detector.fit(X)
        return lambda rows: -detector.score_samples(rows)

    return fit


def by_loss(transformer):
    """The same for PCA, whose own `score_samples` is another one, a likelihood."""

    def fit(X):
        transformer.fit(X)
        return lambda rows: loss_per_entry(transformer, rows).sum(axis=1)

    return fit


detectors = {
    "SparseAutoencoder, 5 of 100": by_score_samples(
        SparseAutoencoder(100, penalty=TopK(rho=0.05), random_state=0)
    ),
    "PCA, 8 components": by_loss(PCA(8, random_state=0)),
    "LocalOutlierFactor": by_score_samples(LocalOutlierFactor(novelty=True)),
    "IsolationForest": by_score_samples(IsolationForest(random_state=0)),
}


def areas(usual, unusual):
    """Return the area under the ROC curve of each detector."""
    train, test = train_test_split(usual, test_size=0.3, random_state=0)
    rows = np.concatenate([test, unusual])
    is_unusual = np.repeat([False, True], [len(test), len(unusual)])
    return [roc_auc_score(is_unusual, fit(train)(rows)) for fit in detectors.values()]


X, y = load_digits(return_X_y=True)
X = X / 16
found = np.array([areas(X[y != digit], X[y == digit]) for digit in range(10)])

fig, ax = plt.subplots(figsize=(7, 4.6), layout="constrained")
for name, of_digits in zip(detectors, found.T, strict=True):
    ax.plot(range(10), of_digits, "o", label=f"{name}: {of_digits.mean():.3f}")
ax.set(xlabel="Digit that was left out", ylabel="Area under the ROC curve")
ax.set_xticks(range(10))
ax.grid(alpha=0.3)
fig.legend(title="Mean over the digits", loc="outside lower center", ncols=2)
plt.show()

# %%
# Why it works
# ------------
# An autoencoder that was trained without sixes: it keeps the shape of other digits, and
# turns sixes into something else.

usual, test = train_test_split(X[y != 6], test_size=0.3, random_state=0)
autoencoder = SparseAutoencoder(100, penalty=TopK(rho=0.05), random_state=0).fit(usual)
rows = np.concatenate([test[:5], X[y == 6][:5]])
reconstructed = autoencoder.inverse_transform(autoencoder.transform(rows))

fig, axes = plt.subplots(2, 10, figsize=(9, 2.1), layout="constrained")
for label, images, strip in zip(
    ("row", "reconstructed"), (rows, reconstructed), axes, strict=True
):
    for ax, image in zip(strip, images, strict=True):
        ax.imshow(image.reshape(8, 8), cmap="gray", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
    strip[0].set_ylabel(label, rotation=0, ha="right", va="center")
plt.show()

# %%
# Where any detector will do
# --------------------------
# Tumours: the detectors are trained on benign ones, in standardised columns. Malignant
# ones have larger values in most columns, which every detector finds. An autoencoder is
# not needed here.

tumours = load_breast_cancer()
benign = tumours.data[tumours.target == 1]
malignant = tumours.data[tumours.target == 0]
scaler = StandardScaler().fit(benign)
for name, area in zip(
    detectors,
    areas(scaler.transform(benign), scaler.transform(malignant)),
    strict=True,
):
    print(f"{name:27}: {area:.3f}")

# %%
# Which columns do not fit
# ------------------------
# `loss_per_entry` has the part of each column in the loss of a row, and so names the
# columns that do not fit. Wines: one measurement of each row is raised by four standard
# deviations, once in each of the columns. Is it the one with the largest part? PCA with
# three components and the largest standardised value find more of them here than the
# autoencoder, which is not needed for such a table.

wines = load_wine(as_frame=True).data
names = wines.columns
usual, test = train_test_split(wines, test_size=0.3, random_state=0)
changed = np.tile(np.arange(len(names)), len(test))
rows = test.to_numpy().repeat(len(names), axis=0)
rows[np.arange(len(rows)), changed] += 4 * usual.std().to_numpy()[changed]
scaler = StandardScaler().fit(usual.to_numpy())
rows, usual = scaler.transform(rows), scaler.transform(usual.to_numpy())

autoencoder = SparseAutoencoder(100, penalty=TopK(rho=0.05), random_state=0).fit(usual)
losses = loss_per_entry(autoencoder, rows)
guesses = {
    "SparseAutoencoder": losses,
    "PCA, 3 components": loss_per_entry(PCA(3).fit(usual), rows),
    "Largest value": np.abs(rows),
}
for name, values in guesses.items():
    print(f"{name:17}: {np.mean(values.argmax(axis=1) == changed):.2f} found")

# %%
# The first of these wines, once for each column that was raised:

fig, ax = plt.subplots(figsize=(7, 5.6), layout="constrained")
image = ax.imshow(losses[: len(names)], cmap="Reds")
ax.set_xticks(range(len(names)), names, rotation=60, ha="right")
ax.set_yticks(range(len(names)), names)
ax.set(xlabel="Column", ylabel="Column that was raised")
fig.colorbar(image, label="Part of the loss", shrink=0.7)
plt.show()
