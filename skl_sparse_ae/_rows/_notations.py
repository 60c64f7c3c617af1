"""Missing entries in other notations than NaN."""

import sys

import numpy as np


def with_nan(X):
    """Return rows in which missing entries are NaN, for scikit-learn's validation.

    Parameters
    ----------
    X : object
        What was passed as rows.

    Returns
    -------
    X : object
        A copy of a masked array, of objects with pandas' NA among them, or of a data
        frame of sparse columns whose absent entries are not zeros; others as they are.
    """
    if isinstance(X, np.ma.MaskedArray):
        is_float = X.dtype.kind == "f"
        return (X if is_float else X.astype(np.float64)).filled(np.nan)
    if isinstance(X, np.ndarray):
        return _objects_with_nan(X) if X.dtype.kind == "O" else X
    if hasattr(X, "iloc") and hasattr(X, "dtypes") and getattr(X, "ndim", 0) == 2:
        return _frame_with_nan(X)
    return X


def _objects_with_nan(X):
    pandas = sys.modules.get("pandas")  # without which there is no NA
    if pandas is None:
        return X
    is_missing = pandas.isna(X)
    return np.where(is_missing, np.nan, X) if is_missing.any() else X


def _frame_with_nan(X):
    fills = [getattr(dtype, "fill_value", None) for dtype in X.dtypes]
    # A missing number in a frame of which some columns are dense is read as it is.
    if len(fills) and all(fill is not None for fill in fills):
        return X if all(fill == 0 for fill in fills) else X.sparse.to_dense()
    if any(getattr(dtype, "kind", None) == "O" for dtype in X.dtypes):
        return X.where(X.notna(), np.nan)
    return X
