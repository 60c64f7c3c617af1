"""
========================
Rows that stay on a disk
========================

A table may be larger than memory: ``fit`` reads a memory-mapped array in mini-batches,
and ``partial_fit`` takes rows chunk by chunk. This example learns from a file of
400,000 pieces of photographs, shows the progress, and measures how much memory the fit
needs.
"""

# %%
# A file of patches
# -----------------
# Random squares of 8 x 8 pixels from the two photographs that come with scikit-learn.
# The mean of each square is subtracted. They are written to a file, 20,000 at a time,
# in float32; the fit keeps this type.

import tempfile
import tracemalloc
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.callback import ProgressBar
from sklearn.datasets import load_sample_images

from skl_sparse_ae import SparseAutoencoder, TopK
from skl_sparse_ae.display import LossCurveDisplay, UnitImageDisplay

SIDE, N_ROWS, CHUNK = 8, 400_000, 20_000
rng = np.random.default_rng(0)
photographs = np.stack(load_sample_images().images).mean(axis=3, dtype=np.float32) / 255


def patches(n):
    """Flattened squares from random places, each less its mean."""
    _, height, width = photographs.shape
    image = rng.integers(len(photographs), size=(n, 1, 1))
    row = rng.integers(height - SIDE + 1, size=(n, 1, 1)) + np.arange(SIDE)[:, None]
    column = rng.integers(width - SIDE + 1, size=(n, 1, 1)) + np.arange(SIDE)
    squares = photographs[image, row, column].reshape(n, SIDE * SIDE)
    return squares - squares.mean(axis=1, keepdims=True)


folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
path = Path(folder.name) / "patches.npy"
table = np.lib.format.open_memmap(
    path, mode="w+", dtype=np.float32, shape=(N_ROWS, SIDE * SIDE)
)
for start in range(0, N_ROWS, CHUNK):
    table[start : start + CHUNK] = patches(CHUNK)
table.flush()
X = np.load(path, mmap_mode="r")
print(f"{X.shape} in a file of {path.stat().st_size / 2**20:.0f} MiB")

# %%
# Fitting, with a progress bar
# ----------------------------
# With more than 100,000 rows, and for this penalty, ``solver="auto"`` selects Adam,
# which reads mini-batches. A file of this size is shuffled row by row; of files above a
# gigabyte, runs of neighbouring rows are shuffled, which a disk reads faster.
# scikit-learn's callbacks also work inside pipelines and grid searches; its progress
# bar needs the package ``rich``.

settings = {
    "n_components": 100,
    "penalty": TopK(rho=0.05),
    "alpha": 0,
    "tied_weights": True,
    "random_state": 0,
}
autoencoder = SparseAutoencoder(max_iter=4, tol=0, **settings)
autoencoder.set_callbacks(ProgressBar())

tracemalloc.start()
autoencoder.fit(X)
_, peak = tracemalloc.get_traced_memory()
tracemalloc.stop()
print(f"variance explained: {autoencoder.score(X[:CHUNK]):.3f}")
print(f"memory at the peak of the fit, beyond the file: {peak / 2**20:.0f} MiB")

# %%
# The warning says that training ended at ``max_iter``, as it must with ``tol=0``. J
# rises at first because training begins with ten active units for each row and reduces
# them to five.

fig, axes = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
UnitImageDisplay.from_estimator(autoencoder, image_shape=(SIDE, SIDE), ax=axes[0])
LossCurveDisplay.from_estimator(autoencoder, ax=axes[1])
plt.show()

# %%
# One chunk of rows at a time
# ---------------------------
# ``partial_fit`` makes one pass over the rows of each call. Between calls it keeps the
# state of the optimiser, the running means of the units, and which units are idle. The
# scale of the data is taken from the first chunk, which should be a typical one.

stream = SparseAutoencoder(**settings)
unseen = X[:CHUNK]
for start in range(CHUNK, N_ROWS, CHUNK):
    stream.partial_fit(X[start : start + CHUNK])
    if start % (4 * CHUNK) == 0:
        print(
            f"after {start:6} rows: unseen rows explained to {stream.score(unseen):.3f}"
        )

folder.cleanup()
