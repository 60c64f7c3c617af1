"""Missing entries, counts, zeros and ones, and anomalies, against other methods.

    python benchmarks/incomplete.py fill        # RMSE on hidden entries
    python benchmarks/incomplete.py fill wine   # of some data only
    python benchmarks/incomplete.py counts      # held-out Poisson deviance, BASEHOCK
    python benchmarks/incomplete.py binary      # held-out log loss, digits > 8
    python benchmarks/incomplete.py anomalies   # ROC AUC, digits and ORL

Each writes a section of incomplete.json, from which `pages.py` makes the tables of
doc/incomplete.md. Settings are defaults unless it says otherwise. Seconds are of work
on one core, which other work on the machine changes least.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import datasets
import numpy as np
from reporting import keep, measured, table
from scipy import sparse, special
from sklearn.decomposition import NMF, PCA
from sklearn.ensemble import IsolationForest
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM
from threadpoolctl import threadpool_limits

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.metrics import loss_per_entry

RESULTS = Path(__file__).with_suffix(".json")
FRACTIONS, FRACTION_OF_CODES = (0.1, 0.3, 0.5), 0.3
TABLES = "wine", "breast_cancer"
FEW_ACTIVE = "SparseAutoencoder, 5 of 100"
# IterativeImputer fits a regression for each column in each of ten rounds: hours. Forty
# fits with few active units, by mini-batches, take a quarter of an hour.
TOO_WIDE = {"orl": {"iterative", FEW_ACTIVE}}
MASKING = {"corruption": "masking"}
COUNTING = {"loss": "poisson", "random_state": 0}
N_MASKS = {"wine": 10, "breast_cancer": 10, "digits": 3, "orl": 1}
TITLES = {"breast_cancer": "breast cancer", "orl": "ORL faces"}
# Where reconstructions are clipped before the logarithm.
MARGINS = 10.0 ** np.arange(-8, 0)


def fill(*names):
    """RMSE on hidden entries, seconds, and accuracy on codes of rows with holes."""
    results = {}
    for name in names or N_MASKS:
        X, y = getattr(datasets, name)()
        X = np.asarray(X, np.float64)
        if name in TABLES:
            X = StandardScaler().fit_transform(X)
        by_fraction = {}
        for fraction in FRACTIONS:
            masks = [
                np.random.RandomState(seed).uniform(size=X.shape) < fraction
                for seed in range(1, N_MASKS[name] + 1)
            ]
            by_fraction[f"{fraction:.0%}"] = by_imputer = {}
            for label, imputer in imputers().items():
                if label in TOO_WIDE.get(name, ()):
                    continue
                rmse, seconds = np.mean(
                    [filling(imputer, X, hidden) for hidden in masks], axis=0
                )
                accuracy = None
                if fraction == FRACTION_OF_CODES and label != "iterative":
                    gappy = np.where(masks[0], np.nan, X)
                    accuracy = round(accuracy_of(imputer, gappy, y), 4)
                by_imputer[label] = [round(rmse, 4), round(seconds, 3), accuracy]
                report(name, fraction, label, *by_imputer[label])
        results[name] = {"shape": X.shape, "missing": by_fraction}
    return results


def report(*cells):
    """Say how far a benchmark is."""
    print(*cells, sep=", ", flush=True)


def filling(imputer, X, hidden):
    """RMSE of the hidden entries, and the seconds that filling them takes."""
    gappy = np.where(hidden, np.nan, X)
    start = time.process_time()
    full = completed(imputer, gappy)
    seconds = time.process_time() - start
    return np.sqrt(np.mean((full - X)[hidden] ** 2)), seconds


def imputers():
    def autoencoder(**settings):
        return SparseAutoencoder(missing_values=np.nan, random_state=0, **settings)

    return {
        "means": SimpleImputer(),
        "KNN": KNNImputer(),
        "iterative": IterativeImputer(random_state=0),
        "defaults": autoencoder(),
        '`"l1"`': autoencoder(penalty="l1"),
        '`"mean"`': autoencoder(missing_fill="mean"),
        "masking": autoencoder(**MASKING),
    }


def completed(imputer, gappy):
    """Return rows without missing entries."""
    if isinstance(imputer, SparseAutoencoder):
        return imputer.fit(gappy).impute(gappy)
    return imputer.fit_transform(gappy)


def accuracy_of(imputer, gappy, y):
    """Mean accuracy of a classifier on codes or filled rows, of three folds."""
    classifier = LogisticRegression(max_iter=1000)
    pipeline = make_pipeline(imputer, StandardScaler(), classifier)
    return cross_val_score(pipeline, gappy, y, cv=3).mean()


def counts():
    """Held-out Poisson deviance of a document, and seconds to fit, by model."""
    X = datasets.mat("BASEHOCK")()[0]
    train, test = train_test_split(X, test_size=0.25, random_state=0)
    is_used = train.sum(axis=0) > 0  # others have no rate that could be learned
    train, test = (sparse.csr_array(part[:, is_used]) for part in (train, test))
    mean = np.asarray(train.mean(axis=0)).ravel()
    null = poisson_deviance(test, np.broadcast_to(mean, test.shape))
    results = {"column means": [null, None]}
    for n in (20, 50):
        models = {
            "NMF": NMF(
                n,
                beta_loss="kullback-leibler",
                solver="mu",
                init="nndsvda",
                random_state=0,
            ),
            "SparseAutoencoder": SparseAutoencoder(n, **COUNTING),
            "SparseAutoencoder, rho=0.05": SparseAutoencoder(n, rho=0.05, **COUNTING),
            "SparseAutoencoder, penalty=None": SparseAutoencoder(
                n, penalty=None, **COUNTING
            ),
            "SparseAutoencoder, penalty=None, masking": SparseAutoencoder(
                n, penalty=None, **COUNTING, **MASKING
            ),
        }
        for label, model in models.items():
            start = time.process_time()
            model.fit(train)
            seconds = time.process_time() - start
            rates = model.inverse_transform(model.transform(test))
            deviance = poisson_deviance(test, rates)
            results[f"{label}, {n} units"] = [round(deviance, 2), round(seconds, 1)]
            report(label, n, deviance, seconds)
    return results


def poisson_deviance(X, rates):
    """Mean Poisson deviance of a row; rates of zero, of NMF, count as 1e-8."""
    rates = np.maximum(np.asarray(rates, np.float64), 1e-8)
    return 2 * special.kl_div(X.toarray(), rates).sum(axis=1).mean()


def binary():
    """Held-out log loss of a row of zeros and ones, by settings and loss."""
    X = (datasets.digits()[0] > 0.5).astype(np.float64)
    train, test = train_test_split(X, test_size=0.25, random_state=0)
    results = {}
    for settings in ({}, {"penalty": "l1"}, {"penalty": None}):
        losses = []
        for loss in ("log_loss", "squared_error"):
            model = SparseAutoencoder(32, loss=loss, random_state=0, **settings)
            X_hat = model.fit(train).inverse_transform(model.transform(test))
            # Squares choose the best of some margins: clipping is their own choice.
            margins = [1e-12] if loss == "log_loss" else MARGINS
            losses.append(
                min(log_loss(test, np.clip(X_hat, eps, 1 - eps)) for eps in margins)
            )
        label = ", ".join(f"`{k}={v!r}`" for k, v in settings.items()) or "defaults"
        results[label.replace("'", '"')] = np.round(losses, 3).tolist()
        report(label, *losses)
    mean = np.broadcast_to(np.clip(train.mean(axis=0), 1e-4, 1 - 1e-4), test.shape)
    return {**results, "column means": [round(log_loss(test, mean), 3), None]}


def log_loss(X, M):
    """Mean cross-entropy of a row."""
    return -np.where(X == 1, np.log(M), np.log1p(-M)).sum(axis=1).mean()


def anomalies():
    """ROC AUC with each class in turn as some 5 % of the rows: mean, deviation."""
    results = {}
    for name in ("digits", "orl"):
        X, y = getattr(datasets, name)()
        X = np.asarray(X, np.float64)
        problems = [problem(X, y, label) for label in np.unique(y)]
        results[name] = {}
        for method in DETECTORS:
            if method in TOO_WIDE.get(name, ()):
                continue
            start = time.process_time()
            aucs = [
                roc_auc_score(abnormal, DETECTORS[method](X))
                for X, abnormal in problems
            ]
            seconds = (time.process_time() - start) / len(problems)
            figures = np.mean(aucs), np.std(aucs), seconds
            results[name][method] = np.round(figures, 3).tolist()
            report(name, method, *results[name][method])
    return results


def problem(X, y, label):
    """Rows with 5 % of one class, or as many as there are, and which these are."""
    rng = np.random.RandomState(0)
    usual, abnormal = np.flatnonzero(y != label), np.flatnonzero(y == label)
    n_abnormal = round(0.05 / 0.95 * len(usual))
    if n_abnormal > len(abnormal):  # of few rows of each class, use fewer classes
        n_abnormal = len(abnormal)
        classes = rng.permutation(np.unique(y[usual]))
        n_each = len(usual) / len(classes)
        n_classes = round(0.95 / 0.05 * n_abnormal / n_each)
        usual = usual[np.isin(y[usual], classes[:n_classes])]
    abnormal = rng.choice(abnormal, n_abnormal, replace=False)
    rows = np.concatenate([usual, abnormal])
    return X[rows], np.isin(rows, abnormal)


def by_reconstruction(model, X):
    return loss_per_entry(model.fit(X), X).sum(axis=1)


def by_score(model, X):
    return -model.fit(X).score_samples(X)


DETECTORS = {
    "SparseAutoencoder": lambda X: by_score(SparseAutoencoder(random_state=0), X),
    FEW_ACTIVE: lambda X: by_score(
        SparseAutoencoder(penalty="topk", rho=0.05, random_state=0), X
    ),
    "PCA, 90 % of the variance": lambda X: by_reconstruction(PCA(0.9), X),
    "IsolationForest": lambda X: by_score(IsolationForest(random_state=0), X),
    "LocalOutlierFactor": lambda X: (
        -LocalOutlierFactor().fit(X).negative_outlier_factor_
    ),
    "OneClassSVM": lambda X: by_score(OneClassSVM(), X),
}


def texts():
    """Generated texts of the documentation, by the name of their place."""
    saved = json.loads(RESULTS.read_text())
    fill, counts, binary, anomalies = (saved[f.__name__]["results"] for f in SECTIONS)
    only = f"{FRACTION_OF_CODES:.0%}"
    machines = dict.fromkeys(measured(section) for section in saved.values())
    return {
        "incomplete.py": "\n".join(machines),
        "incomplete.py fill": fill_table(fill, 0, "{:.3f}"),
        "incomplete.py fill, seconds": fill_table(fill, 1, "{:.2f}", only),
        "incomplete.py fill, accuracy": fill_table(fill, 2, "{:.3f}", only),
        "incomplete.py counts": counts_table(counts),
        "incomplete.py binary": binary_table(binary),
        "incomplete.py anomalies": anomalies_table(anomalies),
    }


def fill_table(results, which, form, only=None):
    """One of the figures of `fill`, by data and imputer."""
    labels = list(imputers())
    rows = []
    for name, data in results.items():
        title = "{}, {} x {}".format(TITLES.get(name, name), *data["shape"])
        for fraction, figures in data["missing"].items():
            if only in (None, fraction):
                cells = [figures.get(label, [None] * 3)[which] for label in labels]
                cells = ["" if cell is None else form.format(cell) for cell in cells]
                rows.append([title, fraction, *cells])
    return table(["data", "missing", *labels], rows)


def counts_table(results):
    """Deviances, and the fraction of that of column means which is explained."""
    null, _ = results["column means"]
    rows = []
    for label, (deviance, seconds) in results.items():
        explained = f"{1 - deviance / null:.3f}"
        spent = "" if seconds is None else f"{seconds:.0f}"
        rows.append([label, f"{deviance:.1f}", explained, spent])
    return table(["", "deviance of a row", "explained", "seconds"], rows)


def binary_table(results):
    """Log losses, by settings and loss."""
    rows = [
        [label, *("" if loss is None else f"{loss:.2f}" for loss in losses)]
        for label, losses in results.items()
    ]
    return table(["", "log_loss", "squared_error, clipped"], rows)


def anomalies_table(results):
    """Areas under the ROC curve, by data and method."""
    rows = [
        [TITLES.get(name, name), method, f"{auc:.3f}", f"{std:.3f}", f"{seconds:.2f}"]
        for name, methods in results.items()
        for method, (auc, std, seconds) in methods.items()
    ]
    return table(["data", "method", "mean AUC", "deviation", "seconds"], rows)


SECTIONS = fill, counts, binary, anomalies


def main():
    """Measure a section."""
    commands = {f.__name__: f for f in SECTIONS}
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    name, *arguments = sys.argv[1:]
    warnings.simplefilter("ignore")
    with threadpool_limits(1):
        keep(RESULTS, name, commands[name](*arguments))


if __name__ == "__main__":
    main()
