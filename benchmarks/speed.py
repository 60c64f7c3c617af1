"""Speed and memory against PyTorch, MLPRegressor and textbook NumPy, side by side.

The same objective (KL, logistic units, linear output, peers.py), the same rows and, in
fits, the same start for everyone who allows it. Everyone's runs alternate; figures are
medians. Run as

    python benchmarks/speed.py                       # everything
    python benchmarks/speed.py evaluation epoch      # some of the tables
    python benchmarks/speed.py --cases digits UFLDL  # some of the sizes

Each engine has a row, measured in the same run. PyTorch and Numba come with
`pip install ".[pytorch,numba]"`.
"""

import argparse
import cProfile
import pstats
import subprocess
import sys
import time
import warnings
from collections import Counter
from contextlib import nullcontext
from copy import copy
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import datasets
import numpy as np
import peers
import torch
from reporting import circumstances, table
from sklearn import config_context, get_config
from sklearn.decomposition import MiniBatchDictionaryLearning
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from skl_sparse_ae import KL, SparseAutoencoder
from skl_sparse_ae._arrays._team import Team
from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout
from skl_sparse_ae._objective._dense import DenseObjective

DTYPES = ("float32", "float64")
ENGINES = (None, "numba")
BATCH_SIZE = 256
# PyTorch's learning rates.
RATES = (1e-3, 3e-3, 1e-2)


class Case(NamedTuple):
    """A table of rows, a number of units, and L-BFGS's iterations in a whole fit."""

    load: object
    n_components: int
    n_iter: int = 100


CASES = {
    "digits": Case(lambda: datasets.digits()[0], 32),
    "UFLDL": Case(datasets.natural_patches, 25),
    "overcomplete": Case(lambda: datasets.natural_patches(100_000), 400),
    "MNIST 196": Case(lambda: datasets.mnist()[0], 196),
    "MNIST 1000": Case(lambda: datasets.mnist()[0], 1000, 20),
    "embeddings": Case(datasets.embeddings, 3072, 20),
}


def alternate(jobs, contexts=None, seconds=20, n_least=3, n_most=20):
    """Median seconds of a call of each job, run in turn.

    A turn is a burst of calls, since fits call again and again, and since threads that
    others leave spinning would be charged to the next job. Turns are repeated
    until `seconds` have passed, from `n_least` to `n_most` times; those of some jobs
    inside a context.
    """
    contexts = contexts or {}
    times = {name: [] for name in jobs}
    start = time.perf_counter()
    for i in range(n_most):
        if i >= n_least and time.perf_counter() - start > seconds:
            break
        for name, job in jobs.items():
            with contexts.get(name, nullcontext)():
                times[name].append(burst(job))
    return {name: float(np.median(t)) for name, t in times.items()}


def burst(job, seconds=1.2):
    """Median seconds of a call, after the first where there is time for several."""
    times = [elapsed(job)]
    while sum(times) < seconds:
        times.append(elapsed(job))
    return float(np.median(times[len(times) > 1 :]))


def elapsed(job):
    """Seconds that one call takes."""
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def label(name, X, n_components):
    """Shape and precision of a case."""
    shape = f"{X.shape[0]} x {X.shape[1]} -> {n_components}"
    return f"{name}, {shape}, {X.dtype}"


def milliseconds(seconds):
    return f"{1e3 * seconds:.3g}"


def ratio(other, ours):
    return f"{other / ours:.2f}"


def own_objective(X, n_components, team, engine=None):
    """The objective as `fit` uses it, by an engine."""
    layout = Layout(X.shape[1], n_components)
    penalty = KL(rho=peers.RHO, beta=peers.BETA)
    network = Network.from_names(layout, "logistic", "identity", penalty, engine)
    budget = get_config()["working_memory"] * 2**20
    objective = DenseObjective(
        network, peers.ALPHA, team=team, dtype=X.dtype, memory_budget=budget
    )
    return objective.use_rows(X)


def own_products(X, n_components, team, keeps_codes=False):
    """Only the products, with the threads and blocks of the objective."""
    ranges = own_objective(X, n_components, team)._ranges
    parts = [row_range._blocks for row_range in ranges]
    return peers.Products(X, n_components, parts, team.map, keeps_codes)


