"""Features of MNIST's digits by winner-take-all units, for a linear SVM.

The experiment of Makhzani and Frey, "Winner-Take-All Autoencoders" (arXiv:1409.2752),
with fully connected units: 2000 are learned from the 60000 training digits, each active
on 5 % of the rows of a mini-batch; a linear SVM on all their activations is judged on
the 10000 test digits. The scaling of the codes and the SVM's C are chosen on each of
the last three times 10000 training digits, for an SVM of the others; units are learned
once from all of them, which takes no labels:

    python benchmarks/winner_take_all.py --choose    # scalings and values of C
    python benchmarks/winner_take_all.py             # the chosen one, three seeds
    python benchmarks/winner_take_all.py --seeds 0   # one of them
"""

import argparse
import sys
import time
import warnings

import datasets
import numpy as np
from mnist import COMMON, half_whitened, unit_variance
from reporting import circumstances, table
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold
from sklearn.svm import LinearSVC

from skl_sparse_ae import SparseAutoencoder, WinnerTakeAll

N_UNITS, RHO = 2000, 0.05
N_FOLDS, N_JUDGED_FOLDS = 6, 3
SCALINGS = {"unit variance": unit_variance, "half whitened": half_whitened}
C_VALUES = [0.0005, 0.001, 0.002]
#: The best of `--choose`.
CHOSEN = ("half whitened", 0.001)
PUBLISHED = "1.2"


def codes(seed, X, *others):
    """Codes of tables by units fitted to the first, and seconds to fit."""
    penalty = WinnerTakeAll(RHO, transform_selects=False)
    model = SparseAutoencoder(
        N_UNITS, penalty=penalty, tied_weights=True, random_state=seed, **COMMON
    )
    start = time.perf_counter()
    model.fit(X)
    seconds = time.perf_counter() - start
    return [model.transform(table) for table in (X, *others)], seconds


def error(C, A, y, B, t):
    """Error in percent of a linear SVM on further rows, and seconds to fit it."""
    start = time.perf_counter()
    # It penalises the intercept, too, by the inverse square of `intercept_scaling`.
    svm = LinearSVC(C=C, dual=True, tol=1e-2, intercept_scaling=10, random_state=0)
    svm.fit(A, y)
    return 100 * (1 - svm.score(B, t)), time.perf_counter() - start


def validation_error(C, A, y):
    """Mean error in percent on the last folds, each for an SVM of the other rows."""
    folds = list(KFold(N_FOLDS).split(A))[-N_JUDGED_FOLDS:]
    return np.mean([error(C, A[i], y[i], A[j], y[j])[0] for i, j in folds])


def choose():
    """Errors of every candidate on the validation digits."""
    X, y = datasets.mnist()
    (A,), _ = codes(0, X)
    for name, scaling in SCALINGS.items():
        scaled = scaling(A)(A)
        yield name, *(f"{validation_error(C, scaled, y):.2f}" for C in C_VALUES)


def judge(seeds):
    """Test errors of the chosen candidate."""
    X, y = datasets.mnist()
    T, t = datasets.mnist("test")
    name, C = CHOSEN
    results = []
    for seed in seeds:
        (A, B), seconds = codes(seed, X, T)
        scale = SCALINGS[name](A)
        results.append((*error(C, scale(A), y, scale(B), t), seconds))
        print(seed, *results[-1], file=sys.stderr, flush=True)
    errors, svm_seconds, fit_seconds = np.transpose(results)
    yield (
        f"{name}, C={C}",
        f"{errors.mean():.2f} ({errors.min():.2f} to {errors.max():.2f})",
        PUBLISHED,
        f"{np.median(fit_seconds):.0f}",
        f"{np.median(svm_seconds):.0f}",
    )


def main():
    """Print one of the two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--choose", action="store_true", help="on validation digits")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments = parser.parse_args()
    # The numbers of epochs and of the SVM's iterations are fixed.
    warnings.simplefilter("ignore", ConvergenceWarning)
    if arguments.choose:
        headers = ["codes", *(f"C={C}" for C in C_VALUES)]
        rows = list(choose())
    else:
        headers = ["chosen", "test error, %", "published"]
        headers += ["seconds to fit", "seconds of the SVM"]
        rows = list(judge(arguments.seeds))
    print(circumstances(), table(headers, rows), sep="\n\n")


if __name__ == "__main__":
    main()
