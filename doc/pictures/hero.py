"""The picture at the head of README and of the documentation.

    python doc/pictures/hero.py      # writes doc/_static/hero.png, a minute

What top-k units learn from pieces of the two photographs that come with scikit-learn, a
part of one of them made of as many units or principal components for each piece, and
how much is explained by how many.
"""

from pathlib import Path

import numpy as np
from saving import save
from sklearn.datasets import load_sample_images
from sklearn.decomposition import PCA
from sklearn.feature_extraction.image import extract_patches_2d

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.metrics import variance_explained

TARGET = Path(__file__).parents[1] / "_static" / "hero.png"
SIDE, N_UNITS, N_ACTIVE = 10, 144, 4
PART = np.s_[110:260, 310:460]  # of the second photograph, the flower


def photographs():
    """Grey values in [0, 1]."""
    return [image.mean(axis=2) / 255 for image in load_sample_images().images]


def pieces(images, n_pieces):
    """Random squares as rows, without their means."""
    rows = [
        extract_patches_2d(image, (SIDE, SIDE), max_patches=n_pieces, random_state=0)
        for image in images
    ]
    rows = np.concatenate(rows).reshape(-1, SIDE**2).astype(np.float32)
    return rows - rows.mean(axis=1, keepdims=True)


def tiles(image):
    """Squares that cover an image, as rows."""
    n = len(image) // SIDE
    squares = image.reshape(n, SIDE, n, SIDE).swapaxes(1, 2)
    return squares.reshape(n * n, SIDE**2).astype(np.float32)


def assembled(rows):
    """The image that such squares cover."""
    n = round(len(rows) ** 0.5)
    return rows.reshape(n, n, SIDE, SIDE).swapaxes(1, 2).reshape(n * SIDE, n * SIDE)


def mosaic(rows, n_columns):
    """Squares side by side, each scaled to its largest value."""
    rows = rows / np.abs(rows).max(axis=1, keepdims=True)
    squares = rows.reshape(-1, n_columns, SIDE, SIDE)
    squares = np.pad(squares, ((0, 0), (0, 0), (1, 0), (1, 0)), constant_values=np.nan)
    return squares.swapaxes(1, 2).reshape(-1, n_columns * (SIDE + 1))


def rebuilt(model, rows):
    """Rows from their codes; the mean of each is kept."""
    means = rows.mean(axis=1, keepdims=True)
    return means + model.inverse_transform(model.transform(rows - means))


def main():
    """Fit and draw."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    images = photographs()
    X = pieces(images, 10_000)
    levels = (2, 4, 8, 16, 32)
    sparse = {
        k: SparseAutoencoder(
            N_UNITS, penalty="topk", rho=k / N_UNITS, max_iter=150, random_state=0
        ).fit(X)
        for k in levels
    }
    explained = [model.score(X) for model in sparse.values()]
    linear = [variance_explained(X, rebuilt(PCA(k).fit(X), X)) for k in levels]
    fig = plt.figure(figsize=(11, 3.4), layout="constrained")
    grid = fig.add_gridspec(1, 4, width_ratios=(1, 1, 1, 1.1))
    axes = [fig.add_subplot(cell) for cell in grid]
    units = sparse[N_ACTIVE]
    usage = np.argsort(-(units.transform(X) > 0).mean(axis=0))[:N_UNITS]
    axes[0].imshow(mosaic(units.components_[usage], 12), cmap="gray", vmin=-1, vmax=1)
    axes[0].set_title(f"{N_UNITS} units")
    rows = tiles(images[1][PART])
    for ax, model, name in (
        (axes[1], PCA(N_ACTIVE).fit(X), f"{N_ACTIVE} principal components"),
        (axes[2], units, f"{N_ACTIVE} units of each piece"),
    ):
        ax.imshow(assembled(rebuilt(model, rows)), cmap="gray", vmin=0, vmax=1)
        ax.set_title(name)
    for ax in axes[:3]:
        ax.axis("off")
    axes[3].plot(levels, explained, "o-", label="SparseAutoencoder, top-k")
    axes[3].plot(levels, linear, "s-", color="0.5", label="PCA")
    axes[3].set(xscale="log", xlabel="units of a piece, or components")
    axes[3].set_title("variance explained")
    axes[3].set_xticks(levels, levels)
    axes[3].minorticks_off()
    axes[3].grid(alpha=0.3)
    axes[3].legend(frameon=False)
    save(fig, TARGET, dpi=100)


if __name__ == "__main__":
    main()
