"""
================================
Tuning sparsity by a grid search
================================

The main job of this library: a sparse autoencoder as a step of a scikit-learn pipeline,
whose sparsity ``GridSearchCV`` tunes for the classifier after it. A logistic regression
classifies the digits that come with scikit-learn, from

- the codes of sparse autoencoders with several penalties and strengths,
- as many principal components,
- the best number of principal components,
- the pixels.

All choices are made by cross-validation on the training rows, by the accuracy of the
classifier: the variance explained, an autoencoder's own ``score``, would always choose
the weakest sparsity. The last table also has
the accuracy on test rows, which were not used for any choice.
"""

# sphinx_gallery_thumbnail_path = "_static/thumbnails/grid_search.png"

from time import perf_counter

from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skl_sparse_ae import SparseAutoencoder

N_COMPONENTS = 48

# Penalties differ in their parameters, so each has its own grid. beta="scale" is
# proportional to the variance of the data; a number is used unchanged.
AUTOENCODER_GRIDS = [
    {
        "sparseautoencoder__penalty": ["kl"],
        "sparseautoencoder__rho": [0.05, 0.1, 0.2],
        "sparseautoencoder__beta": ["scale", 0.3, 1.0, 3.0],
    },
    {
        "sparseautoencoder__penalty": ["l1"],
        "sparseautoencoder__beta": ["scale", 0.01, 0.03],
    },
    {
        "sparseautoencoder__penalty": ["topk"],
        "sparseautoencoder__rho": [0.1, 0.2, 0.4],
    },
]
PCA_GRID = {"pca__n_components": [8, 16, 24, 32, 40, 48, 56, 64]}


def features_and_classifier(transformer):
    """Return a pipeline from pixels to digits."""
    classifier = LogisticRegression(max_iter=1000)
    return make_pipeline(MinMaxScaler(), transformer, StandardScaler(), classifier)


def search(transformer, grid, X, y):
    """Search the grid by cross-validation and fit the best pipeline on all rows."""
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    pipeline = features_and_classifier(transformer)
    return GridSearchCV(pipeline, grid, cv=folds, n_jobs=2).fit(X, y)


def describe(params):
    """Return the penalty and its parameters as text."""
    values = {key.removeprefix("sparseautoencoder__"): v for key, v in params.items()}
    names = [name for name in ("penalty", "rho", "beta") if name in values]
    return "  ".join(f"{name}={values[name]}" for name in names)


def print_search(found):
    """Print one line for each configuration, the best first."""
    print(f"{'configuration':37} {'CV accuracy':17} fit seconds")
    results = found.cv_results_
    for i in results["rank_test_score"].argsort(kind="stable"):
        mean, std = results["mean_test_score"][i], results["std_test_score"][i]
        name, seconds = describe(results["params"][i]), results["mean_fit_time"][i]
        print(f"{name:37} {mean:.4f} +- {std:.4f} {seconds:14.2f}")


def print_summary(searches, X_test, y_test):
    """Print the accuracy of the best of each search, on the folds and on test rows."""
    print(f"{'the best of each search':37} {'CV accuracy':17} test accuracy")
    for name, found in searches.items():
        std = found.cv_results_["std_test_score"][found.best_index_]
        accuracy = found.score(X_test, y_test)
        print(f"{name:37} {found.best_score_:.4f} +- {std:.4f} {accuracy:16.4f}")


def main():
    start = perf_counter()
    X, y = load_digits(return_X_y=True)
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=0.4, stratify=y, random_state=0
    )
    # "topk" is trained on mini-batches: with about 1000 rows, small ones give it enough
    # steps per epoch. The other penalties are trained on all rows at once.
    autoencoder = SparseAutoencoder(N_COMPONENTS, batch_size=32, random_state=0)
    autoencoders = search(autoencoder, AUTOENCODER_GRIDS, X, y)
    same_number = search(PCA(N_COMPONENTS), {}, X, y)
    best_number = search(PCA(), PCA_GRID, X, y)
    pixels = search("passthrough", {}, X, y)

    print(f"{len(X)} digits to learn from, {len(X_test)} to test on\n")
    print(f"SparseAutoencoder, {N_COMPONENTS} units")
    print_search(autoencoders)
    print()
    n_best = best_number.best_params_["pca__n_components"]
    searches = {
        f"SparseAutoencoder, {N_COMPONENTS} units": autoencoders,
        f"PCA, {N_COMPONENTS} components": same_number,
        f"PCA, best number of components: {n_best}": best_number,
        "pixels": pixels,
    }
    print_summary(searches, X_test, y_test)
    print(f"\n{perf_counter() - start:.0f} seconds")


if __name__ == "__main__":
    main()
