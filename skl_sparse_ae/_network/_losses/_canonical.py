"""The base class of losses of exponential families with their canonical link."""

import numpy as np
from scipy import sparse

from ..._arrays._array_api import clip_below, namespace
from ._base import Loss, without_missing


class CanonicalLoss(Loss):
    """Half the deviance of an exponential family, whose error at z is ``m - x``.

    With the log-partition function b, for which ``b' = g``, and the conjugate phi of b,
    the loss is ``b(z) - x z + phi(x)``. The last term is constant in z. Subclasses
    implement `log_partition`, `generator` and `pre_activation`.
    """

    is_canonical = True

    def log_partition(self, z):
        """Return b of each pre-activation, without overflow."""
        raise NotImplementedError

    def generator(self, x):
        """Return phi of each entry, an array of any library; phi(0) is 0."""
        raise NotImplementedError

    def pre_activation(self, x_hat):
        """Return finite pre-activations of NumPy's reconstructions."""
        raise NotImplementedError

    def compare(self, z, target, weights):
        observed = None
        if self.skips_missing:
            target, observed = without_missing(target)
        losses = self._without_constant(z, target)
        self.out_activation.apply(z)
        z -= target
        if observed is not None:
            losses *= observed
            z *= observed
        if weights is not None:
            losses *= weights[:, None]
            z *= weights[:, None]
        return _total(losses)

    def entries(self, z, target):
        observed = None
        if self.skips_missing:
            target, observed = without_missing(target)
        losses = self._without_constant(z, target)
        losses += self.generator(target)
        # At the least loss, rounding can make the sum of its terms negative.
        losses = clip_below(losses, 0)
        if observed is not None:
            losses *= observed
        return losses if losses.dtype == z.dtype else losses.astype(z.dtype)

    def entries_of(self, x_hat, target):
        return self.entries(self.pre_activation(x_hat), target)

    def constants(self, X, weights):
        if sparse.issparse(X):
            if weights is not None:
                weights = np.repeat(weights, np.diff(X.indptr))[None, :]
            X = X.data[None, :]
        elif weights is not None:
            weights = weights[:, None]
        if self.skips_missing:
            X, _ = without_missing(X)
        values = self.generator(X)
        return _total(values if weights is None else values * weights)

    def _without_constant(self, z, target):
        losses = self.log_partition(z)
        losses -= target * z
        return losses


def _total(array):
    """Return the sum of all entries, in double precision where there is one."""
    if isinstance(array, np.ndarray):
        return float(np.sum(array, dtype=np.float64))
    return float(namespace(array).sum(array))


def x_log_x(x):
    """Return ``x log(x)`` of each entry of an array of any library, 0 for 0.

    So it is for negative entries, which are zeros with a rounding error.
    """
    xp = namespace(x)
    return x * xp.log(xp.where(x > 0, x, xp.ones_like(x)))
