"""Features of MNIST's digits for a linear classifier, and units that are never used.

The protocol of Makhzani and Frey, "k-Sparse Autoencoders" (arXiv:1312.5663): 1000
units are learned from the 60000 training digits, logistic regression on their code is
judged on the 10000 test digits. What is not the method's own, such as k, noise, weights
and the classifier's C, is chosen on the last 10000 of the training digits or, where
candidates are close, on all of them, by cross-validation of the classifier:

    python benchmarks/mnist.py --choose    # the candidates on the validation digits
    python benchmarks/mnist.py --choose --folds 6 "k-sparse, half whitened"
    python benchmarks/mnist.py             # the chosen ones on the test digits
    python benchmarks/mnist.py --dead      # units that no training digit uses
"""

import argparse
import itertools
import sys
import time
import warnings

import datasets
import numpy as np
from reporting import circumstances, table
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, PredefinedSplit
from sklearn.preprocessing import FunctionTransformer

from skl_sparse_ae import KL, L1, BatchTopK, Contractive, SparseAutoencoder, TopK

N_UNITS, N_VALIDATION = 1000, 10_000
C_VALUES = [0.01, 0.02, 0.03, 0.1]

# Epochs are few on purpose: longer training reconstructs better and classifies worse.
COMMON = {
    "solver": "adam",
    "max_iter": 20,
    "tol": 0,
    "batch_size": 256,
    "learning_rate_init": 0.002,
    "alpha": 0,
}
# A third less at a time, for half as long again, and with some decay.
SLOWLY = {"max_iter": 30, "learning_rate_init": 0.0014, "alpha": 1e-4}


def k_sparse(k, cls=TopK, **parameters):
    """A k-sparse autoencoder; one matrix reads and writes, as in the paper."""
    penalty = cls(rho=k / N_UNITS, **parameters)
    return {"penalty": penalty, "tied_weights": True}


def soft(k, factor=5.0):
    """With more units in the code than in training, and soft thresholds."""
    return k_sparse(k, transform_factor=factor, transform_soft=True)


def shifted(X):
    """The digits, and the same moved by one pixel in each of eight directions."""
    images = X.reshape(-1, 28, 28)
    steps = itertools.product((-1, 0, 1), repeat=2)
    moved = [np.roll(images, step, axis=(1, 2)).reshape(X.shape) for step in steps]
    return np.concatenate(moved)


def unit_variance(A):
    """A transformer that centres codes and scales all units by one number."""
    mean, scale = A.mean(axis=0), A.std()
    return lambda B: (B - mean) / scale


def half_whitened(A):
    """The same, and the spread along each principal axis becomes its square root.

    The classifier's L2 penalty then weighs directions by the spread of the codes.
    Whitened altogether, directions of mere noise would count as much as any.
    """
    scale = A.std()
    pca = PCA(svd_solver="covariance_eigh").fit(A)
    # The variance of a unit that is never active is zero.
    spread = np.maximum(np.sqrt(pca.explained_variance_) / scale, 1e-3)
    return lambda B: pca.transform(B) / (scale * np.sqrt(spread))


def denoising(level, max_iter):
    """A denoising autoencoder with rectified units; without noise it learns PCA."""
    return {
        "penalty": None,
        "activation": "relu",
        "tied_weights": True,
        "corruption": "masking",
        "corruption_level": level,
        "max_iter": max_iter,
    }


def contractive(beta):
    """A contractive autoencoder: tied logistic units, as in its paper."""
    return {
        "penalty": Contractive(beta),
        "tied_weights": True,
        "out_activation": "logistic",
        "learning_rate_init": 0.005,
    }


