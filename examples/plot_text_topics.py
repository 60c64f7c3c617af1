"""
===============
Topics in texts
===============

A sparse autoencoder on the words of texts finds topics: each text has a few of them,
and each topic adds its words. The texts are the docstrings of SciPy's functions and
classes, which are installed with this library.
"""

# %%
# Texts
# -----
# The docstrings of nine of SciPy's modules, up to their examples. A classifier will
# predict the module, so the modules' names are not counted as words.

import inspect
import re
from importlib import import_module

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler
from sklearn.svm import LinearSVC

from skl_sparse_ae import SparseAutoencoder, TopK
from skl_sparse_ae.display import UnitFeatureDisplay
from skl_sparse_ae.inspection import label_enrichment, top_activating

MODULES = [
    "fft",
    "interpolate",
    "linalg",
    "ndimage",
    "optimize",
    "signal",
    "sparse",
    "special",
    "stats",
]


def prose(documented):
    """Return a docstring without its examples and references."""
    text = inspect.getdoc(documented) or ""
    return re.split(r"\n(?:Examples|References)\n-+", text)[0]


names, texts, labels = [], [], []
for label in MODULES:
    module = import_module(f"scipy.{label}")
    for name in module.__all__:
        text = prose(getattr(module, name))
        if callable(getattr(module, name)) and len(text) > 300:
            names.append(f"{label}.{name}")
            texts.append(text)
            labels.append(label)
vectorizer = TfidfVectorizer(
    sublinear_tf=True,
    min_df=3,
    max_df=0.3,
    stop_words=[*ENGLISH_STOP_WORDS, *MODULES, "scipy"],
    token_pattern="[a-z]{3,}",
    dtype=np.float32,
)
X = vectorizer.fit_transform(texts)
words = vectorizer.get_feature_names_out()
print(f"{X.shape[0]} texts, {X.shape[1]} words, {X.nnz / X.shape[0]:.0f} in a text")

# %%
# Topics
# ------
# 40 units, of which three are active for each text. With tied weights, the words that
# activate a topic are the words that it adds. There are few texts, so small batches are
# used, which give more steps. X and the code are sparse matrices throughout. Printed
# for each unit: the number of texts that use it, the text that uses it most, and its
# words.

topics = SparseAutoencoder(
    40,
    penalty=TopK(rho=3 / 40),
    alpha=0.001,
    tied_weights=True,
    sparse_output=True,
    batch_size=32,
    random_state=0,
)
code = topics.fit_transform(X)
top_words = words[np.argsort(-topics.components_)[:, :6]]
top_text = top_activating(topics, X, n=1).indices[:, 0]
n_texts = code.count_nonzero(axis=0)
most_used = np.argsort(-n_texts)
for unit in most_used[:15]:
    print(f"{n_texts[unit]:4}  {names[top_text[unit]]:34} {', '.join(top_words[unit])}")

# %%
# The largest weights of some topics. Negative ones reduce words that the other topics
# of a text have added.

UnitFeatureDisplay.from_estimator(
    topics, feature_names=words, order=most_used[:9], n_features=7
)
plt.show()

# %%
# Most topics belong to one module. Each row of the picture is a topic, and shows from
# which modules the texts that use it come.

enrichment = label_enrichment(topics, X, labels)
shares = enrichment.counts / enrichment.n_active[:, np.newaxis]
order = most_used[:20]
fig, ax = plt.subplots(figsize=(8, 6), layout="constrained")
image = ax.imshow(shares[order], cmap="Blues", vmin=0, vmax=1, aspect="auto")
ax.set_xticks(range(len(MODULES)), enrichment.classes, rotation=45)
ax.set_yticks(range(len(order)), [", ".join(top_words[unit][:3]) for unit in order])
fig.colorbar(image, label="Share of the texts that use the topic")
plt.show()

# %%
# As features for a classifier
# ----------------------------
# Counts of words are sparse, and a linear classifier does best on them directly. The
# features of ``TruncatedSVD`` and of the autoencoder with default parameters are as
# good as each other: a standard error is about 0.006. Three topics for each text are a
# little worse, but can be read.

folds = StratifiedKFold(3, shuffle=True, random_state=0)
for name, steps in {
    "words": [],
    "TruncatedSVD, 40": [TruncatedSVD(40, random_state=0), Normalizer()],
    "SparseAutoencoder, 40": [SparseAutoencoder(40, random_state=0), StandardScaler()],
    "three of 40 topics": [topics, StandardScaler(with_mean=False)],
}.items():
    pipeline = make_pipeline(vectorizer, *steps, LinearSVC())
    accuracy = cross_val_score(pipeline, texts, labels, cv=folds).mean()
    print(f"accuracy on {name:22}: {accuracy:.3f}")
