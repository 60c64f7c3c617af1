"""Features of convolutional autoencoders on MNIST, and their speed.

    python benchmarks/convolution.py choose     settings, by the training digits alone
    python benchmarks/convolution.py compare    training on patches and on images
    python benchmarks/convolution.py mnist      test errors, with the dense autoencoder
    python benchmarks/convolution.py epoch      an epoch beside PyTorch's

`compare` keeps its figures in convolution.json, from which `pages.py` makes the table
of doc/guide/images.md; seconds are of work on one core. The data are read from the
folder that SKL_SPARSE_AE_DATA names, or ../shared/data.
"""

import argparse
import gzip
import json
import os
import resource
import time
from itertools import product
from pathlib import Path

import numpy as np
from reporting import keep, measured, table
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from skl_sparse_ae import ConvSparseAutoencoder, SparseAutoencoder

RESULTS = Path(__file__).with_suffix(".json")
FOLDER = Path(
    os.environ.get("SKL_SPARSE_AE_DATA", Path(__file__).parents[2] / "shared/data")
)
#: Settings of `measure`: of nine that were tried by hand on the held-out digits of
#: `choose`, the best; `choose` itself tries others and was not run to its end.
CHOSEN = {
    "n_components": 128,
    "kernel_size": 9,
    "pool_size": 5,
    "pooling": "max",
    "rho": 0.01,
}
COST = 1e-2


def read(name, header):
    """Return a file of MNIST as an array of bytes."""
    data = gzip.decompress((FOLDER / "mnist" / f"{name}.gz").read_bytes())
    return np.frombuffer(data, np.uint8)[header:]


def mnist():
    """Return training and test digits in [0, 1] and their labels."""
    parts = []
    for part in ("train", "t10k"):
        X = read(f"{part}-images-idx3-ubyte", 16).reshape(-1, 784)
        parts += [X.astype(np.float32) / 255, read(f"{part}-labels-idx1-ubyte", 8)]
    return parts


def conv(n_components, kernel_size, pool_size, **options):
    """Return a convolutional autoencoder with pooled maps."""
    return ConvSparseAutoencoder(
        n_components,
        kernel_size=kernel_size,
        pool_size=pool_size,
        random_state=0,
        **options,
    )


