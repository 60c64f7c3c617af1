"""What is found of features that are known: generated rows, and the truth.

    python benchmarks/known_features.py sparsity > sparsity.md
    python benchmarks/known_features.py projection > projection.md
    python benchmarks/known_features.py hierarchy > hierarchy.md
    python benchmarks/known_features.py atoms > atoms.md
    python benchmarks/known_features.py codes > codes.md

"sparsity": k below, at and above the true number of active features, and what could
tell without the truth which k is right. "projection": the statistic that was proposed
for this in "Sparse but Wrong" (arXiv:2508.16560), by one fit for each k. "hierarchy":
parents that are absorbed by their children, with and without nested reconstructions.
"atoms": against MiniBatchDictionaryLearning, over noise and the number of rows.
"codes": the code of the autoencoder and that of SparseCoder for the same dictionary.
"""

import sys
import time
import warnings

import numpy as np
from reporting import circumstances, table
from sklearn.decomposition import MiniBatchDictionaryLearning, SparseCoder
from sklearn.exceptions import ConvergenceWarning

from skl_sparse_ae import SparseAutoencoder, metrics, stability_report
from skl_sparse_ae._arrays._norms import unit_rows
from skl_sparse_ae.datasets import make_sparse_features

SEEDS = (0, 1, 2)
SETTINGS = {
    "50 orthogonal features in 100 columns, 10 active, correlation 0.3": {
        "n_components": 50,
        "n_features": 100,
        "n_active": 10,
        "correlation": 0.3,
        "orthogonal": True,
    },
    "128 features in 64 columns, 5 active": {
        "n_components": 128,
        "n_features": 64,
        "n_active": 5,
    },
    "the same with correlation 0.3 and noise 0.05": {
        "n_components": 128,
        "n_features": 64,
        "n_active": 5,
        "correlation": 0.3,
        "noise": 0.05,
    },
}
#: Numbers of active units that are tried, by the true number.
NUMBERS = {10: (3, 5, 8, 10, 12, 16, 25), 5: (2, 4, 5, 6, 8, 12)}


def mean_absolute_cosine(components):
    """Mean absolute cosine between two different units."""
    cosines = np.abs(unit_rows(components) @ unit_rows(components).T)
    n = len(cosines)
    return (cosines.sum() - np.trace(cosines)) / (n * (n - 1))


def sparsity(name, setting):
    """The table of one setting over k."""
    X, codes, dictionary = make_sparse_features(8000, random_state=0, **setting)
    train, test = slice(6000), slice(6000, None)
    n, rows = setting["n_components"], []
    for k in NUMBERS[setting["n_active"]]:
        autoencoder = SparseAutoencoder(n, penalty="batch_topk", rho=k / n)
        report = stability_report(autoencoder, X[train], n_fits=3, random_state=0)
        fits = report.estimators
        truth = [
            (
                metrics.mean_matched_cosine(dictionary, fit.components_),
                metrics.feature_detection(
                    codes[test], fit.transform(X[test])
                ).f1.mean(),
                fit.score(X[test]),
                mean_absolute_cosine(fit.components_),
            )
            for fit in fits
        ]
        matched, f1, score, cosine = np.mean(truth, axis=0)
        cells = [f"{value:.2f}" for value in (matched, f1, score)]
        rows.append([k, *cells, f"{report.cosines.mean():.3f}", f"{cosine:.4f}"])
    header = ["k", "matched cosine", "F1", "held-out score"]
    header += ["stability", "cosine between units"]
    return f"{name[0].upper()}{name[1:]}:\n\n{table(header, rows)}\n"


