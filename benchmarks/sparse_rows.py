"""Fits to CSR against fits to the same rows as an array: time and memory.

    python benchmarks/sparse_rows.py            # all tables
    python benchmarks/sparse_rows.py evaluation # J and its gradient, on CSR and dense
    python benchmarks/sparse_rows.py fits       # CSR against a dense array
    python benchmarks/sparse_rows.py svd        # against TruncatedSVD and a dense fit

The tables are kept in sparse_rows.json, from which `pages.py` makes those of
doc/large_data.md. Seconds are of work by the processor.

Each fit is a process of its own, whose memory is counted from the libraries on, rows
included (Linux only). The largest table is 20 GB as an array, which is fitted once, by
"adam", where there is as much memory.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import NamedTuple

import datasets
import numpy as np
from reporting import keep, measured, table
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae._arrays._team import Team
from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout
from skl_sparse_ae._objective._dense import DenseObjective
from skl_sparse_ae._objective._sparse import SparseObjective
from skl_sparse_ae._penalties._registry import make_penalty

RESULTS = Path(__file__).with_suffix(".json")


class Case(NamedTuple):
    """Rows and columns of generated counts, or none for the newsgroups; units."""

    n_rows: int
    n_features: int
    n_components: int
    density: float

    @property
    def dense_bytes(self):
        """Bytes of the rows as an array in single precision."""
        return 4 * self.n_rows * self.n_features

    @property
    def is_huge(self):
        """Whether that is too much for most purposes."""
        return self.dense_bytes > 2**33


CASES = {
    "newsgroups": Case(1993, 4862, 100, 0.0),
    "tall": Case(200_000, 5_000, 64, 0.001),
    "square": Case(20_000, 20_000, 64, 0.001),
    "large": Case(50_000, 100_000, 256, 0.001),
}
SAME_STEPS = "adam, 4096 rows"
SOLVERS = {
    "lbfgs": {"solver": "lbfgs", "max_iter": 20},
    "adam": {"solver": "adam", "max_iter": 5},
    "converged": {"max_iter": 200, "tol": 0.005},
    # The same steps for both kinds of rows; a dense fit would choose 256 rows.
    SAME_STEPS: {"solver": "adam", "max_iter": 5, "batch_size": 4096},
}


def load(case):
    """CSR in single precision."""
    if case.density == 0:
        return sparse.csr_array(datasets.counts("BASEHOCK")()[0], dtype=np.float32)
    return topics(case.n_rows, case.n_features, case.density)


def topics(n_rows, n_features, density, n_topics=50, n_words=200):
    """Counts of words: each row mixes three topics, each topic has its own words.

    A topic's words are as frequent as one over their rank.
    """
    rng = np.random.default_rng(0)
    words = rng.integers(n_features, size=(n_topics, n_words))
    shape = n_rows, round(density * n_features)
    own = rng.integers(n_topics, size=(n_rows, 3))
    chosen = np.take_along_axis(own, rng.integers(3, size=shape), axis=1)
    ranks = (n_words ** rng.random(shape)).astype(int) - 1
    columns = words[chosen, ranks].ravel()
    rows = np.repeat(np.arange(n_rows), shape[1])
    counts = (np.ones(len(rows), np.float32), (rows, columns))
    return sparse.coo_array(counts, shape=(n_rows, n_features)).tocsr()


def measure(name, job, solver="converged"):
    """Seconds and MiB of a job in a process of its own."""
    run = [sys.executable, __file__, "--job", job, name, solver]
    seconds, mib, score = subprocess.check_output(run, text=True).split()
    return float(seconds), float(mib), float(score)


def work(job, name, solver):
    """Do one job and print what it took."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    # A few iterations do not converge.
    warnings.filterwarnings("ignore", "The reconstruction explains less", UserWarning)
    case = CASES[name]
    settings = {"tol": 0, "random_state": 0, **SOLVERS[solver]}
    model = SparseAutoencoder(case.n_components, **settings)
    model.fit(np.random.default_rng(0).random((500, 20), np.float32))  # libraries
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM, the peak
    X = load(case)
    if job == "dense":
        X = X.toarray()
    if job == "svd":
        svd = TruncatedSVD(case.n_components, random_state=0)
        model = make_pipeline(svd, model)
    start = time.process_time()
    model.fit(X)
    seconds = time.process_time() - start
    peak = memory("VmHWM") - before
    score = np.nan
    if job != "dense" and not case.is_huge:
        rows = X[:2000]
        score = explained(rows, model.inverse_transform(model.transform(rows)))
    print(seconds, peak, score)