# For each method the candidates; None stands for no autoencoder.
METHODS = {
    "raw pixels": {"": None},
    "PCA": {f"{n} components": PCA(n, random_state=0) for n in (100, 200)},
    "k-sparse": {f"k={k}": k_sparse(k, transform_factor=3.0) for k in (25, 40, 70)},
    "k-sparse, soft": {f"k={k}": soft(k) for k in (25, 30, 40, 70)},
    # Nine times as many rows, and correspondingly few epochs.
    "k-sparse, soft, shifted": {
        f"k={k}, {n} epochs": {**soft(k), "max_iter": n}
        for k, n in itertools.product((25, 30, 40), (2, 3, 4))
    },
    "k-sparse, half whitened": {
        **{f"k={k}": soft(k, 4.0) for k in (25, 30, 40)},
        **{f"k={k}, slowly": {**soft(k, 4.0), **SLOWLY} for k in (30, 35)},
    },
    "k-sparse, half whitened, shifted": {
        f"k={k}, 2 epochs": {**soft(k, 4.0), "max_iter": 2} for k in (25, 30, 40)
    },
    "batch k-sparse": {f"k={k}": k_sparse(k, BatchTopK) for k in (40, 100)},
    "denoising": {
        f"level={level}, {n} epochs": denoising(level, n)
        for level, n in ((0.2, 20), (0.4, 20), (0.2, 50), (0.4, 50))
    },
    "contractive": {f"beta={v}": contractive(v) for v in (0.03, 0.1, 0.3)},
    "KL": {
        "rho=0.05": {"penalty": KL(0.05, beta=0.5)},
        "rho=0.05, tied": {"penalty": KL(0.05, beta=0.1), "tied_weights": True},
    },
    "L1": {f"rho={v}": {"penalty": L1("adaptive", v)} for v in (0.05, 0.1)},
}
# Training rows of the units, if they are not the unchanged rows.
ROWS = {
    "k-sparse, soft, shifted": shifted,
    "k-sparse, half whitened, shifted": shifted,
}
# Preprocessing of codes for the classifier, if it is not `unit_variance`.
READY = {
    "k-sparse, half whitened": half_whitened,
    "k-sparse, half whitened, shifted": half_whitened,
}
PUBLISHED = {
    "raw pixels": "7.20",
    "k-sparse": "1.35 (k=25), 1.54 (k=40)",
    "denoising": "1.95",
}
# The best of `--choose`: candidate and C.
CHOSEN = {
    "raw pixels": ("", 0.01),
    "PCA": ("200 components", 0.1),
    "k-sparse": ("k=40", 0.02),
    "k-sparse, soft": ("k=30", 0.03),
    "k-sparse, soft, shifted": ("k=30, 2 epochs", 0.03),
    "k-sparse, half whitened": ("k=35, slowly", 0.03),
    "k-sparse, half whitened, shifted": ("k=30, 2 epochs", 0.03),
    "denoising": ("level=0.2, 50 epochs", 0.03),
    "contractive": ("beta=0.03", 0.1),
    "KL": ("rho=0.05, tied", 0.03),
    "L1": ("rho=0.05", 0.01),
}


def transformer(candidate, seed):
    """The estimator of a candidate, with a given seed."""
    if candidate is None:
        return FunctionTransformer()
    if isinstance(candidate, PCA):
        return candidate
    return SparseAutoencoder(N_UNITS, random_state=seed, **COMMON | candidate)


def codes(name, candidate, seed, X, *others):
    """Codes of tables by units fitted to the first, for a classifier; seconds."""
    model = transformer(candidate, seed)
    rows = ROWS[name](X) if name in ROWS else X
    start = time.perf_counter()
    model.fit(rows)
    seconds = time.perf_counter() - start
    encoded = [model.transform(table) for table in (X, *others)]
    ready = READY.get(name, unit_variance)(encoded[0])
    return [ready(A) for A in encoded], seconds


def classifier(C):
    """Logistic regression, as in the protocol."""
    return LogisticRegression(C=C, max_iter=300, tol=1e-3)


