"""The study behind the defaults of SparseAutoencoder.

Features of the default autoencoder against those of PCA with as many components:
accuracy of a classifier, cross-validated, on small and large, narrow and wide data. Run
as `python benchmarks/defaults.py`; `--compare` chooses what stands beside PCA and
`--classifier` what reads the features. What was measured is added to defaults.json, in
place of what that had for the same data, features and classifier. `pages.py` draws the
file into the documentation.
"""

import argparse
import json
import os
import sys
import time
import warnings
from datetime import date
from pathlib import Path
from typing import NamedTuple

import datasets
import numpy as np
from joblib import Parallel, delayed
from reporting import circumstances, machine, table
from sklearn.decomposition import NMF, PCA, TruncatedSVD
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.metrics import variance_explained

N_COMPONENTS = SparseAutoencoder().n_components
RESULTS = Path(__file__).with_suffix(".json")


class Data(NamedTuple):
    """How to load a data set, and how it is used.

    ``standardise`` is whether columns are standardised, by the training rows;
    ``n_rows`` is the size of a stratified sample, or None; ``is_new`` is whether the
    defaults were chosen without it.
    """

    load: callable
    standardise: bool
    n_rows: int | None = None
    is_new: bool = False


TABLES = {
    "iris": Data(datasets.iris, True),
    "wine": Data(datasets.wine, True),
    "breast-cancer": Data(datasets.breast_cancer, True),
    "digits": Data(datasets.digits, False),
    "digits, standardised": Data(datasets.digits, True),
    "digits, 100 rows": Data(datasets.digits, False, 100),
    "digits, 300 rows": Data(datasets.digits, False, 300),
    "MNIST, 300 rows": Data(datasets.mnist_5000, False, 300),
    "MNIST, 1000 rows": Data(datasets.mnist_5000, False, 1000),
    "MNIST, 5000 rows": Data(datasets.mnist_5000, False),
    "ORL": Data(datasets.orl, False),
    "ORL, 200 rows": Data(datasets.orl, False, 200),
    "warpAR10P": Data(datasets.pixels("warpAR10P"), False),
    "leukemia": Data(datasets.mat("leukemia"), True),
    "lymphoma": Data(datasets.mat("lymphoma"), True),
    "lung_small": Data(datasets.mat("lung_small"), True),
    "BASEHOCK": Data(datasets.counts("BASEHOCK"), False),
    "RELATHE": Data(datasets.counts("RELATHE"), False),
    "Isolet": Data(datasets.mat("Isolet"), True),
    "colon": Data(datasets.mat("colon"), True),
    "Yale": Data(datasets.pixels("Yale"), False),
    "TOX-171": Data(datasets.mat("TOX-171"), True),
    "GLIOMA": Data(datasets.mat("GLIOMA"), True),
    "ALLAML": Data(datasets.mat("ALLAML"), True, is_new=True),
    "Prostate-GE": Data(datasets.mat("Prostate-GE"), True, is_new=True),
    "nci9": Data(datasets.mat("nci9"), True, is_new=True),
    "arcene": Data(datasets.mat("arcene"), True, is_new=True),
    "madelon": Data(datasets.mat("madelon"), True, is_new=True),
    "COIL20": Data(datasets.pixels("COIL20"), False, is_new=True),
    "warpPIE10P": Data(datasets.pixels("warpPIE10P"), False, is_new=True),
    "PCMAC": Data(datasets.counts("PCMAC"), False, is_new=True),
}

# Tables with few columns, of the KEEL collection.
KEEL = {
    **{
        name: Data(datasets.keel(name), True)
        for name in (
            *("breast", "german", "hayes-roth", "housevotes", "movement_libras"),
            *("segment", "sonar", "tic-tac-toe", "vehicle", "vowel"),
        )
    },
    **{
        name: Data(datasets.keel(name), True, 3000)
        for name in (
            *("banana", "chess", "letter", "magic", "optdigits", "ring", "satimage"),
            *("spambase", "splice", "texture", "twonorm"),
        )
    },
    **{
        name: Data(datasets.keel(name), True, is_new=True)
        for name in (
            *("australian", "bands", "bupa", "contraceptive", "crx", "heart"),
            *("ionosphere", "led7digit", "mammographic", "monk-2", "pima"),
            *("saheart", "tae", "wisconsin"),
        )
    },
    **{
        name: Data(datasets.keel(name), True, 3000, is_new=True)
        for name in ("marketing", "mushroom", "penbased", "phoneme")
    },
}
TABLES |= KEEL

