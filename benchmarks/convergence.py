"""J against seconds, of this library and of PyTorch, and default fits beside PCA.

    python benchmarks/convergence.py --measure          # writes convergence.json
    python benchmarks/convergence.py --draw             # pictures of the page
    python benchmarks/convergence.py --measure --quick  # tiny tables, to try the script

`--measure` takes ten minutes on two cores, and needs PyTorch and a C++ compiler;
`--draw` needs only the file that was written. The page is doc/speed.md, into which
`pages.py` writes the text.

Everyone minimises J with the alpha, beta and rho of a default fit, in float32. The runs
of all candidates alternate, and points of a curve are medians of three runs. PyTorch is
compiled or not, whichever is faster on the table.
"""

import argparse
import json
import time
import warnings
from contextlib import contextmanager, suppress
from copy import copy
from datetime import date
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from textwrap import fill
from typing import NamedTuple
from unittest import mock

import datasets
import matplotlib.pyplot as plt
import numpy as np
from matplotlib import ticker
from reporting import machine
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

from skl_sparse_ae import SparseAutoencoder

RESULTS = Path(__file__).with_suffix(".json")
DOC = Path(__file__).resolve().parents[1] / "doc"
PICTURES = DOC / "_static"

# Seconds of the run of each solver that goes before the measured one.
WARM_UP = 0.3
N_ROWS = (1000, 3000, 10_000, 30_000, 60_000)
# Epochs of Adam after which J is computed, which is not timed: all up to 33, and then
# every 3 %.
EPOCHS = np.unique(np.ceil(1.03 ** np.arange(600))).astype(int)
# A J that is so much above the lowest one of PyTorch counts as reached.
MARGIN = 1.01
N_POINTS = 60

OURS = "this library"
FIRST_PICTURE = ("MNIST 5000", "digits")


class Table(NamedTuple):
    """Rows, a number of units, and the seconds that each solver is given."""

    load: object
    n_components: int
    seconds: float


@lru_cache
def mnist():
    return datasets.mnist()[0]


def breast_cancer():
    return scale(datasets.breast_cancer()[0].astype(float))


TABLES = {
    "breast cancer": Table(breast_cancer, 100, 0.7),
    "digits": Table(lambda: datasets.digits()[0], 32, 1.5),
    "faces": Table(lambda: datasets.orl()[0], 100, 2),
    "patches 25": Table(datasets.natural_patches, 25, 2),
    "patches 400": Table(datasets.natural_patches, 400, 3),
    "MNIST 5000": Table(lambda: mnist()[:5000], 100, 6),
    "MNIST 10000": Table(lambda: mnist()[:10_000], 100, 6),
}


def measure(is_quick):
    """All measurements, as they are written to the file.

    With `is_quick`, of tiny tables, by one run, and PyTorch not compiled.
    """
    import torch

    tables, n_runs = {}, 1 if is_quick else 3
    for name, table in TABLES.items():
        X = datasets.load_or_report(name, table.load)
        if X is None:
            continue
        X, n_components, seconds = np.ascontiguousarray(X, np.float32), *table[1:]
        if is_quick:
            X, n_components, seconds = X[:300].copy(), 8, 0.2
        torch.compiler.reset()  # otherwise compilation for new shapes soon stops
        tables[name] = measure_table(X, n_components, seconds, n_runs, not is_quick)
        print(name, tables[name]["seconds"], flush=True)
    rows = (100, 200, 400) if is_quick else N_ROWS
    has_mnist = datasets.load_or_report("MNIST", mnist) is not None
    return {
        "is_quick": is_quick,
        "date": str(date.today()),
        "machine": machine(),
        "torch": torch.__version__,
        "n_runs": n_runs,
        "tables": tables,
        "rows": [measure_rows(n, n_runs) for n in rows if has_mnist],
    }


