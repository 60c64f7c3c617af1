"""Published results on sparse autoencoders, reproduced.

    python benchmarks/published.py               # all experiments, some minutes
    python benchmarks/published.py contractive   # some

The figures are kept in published.json, from which `pages.py` makes the tables of
doc/published.md. Seconds are of work on one core.
"""

import argparse
import json
import time
from pathlib import Path

import datasets
import numpy as np
from reporting import keep, measured, table
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from skl_sparse_ae import KL, Contractive, SparseAutoencoder
from skl_sparse_ae._arrays._team import Team
from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout, Parameters
from skl_sparse_ae._objective._dense import DenseObjective

RESULTS = Path(__file__).with_suffix(".json")
HEADER = ["experiment", "figure", "here", "published", "seconds"]
UNITS = ["penalty", "saturated", "norm of the Jacobian", "first ten", "seconds"]


def nature_patches():
    """10 x 10 patches: J at weights found by the R package, and J of fits here."""
    data = datasets.nature_patches()
    X = 0.998 * data["X"] + 0.001
    yield from at_given_weights(data, X)
    for n_components, published in [(25, "2.2457"), (100, "2.0265")]:
        for seed in range(3):
            autoencoder = SparseAutoencoder(
                n_components,
                rho=0.01,
                beta=6,
                alpha=2e-4,
                out_activation="logistic",
                solver="lbfgs",
                max_iter=1000,
                tol=1e-5,
                random_state=seed,
            )
            seconds = fit_timed(autoencoder, X)
            yield (
                f"nature patches, {n_components} units, seed {seed}",
                f"J after {autoencoder.n_iter_} iterations",
                f"{autoencoder.objective(X):.4f}",
                published,
                seconds,
            )


def at_given_weights(data, X):
    """J and the largest entry of its gradient at 25 units trained elsewhere."""
    layout = Layout(X.shape[1], 25)
    network = Network.from_names(layout, "logistic", "logistic", KL(rho=0.01, beta=6))
    theta = layout.flatten(
        Parameters(data["W1_25"].T, data["b1_25"], data["W2_25"].T, data["b2_25"])
    )
    with Team() as team:
        objective = DenseObjective(network, alpha=2e-4, team=team, dtype=X.dtype)
        start = time.process_time()
        value, gradient = objective.use_rows(X).value_and_grad(theta)
    seconds = elapsed(start)
    experiment = "nature patches, the R package's 25 units"
    yield experiment, "J", f"{value:.14f}", f"{data['J_25']:.14f}", seconds
    yield experiment, "gradient", f"{abs(gradient).max():.1e}", "< 2e-5", seconds


def ufldl_patches():
    """8 x 8 patches of natural images, the first exercise of the UFLDL course."""
    for seed in range(3):
        X = datasets.natural_patches(random_state=seed)
        autoencoder = SparseAutoencoder(
            25,
            rho=0.01,
            beta=3,
            alpha=1e-4,
            out_activation="logistic",
            solver="lbfgs",
            max_iter=400,
            tol=0,
            random_state=seed,
        )
        seconds = fit_timed(autoencoder, X)
        experiment = f"UFLDL patches, 25 units, seed {seed}"
        value = f"{autoencoder.objective(X):.4f}"
        activation = f"{autoencoder.mean_activation_.mean():.4f}"
        yield experiment, "J", value, "0.373 to 0.377", seconds
        yield experiment, "mean activation", activation, "0.011", seconds


def self_taught():
    """Units learned from the digits 5 to 9, used to tell the digits 0 to 4 apart."""
    X, y = datasets.mnist()
    autoencoder = SparseAutoencoder(
        200,
        rho=0.1,
        beta=3,
        alpha=3e-3,
        out_activation="logistic",
        solver="lbfgs",
        max_iter=400,
        tol=0,
        random_state=0,
    )
    seconds = fit_timed(autoencoder, X[y >= 5])
    experiment = "self-taught learning, 200 units"
    # No value of J is published; this one is by plain NumPy code.
    value = autoencoder.objective(X[y >= 5])
    yield experiment, "J", f"{value:.3f}", "11.655 (NumPy)", seconds
    X, y = X[y < 5], y[y < 5]
    code = autoencoder.transform(X)
    for figure, features, published in [
        ("accuracy, code", code, "about 0.98"),
        ("accuracy, raw pixels", X, "0.96"),
    ]:
        start = time.process_time()
        accuracy = second_half_accuracy(features, y)
        yield experiment, figure, f"{accuracy:.5f}", published, elapsed(start)


def second_half_accuracy(features, y):
    """Accuracy on the second half of the rows of a classifier fitted on the first."""
    half = len(y) // 2
    classifier = LogisticRegression(
        C=1 / (1e-4 * half), fit_intercept=False, max_iter=1000
    )
    classifier.fit(features[:half], y[:half])
    return classifier.score(features[half:], y[half:])