def evaluation(name, X, n_components):
    """One evaluation of J and its gradient: others' time over ours."""
    theta = peers.start(X.shape[1], n_components, X.dtype)
    others = {
        "compiled": peers.Torch(X, n_components, compiled=True),
        "eager": peers.Torch(X, n_components),
        "textbook": peers.Textbook(X, n_components),
        "whole": peers.Products(X, n_components),
    }
    with Team() as team:
        own = {e: own_objective(X, n_components, team, e) for e in ENGINES}
        products = {
            "blocked": own_products(X, n_components, team),
            "kept": own_products(X, n_components, team, keeps_codes=True),
        }
        # The same parameters, in another order.
        arrays = peers.split(theta, X.shape[1], n_components)
        own_theta = Layout(X.shape[1], n_components).flatten(arrays)
        values = [own[engine].value_and_grad(own_theta)[0] for engine in ENGINES]
    for peer in ("compiled", "eager", "textbook"):
        assert np.allclose(others[peer].value_and_grad(theta)[0], values, rtol=1e-4)
    jobs = {name: partial(peer.value_and_grad, theta) for name, peer in others.items()}
    seconds = alternate(
        {
            **{e: partial(own[e].value_and_grad, own_theta) for e in ENGINES},
            **{name: partial(p.value_and_grad, theta) for name, p in products.items()},
            **jobs,
        },
        contexts=dict.fromkeys([*ENGINES, *products], lambda: team),
    )
    for engine in ENGINES:
        ours = seconds[engine]
        yield (
            label(name, X, n_components),
            repr(engine),
            milliseconds(ours),
            *(ratio(ours, seconds[name]) for name in ("blocked", "kept", "whole")),
            *(ratio(seconds[peer], ours) for peer in ("compiled", "eager", "textbook")),
        )


def autoencoder(n_components, **parameters):
    """The estimator with the objective of the peers."""
    return SparseAutoencoder(
        n_components,
        penalty="kl",
        rho=peers.RHO,
        beta=peers.BETA,
        alpha=peers.ALPHA,
        tol=0,
        random_state=0,
        **parameters,
    )


def perceptron(n_components, **parameters):
    """MLPRegressor of the same width, which has no penalty."""
    return MLPRegressor(
        hidden_layer_sizes=(n_components,), activation="logistic", tol=0, **parameters
    )


def epoch(name, X, n_components):
    """One epoch of Adam at batch 256, through `partial_fit`."""
    theta = peers.start(X.shape[1], n_components, X.dtype)
    own = {
        e: autoencoder(n_components, batch_size=BATCH_SIZE, engine=e) for e in ENGINES
    }
    mlp = perceptron(n_components, batch_size=BATCH_SIZE)
    eager = peers.Torch(X, n_components).adam(theta)
    compiled = peers.Torch(X, n_components, compiled=True).adam(theta)
    seconds = alternate(
        {
            **{e: partial(own[e].partial_fit, X) for e in ENGINES},
            "eager": lambda: next(eager),
            "compiled": lambda: next(compiled),
            "mlp": lambda: mlp.partial_fit(X, X),
        }
    )
    for engine in ENGINES:
        ours = seconds[engine]
        ratios = [ratio(seconds[peer], ours) for peer in ("eager", "compiled", "mlp")]
        yield label(name, X, n_components), repr(engine), f"{ours:.3g}", *ratios