def explained(X, X_hat):
    """Fraction of the variance of some rows."""
    X = X.toarray()
    return 1 - ((X - X_hat) ** 2).sum() / ((X - X.mean(axis=0)) ** 2).sum()


def memory(field):
    """MiB, from a field of this process's status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (kib,) = [line.split()[1] for line in lines if line.startswith(field)]
    return int(kib) / 1024


def label(name):
    case = CASES[name]
    return f"{name}, {case.n_rows} x {case.n_features} -> {case.n_components}"


def evaluation(names, n_runs):
    """One evaluation of J and its gradient, by turns."""
    for name in names:
        case = CASES[name]
        if case.is_huge:
            continue
        X = load(case)
        layout = Layout(case.n_features, case.n_components)
        penalty = make_penalty("kl", rho=0.1, beta=0.01)
        network = Network.from_names(layout, "logistic", "identity", penalty)
        start = 0.01 * np.random.default_rng(0).standard_normal(layout.size, X.dtype)
        options = {"dtype": X.dtype, "memory_budget": 2**30}
        seconds = []
        with Team() as team:
            on_csr = SparseObjective(network, 1e-3, team=team, **options).use_rows(X)
            dense = DenseObjective(network, 1e-3, team=team, **options)
            objectives = [on_csr, dense.use_rows(X.toarray())]
            for _ in range(n_runs + 1):
                turn = []
                for objective in objectives:
                    begin = time.process_time()
                    objective.value_and_grad(start)
                    turn.append(time.process_time() - begin)
                seconds.append(turn)
        s, t = np.median(seconds[1:], axis=0)
        yield label(name), f"{s:.3g}", f"{t:.3g}", f"{t / s:.1f}"


def fits(names, n_runs):
    """CSR against the same rows as an array."""
    for name in names:
        for solver in SOLVERS:
            if solver == "converged":
                continue
            jobs = ["csr", "dense"] if fits_in_memory(CASES[name], solver) else ["csr"]
            runs = {job: [] for job in jobs}
            for turn in range(n_runs):
                for job in jobs:
                    if job == "csr" or turn == 0 or not CASES[name].is_huge:
                        runs[job].append(measure(name, job, solver)[:2])
            (s, mib), *other = (np.median(runs[job], axis=0) for job in jobs)
            cells = ["", "", "", ""]
            if other:
                ((t, much),) = other
                cells = [f"{t:.3g}", f"{t / s:.1f}", f"{much:.0f}", f"{much / mib:.1f}"]
            yield label(name), solver, f"{s:.3g}", *cells[:2], f"{mib:.0f}", *cells[2:]


def fits_in_memory(case, solver):
    """Whether the rows are fitted as an array, too."""
    if not case.is_huge:
        return True
    available = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return solver == SAME_STEPS and available > 1.1 * case.dense_bytes


def svd(names, n_runs):
    """Straight from CSR, and from as many components of TruncatedSVD, converged."""
    for name in names:
        if CASES[name].is_huge:
            continue
        runs = {job: [] for job in ("csr", "svd")}
        for _ in range(n_runs):
            for job, results in runs.items():
                results.append(measure(name, job))
        (s, _, score), (t, _, other) = (np.median(r, axis=0) for r in runs.values())
        yield label(name), f"{s:.3g}", f"{t:.3g}", f"{score:.3f}", f"{other:.3f}"


TABLES = {
    evaluation: ["case", "CSR, s", "dense, s", "ratio"],
    fits: [
        "case",
        "solver",
        "CSR, s",
        "dense, s",
        "ratio",
        "CSR, MiB",
        "dense, MiB",
        "ratio",
    ],
    svd: ["case", "CSR, s", "SVD and dense, s", "CSR explains", "SVD and dense"],
}


def text(make):
    """What was kept of a table, and when it was measured."""
    saved = json.loads(RESULTS.read_text())[make.__name__]
    return f"{table(TABLES[make], saved['results']['rows'])}\n\n{measured(saved)}"


def main():
    """Measure the requested tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", metavar="table", help="all by default")
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=CASES)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--job", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.job:
        work(*arguments.job)
        return
    for make in TABLES:
        if arguments.tables and make.__name__ not in arguments.tables:
            continue
        rows = []
        for row in make(arguments.cases, arguments.runs):
            print(*row, sep=", ", flush=True)
            rows.append(row)
        keep(RESULTS, make.__name__, {"rows": rows})


if __name__ == "__main__":
    main()
