"""The largest activations of each unit in a mini-batch."""

import numpy as np

from .._arrays._array_api import to_numpy
from ._base import FRACTION
from ._none import NoPenalty
from ._selection import _Selection, rounding_error, select_above


class WinnerTakeAll(_Selection):
    """Keep each unit's largest activations in a mini-batch, set others to zero.

    The fully connected winner-take-all autoencoder [1]_. The other selections fix how
    many units a row uses; this one fixes on how many rows a unit is used (lifetime
    sparsity), so that all units are used equally often. Needs ``solver="adam"``.

    Parameters
    ----------
    rho : float, default=0.05
        Fraction of the rows on which each unit is active.
    transform_selects : bool, default=True
        Whether `transform` sets activations to zero that do not exceed the unit's
        threshold. Without, it returns all activations, as in the reference, which gives
        better features for a linear classifier, but `inverse_transform` was not trained
        to decode them. `score` and `objective` always select.

    Attributes
    ----------
    threshold_ : ndarray of shape (n_components,)
        The learned threshold of each unit. Set by training, on the attribute `penalty_`
        of the estimator.

    Notes
    -----
    In a mini-batch of n rows, the winners of a unit are its ``ceil(rho * n)`` largest
    activations and those equal to the least of them, up to rounding. Weighted rows
    count as repeated ones. Gradients pass through the winners only. With as large a
    `batch_size` as there are rows, the winners are those of all rows.

    Later, a row must not depend on the others: an activation is kept if it exceeds the
    running mean of the unit's thresholds in the mini-batches, each halfway between the
    least winner and the largest of the others.

    References
    ----------
    .. [1] A. Makhzani, B. Frey, "Winner-Take-All Autoencoders", NeurIPS 2015,
       arXiv:1409.2752.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder, WinnerTakeAll
    >>> X = load_digits().data / 16
    >>> autoencoder = SparseAutoencoder(50, penalty=WinnerTakeAll(0.1), random_state=0)
    >>> frequencies = (autoencoder.fit_transform(X) > 0).mean(axis=0)
    >>> bool(frequencies.min() > 0.05), bool(frequencies.max() < 0.15)
    (True, True)
    """

    selects_jointly = True
    # No unit is without winners, so that none has to be put to use at first.
    is_gradual = False
    _learned_attributes = ("threshold_",)

    _parameter_constraints = {"rho": [FRACTION], "transform_selects": ["boolean"]}

    def __init__(self, rho=0.05, transform_selects=True):
        self.rho = rho
        self.transform_selects = transform_selects

    def set_progress(self, progress):
        pass

    def for_transform(self):
        return self if self.transform_selects else NoPenalty()

    def select(self, a):
        if hasattr(self, "threshold_"):
            select_above(a, self.threshold_)

    def select_jointly(self, codes, weights):
        """Keep each unit's winners in a mini-batch and update the thresholds."""
        values = np.concatenate([to_numpy(code) for code in codes])
        threshold = _below(_least_winners(values, weights, self.rho), values)
        n_rows = len(values) if weights is None else float(np.sum(weights))
        self.threshold_ = self._average_thresholds(threshold, n_rows)
        for code in codes:
            select_above(code, threshold)


def _below(least, values):
    """Return a threshold for each column that values exceed from `least` on."""
    is_other = values < least - rounding_error(values)
    largest = np.where(is_other, values, -np.inf).max(axis=0)
    no_others = np.nextafter(values.min(axis=0), -np.inf, dtype=values.dtype)
    return np.where(np.isfinite(largest), 0.5 * (least + largest), no_others)


def _least_winners(values, weights, rho):
    """Return the least of each column's largest values whose weight reaches `rho`."""
    # Less than the weight of a row: products such as 0.05 * 100 may exceed an integer.
    share = rho * (1 - 1e-6)
    if weights is None:
        n_losers = len(values) - int(np.ceil(share * len(values)))
        # Partitions of rows in memory are faster than of columns.
        columns = np.array(values.T, order="C")
        columns.partition(n_losers, axis=1)
        return columns[:, n_losers]
    order = np.argsort(-values, axis=0)
    reached = np.cumsum(weights[order], axis=0) >= share * np.sum(weights)
    last = np.take_along_axis(order, reached.argmax(axis=0)[np.newaxis], axis=0)
    return np.take_along_axis(values, last, axis=0)[0]