def measure_table(X, n_components, seconds, n_runs, is_compiled):
    """Curves of J on a table, and the seconds to the J that PyTorch ends with."""
    import speed

    default = SparseAutoencoder(n_components, random_state=0).fit(X)
    pca = PCA(min(n_components, *X.shape), random_state=0)
    with objective_of(default, X):
        solvers = {
            OURS: partial(fit_curve, X, default),
            **torch_solvers(X, n_components, is_compiled),
        }
        runs, pca_seconds = {name: [] for name in solvers}, []
        for _ in range(n_runs):
            for name, solve in solvers.items():
                # Threads that others leave spinning would be charged to this one.
                solve(min(WARM_UP, seconds))
                runs[name].append(solve(seconds))
            pca_seconds.append(speed.burst(partial(pca.fit, X), seconds=WARM_UP))
    curves = {name: median_curve(runs[name]) for name in runs}
    goal = MARGIN * min(curve[-1, 1] for name, curve in curves.items() if name != OURS)
    return {
        "shape": [*X.shape, n_components],
        "curves": {name: thinned(curve) for name, curve in curves.items()},
        "default_fit": curves[OURS][: default.n_iter_][-1].tolist(),
        "n_iter": default.n_iter_,
        "goal": goal,
        "seconds": {name: seconds_to(goal, curve) for name, curve in curves.items()},
        "pca": float(np.median(pca_seconds)),
    }


@contextmanager
def objective_of(fitted, X):
    """PyTorch's J has the weights of a fitted estimator, which is checked."""
    import peers

    weights = {
        "RHO": fitted.penalty_.rho,
        "BETA": fitted.beta_,
        "ALPHA": fitted.alpha_,
        "DIRECTIONS": fitted.decay_directions_,
    }
    theta = np.concatenate(
        [
            fitted.encoder_coef_.ravel(),
            fitted.encoder_intercept_,
            fitted.components_.ravel(),
            fitted.decoder_intercept_,
        ]
    )
    with mock.patch.multiple(peers, **weights):
        value, _ = peers.Torch(X, fitted.n_components).value_and_grad(theta)
        assert np.isclose(value, fitted.objective(X), rtol=1e-4)
        yield


def torch_solvers(X, n_components, is_compiled):
    """Functions of a number of seconds that return PyTorch's curves."""
    import peers
    import speed

    theta = peers.start(X.shape[1], n_components, np.float64)
    if is_compiled:
        peer = speed.fastest_torch(X, n_components)
    else:
        peer = peers.Torch(X, n_components)
    next(peer.adam(theta, speed.BATCH_SIZE))  # compiles for batches
    return {
        "PyTorch, L-BFGS": partial(lbfgs_curve, peer, theta),
        **{
            f"PyTorch, Adam {rate:g}": partial(
                adam_curve, peer, theta, speed.BATCH_SIZE, rate
            )
            for rate in speed.RATES
        },
    }


class Recorder:
    """A scikit-learn callback that records when iterations end, until time is up."""

    def __init__(self, seconds):
        self.times, self._seconds = [], seconds
        self._start = time.perf_counter()

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        self.times.append(time.perf_counter() - self._start)
        return context.task_name == "iteration" and self.times[-1] > self._seconds


def fit_curve(X, estimator, seconds):
    """Seconds and J at each iteration of a fit that does not end by itself."""
    endless = clone(estimator).set_params(tol=0, max_iter=100_000)
    recorder = Recorder(seconds)
    endless.set_callbacks(recorder).fit(X)
    return list(zip(recorder.times, endless.loss_curve_, strict=False))


class TimeIsUp(Exception):
    """Ends a search."""


def lbfgs_curve(peer, theta, seconds):
    """Seconds and J at each evaluation of SciPy's L-BFGS with PyTorch's gradients."""
    curve, recorded, start = [], copy(peer), time.perf_counter()

    def value_and_grad(theta):
        value, gradient = peer.value_and_grad(theta)
        curve.append((time.perf_counter() - start, value))
        if curve[-1][0] > seconds:
            raise TimeIsUp
        return value, gradient

    recorded.value_and_grad = value_and_grad
    with suppress(TimeIsUp):
        recorded.lbfgs(theta, max_iter=100_000)
    return curve


def adam_curve(peer, theta, batch_size, rate, seconds):
    """Seconds and J after epochs of PyTorch's Adam; J itself is not timed."""
    curve, elapsed, done = [], 0.0, 0
    epochs = peer.adam(theta, batch_size, rate)
    for n_epochs in EPOCHS:
        start = time.perf_counter()
        *_, end = islice(epochs, n_epochs - done)
        elapsed += time.perf_counter() - start
        curve.append((elapsed, peer.value_and_grad(end)[0]))
        if elapsed > seconds:
            break
        done = n_epochs
    return curve


