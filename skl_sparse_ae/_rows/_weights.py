"""Checks of the weights of rows."""

import numpy as np

from .._arrays._array_api import to_numpy
from .._sklearn import _check_sample_weight


def checked_weights(sample_weight, n_rows):
    """Check weights of rows; return them divided by the largest one.

    Only their ratios matter, and sums of large weights could overflow. They are divided
    in float64, in which less of them overflow or underflow than in that of the rows.

    Parameters
    ----------
    sample_weight : array-like of shape (n_rows,) or None
        None stands for equal weights.
    n_rows : int

    Returns
    -------
    weights : ndarray of shape (n_rows,)
        In float64.
    """
    if sample_weight is None:
        return np.ones(n_rows)
    if not hasattr(sample_weight, "shape"):
        sample_weight = np.asarray(sample_weight)
    shape = tuple(sample_weight.shape)
    if shape != (n_rows,):
        raise ValueError(
            f"sample_weight.shape == {shape}, expected ({n_rows},): one number for "
            "each row of X. None stands for equal weights."
        )
    weights = _check_sample_weight(
        to_numpy(sample_weight),
        np.empty((n_rows, 0)),
        dtype=np.float64,
        ensure_non_negative=True,
    )
    if not weights.any():  # which scikit-learn checks from 1.9 on
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weights / weights.max()