def fits(name, X, n_components):
    """Fits by L-BFGS: others' time over ours; then the time to reach PyTorch's J.

    That is the lower one of its J after L-BFGS and after a few epochs of Adam. The
    products are those of one evaluation for each iteration.
    """
    n_iter = CASES[name].n_iter
    theta = peers.start(X.shape[1], n_components, np.float64)
    torch_peer = fastest_torch(X, n_components)
    own = {
        e: autoencoder(n_components, solver="lbfgs", max_iter=n_iter, engine=e)
        for e in ENGINES
    }
    mlp = perceptron(n_components, solver="lbfgs", max_iter=n_iter, max_fun=20 * n_iter)
    ends = {}
    with Team() as team:
        products = own_products(X, n_components, team)

    def fit_torch():
        ends["torch"] = torch_peer.lbfgs(theta, n_iter).fun

    seconds = alternate(
        {
            **{e: partial(own[e].fit, X) for e in ENGINES},
            "products": partial(products.value_and_grad, theta.astype(X.dtype)),
            "torch": fit_torch,
            "mlp": lambda: mlp.fit(X, X),
        },
        contexts={"products": lambda: team, "mlp": peers.one_thread_for_scipy},
        n_least=1,
    )
    goal = min(ends["torch"], *adam_ends(torch_peer, theta))
    rivals = adam_rivals(goal, torch_peer, theta)
    if ends["torch"] <= goal:
        rivals["L-BFGS"] = seconds["torch"]
    rival = min(rivals, key=rivals.get)
    for engine in ENGINES:
        ours = seconds[engine]
        solver, until = fastest_solver(goal, X, n_components, engine)
        yield (
            f"{label(name, X, n_components)}, {n_iter} iterations",
            repr(engine),
            f"{ours:.3g}",
            ratio(ours, n_iter * seconds["products"]),
            ratio(seconds["torch"], ours),
            ratio(seconds["mlp"], ours),
            f"{own[engine].objective(X):.5g}",
            f"{ends['torch']:.5g}",
            f"{goal:.5g}",
            f"{until:.3g} ({solver})",
            f"{rivals[rival]:.3g} ({rival})",
            ratio(rivals[rival], until),
        )


def fastest_torch(X, n_components):
    """PyTorch compiled or eager, whichever evaluates faster here."""
    theta = peers.start(X.shape[1], n_components, X.dtype)
    candidates = [
        peers.Torch(X, n_components, compiled=compiled) for compiled in (True, False)
    ]
    jobs = {
        i: lambda peer=peer: peer.value_and_grad(theta)
        for i, peer in enumerate(candidates)
    }
    seconds = alternate(jobs, seconds=1)
    return candidates[min(seconds, key=seconds.get)]


def adam_ends(peer, theta, n_epochs=4):
    """J after some epochs of PyTorch's fused Adam, at several learning rates."""
    for rate in RATES:
        *_, end = islice(peer.adam(theta, BATCH_SIZE, rate), n_epochs)
        yield peer.value_and_grad(end)[0]


def adam_rivals(goal, peer, theta):
    """Seconds of PyTorch's fused Adam to a J, at several learning rates."""
    seconds = {}
    for rate in RATES:
        limit = min(seconds.values(), default=120)
        seconds[f"Adam {rate}"] = adam_until(goal, peer, theta, rate, limit)
    return seconds


def adam_until(goal, peer, theta, learning_rate, limit):
    """Seconds of PyTorch's fused Adam until J is reached; J itself is not timed."""
    epochs = peer.adam(theta, BATCH_SIZE, learning_rate)
    seconds = 0.0
    while seconds < limit:
        start = time.perf_counter()
        theta = next(epochs)
        seconds += time.perf_counter() - start
        if peer.value_and_grad(theta)[0] <= goal:
            return seconds
    return np.inf


def fastest_solver(goal, X, n_components, engine):
    """The solver that reaches J first, and its seconds."""
    seconds = {}
    for solver in ("adam", "lbfgs"):
        limit = min(seconds.values(), default=np.inf)
        seconds[solver] = fit_until(goal, X, n_components, solver, limit, engine)
    solver = min(seconds, key=seconds.get)
    return solver, seconds[solver]


def fit_until(goal, X, n_components, solver, limit, engine):
    """Seconds of the shortest fit that reaches J, set-up and all.

    It is given up after a fit that took longer than `limit` seconds.
    """
    numbers = {"lbfgs": [32, 128, 512], "adam": [1, 2, 3, 4, 6, 8, 12, 16, 24, 32]}
    for max_iter in numbers[solver]:
        model = autoencoder(
            n_components,
            solver=solver,
            max_iter=max_iter,
            batch_size=BATCH_SIZE,
            engine=engine,
        )
        seconds = elapsed(lambda model=model: model.fit(X))
        if solver == "lbfgs" and model.loss_curve_[-1] <= goal:
            max_iter = 1 + int(np.argmax(np.array(model.loss_curve_) <= goal))
            break
        if model.objective(X) <= goal:
            break
        if seconds > limit:
            return np.inf
    else:
        return np.inf
    model.set_params(max_iter=max_iter)
    return burst(lambda: model.fit(X))