def choose(names, n_folds):
    """Errors of every candidate on the validation digits."""
    X, y = datasets.mnist()
    for name in names:
        for label, candidate in METHODS[name].items():
            errors, seconds = validate(name, candidate, X, y, n_folds)
            yield name, label, *(f"{e:.2f}" for e in errors), f"{seconds:.0f}"


def validate(name, candidate, X, y, n_folds):
    """Errors for each C on validation digits, and seconds to fit.

    With one fold they are the last of the training digits, and units are learned from
    the others. With more they are all of them, each fold for a classifier of the rest,
    and units are learned from all, which takes no labels.
    """
    if n_folds == 1:
        tables = [X[:-N_VALIDATION], X]
        folds = PredefinedSplit(np.repeat([-1, 0], [len(tables[0]), N_VALIDATION]))
    else:
        tables, folds = [X], KFold(n_folds)
    (*_, A), seconds = codes(name, candidate, 0, *tables)
    search = GridSearchCV(
        classifier(1.0), {"C": C_VALUES}, cv=folds, refit=False, n_jobs=-1
    )
    scores = search.fit(A, y).cv_results_["mean_test_score"]
    return 100 * (1 - scores), seconds


def judge(names):
    """Test errors of the chosen candidates, three seeds each."""
    X, y = datasets.mnist()
    T, t = datasets.mnist("test")
    for name in names:
        label, C = CHOSEN[name]
        candidate = METHODS[name][label]
        is_random = isinstance(candidate, dict)
        errors, seconds = [], []
        for seed in range(3 if is_random else 1):
            (A, B), elapsed = codes(name, candidate, seed, X, T)
            score = classifier(C).fit(A, y).score(B, t)
            errors.append(100 * (1 - score))
            seconds.append(elapsed)
        spread = f"{np.mean(errors):.2f}"
        if is_random:
            spread += f" ({min(errors):.2f} to {max(errors):.2f})"
        published = PUBLISHED.get(name.split(",")[0], "")
        yield name, f"{label} C={C}", spread, published, f"{np.median(seconds):.0f}"


def dead(names):
    """Units that no training digit uses, for some k."""
    del names
    X, _ = datasets.mnist()
    for k in (25, 10):
        for tied in (True, False):
            candidate = {**k_sparse(k), "tied_weights": tied}
            model = transformer(candidate, 0)
            start = time.perf_counter()
            n_used = np.count_nonzero(model.fit_transform(X).max(axis=0))
            seconds = time.perf_counter() - start
            share = f"{100 * (1 - n_used / N_UNITS):.1f} %"
            label = "tied" if tied else "untied"
            yield label, k, share, f"{model.score(X):.3f}", f"{seconds:.0f}"


HEADERS = {
    choose: ["method", "candidate", *(f"C={C}" for C in C_VALUES), "seconds to fit"],
    judge: ["method", "chosen", "test error, %", "published", "seconds to fit"],
    dead: ["weights", "k", "unused of 1000", "variance explained", "seconds"],
}


def main():
    """Run one of the three tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("methods", nargs="*", metavar="method", help="all by default")
    parser.add_argument("--choose", action="store_true", help="on validation digits")
    parser.add_argument("--folds", type=int, default=1, help="of validation digits")
    parser.add_argument("--dead", action="store_true", help="count unused units")
    arguments = parser.parse_args()
    job = choose if arguments.choose else dead if arguments.dead else judge
    known = CHOSEN if job is judge else METHODS
    unknown = set(arguments.methods) - set(known)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: not among {', '.join(known)}")
    # The number of epochs is fixed, so convergence warnings do not matter.
    warnings.simplefilter("ignore", ConvergenceWarning)
    rows = []
    options = {"n_folds": arguments.folds} if job is choose else {}
    for row in job(arguments.methods or known, **options):
        print(*row, sep=", ", file=sys.stderr, flush=True)
        rows.append(row)
    print(circumstances())
    print()
    print(table(HEADERS[job], rows))


if __name__ == "__main__":
    main()
