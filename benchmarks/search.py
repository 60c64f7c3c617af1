"""How far a search for the encoder alone gets, and how soon, beside two others.

Fits by L-BFGS of this version, of another version (``--before``, the path of a checkout
of it), and by a textbook loop: SciPy's L-BFGS over all parameters from a random start.
All minimise the same J, with the weights of the other version. The data are those of
the study of the defaults, natural patches, and generated tables of a few latent
factors. Run as

    python benchmarks/search.py --before PATH
    python benchmarks/search.py --data digits factors-20 --settings notes
    python benchmarks/search.py --before PATH --large    # tables of many rows or units

The table has one row for each data set and each setting of the weights: how many
iterations bring J to where the other version's fit ends, both fits'
seconds (medians of alternating runs), and J after some numbers of iterations relative
to the textbook's. Of large tables there is one run each, in single precision, by the
solver that each version takes by default, and no textbook.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import warnings
from functools import partial
from pathlib import Path

import datasets
import numpy as np
from reporting import circumstances, table
from scipy.optimize import minimize
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder

N_RUNS = 5
CHECKPOINTS = (5, 10, 20, 50, 100)
SETTINGS = {
    "default": {},
    "notes": {"rho": 0.05, "beta": 3.0, "alpha": 1e-4},
}


def factors(n_rows, n_columns, n_factors, noise, scale=1.0):
    """Rows of a few latent factors, bent by a tangent, with noise."""
    rng = np.random.RandomState(0)
    latent = rng.standard_normal((n_rows, n_factors))
    loadings = rng.standard_normal((n_factors, n_columns)) / np.sqrt(n_factors)
    X = np.tanh(latent @ loadings) + noise * rng.standard_normal((n_rows, n_columns))
    return scale * X


def standardised(load):
    return StandardScaler().fit_transform(load()[0].astype(float))


DATA = {
    "digits": lambda: datasets.digits()[0],
    "digits-standardised": partial(standardised, datasets.digits),
    "breast-cancer": partial(standardised, datasets.breast_cancer),
    "wine": partial(standardised, datasets.wine),
    "iris": partial(standardised, datasets.iris),
    "orl": lambda: datasets.orl()[0],
    "mnist-5000": lambda: datasets.mnist_5000()[0],
    "basehock": lambda: datasets.mat("BASEHOCK")()[0],
    "patches": lambda: datasets.natural_patches(5000),
    "factors-3": partial(factors, 500, 30, 3, 0.01),
    "factors-5-small": partial(factors, 400, 100, 5, 0.3, 0.1),
    "factors-8": partial(factors, 2000, 60, 8, 0.03),
    "factors-10-wide": partial(factors, 300, 2000, 10, 0.1),
    "factors-20": partial(factors, 1000, 200, 20, 0.1),
}


def sparse_sums(n_rows, n_columns, n_atoms):
    """Sums of some of many directions, with exponential factors."""
    rng = np.random.RandomState(0)
    atoms = rng.standard_normal((n_atoms, n_columns))
    atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
    active = rng.random_sample((n_rows, n_atoms)) < 10 / n_atoms
    return (active * rng.exponential(size=(n_rows, n_atoms))) @ atoms


#: Loaders and numbers of units.
LARGE = {
    "mnist 196": (lambda: datasets.mnist()[0], 196),
    "mnist 1000": (lambda: datasets.mnist()[0], 1000),
    "patches": (partial(datasets.natural_patches, 100_000), 400),
    "sparse sums": (partial(sparse_sums, 100_000, 64, 500), 400),
    "embeddings": (datasets.embeddings, 3072),
}


def fit(X, solver="lbfgs", **parameters):
    """A fit, and its seconds."""
    autoencoder = SparseAutoencoder(random_state=0, solver=solver, **parameters)
    start = time.perf_counter()
    autoencoder.fit(X)
    return autoencoder, time.perf_counter() - start


def measure(name, weights, is_long):
    """One fit with default stopping, and J in a long one, in plain values."""
    X = DATA[name]()
    fit(X, **weights)  # warm caches
    autoencoder, seconds = fit(X, **weights)
    result = {
        "seconds": seconds,
        "n_iter": autoencoder.n_iter_,
        "J": autoencoder.loss_curve_[-1],
    }
    if is_long:
        long, _ = fit(X, tol=0, max_iter=CHECKPOINTS[-1], **weights)
        result["curve"] = long.loss_curve_
        result["weights"] = weights_of(long)
    return result


def measure_large(name, weights):
    """One fit by the default solver, in plain values."""
    load, n_components = LARGE[name]
    X = load().astype(np.float32)
    fitted, seconds = fit(X, solver="auto", n_components=n_components, **weights)
    return {
        "shape": " x ".join(map(str, X.shape)) + f" -> {n_components}",
        "seconds": seconds,
        "curve": fitted.loss_curve_,
        "J": fitted.objective(X),
        "weights": weights_of(fitted),
    }


def weights_of(autoencoder):
    """The weights of J in a fit, as parameters of another."""
    alpha = np.ravel(autoencoder.alpha_).tolist()
    penalty = autoencoder.penalty_
    return {"alpha": alpha[0], "beta": penalty.beta, "rho": penalty.rho}


def textbook_curve(X, alpha, beta, rho, n_components=100):
    """J after each iteration of SciPy's L-BFGS over all parameters."""
    X = X.astype(float)
    encoder_decay, decoder_decay = np.broadcast_to(alpha, 2)
    m, n = X.shape
    shapes = [(n, n_components), (n_components,), (n_components, n), (n,)]
    stops = np.cumsum([np.prod(shape) for shape in shapes])

    def split(theta):
        parts = np.split(theta, stops[:-1])
        return [p.reshape(s) for p, s in zip(parts, shapes, strict=True)]

    def value_and_grad(theta):
        W1, b1, W2, b2 = split(theta)
        A = 1 / (1 + np.exp(-(X @ W1 + b1)))
        error = A @ W2 + b2 - X
        s = A.mean(axis=0)
        divergence = rho * np.log(rho / s) + (1 - rho) * np.log((1 - rho) / (1 - s))
        value = 0.5 * np.sum(error**2) / m + beta * divergence.sum()
        value += 0.5 * (encoder_decay * np.sum(W1**2) + decoder_decay * np.sum(W2**2))
        slope = beta * ((1 - rho) / (1 - s) - rho / s)
        delta = (error @ W2.T + slope) * A * (1 - A) / m
        gradients = (
            X.T @ delta + encoder_decay * W1,
            delta.sum(axis=0),
            A.T @ error / m + decoder_decay * W2,
            error.mean(axis=0),
        )
        return value, np.concatenate([g.ravel() for g in gradients])

    rng = np.random.RandomState(0)
    theta = np.zeros(stops[-1])
    bound = np.sqrt(6 / (n + n_components + 1))
    for i in (0, 2):
        part = split(theta)[i]
        part[...] = rng.uniform(-bound, bound, part.shape)
    curve = []
    minimize(
        value_and_grad,
        theta,
        jac=True,
        method="L-BFGS-B",
        callback=lambda intermediate_result: curve.append(intermediate_result.fun),
        options={"maxiter": CHECKPOINTS[-1], "ftol": 0, "gtol": 0},
    )
    return curve