def linear():
    """Linear autoencoders span the subspace of PCA."""
    X, _ = datasets.mnist()
    for n_components, published in [(10, "26.987"), (30, "14.207")]:
        autoencoder = linear_autoencoder(n_components)
        seconds = fit_timed(autoencoder, X)
        errors = autoencoder.inverse_transform(autoencoder.transform(X)) - X
        residual = np.einsum("ij,ij->i", errors, errors).mean(dtype=np.float64)
        yield (
            f"linear, MNIST, {n_components} units",
            f"residual per row after {autoencoder.n_iter_} epochs",
            f"{residual:.3f}",
            f"{published} (PCA)",
            seconds,
        )
    X = datasets.digits()[0].astype(np.float64)
    autoencoder = linear_autoencoder(10, tol=1e-7, max_iter=1000)
    seconds = fit_timed(autoencoder, X)
    pca = PCA(10).fit(X)
    angles = subspace_angles(autoencoder.components_.T, pca.components_.T)
    explained = pca.explained_variance_ratio_.sum()
    experiment = "linear, digits, 10 units"
    score = f"{autoencoder.score(X):.5f}"
    yield experiment, "score", score, f"{explained:.5f} (PCA)", seconds
    angle = f"{np.rad2deg(angles.max()):.3f} degrees"
    yield experiment, "largest angle to PCA's subspace", angle, "0", seconds


#: Penalties and decays that are compared in `contractive`.
REGULARISED = {
    "none": {"penalty": None, "alpha": 0},
    "decay, `alpha=0.001`": {"penalty": None, "alpha": 1e-3},
    "contractive, `beta=0.03`": {"penalty": Contractive(0.03), "alpha": 0},
    "contractive, `beta=0.3`": {"penalty": Contractive(0.3), "alpha": 0},
}


def contractive():
    """Units of contractive autoencoders saturate; their Jacobian has few directions."""
    X, _ = datasets.mnist()
    T, _ = datasets.mnist("test")
    X, T = X[:10_000], T[:200]
    for name, settings in REGULARISED.items():
        autoencoder = SparseAutoencoder(
            300,
            activation="logistic",
            out_activation="logistic",
            tied_weights=True,
            solver="adam",
            max_iter=40,
            tol=0,
            learning_rate_init=0.005,
            random_state=0,
            **settings,
        )
        seconds = fit_timed(autoencoder, X)
        a = autoencoder.transform(T).astype(np.float64)
        spectra = squared_singular_values(autoencoder.encoder_coef_, a * (1 - a))
        totals = spectra.sum(axis=1)
        largest = spectra[:, :10].sum(axis=1) / totals
        saturated = np.mean((a < 0.05) | (a > 0.95))
        yield (
            name,
            f"{100 * saturated:.0f} %",
            f"{np.sqrt(totals).mean():.1f}",
            f"{100 * largest.mean():.0f} %",
            seconds,
        )


def squared_singular_values(encoder_coef, slopes):
    """Of the Jacobian of the code at each row, by decreasing size.

    The Jacobian is ``diag(slopes) encoder_coef.T``.
    """
    gram = encoder_coef.T.astype(np.float64) @ encoder_coef
    products = slopes[:, :, np.newaxis] * gram * slopes[:, np.newaxis, :]
    return np.maximum(np.linalg.eigvalsh(products)[:, ::-1], 0)


def linear_autoencoder(n_components, **settings):
    """An autoencoder whose code spans the subspace of PCA."""
    return SparseAutoencoder(
        n_components,
        penalty=None,
        alpha=0,
        activation="identity",
        random_state=0,
        **settings,
    )


def fit_timed(autoencoder, X):
    """Fit; returns the seconds it took."""
    start = time.process_time()
    autoencoder.fit(X)
    return elapsed(start)


def elapsed(start):
    """Seconds since a `time.process_time()`, for the table."""
    return f"{time.process_time() - start:.2g}"


EXPERIMENTS = {
    "nature-patches": nature_patches,
    "ufldl-patches": ufldl_patches,
    "self-taught": self_taught,
    "linear": linear,
    "contractive": contractive,
}


def text(*names):
    """The rows of some experiments as a table, and when they were measured."""
    saved = json.loads(RESULTS.read_text())
    rows = [row for name in names for row in saved[name]["results"]["rows"]]
    days = dict.fromkeys(measured(saved[name]) for name in names)
    header = UNITS if names == ("contractive",) else HEADER
    return "\n".join([table(header, rows), "", *days])


def run(name):
    """Run an experiment; without its data, only say so on stderr."""
    rows = datasets.load_or_report(name, lambda: list(EXPERIMENTS[name]()))
    for row in rows or []:
        print(*row, sep=", ", flush=True)
    if rows:
        keep(RESULTS, name, {"rows": rows})


def main():
    """Run the experiments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "experiments",
        nargs="*",
        metavar="experiment",
        help=f"some of {', '.join(EXPERIMENTS)}; all by default",
    )
    arguments = parser.parse_args()
    unknown = set(arguments.experiments) - set(EXPERIMENTS)
    if unknown:
        parser.error(f"unknown experiments: {', '.join(sorted(unknown))}")
    with threadpool_limits(1):
        for name in arguments.experiments or EXPERIMENTS:
            run(name)


if __name__ == "__main__":
    main()
