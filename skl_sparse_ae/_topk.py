"""Penalties that select: only the largest activations survive."""

import numpy as np

from ._arrays import as_factor, namespace, rectify, to_numpy
from ._batches import RunningMeans
from ._penalty import FACTOR, FRACTION, WEIGHT, Penalty

# Rows that the running threshold of BatchTopK remembers. Thresholds of batches differ
# by some hundredths, and shrink or grow over many epochs.
THRESHOLD_MEMORY = 10_000


class _Selection(Penalty):
    """Keeps a fraction `rho` of the activations, and more when training begins."""

    has_term = False
    selects = True
    is_gradual = True
    # Decay works against the revival of unused units.
    default_alpha = 1e-4

    @classmethod
    def default_beta(cls, variance, n_features, n_components):
        # Relative to the reconstruction term, whatever the units of X.
        return 0.3

    def set_progress(self, progress):
        start = max(self.start_rho, self.rho)
        # In this form the end is exactly `rho`, with which k is the same as ever after.
        self._present_rho = (1 - progress) * start + progress * self.rho

    def n_active(self, n_components):
        """Number of units that each row keeps."""
        rho = getattr(self, "_present_rho", self.rho)
        return min(n_components, max(1, round(rho * n_components)))


class TopK(_Selection):
    """Keep the largest activations of each row, set the others to exactly zero.

    The k-sparse autoencoder [1]_. Nothing is added to the objective: sparsity is part
    of the encoder.

    Parameters
    ----------
    rho : float, default=0.05
        Fraction of the units that each row keeps: ``k = max(1, round(rho *
        n_components))``.
    beta : float, default=0.3
        Weight of an auxiliary term in training with "adam", by which units that no
        row has used for an epoch, or for 20000 rows, learn to reconstruct what the
        others leave over [2]_. It is no part of `objective`.
    start_rho : float, default=0.1
        Fraction of the units that each row keeps when `fit` begins, where that is more
        than `rho`. It falls to `rho` over the first ten epochs, or the first half of
        `max_iter` if that is less, so that units that would never be among the k
        largest have time to find a use.
    transform_factor : float, default=1.0
        How many times as many units `transform` keeps, for features that are richer
        than those that were trained. `score` and `objective` keep k.
    transform_soft : bool, default=False
        Whether `transform` subtracts from the activations that it keeps the largest
        one that it drops. The code is then a continuous function of the row, which
        makes better features [3]_; it is not one that `inverse_transform` was trained
        to decode.

    References
    ----------
    .. [1] A. Makhzani, B. Frey, "k-Sparse Autoencoders", arXiv:1312.5663, 2013.
    .. [2] L. Gao et al., "Scaling and evaluating sparse autoencoders",
       arXiv:2406.04093, 2024.
    .. [3] A. Coates, A. Y. Ng, "The Importance of Encoding Versus Training with Sparse
       Coding and Vector Quantization", ICML 2011, on soft thresholds.

    Examples
    --------
    >>> import numpy as np
    >>> from skl_sparse_ae import TopK
    >>> a = np.array([[3.0, 1.0, 2.0, 2.0]])
    >>> TopK(rho=0.5).select(a)
    >>> int(np.count_nonzero(a))
    2
    """

    _parameter_constraints = {
        "rho": [FRACTION],
        "beta": [WEIGHT],
        "start_rho": [FRACTION],
        "transform_factor": [FACTOR],
        "transform_soft": ["boolean"],
    }

    def __init__(
        self,
        rho=0.05,
        beta=0.3,
        start_rho=0.1,
        transform_factor=1.0,
        transform_soft=False,
    ):
        self.rho = rho
        self.beta = beta
        self.start_rho = start_rho
        self.transform_factor = transform_factor
        self.transform_soft = transform_soft

    def for_transform(self):
        present = _SoftTopK(self.rho) if self.transform_soft else TopK(self.rho)
        present._present_rho = self.rho * self.transform_factor
        return present

    def select(self, a):
        n_components = a.shape[1]
        k = self.n_active(n_components)
        if k >= n_components:
            return
        if not isinstance(a, np.ndarray):
            a *= _largest(a, k)
            return
        cut = n_components - k
        threshold = np.partition(a, cut, axis=1)[:, cut, None]
        keep = a >= threshold
        # Ties at the threshold let too many through, unless what ties is zero anyway;
        # in those rows, which are rare, an index partition picks exactly k.
        too_many = np.count_nonzero(keep, axis=1) > k
        for row in np.flatnonzero(too_many & (threshold[:, 0] != 0)):
            keep[row] = False
            keep[row, np.argpartition(a[row], cut)[cut:]] = True
        a *= keep


class _SoftTopK(TopK):
    """What `transform` applies with ``transform_soft=True``."""

    def select(self, a):
        n_components = a.shape[1]
        k = self.n_active(n_components)
        if k >= n_components:
            return
        dropped = n_components - k - 1
        if isinstance(a, np.ndarray):
            a -= np.partition(a, dropped, axis=1)[:, dropped, None]
        else:
            a -= namespace(a).sort(a, axis=1)[:, dropped, None]
        rectify(a)


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


def _largest(a, k):
    """What keeps k in each row, of equal ones the first, on whatever device."""
    xp = namespace(a)
    threshold = xp.sort(a, axis=1, descending=True)[:, k - 1, None]
    above, ties = as_factor(a > threshold, a), as_factor(a == threshold, a)
    n_free = k - xp.sum(above, axis=1, keepdims=True)
    return above + ties * as_factor(xp.cumulative_sum(ties, axis=1) <= n_free, a)


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