def score(name, X, n_components):
    """Seconds to the score that MiniBatchDictionaryLearning's default fit has."""
    peer = MiniBatchDictionaryLearning(n_components, random_state=0, n_jobs=2)
    theirs = elapsed(lambda: peer.fit(X))
    X_hat = peer.transform(X) @ peer.components_
    goal = 1 - np.sum((X - X_hat) ** 2) / np.sum((X - X.mean(axis=0)) ** 2)
    for max_iter in (1, 2, 4, 8, 16, 32, 64):
        model = SparseAutoencoder(
            n_components, penalty="l1", solver="adam", max_iter=max_iter, random_state=0
        )
        ours = elapsed(lambda model=model: model.fit(X))
        if model.score(X) >= goal:
            break
    else:
        ours = np.inf
    yield (
        label(name, X, n_components),
        f"{goal:.3f}",
        f"{ours:.3g}",
        f"{theirs:.3g}",
        ratio(theirs, ours),
    )


def transform(name, X, n_components):
    """`transform` of a million rows, against PyTorch's two lines."""
    rows = np.resize(X, (1_000_000 if n_components <= 400 else 100_000, X.shape[1]))
    model = autoencoder(n_components, solver="adam", max_iter=1).fit(X)
    inputs = torch.from_numpy(rows)
    W, b = map(torch.from_numpy, (model.encoder_coef_, model.encoder_intercept_))

    def in_torch():
        with torch.no_grad():
            torch.sigmoid(inputs @ W + b)

    own = {e: copy(model).set_params(engine=e) for e in ENGINES}
    seconds = alternate(
        {**{e: partial(own[e].transform, rows) for e in ENGINES}, "torch": in_torch},
        seconds=10,
    )
    for engine in ENGINES:
        yield (
            label(name, rows, n_components),
            repr(engine),
            f"{seconds[engine]:.3g}",
            ratio(seconds["torch"], seconds[engine]),
        )


# Short fits whose peak memory is measured, each in a process of its own.
FITS = {
    "lbfgs": {"solver": "lbfgs", "max_iter": 3},
    "adam": {"solver": "adam", "max_iter": 1},
}


def profile(name, X, n_components):
    """Shares of the calling thread's time, in full evaluations and in Adam's epochs."""
    epochs = autoencoder(n_components, batch_size=BATCH_SIZE).partial_fit(X)
    theta = peers.start(X.shape[1], n_components, X.dtype)
    with Team() as team:
        objective = own_objective(X, n_components, team)
        evaluations = shares(partial(objective.value_and_grad, theta))
    yield label(name, X, n_components), "evaluation", evaluations
    yield label(name, X, n_components), "epoch", shares(partial(epochs.partial_fit, X))


def shares(job, n_shown=7):
    """The functions with most time in some calls, without their callees."""
    profiler = cProfile.Profile()
    job()
    with profiler:
        for _ in range(3):
            job()
    stats = pstats.Stats(profiler).stats
    own = Counter()
    for (_, _, function), (_, _, seconds, *_) in stats.items():
        own[function] += seconds
    total = own.total()
    most = own.most_common(n_shown)
    return ", ".join(f"`{name}` {100 * own / total:.0f} %" for name, own in most)


def memory(name, X, n_components):
    """Peak memory of fits beyond X itself, in MiB."""
    activations = X.shape[0] * n_components * X.itemsize / 2**20
    cells = []
    for fit, budget in (("lbfgs", 0), ("lbfgs", 10_000), ("adam", 0), ("torch", 0)):
        arguments = [name, X.dtype.name, fit, str(budget)]
        run = [sys.executable, __file__, "--peak", *arguments]
        cells.append(subprocess.check_output(run, text=True).strip())
    yield label(name, X, n_components), f"{activations:.0f}", *cells


