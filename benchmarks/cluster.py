"""Rows on the workers of Dask: time, traffic, and what a large cluster would need.

    python benchmarks/cluster.py                  # everything, a quarter of an hour
    python benchmarks/cluster.py traffic plan     # some of the tables

Workers are processes of this machine with one thread each. Turns of one worker and of
two alternate; figures are medians. Dask comes with `pip install ".[dask]"`.
"""

import argparse
import os
import pickle
import time
from contextlib import contextmanager

import dask
import dask.array as da
import numpy as np
from distributed import Client, LocalCluster, wait
from reporting import circumstances, table

from skl_sparse_ae._arrays._team import Team
from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout
from skl_sparse_ae._objective._dask import DaskObjective, _Evaluation, _Sums
from skl_sparse_ae._objective._dense import DenseObjective
from skl_sparse_ae._penalties._registry import make_penalty
from skl_sparse_ae._rows._dask_sums import Crew, keep_in_memory
from skl_sparse_ae._solvers._lbfgs import N_PAIRS

N_ROWS, N_FEATURES, N_COMPONENTS = 1_000_000, 200, 64
N_ROWS_OF_BLOCK = 100_000
N_TURNS = 15

# The table of `plan`, too large for a single machine.
LARGE = {"n_rows": 10**9, "n_features": 1000, "n_components": 256}
N_WORKERS, N_THREADS = 100, 8
# From benchmarks/SPEED.md: operations a second of one core in float32 (a multiply-add
# is two), and the time of an evaluation relative to its products.
FLOPS, OVERHEAD = 105e9, 1.07
BYTES_PER_SECOND = 10e9 / 8
FAN_IN = 8


@contextmanager
def cluster(n_workers):
    """A client of new workers, the default only inside its `as_current`."""
    with (
        LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            dashboard_address=":0",
            memory_limit=None,
        ) as workers,
        Client(workers, set_as_default=False) as client,
    ):
        yield client


def rows():
    """The same uniform rows each time, not yet computed."""
    chunks = (N_ROWS_OF_BLOCK, N_FEATURES)
    shape = (N_ROWS, N_FEATURES)
    return da.random.default_rng(0).uniform(size=shape, chunks=chunks).astype("f4")


def network(penalty):
    """Logistic units for "kl", rectified ones for "l1"."""
    penalty = make_penalty(penalty, rho=0.1, beta=1.0)
    layout = Layout(N_FEATURES, N_COMPONENTS)
    return Network.from_names(layout, penalty.default_activation, "identity", penalty)


def start(layout):
    """Random parameters."""
    return 0.1 * np.random.RandomState(0).standard_normal(layout.size)


def objective(penalty, team, X, cls=DaskObjective, **options):
    """J as `fit` uses it."""
    options = {"team": team, "dtype": X.dtype, **options}
    return cls(network(penalty), 1e-3, **options).use_rows(X)


def evaluation():
    """Seconds of one evaluation of J and its gradient.

    Beside the workers, the same rows in this process, one thread. The codes are then
    kept between the two passes that "kl" needs. The processors' seconds are those of
    the busiest worker; unlike the others they do not depend on who else computes.
    """
    with cluster(1) as one, cluster(2) as two, Team(1) as team:
        kept = {}
        for client in (one, two):
            with client.as_current():
                (kept[client],) = keep_in_memory(rows())
                wait(kept[client])
        with one.as_current():
            in_memory = kept[one].compute()
        for penalty in ("kl", "l1"):
            theta = start(network(penalty).layout)
            budget = {"memory_budget": 2**30}
            jobs = [objective(penalty, team, in_memory, DenseObjective, **budget)]
            for client in (one, two):
                with client.as_current(), Crew() as crew:
                    jobs.append(objective(penalty, crew, kept[client]))
            clients = [one, one, two]
            turns = np.array([turn(jobs, clients, theta) for _ in range(N_TURNS)])[1:]
            (in_process, _), (by_one, cpu_one), (by_two, cpu_two) = np.median(turns, 0)
            ratio = np.median(turns[:, 1, 0] / turns[:, 2, 0])
            figures = [in_process, by_one, by_two, ratio, cpu_one, cpu_two]
            load = f"{os.getloadavg()[0]:.1f}"
            yield penalty, *(f"{figure:.2f}" for figure in figures), load


def turn(jobs, clients, theta):
    """Seconds, and processor's seconds, of one evaluation by each."""
    seconds = []
    for job, client in zip(jobs, clients, strict=True):
        with client.as_current():
            before, begin = client.run(time.process_time), time.perf_counter()
            job.value_and_grad(theta)
            elapsed, after = time.perf_counter() - begin, client.run(time.process_time)
            used = max(after[worker] - before[worker] for worker in before)
            seconds.append((elapsed, used))
    return seconds


def latency(n_evaluations=30):
    """Milliseconds of an evaluation whose rows hardly cost anything, two workers.

    It is what Dask takes to hand out the tasks and to bring the sums back, and what
    each step of "adam" would wait for. For comparison, such a step in memory.
    """
    with cluster(2) as client, client.as_current():
        for n_blocks in (2, 64, 512):
            chunks = (100, N_FEATURES)
            X = da.random.default_rng(0).uniform(
                size=(100 * n_blocks, N_FEATURES), chunks=chunks
            )
            (X,) = keep_in_memory(X.astype("f4"))
            for penalty in ("l1", "kl"):
                theta = start(network(penalty).layout)
                with Crew() as crew:
                    job = objective(penalty, crew, X)
                    figure = median_seconds(job, theta, n_evaluations)
                yield f"{n_blocks} blocks, {penalty}", f"{1000 * figure:.1f}"
    rows_in_memory = np.random.RandomState(0).uniform(size=(256, N_FEATURES))
    for penalty in ("l1", "kl"):
        theta = start(network(penalty).layout)
        with Team() as team:
            job = objective(penalty, team, rows_in_memory.astype("f4"), DenseObjective)
            figure = median_seconds(job, theta, n_evaluations)
        yield f"256 rows in memory, {penalty}", f"{1000 * figure:.1f}"