def median_curve(runs):
    """Medians of the points that all runs have, with the lowest J so far."""
    n_points = min(map(len, runs))
    curve = np.median([run[:n_points] for run in runs], axis=0)
    curve[:, 1] = np.minimum.accumulate(curve[:, 1])
    return curve


def seconds_to(goal, curve):
    """Seconds until J is as low as `goal`, or None."""
    reached = curve[:, 1] <= goal
    return float(curve[np.argmax(reached), 0]) if reached.any() else None


def thinned(curve):
    """Points of a curve at equal steps of the logarithm of time."""
    times = np.geomspace(*curve[[0, -1], 0], N_POINTS)
    kept = np.unique(np.searchsorted(curve[:, 0], times).clip(max=len(curve) - 1))
    return [[float(f"{number:.5g}") for number in point] for point in curve[kept]]


def measure_rows(n_rows, n_runs):
    """Seconds of a default fit to rows of MNIST, and of PCA's."""
    import speed

    X = mnist()[:n_rows].copy()
    default = SparseAutoencoder(random_state=0)
    pca = PCA(min(default.n_components, n_rows), random_state=0)
    jobs = {"fit": partial(default.fit, X), "pca": partial(pca.fit, X)}
    seconds = speed.alternate(jobs, seconds=0, n_least=n_runs, n_most=n_runs)
    print(n_rows, seconds, flush=True)
    return {"n_rows": n_rows, "n_iter": default.n_iter_, **seconds}


COLOURS = {
    OURS: "#d1495b",
    "PyTorch, L-BFGS": "#30638e",
    "PyTorch, Adam 0.001": "#9bc1bc",
    "PyTorch, Adam 0.003": "#5b9a8b",
    "PyTorch, Adam 0.01": "#2e6f5e",
    "PCA": "#888888",
}
STYLE = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "svg.hashsalt": "convergence",  # the same file from the same figures
}


def draw(results):
    """Draw the pictures of the page."""
    with plt.rc_context(STYLE):
        names = [name for name in FIRST_PICTURE if name in results["tables"]]
        figure, axes = plt.subplots(
            1, len(names), figsize=(9, 4), layout="constrained", squeeze=False
        )
        for ax, name in zip(axes[0], names, strict=True):
            draw_curves(ax, label(name, results), results["tables"][name])
        axes[0, 0].set_ylabel("J")
        legend_below(figure, axes[0, 0])
        save(figure, "speed_curves.svg")
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(9, 3.6), layout="constrained", width_ratios=(3, 2)
        )
        draw_tables(left, results)
        draw_rows(right, results["rows"])
        legend_below(figure, left)
        save(figure, "speed_tables.svg")


def label(name, results):
    """Name and size of a table."""
    n_rows, n_features, n_components = results["tables"][name]["shape"]
    return f"{name.rstrip(' 0123456789')}, {n_rows} x {n_features} -> {n_components}"


def legend_below(figure, ax):
    handles, labels = ax.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)


def draw_curves(ax, title, table):
    """J against seconds, and where a default fit ends."""
    for name, curve in table["curves"].items():
        width = 2.2 if name == OURS else 1.2
        ax.plot(*np.transpose(curve), color=COLOURS[name], label=name, linewidth=width)
    ends = [curve[-1][1] for curve in table["curves"].values()]
    seconds, J = table["default_fit"]
    ax.plot(seconds, J, "o", color=COLOURS[OURS], label="a default fit ends")
    top = max(2.5 * min(ends), 1.2 * J)
    ax.set(xscale="log", yscale="log", xlabel="seconds", title=title)
    ax.set_ylim(0.95 * min(ends), top)
    plain_numbers(ax.xaxis, ticker.LogLocator())
    plain_numbers(ax.yaxis, ticker.MaxNLocator(5, steps=[1, 2, 5, 10]))


def plain_numbers(axis, locator):
    """Ticks without powers of ten."""
    axis.set_major_locator(locator)
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(ticker.NullFormatter())