def peak(name, dtype, fit, budget):
    """MiB that one fit takes beyond X, measured in this process (Linux only)."""
    case = CASES[name]
    X = np.ascontiguousarray(case.load(), dtype)
    if fit == "torch":
        theta = peers.start(X.shape[1], case.n_components, np.float64)
        peer = peers.Torch(X, case.n_components)
        job = partial(peer.lbfgs, theta, FITS["lbfgs"]["max_iter"])
    else:
        job = partial(autoencoder(case.n_components, **FITS[fit]).fit, X)
    # A first fit loads libraries and starts threads.
    autoencoder(4, **FITS["lbfgs"]).fit(X[:1000])
    before = memory_in_mib("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM, the peak
    with config_context(working_memory=max(1, int(budget))):
        job()
    print(f"{memory_in_mib('VmHWM') - before:.0f}")


def memory_in_mib(field):
    """A field of this process's status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (kib,) = [line.split()[1] for line in lines if line.startswith(field)]
    return int(kib) / 1024


def imports():
    """Milliseconds that importing the package adds to scikit-learn's own import."""
    statements = {
        "without": "from sklearn.decomposition import PCA",
        "with": "from sklearn.decomposition import PCA; import skl_sparse_ae",
    }
    seconds = alternate(
        {
            name: partial(subprocess.run, [sys.executable, "-c", code], check=True)
            for name, code in statements.items()
        }
    )
    before, after = seconds["without"], seconds["with"]
    yield milliseconds(before), milliseconds(after), milliseconds(after - before)


TABLES = {
    evaluation: [
        "case",
        "engine",
        "ms",
        "of its products, by blocks",
        "with the codes kept",
        "by whole arrays",
        "PyTorch compiled",
        "PyTorch eager",
        "textbook",
    ],
    fits: [
        "case",
        "engine",
        "seconds",
        "of its products",
        "PyTorch",
        "MLPRegressor",
        "J",
        "PyTorch's J",
        "J to reach",
        "seconds",
        "PyTorch's",
        "ratio",
    ],
    epoch: [
        "case",
        "engine",
        "seconds",
        "PyTorch eager",
        "PyTorch compiled",
        "MLPRegressor",
    ],
    score: [
        "case",
        "score",
        "seconds",
        "MiniBatchDictionaryLearning's seconds",
        "ratio",
    ],
    transform: ["case", "engine", "seconds", "PyTorch"],
    memory: [
        "case",
        "the activations",
        "L-BFGS, working_memory=1",
        "L-BFGS, unlimited",
        "Adam",
        "SciPy on PyTorch",
    ],
    profile: ["case", "job", "functions"],
    imports: ["ms without", "ms with", "difference"],
}


def main():
    """Print the tables."""
    names = [job.__name__ for job in TABLES]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", metavar="table", help=", ".join(names))
    parser.add_argument("--cases", nargs="+", choices=CASES, default=[*CASES])
    parser.add_argument("--dtypes", nargs="+", choices=DTYPES, default=[*DTYPES])
    parser.add_argument("--peak", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    if arguments.peak:
        return peak(*arguments.peak)
    if unknown := set(arguments.tables) - set(names):
        parser.error(f"{', '.join(sorted(unknown))}: not among {', '.join(names)}")
    print(circumstances(), f"PyTorch is {torch.__version__}.", sep="\n")
    for job, header in TABLES.items():
        if arguments.tables and job.__name__ not in arguments.tables:
            continue
        print(f"\n{job.__doc__.splitlines()[0]}\n")
        print(table(header, list(rows(job, arguments))), flush=True)


def rows(job, arguments):
    """The rows of one table; those of each case and precision on stderr, too."""
    if job is imports:
        yield from imports()
        return
    for name in arguments.cases:
        X = datasets.load_or_report(name, CASES[name].load)
        for dtype in arguments.dtypes if X is not None else ():
            torch.compiler.reset()  # otherwise compilation for new shapes soon stops
            table_rows = job(
                name, np.ascontiguousarray(X, dtype), CASES[name].n_components
            )
            for row in table_rows:
                print(*row, sep=", ", file=sys.stderr, flush=True)
                yield row


if __name__ == "__main__":
    main()
