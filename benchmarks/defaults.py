"""The study behind the defaults of SparseAutoencoder.

Features of the default autoencoder against raw columns and against PCA: accuracy of
logistic regression, cross-validated, on small and large, narrow and wide data. Run as
`python benchmarks/defaults.py`; `--vary` changes one default at a time.
"""

import argparse
import sys
import time
from typing import NamedTuple

import datasets
import numpy as np
from reporting import circumstances, table
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skl_sparse_ae import SparseAutoencoder

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


# Functions of the training rows that return parameters other than the defaults.
NUMBERS = {
    "beta x 0.1": lambda X: {"beta": 0.1 * scale(X)},
    "beta x 10": lambda X: {"beta": 10 * scale(X)},
    "rho=0.05": lambda X: {"rho": 0.05},
    "rho=0.2": lambda X: {"rho": 0.2},
    "alpha=0.001": lambda X: {"alpha": 0.001},
    "alpha=0.01": lambda X: {"alpha": 0.01},
    "tol=0.001": lambda X: {"tol": 0.001},
    "tol=0.02": lambda X: {"tol": 0.02},
}
VARIATIONS = {
    **NUMBERS,
    'activation="tanh"': lambda X: {"activation": "tanh"},
    'penalty="l1"': lambda X: {"penalty": "l1"},
    'penalty="topk"': lambda X: {"penalty": "topk"},
    'penalty="batch_topk"': lambda X: {"penalty": "batch_topk"},
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
        return cross_validate(data, standardise, lambda X: clone(features))

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
    """Results of the autoencoder with one default changed, by change."""
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
        n_rows, n_columns = loaded[name][0].shape
        accuracies = [f"{kind.accuracy:.3f}" for kind in kinds.values()]
        rows.append([name, f"{n_rows} x {n_columns}", *accuracies])
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
    for change in ["defaults", *VARIATIONS]:
        kinds = [by_change[change] for by_change in results.values()]
        mean = Result(*np.mean(kinds, axis=0))
        accuracies = [f"{kind.accuracy:.3f}" for kind in kinds]
        unfinished = f"{mean.unfinished:.0%}"
        rows.append([f"`{change}`", *accuracies, f"{mean.accuracy:.4f}", unfinished])
    return table(["changed", *results, "mean", "reached max_iter"], rows)


def difference(results, kind, other):
    """Data sets on which one kind of features is more or less accurate than another."""
    gains = {
        name: kinds[kind].accuracy - kinds[other].accuracy
        for name, kinds in results.items()
    }

    def names(sign):
        chosen = [name for name in gains if sign * gains[name] > 0.0005]
        return ", ".join(f"{name} ({gains[name]:+.3f})" for name in chosen) or "none"

    return f"higher on {names(1)}; lower on {names(-1)}."


def movements(results):
    """The effect of changed numbers on the accuracy, for each data set."""
    sentences = []
    for name, kinds in results.items():
        default = kinds["defaults"].accuracy
        moves = {change: kinds[change].accuracy - default for change in NUMBERS}
        worst, best = min(moves, key=moves.get), max(moves, key=moves.get)
        sentences.append(
            f"- {name}: {moves[worst]:+.3f} (`{worst}`) to {moves[best]:+.3f} "
            f"(`{best}`)"
        )
    return "\n".join(sentences)


def slowdown(results):
    """Time of fits of the autoencoder relative to fits of PCA."""
    ratios = {
        name: kinds["default"].seconds / kinds["pca"].seconds
        for name, kinds in results.items()
    }
    least, most = min(ratios, key=ratios.get), max(ratios, key=ratios.get)
    return f"{ratios[least]:.2g} ({least}) to {ratios[most]:.2g} ({most}) times as long"


def comparison_text(results, loaded):
    """The tables on raw columns, PCA and the autoencoder."""
    return f"""\
{accuracy_table(results, loaded)}

- {N_COMPONENTS} units against PCA: {difference(results, "default", "pca")}
- As many units as PCA has components: {difference(results, "same", "pca")}
- {N_COMPONENTS} units against raw columns: {difference(results, "default", "raw")}

{cost_table(results, loaded)}

The fit of the default autoencoder takes {slowdown(results)}."""


def variation_text(results):
    """The table on changes of one default."""
    return f"""\
{variation_table(results)}

Changing one of `beta`, `rho`, `alpha` and `tol` moves the accuracy by

{movements(results)}"""


def main():
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", nargs="+", choices=DATASETS, default=[*DATASETS])
    parser.add_argument("--vary", action="store_true", help="also change each default")
    arguments = parser.parse_args()
    loaded, results, varied = {}, {}, {}
    for name in arguments.datasets:
        data = datasets.load_or_report(name, DATASETS[name][0])
        if data is None:
            continue
        loaded[name] = data
        results[name] = compare(name, data)
        if arguments.vary and name not in LARGE:
            default = results[name]["default"]
            varied[name] = {"defaults": default, **vary(name, data)}
        print(f"{name} is done", file=sys.stderr)
    if not results:
        sys.exit("There are no data.")
    sections = [circumstances(), comparison_text(results, loaded)]
    if varied:
        sections.append(variation_text(varied))
    print("\n\n".join(sections))


if __name__ == "__main__":
    main()