# Functions of a number of components.
FEATURES = {
    "raw columns": lambda k: FunctionTransformer(),
    "default": lambda k: SparseAutoencoder(k, random_state=0),
    "100 units": lambda k: SparseAutoencoder(random_state=0),
    "penalty=None": lambda k: SparseAutoencoder(k, penalty=None, random_state=0),
    "l1": lambda k: SparseAutoencoder(k, penalty="l1", random_state=0),
    "topk": lambda k: SparseAutoencoder(k, penalty="topk", random_state=0),
    "batch_topk": lambda k: SparseAutoencoder(k, penalty="batch_topk", random_state=0),
    "contractive": lambda k: SparseAutoencoder(
        k, penalty="contractive", random_state=0
    ),
    "tanh": lambda k: SparseAutoencoder(k, activation="tanh", random_state=0),
    "rho=0.02": lambda k: SparseAutoencoder(k, rho=0.02, random_state=0),
    "rho=0.05": lambda k: SparseAutoencoder(k, rho=0.05, random_state=0),
    "rho=0.1": lambda k: SparseAutoencoder(k, rho=0.1, random_state=0),
    "rho=0.2": lambda k: SparseAutoencoder(k, rho=0.2, random_state=0),
    "rho=0.5": lambda k: SparseAutoencoder(k, rho=0.5, random_state=0),
    "whitened": lambda k: make_pipeline(
        PCA(k, whiten=True, random_state=0), SparseAutoencoder(k, random_state=0)
    ),
    "tol=0.01": lambda k: SparseAutoencoder(k, tol=0.01, random_state=0),
    "tol=0.0001": lambda k: SparseAutoencoder(k, tol=1e-4, random_state=0),
    "NMF": lambda k: NMF(k, init="nndsvda", random_state=0),
    "TruncatedSVD": lambda k: TruncatedSVD(k, random_state=0),
}
PENALTIES = ["l1", "topk", "batch_topk", "contractive", "penalty=None"]
CLASSIFIERS = {
    "logistic": lambda: LogisticRegression(max_iter=3000),
    "svm": lambda: LinearSVC(C=0.1),
    "neighbours": lambda: KNeighborsClassifier(),
    "boosting": lambda: HistGradientBoostingClassifier(max_iter=50, random_state=0),
}


class Study(NamedTuple):
    """What reads the features, from how many labelled rows of each class, and how many.

    None stands for all labels, and for the default's number of components. There are
    no more components than columns or training rows allow.
    """

    classifier: str = "logistic"
    n_labels: int | None = None
    n_components: int | None = None

    @property
    def name(self):
        """Key of the measurements."""
        words = [self.classifier]
        if self.n_labels is not None:
            words.append(f"{self.n_labels} labels")
        if self.n_components is not None:
            words.append(f"{self.n_components} components")
        return ", ".join(words)


class Result(NamedTuple):
    """Of one fold.

    ``seconds`` are those that a fit works on one core, which the other work of a busy
    machine changes least.
    """

    accuracy: float
    seconds: float
    explained: float
    n_iter: float


def load(name):
    """Rows and classes of a data set, or None."""
    data = TABLES[name]
    loaded = datasets.load_or_report(name, data.load)
    if loaded is None or data.n_rows is None:
        return loaded
    return datasets.stratified_sample(*loaded, data.n_rows)


def folds(y):
    """Stratified folds; small data are split again and again."""
    n_repeats = 4 if len(y) < 150 else 2 if len(y) < 500 else 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # classes of few rows
        splits = RepeatedStratifiedKFold(
            n_splits=5, n_repeats=n_repeats, random_state=0
        )
        return list(splits.split(y, y))


def labelled(y, train, n_labels):
    """The first training rows of each class, or all."""
    if n_labels is None:
        return train
    return np.concatenate([train[y[train] == c][:n_labels] for c in np.unique(y)])


def most_components(X, n_train):
    """The number of components where none is asked for."""
    return min(N_COMPONENTS, X.shape[1], n_train - 1)


