"""
=======================================
Anomalies by their reconstruction error
=======================================

A row with a large reconstruction error is unlike the rows that the autoencoder was
trained on. With few active units for each row this makes a detector of anomalies: the
units are parts of usual rows, and five of them cannot be combined to an unusual one.
"""

# %%
# A digit that was left out of training
# -------------------------------------
# Ten problems: each time, one of the ten digits is left out of training, and must then
# be told from further examples of the other nine. The score of a row is the sum of its
# squared errors, and the measure is the area under the ROC curve (0.5 for guessing).
# PCA has 8 components, the best of 4, 8, 16 and 24.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import LocalOutlierFactor
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder, TopK


def by_residual(transformer):
    """Return a function that fits and returns a scorer, by the reconstruction error."""

    def fit(X):
        transformer.fit(X)
        return lambda rows: (
            (transformer.inverse_transform(transformer.transform(rows)) - rows) ** 2
        ).sum(axis=1)

    return fit


def by_score_samples(detector):
    """Return a function that fits and returns a scorer, by `score_samples`."""

    def fit(X):
        detector.fit(X)
        return lambda rows: -detector.score_samples(rows)

    return fit


detectors = {
    "SparseAutoencoder, 5 of 100": by_residual(
        SparseAutoencoder(100, penalty=TopK(rho=0.05), random_state=0)
    ),
    "PCA, 8 components": by_residual(PCA(8, random_state=0)),
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
