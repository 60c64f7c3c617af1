"""Pictures of the examples that draw none themselves, for the gallery.

python doc/pictures/thumbnails.py      # writes doc/_static/thumbnails, a minute
"""

from pathlib import Path

from saving import save
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder

FOLDER = Path(__file__).parents[1] / "_static" / "thumbnails"
GRID = {
    "sparseautoencoder__rho": [0.02, 0.05, 0.1, 0.2],
    "sparseautoencoder__beta": [0.1, 0.3, 1.0, 3.0],
}


def draw_grid_search(ax):
    """Accuracy for each rho and beta of a search like that of the example."""
    X, y = load_digits(return_X_y=True)
    pipeline = make_pipeline(
        SparseAutoencoder(48, random_state=0),
        StandardScaler(),
        LogisticRegression(max_iter=1000),
    )
    search = GridSearchCV(pipeline, GRID, cv=3).fit(X[:600] / 16, y[:600])
    scores = search.cv_results_["mean_test_score"].reshape(4, 4)
    rhos, betas = GRID.values()
    ax.imshow(scores, cmap="Blues")
    for i, row in enumerate(scores):
        for j, score in enumerate(row):
            colour = "white" if score > scores.mean() else "black"
            ax.text(j, i, f"{score:.2f}", ha="center", va="center", color=colour)
    ax.set(xlabel="rho", ylabel="beta", xticks=range(4), yticks=range(4))
    ax.set_xticklabels(rhos)
    ax.set_yticklabels(betas)


def draw_cluster(ax):
    """Blocks of rows that stay on two workers, and sums that travel."""
    for worker, x in enumerate((0, 2)):
        for y in range(4):
            box = {"boxstyle": "square,pad=0.4", "facecolor": "#cfe2f3"}
            rows = f"rows {worker * 4 + y}"
            ax.text(x + 0.65, y + 0.4, rows, ha="center", va="center", bbox=box)
        ax.text(x + 0.65, 4.1, f"worker {worker}", ha="center")
        ax.annotate(
            "", (1.65, -1.2), (x + 0.65, -0.1), arrowprops={"arrowstyle": "<->"}
        )
    ax.text(1.65, -1.6, "parameters and sums", ha="center")
    ax.set(xlim=(-0.2, 3.5), ylim=(-2, 4.6))
    ax.axis("off")


def main():
    """Draw."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    FOLDER.mkdir(exist_ok=True)
    for draw, name in ((draw_grid_search, "grid_search"), (draw_cluster, "cluster")):
        fig, ax = plt.subplots(figsize=(4, 2.8), layout="constrained")
        draw(ax)
        save(fig, FOLDER / f"{name}.png", dpi=100)


if __name__ == "__main__":
    main()
