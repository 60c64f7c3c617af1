"""Missing entries of training rows."""

import numpy as np


def filled_by_means(rows, names=None, fill=None):
    """Return rows with column means in place of missing entries, for the encoder.

    Rows without missing entries are returned unchanged, and are then those of a fit to
    complete rows.

    Parameters
    ----------
    rows : Rows
    names : ndarray of shape (n_features,), default=None
        Names of the columns, for the error message.
    fill : ndarray of shape (n_features,), default=None
        The means. None stands for those of the rows.

    Raises
    ------
    ValueError
        If a column has no observed entry.
    """
    if not rows.has_missing():
        return rows
    if fill is None:
        means = rows.observed_means()
        empty = np.flatnonzero(means.weight == 0)
        if len(empty):
            shown = [
                repr(str(names[i])) if names is not None else str(i) for i in empty
            ]
            raise ValueError(
                f"Column {', '.join(shown[:5])} of X has no observed entry in a row of "
                "positive weight, so that nothing can be learned about it. Drop such "
                "columns."
            )
        fill = means.mean
    return rows.with_view(fill=fill)
