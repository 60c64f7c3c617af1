"""Validation of the parameters of measures."""

from .._reading._codes import check_rows
from .._reading._constraints import THRESHOLD
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

    Returns
    -------
    X, X_hat : ndarray or csr_array of shape (n_samples, n_features)
    weights : ndarray of shape (n_samples,)
        As returned by `checked_weights`.
    """
    X, X_hat = check_rows(X, "X"), check_rows(X_hat, "X_hat")
    check_same_shape(X, X_hat)
    return X, X_hat, checked_weights(sample_weight, X.shape[0])


def check_same_shape(X, X_hat):
    """Raise ValueError unless rows and their reconstruction have the same shape."""
    if X.shape != X_hat.shape:
        raise ValueError(
            f"X and X_hat must have the same shape, and have {X.shape} and "
            f"{X_hat.shape}."
        )
