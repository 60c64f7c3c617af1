"""Estimators that are trained for a few iterations, for the tests of this folder."""

import pytest

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae._penalties._registry import PENALTIES

# "batch_topk" and "winner_take_all" select within mini-batches, which "lbfgs" does not
# use, and "jumprelu" has thresholds without a gradient.
SOLVED = [
    (name, solver)
    for name, penalty in PENALTIES.items()
    for solver in ("lbfgs", "adam")
    if solver == "adam" or not (penalty.selects_jointly or penalty.learns_thresholds)
]

#: For tests that end training early on purpose, whatever it has reached.
short = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:beta='adaptive' should make",
)


def make_short(n_components=8, **parameters):
    """An estimator of few units; `max_iter` is five unless given."""
    parameters = {"max_iter": 5, "random_state": 0, **parameters}
    return SparseAutoencoder(n_components, **parameters)
