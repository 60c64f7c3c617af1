"""The largest activations of each row."""

import numpy as np

from .._arrays._array_api import as_factor, namespace, rectify
from ._base import FACTOR, FRACTION, WEIGHT
from ._selection import _Selection


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


def _largest(a, k):
    """What keeps k in each row, of equal ones the first, on whatever device."""
    xp = namespace(a)
    threshold = xp.sort(a, axis=1, descending=True)[:, k - 1, None]
    above, ties = as_factor(a > threshold, a), as_factor(a == threshold, a)
    n_free = k - xp.sum(above, axis=1, keepdims=True)
    return above + ties * as_factor(xp.cumulative_sum(ties, axis=1) <= n_free, a)