def error(codes, labels, test_codes, test_labels, C):
    """Return the test error of logistic regression in percent."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=100))
    return 100 * (1 - model.fit(codes, labels).score(test_codes, test_labels))


def choose():
    """Print errors on 10000 of the training digits, for features of other 10000."""
    X, y, _, _ = mnist()
    train, held = slice(0, 10000), slice(50000, 60000)
    sizes = (64, 7, 4), (128, 7, 5), (128, 9, 5), (128, 9, 4)
    for (n_components, kernel_size, pool_size), (penalty, rho) in product(
        sizes, [("kl", "auto"), ("kl", 0.02), ("kl", 0.01), ("topk", 0.02)]
    ):
        start = time.perf_counter()
        model = conv(n_components, kernel_size, pool_size, penalty=penalty, rho=rho)
        model.set_params(pooling="max").fit(X[train])
        codes = model.transform(X[train]), model.transform(X[held])
        seconds = time.perf_counter() - start
        errors = [
            error(codes[0], y[train], codes[1], y[held], C) for C in (1e-3, 1e-2, 1e-1)
        ]
        print(
            f"{penalty} {rho} {n_components:3} units {kernel_size} pooled {pool_size}: "
            f"{codes[0].shape[1]:5} features {seconds:6.1f} s, errors for C = 1e-3, "
            "1e-2, 1e-1: " + " ".join(f"{e:.2f}" for e in errors),
            flush=True,
        )


def compare():
    """Keep what training on patches and on images gives, on training digits."""
    X, y, _, _ = mnist()
    train, held = slice(0, 10000), slice(50000, 60000)
    rows = []
    for train_on, rho in product(("patches", "images"), ("auto", 0.01)):
        start = time.process_time()
        with threadpool_limits(1):
            model = conv(32, 7, 4, train_on=train_on, rho=rho).fit(X[:3000])
        seconds, score = time.process_time() - start, model.score(X[held])
        model.set_params(pooling="max")
        codes = model.transform(X[train]), model.transform(X[held])
        found = error(codes[0], y[train], codes[1], y[held], COST)
        figures = (round(float(value), 4) for value in (seconds, score, found))
        rows.append([train_on, rho, *figures])
        print(*rows[-1], sep=", ", flush=True)
    keep(RESULTS, "compare", {"rows": rows})


def text():
    """What `compare` has kept, as a table."""
    saved = json.loads(RESULTS.read_text())["compare"]
    rows = [
        [
            f"`{json.dumps(train_on)}`",
            json.dumps(rho),
            f"{seconds:.0f}",
            f"{score:.3f}",
            f"{found:.2f} %",
        ]
        for train_on, rho, seconds, score, found in saved["results"]["rows"]
    ]
    header = ["`train_on`", "`rho`", "seconds", "variance explained", "error"]
    return f"{table(header, rows)}\n\n{measured(saved)}"


def measure(*names):
    """Print test errors for all labels and for few, with the dense autoencoder.

    That one is fitted to 10000 digits, which take it minutes.
    """
    X, y, X_test, y_test = mnist()
    models = {
        "convolutional": conv(**CHOSEN),
        "dense": SparseAutoencoder(4608, random_state=0, max_iter=20, solver="adam"),
        "pixels": None,
    }
    for name in names or models:
        model = models[name]
        start = time.perf_counter()
        codes = X, X_test
        if model is not None:
            model.fit(X if name == "convolutional" else X[:10000])
            codes = model.transform(X), model.transform(X_test)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"{name}: {codes[0].shape[1]} features, fit and transform {seconds:.0f} s, "
            f"peak memory so far {peak:.2f} GiB",
            flush=True,
        )
        for n in (100, 1000, 10000, 60000):
            found = error(codes[0][:n], y[:n], codes[1], y_test, COST)
            print(f"  {n:5} labels: error {found:.2f} %", flush=True)


def epoch():
    """Print the time of an epoch of Adam, and of one of PyTorch, compiled."""
    import torch

    X, _, _, _ = mnist()
    X = X[:10000]
    images = torch.tensor(X).reshape(-1, 1, 28, 28)
    for n_components, kernel in ((16, 5), (16, 9), (64, 5), (64, 9)):
        model = ConvSparseAutoencoder(
            n_components, kernel_size=kernel, solver="adam", batch_size=256
        ).partial_fit(X)
        step = torch_step(n_components, kernel)
        step(images[:256])  # compiles
        ours, theirs = [], []
        for _ in range(3):
            start = time.perf_counter()
            model.partial_fit(X)
            ours.append(time.perf_counter() - start)
            start = time.perf_counter()
            for batch in torch.randperm(len(images)).split(256):
                step(images[batch])
            theirs.append(time.perf_counter() - start)
        a, b = np.median(ours), np.median(theirs)
        print(
            f"{n_components} units of {kernel} x {kernel}: {a:.2f} s, PyTorch {b:.2f} "
            f"s, {b / a:.2f} times as fast",
            flush=True,
        )


def torch_step(n_components, kernel):
    """Return a step of Adam on a batch of images, compiled."""
    import torch

    encoder = torch.nn.Conv2d(1, n_components, kernel, padding="same")
    decoder = torch.nn.ConvTranspose2d(n_components, 1, kernel, padding=kernel // 2)
    adam = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 0.003)

    def loss(batch):
        maps = torch.sigmoid(encoder(batch))
        means, rho = maps.mean(dim=(0, 2, 3)), 0.05
        divergence = rho * torch.log(rho / means)
        divergence = divergence + (1 - rho) * torch.log((1 - rho) / (1 - means))
        errors = ((decoder(maps) - batch) ** 2).sum() / 2 / len(batch)
        decay = sum((w**2).sum() for w in (encoder.weight, decoder.weight))
        return errors + divergence.sum() + 1e-3 * decay

    compiled = torch.compile(loss)

    def step(batch):
        adam.zero_grad()
        compiled(batch).backward()
        adam.step()

    return step


if __name__ == "__main__":
    names = {"choose": choose, "compare": compare, "mnist": measure, "epoch": epoch}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=names)
    parser.add_argument("models", nargs="*", help="of mnist; by default all")
    arguments = parser.parse_args()
    names[arguments.what](*arguments.models)
