"""Fits to a file that is mapped into memory: their memory, and their time.

    python benchmarks/memory_map.py large      # 8 GB, both solvers, peak memory
    python benchmarks/memory_map.py cached     # 1 GB, against the same rows in memory

To see the first under a limit, run it where one is set, for instance by
``systemd-run --scope -p MemoryMax=1G``. The file is made in the current folder, and
removed at the end. Memory is what the process itself holds (RssAnon, Linux only): pages
of the file can be dropped at any time.
"""

import argparse
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np
from reporting import circumstances, table
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning

from skl_sparse_ae import SparseAutoencoder

N_FEATURES, N_COMPONENTS, N_PARTS = 200, 32, 20
# Iterations or epochs of two fits, whose difference is the time of one.
SOLVERS = {"lbfgs": (2, 4), "adam": (2, 4)}


def make(path, n_bytes):
    """A file of rows that are sums of few parts, and noise."""
    n_rows, step = n_bytes // (4 * N_FEATURES), 100_000
    X = np.lib.format.open_memmap(
        path, mode="w+", dtype=np.float32, shape=(n_rows, N_FEATURES)
    )
    rng = np.random.default_rng(0)
    parts = rng.standard_normal((N_PARTS, N_FEATURES), np.float32)
    for start in range(0, n_rows, step):
        n = min(step, n_rows - start)
        weights = rng.random((n, N_PARTS), np.float32)
        weights *= rng.random((n, N_PARTS)) < 0.1
        noise = rng.standard_normal((n, N_FEATURES), np.float32)
        X[start : start + n] = weights @ parts + 0.1 * noise
    X.flush()


class Peak:
    """Peak memory of this process while the context was open, in MiB."""

    def __enter__(self):
        self.value, self._done = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *exc_info):
        self._done.set()
        self._thread.join()

    def _watch(self):
        while not self._done.wait(0.05):
            self.value = max(self.value, held())


def held():
    """Memory of the process without mapped files, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (kib,) = [line.split()[1] for line in lines if line.startswith("RssAnon")]
    return int(kib) / 1024


def fit(X, solver, max_iter):
    """Seconds for one fit."""
    model = SparseAutoencoder(
        N_COMPONENTS, solver=solver, max_iter=max_iter, tol=0, random_state=0
    )
    start = time.perf_counter()
    model.fit(X)
    return time.perf_counter() - start


def large(path):
    """A file of 8 GB, with a working memory of 100 MiB."""
    make(path, 8 * 10**9)
    X = np.load(path, mmap_mode="r")
    for solver, (max_iter, _) in SOLVERS.items():
        with config_context(working_memory=100), Peak() as peak:
            seconds = fit(X, solver, max_iter)
        yield solver, max_iter, f"{seconds:.0f}", f"{peak.value:.0f}"


def cached(path):
    """A file of 1 GB that fits the system's cache, and the same rows in memory."""
    make(path, 10**9)
    X = np.load(path, mmap_mode="r")
    rows = {"mapped": X, "in memory": np.array(X)}
    for solver, (few, many) in SOLVERS.items():
        seconds = {name: [] for name in rows}
        for _ in range(5):
            for name, array in rows.items():
                more = fit(array, solver, many) - fit(array, solver, few)
                seconds[name].append(more / (many - few))
        mapped, here = (np.median(seconds[name]) for name in rows)
        yield solver, f"{mapped:.3g}", f"{here:.3g}", f"{mapped / here:.2f}"


TABLES = {
    large: ["solver", "iterations", "seconds", "MiB held"],
    cached: ["solver", "s an iteration, mapped", "in memory", "ratio"],
}


def main():
    """Print the requested tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", metavar="table", help="all by default")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(circumstances())
    path = Path("memory_map.npy").resolve()
    for make_rows, headers in TABLES.items():
        if arguments.tables and make_rows.__name__ not in arguments.tables:
            continue
        rows = []
        try:
            for row in make_rows(path):
                print(*row, sep=", ", file=sys.stderr, flush=True)
                rows.append(row)
        finally:
            path.unlink(missing_ok=True)
        print()
        print(table(headers, rows))


if __name__ == "__main__":
    main()
