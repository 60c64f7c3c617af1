"""Missing entries, counts, zeros and ones, and anomalies, against other methods.

    python benchmarks/incomplete.py fill        # RMSE on hidden entries
    python benchmarks/incomplete.py fill wine   # of some data only
    python benchmarks/incomplete.py counts      # held-out Poisson deviance, BASEHOCK
    python benchmarks/incomplete.py binary      # held-out log loss, digits > 8
    python benchmarks/incomplete.py anomalies   # ROC AUC, digits and ORL

Each prints a Markdown table. Settings are defaults unless it says otherwise.
"""

import sys
import time
import warnings

import datasets
import numpy as np
from reporting import circumstances, table
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

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.metrics import loss_per_entry

FRACTIONS, FRACTION_OF_CODES = (0.1, 0.3, 0.5), 0.3
TABLES = "wine", "breast_cancer"
FEW_ACTIVE = "SparseAutoencoder, 5 of 100"
# IterativeImputer fits a regression for each column in each of ten rounds: hours. Forty
# fits with few active units, by mini-batches, take a quarter of an hour.
TOO_WIDE = {"orl": {"IterativeImputer", FEW_ACTIVE}}
MASKING = {"corruption": "masking"}
COUNTING = {"loss": "poisson", "penalty": None}
N_MASKS = {"wine": 10, "breast_cancer": 10, "digits": 3, "orl": 1}


def fill(*names):
    """RMSE on hidden entries, seconds, and accuracy on codes of rows with holes."""
    rows = []
    for name in names or N_MASKS:
        X, y = getattr(datasets, name)()
        X = np.asarray(X, np.float64)
        if name in TABLES:
            X = StandardScaler().fit_transform(X)
        for fraction in FRACTIONS:
            masks = [
                np.random.RandomState(seed).uniform(size=X.shape) < fraction
                for seed in range(1, N_MASKS[name] + 1)
            ]
            for label, imputer in imputers().items():
                if label in TOO_WIDE.get(name, ()):
                    continue
                rmse, seconds = np.mean(
                    [filling(imputer, X, hidden) for hidden in masks], axis=0
                )
                accuracy = ""
                if fraction == FRACTION_OF_CODES and label != "IterativeImputer":
                    gappy = np.where(masks[0], np.nan, X)
                    accuracy = f"{accuracy_of(imputer, gappy, y):.3f}"
                line = [name, f"{fraction:.0%}", label, f"{rmse:.3f}"]
                rows.append([*line, f"{seconds:.2f}", accuracy])
                print(rows[-1], file=sys.stderr, flush=True)
    return ["data", "missing", "", "RMSE", "seconds", "accuracy"], rows


def filling(imputer, X, hidden):
    """RMSE of the hidden entries, and the seconds that filling them takes."""
    gappy = np.where(hidden, np.nan, X)
    start = time.perf_counter()
    full = completed(imputer, gappy)
    seconds = time.perf_counter() - start
    return np.sqrt(np.mean((full - X)[hidden] ** 2)), seconds


