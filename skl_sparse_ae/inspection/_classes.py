"""Labels as classes: any kind that can be sorted, of one kind and none missing."""

import warnings
from numbers import Number

import numpy as np
from sklearn.utils import column_or_1d

from .._arrays._array_api import to_numpy
from .._sklearn import is_pandas_na

# Different numbers that are taken for a numeric target rather than for classes: more
# than this, and more than this part of the rows.
MANY, MANY_OF_ROWS = 20, 0.1


def column_of(y):
    """Return labels as a vector of NumPy, of objects unless they are plain values."""
    y = column_or_1d(to_numpy(y))
    return y.astype(object) if y.dtype.kind in "TSV" else y


def plain_labels(y):
    """Return labels as a vector, numbers as such; refuse missing and infinite ones."""
    y = column_of(y)
    if y.dtype.kind == "O":
        _refuse_missing(np.array([_is_missing(value) for value in y], dtype=bool))
        if all(isinstance(value, Number | np.bool_) for value in y):
            y = np.array(y.tolist())
    elif y.dtype.kind in "fmM":
        _refuse_missing(y != y)
    if y.dtype.kind == "f" and np.isinf(y).any():
        raise ValueError("y has values that are infinite.")
    return y


def is_continuous(y):
    """Whether plain labels are numbers of which some are not whole."""
    return y.dtype.kind == "f" and bool(np.any(y != np.floor(y)))


def encode_classes(y, or_else=""):
    """Return the sorted classes, and the index of the class of each label.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
    or_else : str, default=""
        What else could be done with a numeric target, a sentence for messages.

    Returns
    -------
    classes : ndarray of shape (n_classes,)
    labels : ndarray of int, shape (n_samples,)

    Raises
    ------
    ValueError
        If labels are missing, numbers that are no classes, or of different kinds.
    """
    y = plain_labels(y)
    if is_continuous(y):
        raise ValueError(
            "y is continuous, and classes are expected. Use bins of a numeric target, "
            f"such as those of sklearn.preprocessing.KBinsDiscretizer.{or_else}"
        )
    try:
        classes, labels = np.unique(y, return_inverse=True)
    except TypeError as error:
        kinds = sorted({type(value).__name__ for value in y})
        raise ValueError(
            f"y has labels that cannot be sorted, of type {' and '.join(kinds)}. Use "
            "labels of one kind, such as strings."
        ) from error
    _check_number(classes, len(y), or_else)
    return classes, labels


def refuse_one_class(classes):
    """Raise ValueError where all labels are alike."""
    if len(classes) < 2:
        raise ValueError("y has only one class, and units are to tell classes apart.")


def _is_missing(value):
    if value is None or is_pandas_na(value):
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        return False


def _refuse_missing(is_missing):
    if is_missing.any():
        raise ValueError(
            f"y has {np.count_nonzero(is_missing)} missing label(s), the first in row "
            f"{np.argmax(is_missing)}. Use the rows that have labels."
        )


def _check_number(classes, n_samples, or_else):
    """Refuse floats with as many values as a numeric target has; warn of integers."""
    n_classes = len(classes)
    if classes.dtype.kind not in "iuf" or n_classes <= max(
        MANY, MANY_OF_ROWS * n_samples
    ):
        return
    message = (
        f"y has {n_classes} different numbers in {n_samples} rows. Use bins of a "
        "numeric target, such as those of sklearn.preprocessing.KBinsDiscretizer, or "
        f"strings where the numbers are names of classes.{or_else}"
    )
    if classes.dtype.kind == "f":
        raise ValueError(message)
    warnings.warn(message, stacklevel=5)
