"""
===============================
Rows on the workers of Dask
===============================

An array that is too large for any single worker of a cluster: 400 MB, and two processes
of this machine with 600 MB each, of which Python itself takes a third. ``fit`` leaves
the rows where they are. Parameters travel to the workers, sums travel back, and what
comes out is the fit that has all the rows in memory.

Needs ``pip install "skl-sparse-ae[dask]"``.
"""

import warnings
from time import perf_counter

import dask
import dask.array as da
import numpy as np
from dask.distributed import Client, LocalCluster
from sklearn.exceptions import ConvergenceWarning

from skl_sparse_ae import SparseAutoencoder

N_ROWS, N_ROWS_OF_BLOCK, N_FEATURES, N_PARTS = 500_000, 25_000, 200, 40
# A worker that needs more than its memory is ended, rather than put on the disk.
STRICT = {
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
}


def make_rows(block_id):
    """A block of rows, each made of a few of 40 parts."""
    parts = np.random.default_rng(0).standard_normal((N_PARTS, N_FEATURES))
    rng = np.random.default_rng([1, block_id[0]])
    shape = N_ROWS_OF_BLOCK, N_PARTS
    shares = rng.exponential(size=shape) * (rng.uniform(size=shape) < 0.1)
    return (shares @ parts).astype(np.float32)


def make_array():
    """All the rows, still to be made, by whoever needs them."""
    blocks = (N_ROWS_OF_BLOCK,) * (N_ROWS // N_ROWS_OF_BLOCK)
    meta = np.empty((0, N_FEATURES), np.float32)
    return da.map_blocks(make_rows, chunks=(blocks, (N_FEATURES,)), meta=meta)


def bytes_sent(dask_worker):
    """What a worker has sent so far."""
    return dask_worker.transfer_outgoing_bytes_total


def fit(X):
    """Fit on rows that are anywhere, and print how long it took."""
    autoencoder = SparseAutoencoder(
        N_PARTS, penalty="l1", beta=3.0, max_iter=15, solver="lbfgs", random_state=0
    )
    start = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 15 iterations will do
        autoencoder.fit(X)
    seconds = perf_counter() - start
    print(f"{autoencoder.n_iter_} iterations in {seconds:.0f} seconds")
    return autoencoder


def main():
    X = make_array()
    print(f"X: {X.shape[0]} x {X.shape[1]}, {X.nbytes / 1e6:.0f} MB")
    with (
        dask.config.set(STRICT),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            memory_limit="600MB",
            dashboard_address=":0",
        ) as cluster,
        Client(cluster) as client,
    ):
        print("On two workers:", end=" ", flush=True)
        on_workers = fit(X)
        megabytes = sum(client.run(bytes_sent).values()) / 1e6
        print(f"The workers have sent {megabytes:.1f} MB to each other and back")
        code = on_workers.transform(X)  # a Dask array, computed where its rows are
        print(f"Active units: {(code > 0).mean().compute():.1%}")
        print(f"Variance explained: {on_workers.score(X):.1%}")
    print("The same rows in this process:", end=" ", flush=True)
    in_memory = fit(X.compute())
    difference = np.abs(on_workers.components_ - in_memory.components_).max()
    difference /= np.abs(in_memory.components_).max()
    print(f"Largest difference between the two dictionaries: {difference:.1e}")


if __name__ == "__main__":
    main()
