"""The study behind the defaults of SparseAutoencoder.

Features of the default autoencoder against raw columns and against PCA: accuracy of
logistic regression, cross-validated, on small and large, narrow and wide data. Run as
`python benchmarks/defaults.py`; `--vary` changes one default at a time.
"""

import argparse
import os
import platform
import sys
import time
import warnings
from datetime import date
from pathlib import Path
from typing import NamedTuple

import datasets
import numpy as np
import sklearn
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skl_sparse_ae import SparseAutoencoder

DOC = Path(__file__).resolve().parents[1] / "doc"
N_COMPONENTS = SparseAutoencoder().n_components

# Name: how to load it, whether columns are standardised first.
DATASETS = {
    "digits": (datasets.digits, False),
    "digits-standardised": (datasets.digits, True),
    "breast-cancer": (datasets.breast_cancer, True),
    "wine": (datasets.wine, True),
    "iris": (datasets.iris, True),
    "orl": (datasets.orl, False),
    "mnist-5000": (datasets.mnist_5000, False),
    "basehock": (datasets.basehock, False),
}
LARGE = {"mnist-5000", "basehock"}


def scale(X):
    """What beta="scale" stands for with the KL penalty and the default units."""
    return float(X.var(axis=0, dtype=np.float64).sum() / N_COMPONENTS)


# Each turns training rows into the parameters that are not at their defaults.
VARIATIONS = {
    "defaults": lambda X: {},
    "beta x 0.1": lambda X: {"beta": 0.1 * scale(X)},
    "beta x 10": lambda X: {"beta": 10 * scale(X)},
    "rho=0.05": lambda X: {"rho": 0.05},
    "rho=0.2": lambda X: {"rho": 0.2},
    "alpha=0.001": lambda X: {"alpha": 0.001},
    "alpha=0.01": lambda X: {"alpha": 0.01},
    "tol=0.001": lambda X: {"tol": 0.001},
    "tol=0.02": lambda X: {"tol": 0.02},
    'activation="tanh"': lambda X: {"activation": "tanh"},
    'penalty="l1"': lambda X: {"penalty": "l1"},
    'penalty="topk"': lambda X: {"penalty": "topk"},
    "penalty=None": lambda X: {"penalty": None},
}


class Result(NamedTuple):
    """Means over the folds."""

    accuracy: float
    seconds: float
    explained: float
    n_iter: float
    unfinished: float


def cross_validate(data, standardise, make_features):
    """Result of the features that `make_features` returns for training rows."""
    X, y = data
    folds = StratifiedKFold(5, shuffle=True, random_state=0).split(X, y)
    results = [
        evaluate(X, y, train, test, standardise, make_features) for train, test in folds
    ]
    return Result(*np.mean(results, axis=0))


def evaluate(X, y, train, test, standardise, make_features):
    """Result of one fold; every step is fitted on the training rows only."""
    scaler = StandardScaler() if standardise else FunctionTransformer()
    rows = scaler.fit_transform(X[train])
    features = make_features(rows)
    start = time.perf_counter()
    features.fit(rows)
    seconds = time.perf_counter() - start
    classifier = LogisticRegression(max_iter=5000)
    model = Pipeline(
        [
            ("scale", scaler),
            ("features", features),
            ("standardise", StandardScaler()),
            ("classify", classifier),
        ]
    )
    # The first two steps are fitted: a slice of a pipeline shares its steps.
    model[2:].fit(features.transform(rows), y[train])
    n_iter = getattr(features, "n_iter_", np.nan)
    return Result(
        accuracy=model.score(X[test], y[test]),
        seconds=seconds,
        explained=explained_variance(features, scaler.transform(X[test])),
        n_iter=n_iter,
        unfinished=n_iter == getattr(features, "max_iter", None),
    )


def explained_variance(features, X):
    """Fraction of the variance of X that its reconstruction explains."""
    residual = X - features.inverse_transform(features.transform(X))
    return float(1 - np.sum(residual**2) / np.sum((X - X.mean(axis=0)) ** 2))


def compare(name, data):
    """Results of raw columns, PCA, and two sizes of autoencoder, by name."""
    standardise = DATASETS[name][1]
    n_components = min(N_COMPONENTS, data[0].shape[1])

    def run(features):
        return cross_validate(data, standardise, lambda X: sklearn.clone(features))

    results = {
        "raw": run(FunctionTransformer()),
        "pca": run(PCA(n_components, random_state=0)),
        "same": run(SparseAutoencoder(n_components, random_state=0)),
    }
    # With as many columns as default units, both are the same autoencoder.
    is_default = n_components == N_COMPONENTS
    results["default"] = (
        results["same"] if is_default else run(SparseAutoencoder(random_state=0))
    )
    return results


