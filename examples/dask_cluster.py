"""
===========================
Rows on the workers of Dask
===========================

Fit on an array that is too large for any single worker of a cluster: 320 MB, on two
processes of this machine that may use 500 MB each, of which Python and its libraries
take almost 200 MB. The rows stay on the workers: in each iteration ``fit`` sends them
the parameters, and they send back sums over their rows. The result is that of a fit
with all rows in memory.

Needs ``pip install "skl-sparse-ae[dask]"``.
"""

# sphinx_gallery_thumbnail_path = "_static/thumbnails/cluster.png"

import warnings
from time import perf_counter

import dask
import dask.array as da
import numpy as np
from dask.distributed import Client, LocalCluster
from sklearn.exceptions import ConvergenceWarning

from skl_sparse_ae import SparseAutoencoder

N_ROWS, N_ROWS_OF_BLOCK, N_FEATURES, N_PARTS = 400_000, 20_000, 200, 20
# A worker that exceeds its memory is killed; it does not move rows to the disk.
STRICT = {
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
}


def make_rows(block_id):
    """Make a block of rows, each a weighted sum of about two of the 20 parts."""
    parts = np.random.default_rng(0).standard_normal((N_PARTS, N_FEATURES))
    rng = np.random.default_rng([1, block_id[0]])
    shape = N_ROWS_OF_BLOCK, N_PARTS
    shares = rng.exponential(size=shape) * (rng.uniform(size=shape) < 0.1)
    return (shares @ parts).astype(np.float32)


def make_array():
    """A Dask array of all rows, whose blocks the workers will make."""
    blocks = (N_ROWS_OF_BLOCK,) * (N_ROWS // N_ROWS_OF_BLOCK)
    meta = np.empty((0, N_FEATURES), np.float32)
    return da.map_blocks(make_rows, chunks=(blocks, (N_FEATURES,)), meta=meta)


def bytes_sent(dask_worker):
    """Number of bytes that a worker has sent so far."""
    return dask_worker.transfer_outgoing_bytes_total


def fit(X):
    """Fit on a Dask or NumPy array and print how long it took."""
    autoencoder = SparseAutoencoder(
        N_PARTS, penalty="l1", beta=3.0, max_iter=10, solver="lbfgs", random_state=0
    )
    start = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 10 are enough here
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
            memory_limit="500MB",
            dashboard_address=":0",
        ) as cluster,
        Client(cluster) as client,
    ):
        print("On two workers:", end=" ", flush=True)
        on_workers = fit(X)
        megabytes = sum(client.run(bytes_sent).values()) / 1e6
        print(f"The workers have sent {megabytes:.1f} MB to each other and back")
        code = on_workers.transform(X)  # a Dask array, computed on the workers
        print(f"Active units: {(code > 0).mean().compute():.1%}")
        print(f"Variance explained: {on_workers.score(X):.1%}")
    print("The same rows in this process:", end=" ", flush=True)
    in_memory = fit(X.compute())
    difference = np.abs(on_workers.components_ - in_memory.components_).max()
    difference /= np.abs(in_memory.components_).max()
    print(f"Largest difference between the two dictionaries: {difference:.1e}")


if __name__ == "__main__":
    main()
