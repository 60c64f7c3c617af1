"""Validation of the parameters of measures."""

import numpy as np

from .._arrays._blocks import blocks, rows_as_dense
from .._reading._codes import check_rows
from .._reading._constraints import THRESHOLD
from .._rows._missing import has_missing
from .._rows._weights import checked_weights
from .._sklearn import Options, validate_params

#: Decorator of a measure that validates those of its parameters that are listed here.
validate_parameters = validate_params(
    {
        "threshold": THRESHOLD,
        "centered": ["boolean"],
        "axis": [Options(int, {0, 1})],
        "sample_weight": ["array-like", None],
    },
    prefer_skip_nested_validation=True,
)


def check_pair(X, X_hat, sample_weight):
    """Validate rows, their reconstruction of the same shape, and their weights.

    Entries of X that are NaN are missing. They become NaN in X_hat, too.

    Returns
    -------
    X, X_hat : ndarray or csr_array of shape (n_samples, n_features)
        X_hat is dense where entries are missing.
    weights : ndarray of shape (n_samples,)
        As returned by `checked_weights`.
    """
    X, X_hat = check_rows(X, "X", "allow-nan"), check_rows(X_hat, "X_hat")
    check_same_shape(X, X_hat)
    if has_missing(X):
        X_hat = _without_missing(X, X_hat)
    return X, X_hat, checked_weights(sample_weight, X.shape[0])


def _without_missing(X, X_hat):
    """Return a dense copy of X_hat with NaN where X has it."""
    result = np.empty(X_hat.shape, X_hat.dtype)
    for rows in blocks(0, X.shape[0], 8 * X.shape[1]):
        x, x_hat = rows_as_dense(X, rows), rows_as_dense(X_hat, rows)
        result[rows] = np.where(np.isnan(x), np.nan, x_hat)
    return result


def check_same_shape(X, X_hat):
    """Raise ValueError unless rows and their reconstruction have the same shape."""
    if X.shape != X_hat.shape:
        raise ValueError(
            f"X and X_hat must have the same shape, and have {X.shape} and "
            f"{X_hat.shape}."
        )