class Worker:
    """A version of the package in a process of its own, which measures on request."""

    def __init__(self, path=None):
        environment = dict(os.environ)
        if path is not None:
            environment["PYTHONPATH"] = str(Path(path).resolve())
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--worker"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def measure(self, *request):
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def serve():
    """Answer requests of `Worker`."""
    warnings.simplefilter("ignore")
    functions = {2: measure_large, 3: measure}  # by their number of arguments
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(functions[len(request)](*request)), flush=True)


def row_of(name, setting, before, after):
    """A row of the table."""
    runs, weights = {"before": [], "after": []}, SETTINGS[setting]
    for i in range(N_RUNS):
        for kind, worker in (("before", before), ("after", after)):
            runs[kind].append(worker.measure(name, weights, i == 0))
            weights = runs["before"][0]["weights"]
    seconds = {kind: np.median([r["seconds"] for r in runs[kind]]) for kind in runs}
    old, new = runs["before"][0], runs["after"][0]
    reached = np.flatnonzero(np.array(new["curve"]) <= old["J"])
    n_reached = int(reached[0]) + 1 if len(reached) else None
    textbook = textbook_curve(DATA[name](), **weights)

    def at(curve, n):
        return curve[min(n, len(curve)) - 1]

    return {
        "data": f"{name}, {setting}",
        "shape": " x ".join(map(str, DATA[name]().shape)),
        "before": old["n_iter"],
        "reached after": n_reached,
        "factor": old["n_iter"] / n_reached if n_reached else np.nan,
        "J before": old["J"],
        "J": new["J"],
        "iterations": new["n_iter"],
        "seconds before": seconds["before"],
        "seconds": seconds["after"],
        "times as fast": seconds["before"] / seconds["after"],
        **{
            f"J / textbook at {n}": at(new["curve"], n) / at(textbook, n)
            for n in CHECKPOINTS
        },
    }


def large_row_of(name, before, after):
    """A row of the table of large tables."""
    old = before.measure(name, {})
    new = after.measure(name, old["weights"])
    n_iter = len(new["curve"])
    # That of an epoch is a mean over its mini-batches, and above that after it.
    reached = np.flatnonzero([*new["curve"][:-1], new["J"]] <= np.float64(old["J"]))
    n_reached = int(reached[0]) + 1 if len(reached) else None
    return {
        "data": name,
        "shape": new["shape"],
        "iterations before": len(old["curve"]),
        "reached after": n_reached,
        "J before": old["J"],
        "J": new["J"],
        "iterations": n_iter,
        "seconds before": old["seconds"],
        "seconds until J before": new["seconds"] * n_reached / n_iter
        if n_reached
        else np.nan,
        "seconds": new["seconds"],
    }


def shown(value):
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", help="checkout of the version to compare with")
    parser.add_argument("--data", nargs="+", choices={**DATA, **LARGE})
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=[*SETTINGS])
    parser.add_argument("--large", action="store_true", help="the large tables")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        serve()
        return
    tables = LARGE if arguments.large else DATA
    names = arguments.data or [*tables]
    if not set(names) <= set(tables):
        parser.error(f"choose --data from {', '.join(tables)}")
    before, after = Worker(arguments.before), Worker()
    rows = []
    if arguments.large:
        for name in names:
            rows.append(large_row_of(name, before, after))
            print(*map(shown, rows[-1].values()), file=sys.stderr, flush=True)
        print(circumstances())
        print()
        print(table([*rows[0]], [[shown(v) for v in row.values()] for row in rows]))
        return
    for name in names:
        if datasets.load_or_report(name, DATA[name]) is None:
            continue
        for setting in arguments.settings:
            rows.append(row_of(name, setting, before, after))
            print(*map(shown, rows[-1].values()), file=sys.stderr, flush=True)
    print(circumstances())
    print()
    print(table([*rows[0]], [[shown(v) for v in row.values()] for row in rows]))
    for column in ("factor", "times as fast"):
        values = [row[column] for row in rows]
        print(f"\n{column}: median {np.nanmedian(values):.3g}, least {min(values):.3g}")


if __name__ == "__main__":
    main()
