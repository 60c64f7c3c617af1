"""
===============
Counts of words
===============

How often each word occurs in each page of scikit-learn's reference is a table of
counts, in which most entries are zero and a few are large. A sparse autoencoder with
the Poisson loss finds what the pages are about, and explains new pages better than
non-negative matrix factorisation.
"""

# %%
# A table of counts
# -----------------
# The pages are the docstrings of all classes and functions, which come with
# scikit-learn. `CountVectorizer` makes a sparse matrix of them, with a column for each
# word that occurs in at least five pages.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import NMF
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import mean_poisson_deviance
from sklearn.model_selection import train_test_split
from sklearn.utils.discovery import all_estimators, all_functions

from skl_sparse_ae import SparseAutoencoder

members = [(name, m) for name, m in all_estimators() + all_functions() if m.__doc__]
names = np.array([name for name, _ in members])
modules = np.array([member.__module__.split(".")[1] for _, member in members])
vectorizer = CountVectorizer(stop_words="english", token_pattern="[a-z]{3,}", min_df=5)
X = vectorizer.fit_transform([m.__doc__ for _, m in members]).astype(np.float64)
words = vectorizer.get_feature_names_out()
density = X.nnz / np.prod(X.shape)
print(f"{X.shape[0]} pages, {X.shape[1]} words, {density:.1%} of the counts above zero")

# %%
# What the pages are about
# ------------------------
# With ``loss="poisson"`` a unit multiplies the rates of words: its weights,
# `components_`, are logarithms of factors. The words of the largest factors are its
# topic; beside it are the pages that activate it most. Nobody has told what a cluster
# or a kernel is. With ``rho=0.05`` a page activates about one of the 20 units.

autoencoder = SparseAutoencoder(20, rho=0.05, loss="poisson", random_state=0).fit(X)
code = autoencoder.transform(X)
topics = [
    ", ".join(words[np.argsort(-weights)[:4]]) for weights in autoencoder.components_
]
for topic, activations in zip(topics, code.T, strict=True):
    pages = ", ".join(names[np.argsort(-activations)[:2]])
    print(f"{topic:58.58} {pages}")

# %%
# The mean activation of each topic in the modules with most pages. Most topics belong
# to one or two modules, which the autoencoder has not been told.

largest, n_pages = np.unique(modules, return_counts=True)
largest = largest[np.argsort(-n_pages)[:16]]
means = np.array([code[modules == module].mean(axis=0) for module in largest])
rows = np.argsort(np.argmax(means, axis=0), kind="stable")
fig, ax = plt.subplots(figsize=(9, 6.5), layout="constrained")
image = ax.imshow(means.T[rows], cmap="Blues", aspect="auto", vmin=0)
ax.set_xticks(range(len(largest)), largest, rotation=40, ha="right")
ax.set_yticks(range(len(rows)), [topics[row] for row in rows])
fig.colorbar(image, label="mean activation", shrink=0.6)
plt.show()

# %%
# New pages
# ---------
# The fraction of the deviance of held-out pages that is explained, scikit-learn's D²,
# over the number of units. With so few units the default's code is hardly sparse; a
# sparse one explains less. NMF has the Kullback-Leibler loss, which is the same
# deviance, and fits its code to each new page; the autoencoder encodes it by one matrix
# product.

train, test = train_test_split(X, random_state=0)
n_units, scores = [5, 10, 20], {}


def explained(rates):
    """Return the fraction of the deviance of new pages, beyond their mean rates."""
    seen = test.toarray()
    means = np.broadcast_to(seen.mean(axis=0), seen.shape)
    left, total = (
        mean_poisson_deviance(seen.ravel(), np.maximum(m, 1e-8).ravel())
        for m in (rates, means)
    )
    return 1 - left / total


for n in n_units:
    models = {
        "SparseAutoencoder": SparseAutoencoder(n, loss="poisson", random_state=0),
        "SparseAutoencoder, rho=0.05": SparseAutoencoder(
            n, rho=0.05, loss="poisson", random_state=0
        ),
        "NMF, Kullback-Leibler": NMF(
            n, beta_loss="kullback-leibler", solver="mu", init="nndsvda"
        ),
    }
    for name, model in models.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NMF has not converged in 200 iterations
            model.fit(train)
        rates = model.inverse_transform(model.transform(test))
        scores.setdefault(name, []).append(explained(np.asarray(rates)))

fig, ax = plt.subplots(figsize=(6.5, 4), layout="constrained")
for (name, values), marker in zip(scores.items(), "os^", strict=True):
    ax.plot(n_units, values, marker + "-", label=name)
ax.set(xlabel="Units", ylabel="D² of new pages", ylim=(0, None))
ax.set_xscale("log", base=2)
ax.set_xticks(n_units, n_units)
ax.grid(alpha=0.3)
ax.legend()
plt.show()
