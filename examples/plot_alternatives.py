"""
======================================
Alternatives in scikit-learn, compared
======================================

scikit-learn has several estimators that learn features from a table without labels.
This example gives all of them the same digits and the same number of features, and
measures how much variance of unseen rows they explain, how many features are active for
each row, how accurate a linear classifier on the features is, and the time.
"""

# %%
# The candidates
# --------------
# - PCA: orthogonal directions of the largest variance.
# - NMF: non-negative parts, which can only be added.
# - Dictionary learning: a sparse code too, but ``fit`` and ``transform`` solve an
#   optimisation problem for each row. It does not centre the rows.
# - ``MLPRegressor`` trained to output its own input, as is often advised for an
#   autoencoder, with its default, rectified units. It has no ``transform``: the code
#   must be computed from the weights.
# - ``SparseAutoencoder`` with its default parameters, and with a top-k code, in which a
#   tenth of the units is active.

from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_digits
from sklearn.decomposition import NMF, PCA, MiniBatchDictionaryLearning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.metrics import n_active_units, variance_explained

N_FEATURES = 48


class MLPAutoencoder(TransformerMixin, BaseEstimator):
    """A transformer around MLPRegressor, trained to output its input."""

    def fit(self, X, y=None):
        self.network_ = MLPRegressor(
            hidden_layer_sizes=(N_FEATURES,),
            max_iter=1000,
            random_state=0,
        ).fit(X, X)
        return self

    def transform(self, X):
        return np.maximum(self._linear(X, layer=0), 0)

    def inverse_transform(self, A):
        return self._linear(A, layer=1)

    def _linear(self, rows, layer):
        return rows @ self.network_.coefs_[layer] + self.network_.intercepts_[layer]


candidates = {
    "PCA": PCA(N_FEATURES, random_state=0),
    "NMF": NMF(N_FEATURES, tol=0.005, max_iter=1000, random_state=0),
    "MiniBatchDictionaryLearning": make_pipeline(
        StandardScaler(with_std=False),
        MiniBatchDictionaryLearning(N_FEATURES, random_state=0),
    ),
    "MLPRegressor(X, X)": MLPAutoencoder(),
    "SparseAutoencoder": SparseAutoencoder(N_FEATURES, random_state=0),
    "SparseAutoencoder, topk": SparseAutoencoder(
        N_FEATURES, penalty="topk", rho=0.1, random_state=0
    ),
}

# %%
# The measurements
# ----------------
# Each half of the rows is used once for fitting and once for the measurements; the
# table has the means. The standard error of an accuracy is about 0.004.

X, y = load_digits(return_X_y=True)
X = X / 16
folds = StratifiedKFold(2, shuffle=True, random_state=0)


def measure(transformer, train, test):
    """Return variance explained, active features, accuracy and times of one split."""
    start = perf_counter()
    transformer.fit(X[train])
    fitted = perf_counter()
    code = transformer.transform(X[test])
    encoded = perf_counter()
    rows = transformer.inverse_transform(code)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    classifier.fit(transformer.transform(X[train]), y[train])
    return (
        variance_explained(X[test], rows),
        n_active_units(np.abs(code)).mean(),
        classifier.score(code, y[test]),
        fitted - start,
        (encoded - fitted) / len(test) * 1e6,
    )


print(f"{'':27}  variance    active            seconds  microseconds")
print(f"{'':27} explained  features  accuracy   to fit     to encode")
results = {}
for name, transformer in candidates.items():
    measured = [measure(transformer, *split) for split in folds.split(X, y)]
    results[name] = np.mean(measured, axis=0)
    print("{:27} {:9.3f} {:9.1f} {:9.3f} {:8.2f} {:13.1f}".format(name, *results[name]))

# %%
# - PCA explains the most and is the fastest. Prefer it if the code need be neither
#   sparse nor non-linear.
# - NMF's features are almost as good for the classifier as those of
#   ``SparseAutoencoder``, and they are parts that can be looked at. It is slower and
#   needs data without negative values.
# - Dictionary learning explains more with six active features than ``"topk"`` with
#   five, since it searches for the best code of each row. The search makes fitting and
#   encoding slow.
# - ``MLPRegressor`` explains a little less than ``SparseAutoencoder`` with default
#   parameters and takes several times as long to fit. Some two thirds of its rectified
#   units are active on a row; dictionary learning explains as much with six. Its
#   features are no better for the classifier than the five that ``"topk"`` chooses.
# - The classifier is most accurate on the features of ``SparseAutoencoder``. Its
#   logistic units all count as active: sparse means that their activations are small on
#   average, not that they are zero.

fig, axes = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
for name, (explained, active, accuracy, seconds, _) in results.items():
    axes[0].plot(active, explained, "o", label=name)
    axes[1].plot(seconds, accuracy, "o", label=name)
axes[0].set(xlabel="Active features of a row", ylabel="Variance explained")
axes[1].set(xlabel="Seconds to fit", ylabel="Accuracy", xscale="log")
axes[0].set_xlim(0)
for ax in axes:
    ax.grid(alpha=0.3)
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()
