"""The largest activations of each mini-batch."""

import numpy as np

from .._arrays._array_api import as_factor, to_numpy
from .._rows._running_means import RunningMeans
from ._base import FRACTION, WEIGHT
from ._selection import _Selection

# Rows that the running threshold of BatchTopK remembers. Thresholds of batches differ
# by some hundredths, and shrink or grow over many epochs.
THRESHOLD_MEMORY = 10_000


class BatchTopK(_Selection):
    """Keep the largest activations of each mini-batch, wherever they are.

    A batch of n rows keeps its n k largest activations [1]_, so that rows that are
    hard to reconstruct may use more units than easy ones. Outside training there is no
    batch: there an activation is kept when it is larger than a threshold, the running
    mean of what the batches' thresholds were, and rows use k units on average. Needs
    ``solver="adam"``.

    Parameters
    ----------
    rho : float, default=0.05
        Fraction of the units that rows keep on average: ``k = max(1, round(rho *
        n_components))``.
    beta : float, default=0.3
        Weight of the auxiliary term for unused units, as in :class:`TopK`.
    start_rho : float, default=0.1
        Fraction at the beginning of `fit`, as in :class:`TopK`.

    Attributes
    ----------
    threshold_ : float
        The learned threshold, of the penalty that a fitted estimator has as
        `penalty_`.

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
        a *= as_factor(a > getattr(self, "threshold_", -np.inf), a)

    def select_jointly(self, codes, weights):
        """Select among all rows of a batch, given in parts, and learn the threshold."""
        n_components = codes[0].shape[1]
        values = np.concatenate([to_numpy(code).ravel() for code in codes])
        if weights is None:
            n_rows = sum(code.shape[0] for code in codes)
            n_kept = n_rows * self.n_active(n_components)
            threshold = _threshold(values, n_kept)
        else:
            n_rows = float(np.sum(weights))
            wanted = n_rows * self.n_active(n_components)
            threshold = _weighted_threshold(
                values, np.repeat(weights, n_components), wanted
            )
        if np.isfinite(threshold):
            self._learn(threshold, n_rows)
        for code in codes:
            code *= as_factor(code > threshold, code)

    def _learn(self, threshold, n_rows):
        means = RunningMeans(THRESHOLD_MEMORY).resume(getattr(self, "_thresholds", {}))
        self.threshold_ = float(means(np.array([threshold]), n_rows)[0])
        self._thresholds = means.state


def _threshold(values, n_kept):
    """What the `n_kept` largest values are above; of ties at the end, none is.

    Between the largest that is dropped and the smallest that is kept.
    """
    if n_kept >= values.size:
        return -np.inf
    cut = values.size - n_kept - 1
    return float(np.partition(values, [cut, cut + 1])[cut : cut + 2].mean())


def _weighted_threshold(values, weights, wanted):
    """The same for values that each count several times: `wanted` of them in all."""
    order = np.argsort(-values)
    total = np.cumsum(weights[order])
    n_kept = np.searchsorted(total, wanted * (1 + 1e-6), side="right")
    return _threshold(values, int(n_kept))
