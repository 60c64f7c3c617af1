"""The largest activations of each mini-batch."""

import numpy as np

from .._arrays._array_api import to_numpy
from ._base import FRACTION, WEIGHT
from ._selection import _Selection, rounding_error, select_above


class BatchTopK(_Selection):
    """Keep the n k largest activations of a mini-batch of n rows, set others to zero.

    Rows that are hard to reconstruct can use more units than easy ones [1]_. After
    training, an activation is kept if it exceeds a threshold, the running mean of the
    thresholds of the mini-batches; rows then use k units on average. Needs
    ``solver="adam"``.

    Parameters
    ----------
    rho : float, default=0.05
        Fraction of the units that rows use on average: ``k = max(1, round(rho *
        n_components))``.
    beta : float, default=0.3
        Weight of the auxiliary loss of unused units, as in :class:`TopK`.
    start_rho : float, default=0.1
        Fraction of the units at the beginning of `fit`, as in :class:`TopK`.

    Attributes
    ----------
    threshold_ : float
        The learned threshold. Set by training, on the attribute `penalty_` of the
        estimator.

    Notes
    -----
    As features for a classifier, these codes are no better than as many principal
    components, and worse on tables of few rows or columns, where a row has few active
    units: by 0.09 in accuracy on wine (178 x 13), 0.06 on leukemia (72 x 7070). A
    larger `rho` or "kl" is better there.

    References
    ----------
    .. [1] B. Bussmann, P. Leask, N. Nanda, "BatchTopK Sparse Autoencoders",
       arXiv:2412.06410, 2024.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import BatchTopK, SparseAutoencoder
    >>> X = load_digits().data / 16
    >>> autoencoder = SparseAutoencoder(50, penalty=BatchTopK(0.1), random_state=0)
    >>> n_active = (autoencoder.fit_transform(X) > 0).sum(axis=1)
    >>> bool(4 < n_active.mean() < 6), bool(n_active.min() < n_active.max())
    (True, True)
    """

    selects_jointly = True
    _learned_attributes = ("threshold_",)

    _parameter_constraints = {
        "rho": [FRACTION],
        "beta": [WEIGHT],
        "start_rho": [FRACTION],
    }

    def __init__(self, rho=0.05, beta=0.3, start_rho=0.1):
        self.rho = rho
        self.beta = beta
        self.start_rho = start_rho

    def select(self, a):
        select_above(a, getattr(self, "threshold_", -np.inf))

    def select_jointly(self, codes, weights):
        """Keep the largest activations of a mini-batch and update the threshold."""
        n_components = codes[0].shape[1]
        values = np.concatenate([to_numpy(code).ravel() for code in codes])
        if weights is None:
            n_rows = sum(code.shape[0] for code in codes)
            n_selected = n_rows * self.n_active(n_components)
            threshold = _threshold(values, n_selected)
        else:
            n_rows = float(np.sum(weights))
            weight_selected = n_rows * self.n_active(n_components)
            threshold = _weighted_threshold(
                values, np.repeat(weights, n_components), weight_selected
            )
        if np.isfinite(threshold):
            average = self._average_thresholds(np.array([threshold]), n_rows)
            self.threshold_ = float(average[0])
        for code in codes:
            select_above(code, threshold)


def _threshold(values, n_selected):
    """Return a threshold that the `n_selected` largest values exceed.

    It is halfway between the largest value that is not selected and the next one. Of
    values that are equal to the former, up to rounding, none is selected.
    """
    if n_selected >= values.size:
        return -np.inf
    cut = values.size - n_selected - 1
    ordered = np.partition(values, cut)
    largest_other, candidates = ordered[cut], ordered[cut:]
    selected = candidates[candidates > largest_other + rounding_error(candidates)]
    if not selected.size:
        return float(candidates.max())
    return 0.5 * float(largest_other + selected.min())


def _weighted_threshold(values, weights, weight_selected):
    """Return a threshold that the largest values exceed, up to a sum of weights."""
    order = np.argsort(-values)
    total = np.cumsum(weights[order])
    n_selected = np.searchsorted(total, weight_selected * (1 + 1e-6), side="right")
    return _threshold(values, int(n_selected))
