"""The check that the output of the network can reach the values of X."""

import numpy as np

from .._network._activations import OUT_ACTIVATIONS

# Values outside the range by rounding errors, such as those of MinMaxScaler, are let
# through: this many units in the last place of the range's larger end.
N_ROUNDING_ERRORS = 10


def check_output_range(out_activation, rows, names=None):
    """Raise ValueError if X has values that the output cannot reach.

    Training would end at a score that looks like a poor fit, or at a negative one. Only
    training rows are checked: new rows may lie outside of what a scaler has seen.

    Parameters
    ----------
    out_activation : str
    rows : Rows
        All rows given, also those to hold out.
    names : ndarray of shape (n_features,), default=None
        Names of the columns, for the error message.
    """
    low, high = OUT_ACTIVATIONS[out_activation].range
    if np.isinf([low, high]).all():
        return
    rounding = N_ROUNDING_ERRORS * np.finfo(rows.dtype).eps * max(abs(low), abs(high))
    smallest, largest = rows.limits()
    excess = np.maximum(low - smallest, largest - high)
    column = int(np.argmax(excess))
    if excess[column] <= rounding:
        return
    is_low = low - smallest[column] >= largest[column] - high
    value = smallest[column] if is_low else largest[column]
    name = column if names is None else repr(names[column])
    raise ValueError(
        f"out_activation={out_activation!r} gives values from {low:g} to {high:g}, and "
        f"column {name} of X has the value {value:.6g}. Scale X with "
        "sklearn.preprocessing.MinMaxScaler (clip=True if it was fitted to other rows),"
        " or use out_activation='identity'."
    )
