"""Missing entries of training rows."""

from typing import NamedTuple

import numpy as np


class Filled(NamedTuple):
    """What was missing of rows that are complete now.

    Attributes
    ----------
    mean : ndarray of shape (n_features,)
        What the encoder saw in place of missing entries at first.
    observed : float
        Fraction of the entries that were observed.
    """

    mean: np.ndarray
    observed: float


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


def missing_fill(settings, rows):
    """Return what the encoder sees of missing entries, "mean" or "reconstruction".

    "auto" takes means with the log loss. A zero or a one says little about a
    probability, so what is reconstructed from a few of them is often wrong, and is then
    confirmed from turn to turn: of binary tables with noise, entries that are filled
    with reconstructions are worse than column means.

    Raises
    ------
    ValueError
        If other parameters or the rows do not go with reconstructions.
    """
    is_masked = settings.corruption == "masking"
    if settings.missing_fill == "auto":
        usable = rows.has_mini_batches and not is_masked
        is_binary = settings.loss == "log_loss"
        return "reconstruction" if usable and not is_binary else "mean"
    if settings.missing_fill == "reconstruction" and is_masked:
        raise ValueError(
            "corruption='masking' trains the encoder to make up for entries that are "
            "at their column's mean, and with missing_fill='reconstruction' it would "
            "do so again and again. Use missing_fill='mean', or corruption=None."
        )
    if settings.missing_fill == "reconstruction" and not rows.has_mini_batches:
        raise ValueError(
            "missing_fill='reconstruction' changes the rows during training, and the "
            "blocks of a Dask array stay as they are. Use missing_fill='mean', or fit "
            "on a sample of the rows in memory."
        )
    return settings.missing_fill