def vary(name, data):
    """Results of the default autoencoder with one default changed, by change."""
    standardise = DATASETS[name][1]
    return {
        change: cross_validate(
            data,
            standardise,
            lambda X, change=change: SparseAutoencoder(
                **VARIATIONS[change](X), random_state=0
            ),
        )
        for change in VARIATIONS
    }


def table(header, rows):
    """A Markdown table; the first column is left-aligned, the others right."""
    lines = [header, ["---"] + ["--:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def machine():
    """The processor and the versions that figures depend on."""
    return (
        f"{os.cpu_count()} cores ({processor()}), Python {platform.python_version()}, "
        f"NumPy {np.__version__}, scikit-learn {sklearn.__version__}"
    )


def processor():
    """Name of the processor, as far as the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":")[1].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.processor() or platform.machine()


def accuracy_table(results, loaded):
    """Accuracy of each kind of features on each data set."""
    header = [
        "data",
        "rows x columns",
        "raw columns",
        "PCA",
        "autoencoder, as many components",
        f"autoencoder, {N_COMPONENTS}",
    ]
    rows = []
    for name, kinds in results.items():
        X = loaded[name][0]
        accuracies = [f"{kinds[kind].accuracy:.3f}" for kind in kinds]
        rows.append([name, f"{X.shape[0]} x {X.shape[1]}", *accuracies])
    return table(header, rows)


def cost_table(results, loaded):
    """Time, iterations and explained variance on each data set."""
    header = [
        "data",
        "components",
        "PCA, s",
        "autoencoder, s",
        f"{N_COMPONENTS} units, s",
        "iterations",
        f"{N_COMPONENTS} units",
        "PCA explains",
        "autoencoder explains",
        f"{N_COMPONENTS} units explain",
    ]
    rows = []
    for name, kinds in results.items():
        pca, same, default = kinds["pca"], kinds["same"], kinds["default"]
        rows.append(
            [
                name,
                min(N_COMPONENTS, loaded[name][0].shape[1]),
                *(f"{kind.seconds:.2g}" for kind in (pca, same, default)),
                *(f"{kind.n_iter:.0f}" for kind in (same, default)),
                *(f"{kind.explained:.3f}" for kind in (pca, same, default)),
            ]
        )
    return table(header, rows)


def variation_table(results):
    """Accuracy with one default changed at a time, a row for each change."""
    rows = []
    for change in VARIATIONS:
        accuracies = [kinds[change].accuracy for kinds in results.values()]
        figures = [f"{accuracy:.3f}" for accuracy in accuracies]
        rows.append([f"`{change}`", *figures, f"{np.mean(accuracies):.4f}"])
    return table(["changed", *results, "mean"], rows)


def against_pca(results):
    """A sentence on where the default autoencoder's features are better than PCA's."""
    gains = {
        name: kinds["default"].accuracy - kinds["pca"].accuracy
        for name, kinds in results.items()
    }

    def names(sign):
        chosen = [f"{name} ({gains[name]:+.3f})" for name in gains if sign(gains[name])]
        return ", ".join(chosen) or "none"

    return (
        f"Accuracy with {N_COMPONENTS} units against PCA's: higher on "
        f"{names(lambda gain: gain > 0)}; lower on {names(lambda gain: gain < 0)}."
    )


def main():
    """Run the study and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", nargs="+", choices=DATASETS, default=[*DATASETS])
    parser.add_argument("--vary", action="store_true", help="also change each default")
    parser.add_argument("--write", action="store_true", help="write doc/defaults.md")
    arguments = parser.parse_args()
    warnings.simplefilter("once", ConvergenceWarning)
    loaded = {
        name: datasets.load_or_report(name, DATASETS[name][0])
        for name in arguments.datasets
    }
    loaded = {name: data for name, data in loaded.items() if data is not None}
    results = {name: compare(name, data) for name, data in loaded.items()}
    print(accuracy_table(results, loaded))
    print(cost_table(results, loaded))
    print(against_pca(results))
    if arguments.vary:
        varied = {
            name: vary(name, data) for name, data in loaded.items() if name not in LARGE
        }
        print(variation_table(varied))
        for name, kinds in varied.items():
            print(name, {k: v for k, v in kinds.items()})


if __name__ == "__main__":
    main()
