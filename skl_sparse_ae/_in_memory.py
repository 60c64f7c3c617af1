"""What is done with all the rows where they are in memory, or in a memory map."""

import numpy as np
from scipy import sparse
from sklearn.model_selection import train_test_split
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from ._arrays import (
    DeviceRows,
    canonical_csr,
    float_dtypes,
    is_on_device,
    to_numpy,
    way_back,
)
from ._blocks import Team
from ._dense_objective import DenseObjective
from ._moments import mean_and_variance, rows_to_sample
from ._network import map_rows, map_rows_to_csr
from ._penalties import PENALTIES
from ._penalty import Penalty
from ._sklearn import (
    _align_api_if_sparse,
    _check_sample_weight,
    check_same_namespace,
)
from ._sparse_objective import SparseObjective

__all__ = [
    "HAS_MINI_BATCHES",
    "Team",
    "apply",
    "beside",
    "check_code",
    "check_rows",
    "corrupted",
    "hold_out",
    "mean_and_variance",
    "objective_class",
    "sample",
    "with_weight",
]

HAS_MINI_BATCHES = True


def check_rows(estimator, X, sample_weight, reset, method):
    """Rows and weights as NumPy's, and the way back to the library of X."""
    X = validate_data(
        estimator,
        X,
        accept_sparse="csr",
        dtype=float_dtypes(X),
        order="C",
        reset=reset,
    )
    if not reset:
        check_same_namespace(X, estimator, attribute="components_", method=method)
    back, X = way_back(X), _where_it_is_used(estimator, X)
    if sparse.issparse(X):
        X = canonical_csr(X)
    if sample_weight is not None:
        rows = np.empty((X.shape[0], 0), X.dtype)  # nothing else is asked of X
        sample_weight = _check_sample_weight(
            to_numpy(sample_weight), rows, dtype=X.dtype, ensure_non_negative=True
        )
        # Only ratios matter, and sums of large weights could overflow.
        sample_weight = sample_weight / sample_weight.max()
    return X, sample_weight, back


def check_code(estimator, X):
    """Codes as NumPy's, and the way back to the library of X."""
    X = check_array(X, accept_sparse="csr", dtype=float_dtypes(X), order="C")
    # CSR is what any kind of rows may have been encoded to.
    if not sparse.issparse(X):
        check_same_namespace(
            X, estimator, attribute="components_", method="inverse_transform"
        )
    return _where_it_is_used(estimator, X), way_back(X)


def _where_it_is_used(estimator, X):
    """NumPy's array, or rows that stay on their device.

    A penalty from elsewhere is written for NumPy.
    """
    penalty = estimator.penalty
    is_ours = not isinstance(penalty, Penalty) or type(penalty) in PENALTIES.values()
    if not (is_ours and is_on_device(X)):
        return to_numpy(X)
    if estimator.engine is not None:
        raise ValueError(
            f"engine={estimator.engine!r} works on arrays in the CPU's memory, and "
            "these rows are on a device. Use engine=None, with which the library that "
            "they belong to does all the work."
        )
    return DeviceRows(X)


def with_weight(X, sample_weight):
    """The rows that count, and their weights."""
    if sample_weight is None:
        return X, None
    used = sample_weight > 0
    if used.all():
        return X, sample_weight
    return X[used], sample_weight[used]


def hold_out(X, sample_weight, fraction, rng):
    """Two pairs of rows and weights: those to train on and those held out."""
    parts = train_test_split(
        np.arange(X.shape[0]), test_size=fraction, random_state=rng
    )
    weights = sample_weight
    return [(X[rows], None if weights is None else weights[rows]) for rows in parts]


def sample(X, sample_weight, size):
    """Some rows, their weights, and which part of all the rows they are."""
    rows = rows_to_sample(X.shape[0], size)
    weights = None if sample_weight is None else sample_weight[rows]
    return X[rows], weights, len(rows) / X.shape[0]


def corrupted(corrupt, X, rng):
    """What the encoder sees of the rows, given a function that adds noise."""
    return corrupt(X, rng)


def objective_class(network, X):
    """The objective for rows like these."""
    if sparse.issparse(X) and network.out_activation.name == "identity":
        return SparseObjective
    return DenseObjective


def beside(X, arrays):
    """Parameters, or a vector of them, where the rows are."""
    del X
    return arrays


def apply(step, X, n_columns, as_csr=False):
    """The results of ``step(X, out)``, an encoder or decoder, on all rows."""
    with Team() as team:
        if as_csr:
            return _align_api_if_sparse(map_rows_to_csr(step, X, n_columns, team))
        return map_rows(step, X, np.empty((X.shape[0], n_columns), X.dtype), team)
