"""The checks that the loss is defined for X, and that the output can reach it."""

import numpy as np

from .._network._activations import OUT_ACTIVATIONS
from .._network._losses import LOSSES

# Values outside by this part of the range are let through. In float32, MinMaxScaler
# leaves rounding errors of up to 1.3 eps times a column's largest value in parts of its
# range: this is for columns 600 times as large as their range.
ROUNDING = 1e-4


def check_output_range(loss, out_activation, rows, names=None):
    """Raise ValueError if X has values that the output cannot reach.

    Training would end at a score that looks like a poor fit, or at a negative one. Only
    training rows are checked: new rows may lie outside of what a scaler has seen.

    Parameters
    ----------
    loss, out_activation : str
    rows : Rows
        All rows given, also those to hold out.
    names : ndarray of shape (n_features,), default=None
        Names of the columns, for the error message.
    """
    check_entries(loss, rows, names)
    low, high = OUT_ACTIVATIONS[out_activation].range
    if LOSSES[loss].is_canonical or np.isinf([low, high]).all():
        return
    found = _outside((low, high), rows, names)
    if found is not None:
        raise ValueError(
            f"out_activation={out_activation!r} gives values from {low:g} to {high:g}, "
            f"and {found}. Scale X with sklearn.preprocessing.MinMaxScaler (clip=True "
            "if it was fitted to other rows), or use out_activation='identity'."
        )


def check_entries(loss, rows, names=None):
    """Raise ValueError if X has values for which the loss is not defined.

    Parameters are those of `check_output_range`.
    """
    limits, entries_are = LOSSES[loss].limits, LOSSES[loss].entries_are
    if np.isinf(limits).all():
        return
    found = _outside(limits, rows, names)
    if found is not None:
        raise ValueError(
            f"loss={loss!r} is for {entries_are}, from {limits[0]:g} to {limits[1]:g}, "
            f"and {found}. Use loss='squared_error' for other numbers."
        )


def _outside(limits, rows, names):
    """Return words for the value of X that is farthest outside, or None."""
    low, high = limits
    rounding = ROUNDING * (high - low) if np.isfinite(high - low) else 0.0
    smallest, largest = rows.limits()
    excess = np.maximum(low - smallest, largest - high)
    column = int(np.argmax(excess))
    if excess[column] <= rounding:
        return None
    is_low = low - smallest[column] >= largest[column] - high
    value = smallest[column] if is_low else largest[column]
    name = column if names is None else repr(names[column])
    return f"column {name} of X has the value {value:.6g}"