def evaluate(X, y, fold, standardise, make, study):
    """Result of one fold; every step is fitted on the training rows only."""
    train, test = fold
    if standardise:
        X = StandardScaler().fit(X[train]).transform(X)
    features = make(study.n_components or most_components(X, len(train)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        start = time.thread_time()
        features.fit(X[train])
        seconds = time.thread_time() - start
        code = features.transform(X)
        scaled = StandardScaler().fit(code[train]).transform(code)
        known = labelled(y, train, study.n_labels)
        model = CLASSIFIERS[study.classifier]().fit(scaled[known], y[known])
    explained = np.nan
    if hasattr(features, "components_"):
        explained = variance_explained(X[test], features.inverse_transform(code[test]))
    return Result(
        model.score(scaled[test], y[test]),
        seconds,
        explained,
        getattr(features, "n_iter_", np.nan),
    )


def compare(name, kinds, study, n_jobs):
    """Results of PCA and of other kinds of features: (n_folds, 4) arrays by kind.

    None without the data, or where there cannot be so many components.
    """
    loaded = load(name)
    if loaded is None:
        return None
    X, y = loaded
    least_train = min(len(train) for train, _ in folds(y))
    if (study.n_components or 0) >= most_components(X, least_train):
        return None
    makers = {"PCA": lambda k: PCA(k, random_state=0)}
    makers |= {kind: FEATURES[kind] for kind in kinds if kind != "NMF" or X.min() >= 0}
    jobs = [(kind, fold) for kind in makers for fold in folds(y)]
    standardise = TABLES[name].standardise
    with threadpool_limits(1):
        results = Parallel(n_jobs, prefer="threads")(
            delayed(evaluate)(X, y, fold, standardise, makers[kind], study)
            for kind, fold in jobs
        )
    return X.shape, {
        kind: np.array(
            [r for (k, _), r in zip(jobs, results, strict=True) if k == kind]
        )
        for kind in makers
    }


def difference(results, kind):
    """Mean over the folds of the difference to PCA, and its standard error."""
    if kind not in results:
        return np.nan, np.nan
    gains = results[kind][:, 0] - results["PCA"][:, 0]
    return gains.mean(), gains.std(ddof=1) / len(gains) ** 0.5


def accuracy_table(compared, kinds):
    """Accuracy of PCA, and of each kind the difference to it."""
    rows = []
    for name, (shape, results) in compared.items():
        cells = []
        for kind in kinds:
            mean, error = difference(results, kind)
            cells.append("" if np.isnan(mean) else f"{mean:+.3f} ± {error:.3f}")
        star = "*" if TABLES[name].is_new else ""
        accuracy = f"{results['PCA'][:, 0].mean():.3f}"
        rows.append([name + star, "{} x {}".format(*shape), accuracy, *cells])
    return table(["data", "rows x columns", "PCA", *kinds], rows)


def summary(compared, kinds):
    """For each kind, the mean difference and where it is worse than PCA."""
    lines = []
    for kind in kinds:
        gains = {name: difference(r, kind) for name, (_, r) in compared.items()}
        gains = {name: gain for name, gain in gains.items() if not np.isnan(gain[0])}
        worse = [name for name, (mean, error) in gains.items() if mean < -error]
        mean = np.mean([mean for mean, _ in gains.values()])
        lines.append(
            f"- {kind}: {mean:+.3f} on average over {len(gains)}; below PCA by more "
            f"than a standard error on {len(worse)}: {', '.join(worse) or 'none'}."
        )
    return "\n".join(lines)


def cost_table(compared):
    """Time, iterations and explained variance of the default on each data set."""
    header = ["data", "PCA, ms", "this, ms", "ratio", "iterations"]
    header += ["PCA explains", "this explains"]
    rows = []
    for name, (_, results) in compared.items():
        pca, ours = (np.median(results[kind], axis=0) for kind in ("PCA", "default"))
        times = [f"{1000 * seconds:.3g}" for seconds in (pca[1], ours[1])]
        rest = [f"{ours[1] / pca[1]:.1f}", f"{ours[3]:.0f}"]
        rows.append([name, *times, *rest, f"{pca[2]:.3f}", f"{ours[2]:.3f}"])
    return table(header, rows)


def save(name, study, shape, results):
    """Add the results on one data set to the file, in four digits."""
    saved = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"studies": {}}
    rounded = {
        kind: [
            [None if np.isnan(v) else float(f"{v:.4g}") for v in fold] for fold in of
        ]
        for kind, of in results.items()
    }
    entries = saved["studies"].setdefault(study, {})
    kinds = {**entries.get(name, {}).get("kinds", {}), **rounded}
    entries[name] = {"shape": shape, "kinds": kinds}
    saved |= {"date": str(date.today()), "machine": machine()}
    lines = json.dumps(saved).replace('}}, "', '}},\n"')  # a line for each data set
    RESULTS.write_text(lines + "\n")


def saved_results(study):
    """What the file has of a study, as `compare` returns it, by data set."""
    entries = json.loads(RESULTS.read_text())["studies"][study]
    return {
        name: (
            entries[name]["shape"],
            {k: np.array(v, float) for k, v in entries[name]["kinds"].items()},
        )
        for name in TABLES
        if name in entries
    }


def main():
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", nargs="+", choices=TABLES, default=[*TABLES])
    parser.add_argument("--compare", nargs="+", choices=FEATURES, default=["default"])
    parser.add_argument("--penalties", action="store_true", help="all other penalties")
    parser.add_argument("--classifier", choices=CLASSIFIERS, default="logistic")
    parser.add_argument("--labels", type=int, help="labelled rows of each class")
    parser.add_argument("--components", type=int, help="instead of up to 100")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    kinds = arguments.compare + (PENALTIES if arguments.penalties else [])
    study = Study(arguments.classifier, arguments.labels, arguments.components)
    compared = {}
    for name in arguments.datasets:
        results = compare(name, kinds, study, arguments.jobs)
        if results is not None:
            compared[name] = results
            save(name, study.name, *results)
            print(f"{name} is done", file=sys.stderr)
    if not compared:
        sys.exit("There are no data.")
    sections = [circumstances(), accuracy_table(compared, kinds)]
    sections.append(summary(compared, kinds))
    if "default" in kinds:
        sections.append(cost_table(compared))
    print("\n\n".join(sections))


if __name__ == "__main__":
    main()