def projection(name, setting):
    """The table of the decoder projection of one setting over k."""
    X, _, dictionary = make_sparse_features(6000, random_state=0, **setting)
    n, lines = setting["n_components"], []
    places = [12, 20, n // 2]
    for k in NUMBERS[setting["n_active"]]:
        fit = SparseAutoencoder(n, penalty="batch_topk", rho=k / n, random_state=0)
        fit.fit(X)
        values = [metrics.decoder_projection(fit, X, place) for place in places]
        cosine = metrics.mean_matched_cosine(dictionary, fit.components_)
        lines.append([k, f"{cosine:.2f}", *(f"{value:.3f}" for value in values)])
    header = ["k", "matched cosine", *(f"projection, n = {place}" for place in places)]
    return f"{name[0].upper()}{name[1:]}:\n\n{table(header, lines)}\n"


def hierarchy():
    """The table of absorption, means and standard deviations over seeds of the fit."""
    n, n_parents = 40, 10
    parents = np.full(n, -1)
    parents[n_parents:] = np.repeat(np.arange(n_parents), 3)
    frequencies = np.where(parents < 0, 0.15, 0.25)
    X, codes, _ = make_sparse_features(
        7000, n, 40, frequencies=frequencies, parents=parents, random_state=0
    )
    X, test, lines = X.astype(np.float32), slice(5000, None), []
    rho = float((codes > 0).mean())
    for penalty in ("batch_topk", "jumprelu"):
        for widths in (None, [n_parents]):
            results = []
            for seed in SEEDS:
                fit = SparseAutoencoder(
                    n, penalty=penalty, rho=rho, matryoshka_widths=widths, max_iter=60
                ).set_params(random_state=seed)
                A = fit.fit(X[:5000]).transform(X[test])
                absorbed = metrics.absorption_rate(codes[test], A, parents)
                f1 = metrics.feature_detection(codes[test], A).f1.mean()
                correlation = metrics.mean_matched_correlation(codes[test], A)
                score = fit.score(X[test])
                results.append((np.nanmean(absorbed), correlation, f1, score))
            spread = zip(
                np.mean(results, axis=0), np.std(results, axis=0, ddof=1), strict=True
            )
            values = [f"{mean:.2f} ± {deviation:.2f}" for mean, deviation in spread]
            lines.append([f"`{penalty}`", widths, *values])
    header = ["penalty", "widths", "absorbed", "MCC", "F1", "held-out score"]
    return table(header, lines)


def atoms():
    """The table over noise and the number of rows."""
    lines = []
    for n_samples in (1000, 4000):
        for noise in (0.0, 0.1, 0.2):
            results = [atoms_once(n_samples, noise, seed) for seed in SEEDS]
            means = np.mean(results, axis=0)
            cells = [f"{v:.2f}" for v in means[:4]] + [f"{v:.1f}" for v in means[4:]]
            lines.append([n_samples, noise, *cells])
    header = ["rows", "noise", "matched cosine, this library", "dictionary learning"]
    header += ["F1, this library", "dictionary learning"]
    header += ["seconds, this library", "dictionary learning"]
    return table(header, lines)


def atoms_once(n_samples, noise, seed):
    """Matched cosines, F1 and seconds of both methods for one seed."""
    X, codes, dictionary = make_sparse_features(
        n_samples, 64, 32, n_active=3, noise=noise, random_state=seed
    )
    methods = [
        SparseAutoencoder(64, penalty="batch_topk", rho=3 / 64, random_state=seed),
        MiniBatchDictionaryLearning(
            64,
            positive_code=True,
            fit_algorithm="cd",
            transform_algorithm="lasso_cd",
            alpha=0.2,
            random_state=seed,
        ),
    ]
    cosines, f1, seconds = [], [], []
    for method in methods:
        start = time.perf_counter()
        A = method.fit_transform(X)
        seconds.append(time.perf_counter() - start)
        cosines.append(metrics.mean_matched_cosine(dictionary, method.components_))
        f1.append(metrics.feature_detection(codes, A).f1.mean())
    return [*cosines, *f1, *seconds]


def optimal_codes():
    """The table of codes by the same dictionary, means over seeds."""
    coders = {
        "orthogonal matching pursuit, k = 3": {
            "transform_algorithm": "omp",
            "transform_n_nonzero_coefs": 3,
        },
        **{
            f"lasso, alpha = {alpha}": {
                "transform_algorithm": "lasso_cd",
                "transform_alpha": alpha,
                "positive_code": True,
            }
            for alpha in (0.1, 0.2)
        },
    }
    lines = []
    for noise in (0.0, 0.1):
        results = [codes_once(noise, seed, coders) for seed in SEEDS]
        means = np.mean(results, axis=0)
        for name, values in zip(["the encoder", *coders], means, strict=True):
            lines.append([name, noise, *(f"{value:.2f}" for value in values)])
    header = ["code by", "noise", "variance explained", "F1", "correlation"]
    return table([*header, "active units", "seconds"], lines)


def codes_once(noise, seed, coders):
    """Measures of the code of the encoder and of those of coders, one row each."""
    X, codes, _ = make_sparse_features(
        4000, 64, 32, n_active=3, noise=noise, random_state=seed
    )
    fit = SparseAutoencoder(
        64, penalty="batch_topk", rho=3 / 64, random_state=seed
    ).fit(X)
    atoms, shift = unit_rows(fit.components_), fit.decoder_intercept_

    def measured(transform, decode):
        start = time.perf_counter()
        A = transform(X)
        seconds = time.perf_counter() - start
        return [
            metrics.variance_explained(X, decode(A)),
            metrics.feature_detection(codes, A).f1.mean(),
            metrics.mean_matched_correlation(codes, A),
            metrics.n_active_units(A).mean(),
            seconds,
        ]

    results = [measured(fit.transform, fit.inverse_transform)]
    for parameters in coders.values():
        coder = SparseCoder(atoms, **parameters).fit(X)
        results.append(
            measured(
                lambda X, coder=coder: coder.transform(X - shift),
                lambda A: A @ atoms + shift,
            )
        )
    return results


def main():
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(circumstances(), end="\n\n")
    if sys.argv[1:] == ["sparsity"]:
        for name, setting in SETTINGS.items():
            print(sparsity(name, setting), flush=True)
    elif sys.argv[1:] == ["projection"]:
        for name, setting in SETTINGS.items():
            print(projection(name, setting), flush=True)
    elif sys.argv[1:] == ["hierarchy"]:
        print(hierarchy())
    elif sys.argv[1:] == ["atoms"]:
        print(atoms())
    elif sys.argv[1:] == ["codes"]:
        print(optimal_codes())
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
