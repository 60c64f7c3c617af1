"""What to do about an X that scikit-learn's validation refuses."""

from contextlib import suppress
from datetime import date

import numpy as np


def explained(error, X, takes_images=False):
    """Return an error with advice, or the given one where there is none.

    Parameters
    ----------
    error : ValueError or TypeError
        That of scikit-learn's validation.
    X : object
        What was passed as rows.
    takes_images : bool, default=False
        Whether rows are images, which may not have missing pixels.
    """
    if "Found array with dim" in str(error):
        return ValueError(
            f"{error} Make each row of X a vector, for instance by "
            "X.reshape(len(X), -1)."
        )
    if "contains NaN" in str(error):
        advice = (
            "A SparseAutoencoder that is fitted with missing_values=np.nan takes such "
            "rows."
        )
        if takes_images:
            advice = "Leave such images out, or fill their missing pixels."
        return ValueError(f"{str(error).split(chr(10))[0]} {advice}")
    if "Feature names" in str(error):
        return error
    for name, column in _columns(X):
        for value in column:
            if not _is_number(value):
                reason = str(error).split(". ")[0]
                kind = TypeError if isinstance(error, TypeError) else ValueError
                remedy = (
                    "such as sklearn.preprocessing.OneHotEncoder does of categories"
                )
                if isinstance(value, date | np.datetime64):
                    remedy = "such as the days since a first date"
                return kind(
                    f"Column {name!r} of X has {value!r}, which is no number "
                    f"({reason}). Drop such columns, or make numbers of them, {remedy}."
                )
    return error


def _columns(X):
    """Return names or numbers of columns that may not be numbers, and their values."""
    if isinstance(X, list):
        with suppress(ValueError):
            X = np.array(X, dtype=object)
    if isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind not in "biufc":
        return list(enumerate(X.T))
    if not hasattr(X, "columns"):
        return []
    columns = [(name, X[name]) for name in X.columns]
    return [
        # NumPy would make integers of dates in nanoseconds.
        (name, np.asarray(column, dtype=object))
        for name, column in columns
        if np.asarray(column).dtype.kind not in "biufc"
    ]


def _is_number(value):
    try:
        float(value)
    except (TypeError, ValueError):
        return value is None  # scikit-learn names missing values itself
    return True
