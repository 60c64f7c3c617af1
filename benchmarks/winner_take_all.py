"""Features of MNIST's digits by winner-take-all units, for a linear SVM.

The experiment of Makhzani and Frey, "Winner-Take-All Autoencoders" (arXiv:1409.2752),
with fully connected units: 2000 are learned from the 60000 training digits, each active
on 5 % of the rows of a mini-batch; a linear SVM on all their activations is judged on
the 10000 test digits. What is not the method's own is chosen on the last 10000 of the
training digits:

    python benchmarks/winner_take_all.py --choose    # candidates and values of C
    python benchmarks/winner_take_all.py             # the chosen one, three seeds
    python benchmarks/winner_take_all.py --seeds 0   # one of them
"""

import argparse
import sys
import time
import warnings

import datasets
import numpy as np
from mnist import COMMON, N_VALIDATION, unit_variance
from reporting import circumstances, table
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC

from skl_sparse_ae import SparseAutoencoder, WinnerTakeAll

N_UNITS = 2000
#: Fractions of the rows on which a unit is active, and the SVM's C.
FRACTIONS = [0.03, 0.05]
C_VALUES = [0.001, 0.002, 0.003, 0.004, 0.01]
#: The best of `--choose`.
CHOSEN = (0.05, 0.003)
PUBLISHED = "1.2"


def codes(rho, seed, X, *others):
    """Codes of tables by units fitted to the first, for the SVM; seconds to fit."""
    penalty = WinnerTakeAll(rho, transform_selects=False)
    model = SparseAutoencoder(
        N_UNITS, penalty=penalty, tied_weights=True, random_state=seed, **COMMON
    )
    start = time.perf_counter()
    model.fit(X)
    seconds = time.perf_counter() - start
    encoded = [model.transform(table) for table in (X, *others)]
    convert = unit_variance(encoded[0])
    return [convert(A) for A in encoded], seconds


def error(C, A, y, B, t):
    """Error in percent of a linear SVM on further rows, and seconds to fit it."""
    start = time.perf_counter()
    svm = LinearSVC(C=C, dual=True, tol=1e-2, random_state=0).fit(A, y)
    return 100 * (1 - svm.score(B, t)), time.perf_counter() - start


def choose():
    """Errors of every candidate on the validation digits."""
    X, y = datasets.mnist()
    learned, held_out = slice(len(X) - N_VALIDATION), slice(len(X) - N_VALIDATION, None)
    for rho in FRACTIONS:
        (A, B), seconds = codes(rho, 0, X[learned], X[held_out])
        errors = [error(C, A, y[learned], B, y[held_out])[0] for C in C_VALUES]
        yield rho, *(f"{e:.2f}" for e in errors), f"{seconds:.0f}"


def judge(seeds):
    """Test errors of the chosen candidate."""
    X, y = datasets.mnist()
    T, t = datasets.mnist("test")
    rho, C = CHOSEN
    results = []
    for seed in seeds:
        (A, B), seconds = codes(rho, seed, X, T)
        results.append((*error(C, A, y, B, t), seconds))
        print(seed, *results[-1], file=sys.stderr, flush=True)
    errors, svm_seconds, fit_seconds = np.transpose(results)
    yield (
        f"rho={rho}, C={C}",
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
        headers = ["rho", *(f"C={C}" for C in C_VALUES), "seconds to fit"]
        rows = list(choose())
    else:
        headers = ["chosen", "test error, %", "published"]
        headers += ["seconds to fit", "seconds of the SVM"]
        rows = list(judge(arguments.seeds))
    print(circumstances(), table(headers, rows), sep="\n\n")


if __name__ == "__main__":
    main()