def median_seconds(job, theta, n_evaluations):
    """Seconds of one evaluation of J and its gradient."""
    seconds = []
    for _ in range(n_evaluations):
        begin = time.perf_counter()
        job.value_and_grad(theta)
        seconds.append(time.perf_counter() - begin)
    return np.median(seconds[1:])


def traffic(n_evaluations=10):
    """Kilobytes that travel for one evaluation with two workers.

    Pickled parameters and sums, and what the two workers have sent altogether, by their
    own count: the parameters from one to the other, a sum to the worker that adds both,
    the total to the client. What the client sends to the first worker is not in it.
    """
    with cluster(2) as client, client.as_current():
        (in_order,) = keep_in_memory(rows())
        as_it_comes = rows().map_blocks(np.copy).persist()
        wait([in_order, as_it_comes])
        for penalty in ("kl", "l1"):
            layout = network(penalty).layout
            theta = start(layout)
            vector = theta.astype("f4")
            slope = np.zeros(layout.n_components, "f4")
            sent = _Evaluation(
                "backward", network(penalty), vector, slope, vector.dtype, False
            )
            sums = _Sums(0.0, slope.astype(float), 0.0, vector)
            for name, X in {"fit": in_order, "before": as_it_comes}.items():
                with Crew() as crew:
                    job = objective(penalty, crew, X)
                    job.value_and_grad(theta)
                    before = bytes_sent(client)
                    for _ in range(n_evaluations):
                        job.value_and_grad(theta)
                    by_workers = (bytes_sent(client) - before) / n_evaluations
                yield (
                    f"{penalty}, rows loaded by `fit`"
                    if name == "fit"
                    else f"{penalty}, by Dask before",
                    kilobytes(len(pickle.dumps(sent))),
                    kilobytes(len(pickle.dumps(sums))),
                    kilobytes(by_workers),
                )


def bytes_sent(client):
    """Data sent by the workers, to each other and to the client."""
    return sum(client.run(_bytes_sent_by_worker).values())


def _bytes_sent_by_worker(dask_worker):
    return dask_worker.transfer_outgoing_bytes_total


def kilobytes(n_bytes):
    return f"{n_bytes / 1000:.0f}"


def plan():
    """Calculated time and memory for a large table."""
    n_rows, n_features, n_components = LARGE.values()
    size = Layout(n_features, n_components).size
    parameter_bytes = 4 * size
    cores = N_WORKERS * N_THREADS
    row_bytes = 4 * n_rows * n_features / N_WORKERS
    # Encoder, decoder, the error at the code and two gradients; "kl" encodes twice.
    products = 2 * n_rows * n_features * n_components
    seconds = {
        penalty: number * products / (cores * FLOPS) * OVERHEAD
        for penalty, number in {"l1": 5, "kl": 6}.items()
    }
    n_levels = int(np.ceil(np.log(N_WORKERS) / np.log(FAN_IN)))
    one_level = (FAN_IN - 1) * parameter_bytes / BYTES_PER_SECOND
    fan_out = N_WORKERS * parameter_bytes / BYTES_PER_SECOND
    yield "parameters", f"{size:,}"
    yield "parameters in float32, MB", f"{parameter_bytes / 1e6:.2f}"
    yield "rows on each worker, GB", f"{row_bytes / 1e9:.0f}"
    workspace = (6 + 1) * parameter_bytes * N_THREADS
    yield "workspaces on each worker, GB", f"{workspace / 1e9:.2f}"
    vectors = (2 * N_PAIRS + 6) * parameter_bytes  # the pairs; points and gradients
    yield "L-BFGS's vectors on the client, GB", f"{vectors / 1e9:.2f}"
    yield 'products, one evaluation of "l1", seconds', f"{seconds['l1']:.0f}"
    yield 'products, one evaluation of "kl", seconds', f"{seconds['kl']:.0f}"
    yield (
        "parameters to and sums from each worker, MB",
        f"{2 * parameter_bytes / 1e6:.1f}",
    )
    yield (
        "the same for all the workers, MB",
        f"{2 * N_WORKERS * parameter_bytes / 1e6:.0f}",
    )
    yield "parameters to all, all from one worker, seconds", f"{fan_out:.2f}"
    yield f"sums, {n_levels} levels of {FAN_IN}, seconds", f"{n_levels * one_level:.3f}"
    yield (
        "all rows once over the network, seconds",
        (f"{row_bytes / BYTES_PER_SECOND:.0f}"),
    )


TABLES = {
    evaluation: [
        "penalty",
        "in memory, one thread",
        "one worker",
        "two workers",
        "one / two",
        "processor, one worker",
        "processor, busiest of two",
        "load",
    ],
    latency: ["rows", "ms"],
    traffic: ["rows", "parameters", "sums", "sent by both workers"],
    plan: ["what", "how much"],
}


def main():
    """Print the tables."""
    names = [job.__name__ for job in TABLES]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", metavar="table", help=", ".join(names))
    arguments = parser.parse_args()
    if unknown := set(arguments.tables) - set(names):
        parser.error(f"{', '.join(sorted(unknown))}: not among {', '.join(names)}")
    print(circumstances(), f"Dask is {dask.__version__}.", sep="\n")
    for job, header in TABLES.items():
        if not arguments.tables or job.__name__ in arguments.tables:
            print(f"\n{job.__doc__.splitlines()[0]}\n")
            print(table(header, list(job())), flush=True)


if __name__ == "__main__":
    main()