def draw_tables(ax, results):
    """Seconds to the J that PyTorch ends with, table by table, and PCA's fit."""
    tables = results["tables"]
    names = sorted(tables, key=lambda name: np.prod(tables[name]["shape"]))
    y = np.arange(len(names))
    pca = [tables[name]["pca"] for name in names]
    ours = [as_float(tables[name]["seconds"][OURS]) for name in names]
    torch = [fastest_peer(tables[name]) for name in names]
    ax.hlines(y, ours, torch, color="#cccccc", zorder=0)
    ax.plot(pca, y, "|", color=COLOURS["PCA"], label="PCA's fit", markersize=10)
    ax.plot(ours, y, "o", color=COLOURS[OURS], label=OURS)
    colour = COLOURS["PyTorch, L-BFGS"]
    ax.plot(torch, y, "s", color=colour, label="PyTorch, the fastest of four")
    ax.set(xscale="log", xlabel="seconds", title="to the J that PyTorch ends with")
    ax.set_yticks(y, [label(name, results) for name in names])
    plain_numbers(ax.xaxis, ticker.LogLocator())


def draw_rows(ax, rows):
    """Seconds of default fits and of PCA against the number of rows."""
    n_rows = [row["n_rows"] for row in rows]
    for key, name, mark in (("fit", OURS, "o-"), ("pca", "PCA", "|-")):
        ax.plot(n_rows, [row[key] for row in rows], mark, color=COLOURS[name])
    ax.set(
        xscale="log",
        yscale="log",
        xlabel="thousands of rows of MNIST",
        ylabel="seconds",
    )
    ax.set_title("a default fit, 100 units")
    # In thousands, since longer labels would touch each other.
    ax.set_xticks(n_rows, [f"{n // 1000}" for n in n_rows])
    ax.minorticks_off()
    plain_numbers(ax.yaxis, ticker.LogLocator(subs=(1, 3)))


def fastest_peer(table):
    """Seconds of the fastest of PyTorch's solvers to the J to reach."""
    seconds = table["seconds"]
    return min(seconds[name] for name in seconds if name != OURS and seconds[name])


def as_float(seconds):
    return np.nan if seconds is None else seconds


def save(figure, name):
    figure.savefig(PICTURES / name, metadata={"Date": None})
    plt.close(figure)


def text(results):
    """The sentences of the page that have figures."""
    tables, rows = results["tables"], results["rows"]
    ratios = [
        fastest_peer(table) / as_float(table["seconds"][OURS])
        for table in tables.values()
    ]
    n_reached = np.isfinite(ratios).sum()
    where = "all" if n_reached == len(ratios) else f"{n_reached} of"
    n_iter = [entry["n_iter"] for entry in (*tables.values(), *rows)]
    slower = [row["fit"] / row["pca"] for row in rows]
    slower += [table["default_fit"][0] / table["pca"] for table in tables.values()]
    trial = "A trial on tiny tables. " if results["is_quick"] else ""
    lines = (
        f"{trial}What PyTorch ends with is reached {spread(ratios)} times as soon as "
        f"by the fastest of PyTorch's four solvers, on {where} {len(ratios)} tables.",
        f"Default fits ended after {min(n_iter)} to {max(n_iter)} iterations.",
        f"They took {spread(slower)} times as long as PCA with as many components, or "
        "with all where there are fewer.",
        f"Measured on {results['date']} on {results['machine']}, against PyTorch "
        f"{results['torch']}, in float32. Medians of {results['n_runs']} runs.",
    )
    return "\n".join(
        fill(line, 92, initial_indent="- ", subsequent_indent="  ") for line in lines
    )


def spread(values):
    """The smallest and the largest of some numbers."""
    low, high = (f"{f(values):.2g}" for f in (np.nanmin, np.nanmax))
    return f"{float(low):g} to {float(high):g}"


def main():
    """Measure, draw, or both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--draw", action="store_true")
    parser.add_argument("--quick", action="store_true", help="measure tiny tables")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    if arguments.measure:
        RESULTS.write_text(json.dumps(measure(arguments.quick)) + "\n")
    if arguments.draw:
        results = json.loads(RESULTS.read_text())
        draw(results)
        print(text(results))


if __name__ == "__main__":
    main()