def imputers():
    def autoencoder(**settings):
        return SparseAutoencoder(missing_values=np.nan, random_state=0, **settings)

    return {
        "SimpleImputer": SimpleImputer(),
        "KNNImputer": KNNImputer(),
        "IterativeImputer": IterativeImputer(random_state=0),
        "SparseAutoencoder": autoencoder(),
        'SparseAutoencoder, penalty="l1"': autoencoder(penalty="l1"),
        'SparseAutoencoder, missing_fill="mean"': autoencoder(missing_fill="mean"),
        "SparseAutoencoder, masking": autoencoder(**MASKING),
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
    """Held-out Poisson deviance of documents, as a fraction explained."""
    X = datasets.mat("BASEHOCK")()[0]
    train, test = train_test_split(X, test_size=0.25, random_state=0)
    is_used = train.sum(axis=0) > 0  # others have no rate that could be learned
    train, test = (sparse.csr_array(part[:, is_used]) for part in (train, test))
    mean = np.asarray(train.mean(axis=0)).ravel()
    null = poisson_deviance(test, np.broadcast_to(mean, test.shape))
    rows = [["column means", "", f"{null:.1f}", "0.000", ""]]
    for n in (20, 50):
        models = {
            "NMF": NMF(
                n,
                beta_loss="kullback-leibler",
                solver="mu",
                init="nndsvda",
                random_state=0,
            ),
            "SparseAutoencoder": SparseAutoencoder(n, random_state=0, **COUNTING),
            "SparseAutoencoder, masking": SparseAutoencoder(
                n, random_state=0, **COUNTING, **MASKING
            ),
            'SparseAutoencoder, penalty="kl"': SparseAutoencoder(
                n, random_state=0, **{**COUNTING, "penalty": "kl"}
            ),
        }
        for label, model in models.items():
            start = time.perf_counter()
            model.fit(train)
            seconds = time.perf_counter() - start
            rates = model.inverse_transform(model.transform(test))
            deviance = poisson_deviance(test, rates)
            explained = f"{1 - deviance / null:.3f}"
            rows.append([label, n, f"{deviance:.1f}", explained, f"{seconds:.0f}"])
            print(rows[-1], file=sys.stderr, flush=True)
    return ["", "units", "deviance of a row", "explained", "seconds"], rows


def poisson_deviance(X, rates):
    """Mean Poisson deviance of a row; rates of zero, of NMF, count as 1e-8."""
    rates = np.maximum(np.asarray(rates, np.float64), 1e-8)
    return 2 * special.kl_div(X.toarray(), rates).sum(axis=1).mean()


def binary():
    """Held-out log loss of a row of zeros and ones."""
    X = (datasets.digits()[0] > 0.5).astype(np.float64)
    train, test = train_test_split(X, test_size=0.25, random_state=0)
    rows = []
    for settings in ({}, {"penalty": "l1"}, {"penalty": None}):
        for loss in ("log_loss", "squared_error"):
            model = SparseAutoencoder(32, loss=loss, random_state=0, **settings)
            X_hat = model.fit(train).inverse_transform(model.transform(test))
            # The best of some margins for squares: where it clips is its own choice.
            margins = (
                [1e-12] if loss == "log_loss" else [1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2]
            )
            losses = {
                eps: log_loss(test, np.clip(X_hat, eps, 1 - eps)) for eps in margins
            }
            eps = min(losses, key=losses.get)
            clipped = "" if loss == "log_loss" else f"{eps:g}"
            label = ", ".join(f"{k}={v!r}" for k, v in settings.items()) or "defaults"
            rows.append([label, loss, clipped, f"{losses[eps]:.2f}"])
    mean = np.broadcast_to(np.clip(train.mean(axis=0), 1e-4, 1 - 1e-4), test.shape)
    rows.append(["column means", "", "", f"{log_loss(test, mean):.2f}"])
    return ["", "loss", "best margin", "log loss of a row"], rows


def log_loss(X, M):
    """Mean cross-entropy of a row."""
    return -np.where(X == 1, np.log(M), np.log1p(-M)).sum(axis=1).mean()


def anomalies():
    """Mean ROC AUC with each class in turn as some 5 % of the rows."""
    rows = []
    for name in ("digits", "orl"):
        X, y = getattr(datasets, name)()
        X = np.asarray(X, np.float64)
        problems = [problem(X, y, label) for label in np.unique(y)]
        share = np.mean([abnormal.mean() for _, abnormal in problems])
        for method in DETECTORS:
            if method in TOO_WIDE.get(name, ()):
                continue
            start = time.perf_counter()
            aucs = [
                roc_auc_score(abnormal, DETECTORS[method](X))
                for X, abnormal in problems
            ]
            seconds = (time.perf_counter() - start) / len(problems)
            line = [name, f"{share:.1%}", method, f"{np.mean(aucs):.3f}"]
            rows.append([*line, f"{np.std(aucs):.3f}", f"{seconds:.2f}"])
            print(rows[-1], file=sys.stderr, flush=True)
    header = ["data", "abnormal", "", "mean AUC", "deviation", "seconds"]
    return header, rows


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


if __name__ == "__main__":
    commands = {f.__name__: f for f in (fill, counts, binary, anomalies)}
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    warnings.simplefilter("ignore")
    print(table(*commands[sys.argv[1]](*sys.argv[2:])))
    print(f"\n{circumstances()}")
