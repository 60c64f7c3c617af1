"""
===================
Units of embeddings
===================

The columns of an embedding mean nothing by themselves. A sparse autoencoder writes each
vector as a sum of a few units, which can be named, ranked by what they tell about a
target, and selected. The vectors here are of texts, by latent semantic analysis, which
needs no download; those of a neural network are treated in the same way.
"""

# %%
# Texts and their vectors
# -----------------------
# The texts are the docstrings of SciPy and scikit-learn up to their examples, which are
# installed with this library. Each becomes a vector of 100 numbers and length 1. From
# here on, the autoencoder sees the vectors only. The modules that the texts are from
# are the target, so that their names are not counted as words.

import inspect
import re
from importlib import import_module

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.inspection import rank_units, sparse_probing, top_activating

MODULES = {
    "scipy": [
        *("fft", "interpolate", "linalg", "ndimage", "optimize", "signal"),
        *("sparse", "special", "stats"),
    ],
    "sklearn": [
        *("cluster", "datasets", "decomposition", "ensemble", "feature_selection"),
        *("linear_model", "metrics", "preprocessing"),
    ],
}


def prose(documented):
    """Return a docstring without its examples and references."""
    text = inspect.getdoc(documented) or ""
    return re.split(r"\n(?:Examples|References|See Also)\n-+", text)[0]


names, texts, labels = [], [], []
for library, modules in MODULES.items():
    for label in modules:
        module = import_module(f"{library}.{label}")
        for name in module.__all__:
            text = prose(getattr(module, name))
            if callable(getattr(module, name)) and len(text) > 300:
                names.append(name)
                texts.append(text)
                labels.append(label)
names, labels = np.array(names), np.array(labels)

names_of_modules = re.findall("[a-z]+", " ".join([*MODULES, *labels]))
embed = make_pipeline(
    TfidfVectorizer(
        sublinear_tf=True,
        min_df=3,
        max_df=0.3,
        stop_words=[*ENGLISH_STOP_WORDS, *set(names_of_modules)],
        token_pattern="[a-z]{3,}",
    ),
    TruncatedSVD(100, random_state=0),
    Normalizer(),
)
X = embed.fit_transform(texts)
print(f"{X.shape[0]} vectors of {X.shape[1]} columns")

# %%
# Units
# -----
# 100 units, of which four are active for each vector. With tied weights, the direction
# that activates a unit is the one that it adds. There are few vectors, so small batches
# are used, which give more steps.

autoencoder = SparseAutoencoder(
    100,
    penalty="topk",
    rho=4 / 100,
    tied_weights=True,
    batch_size=32,
    random_state=0,
).fit(X)
print(f"variance explained: {autoencoder.score(X):.2f}")

# %%
# What does a unit stand for? The rows that activate it most say so, whatever the
# vectors are. Latent semantic analysis can moreover go back from directions to words,
# which gives the units names; with other vectors, name them by their rows.

words = embed[0].get_feature_names_out()
word_weights = autoencoder.components_ @ embed[1].components_
unit_words = words[np.argsort(-word_weights)[:, :3]]
unit_names = np.array([" ".join(three) for three in unit_words])
top_rows = top_activating(autoencoder, X, n=3).indices

n_active = (autoencoder.transform(X) > 0).sum(axis=0)
print("texts  unit                                texts that activate it most")
for unit in np.argsort(-n_active)[:15]:
    print(
        f"{n_active[unit]:5}  {unit_names[unit]:34}  {', '.join(names[top_rows[unit]])}"
    )

# %%
# Which units tell of a target
# ----------------------------
# ``rank_units`` compares each unit with the target, here with each module: an effect of
# 1 means that the unit is more active on every text of the module than on any other
# text, 0 that it tells nothing. The picture shows the best unit for each module, and
# its effect for the others. The modules were not used in training.

ranking = rank_units(autoencoder, X, labels)
best = ranking.effect.argmax(axis=0)
fig, ax = plt.subplots(figsize=(9, 7), layout="constrained")
image = ax.imshow(ranking.effect[best], cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
ax.set_xticks(range(len(best)), ranking.classes, rotation=60, ha="right")
ax.set_yticks(range(len(best)), unit_names[best])
ax.set_title("Best unit for each module")
fig.colorbar(image, label="Effect")
plt.show()

# %%
# How many units a target needs
# -----------------------------
# ``sparse_probing`` fits a linear classifier to the best one, two, five, ... units, by
# cross-validation. For each module, it is to tell the module's texts from all others;
# the curves are means over the modules. Up to five units tell as much as the same
# number of columns of the embedding, of which one cannot say what they stand for.
# Further columns add what four units for each vector leave out.

numbers = [1, 2, 5, 10, 20]
columns = FunctionTransformer().fit(X)  # the embedding as it is
fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
for name, estimator in [("units", autoencoder), ("columns of X", columns)]:
    scores = [
        sparse_probing(
            estimator, X, labels == module, n_units=numbers, scoring="f1"
        ).mean_scores
        for module in ranking.classes
    ]
    ax.plot(numbers, np.mean(scores, axis=0), marker="o", label=name)
    print(f"{name:13}", " ".join(f"{score:.2f}" for score in np.mean(scores, axis=0)))
ax.set_xscale("log")
ax.set_xticks(numbers, numbers)
ax.minorticks_off()
ax.set_xlabel("Number of units or columns")
ax.set_ylabel("F1 of a linear classifier")
ax.set_ylim(0, 1)
ax.legend()
plt.show()

# %%
# Selecting units by name
# -----------------------
# The code is a table like any other. With names, the selection of ``SelectKBest`` and
# the coefficients of a classifier can be read: here, what tells texts of ``optimize``
# from others.

code = pd.DataFrame(autoencoder.transform(X), columns=unit_names)
is_optimize = labels == "optimize"
classifier = make_pipeline(
    VarianceThreshold(),  # a unit may be silent on all training rows
    SelectKBest(k=5),
    LogisticRegression(C=10),
)
accuracy = cross_val_score(classifier, code, is_optimize).mean()
print(f"accuracy with five units: {accuracy:.3f}")
print(f"accuracy without features: {1 - is_optimize.mean():.3f}")
classifier.fit(code, is_optimize)
selected = classifier[:-1].get_feature_names_out()
for name, weight in zip(selected, classifier[-1].coef_[0], strict=True):
    print(f"{weight:6.1f}  {name}")
