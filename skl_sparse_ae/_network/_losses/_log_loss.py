"""The cross-entropy of zeros and ones, or of probabilities."""

import numpy as np

from ..._arrays._array_api import clip_above, clip_below, namespace
from ._canonical import CanonicalLoss, x_log_x


class LogLoss(CanonicalLoss):
    """``x log(x / x_hat) + (1 - x) log((1 - x) / (1 - x_hat))``, for zeros and ones.

    With phi(x) = x log(x) + (1 - x) log(1 - x) and b(z) = log(1 + exp(z)). For zeros
    and ones it is the cross-entropy; for entries between, the entropy of the entry
    itself, which no reconstruction can change, is subtracted. Rounding errors may have
    moved entries out of [0, 1]: they count as 0 or 1, since the loss of others would
    decrease without end as z grows.
    """

    name = "log_loss"
    out_activations = ("logistic",)
    limits, entries_are = (0.0, 1.0), "zeros, ones and values between"

    def log_partition(self, z):
        xp = namespace(z)
        return clip_below(z, 0) + xp.log1p(xp.exp(-xp.abs(z)))

    def compare(self, z, target, weights):
        return super().compare(z, _probabilities(target), weights)

    def entries(self, z, target):
        return super().entries(z, _probabilities(target))

    def generator(self, x):
        x = _probabilities(x)
        return x_log_x(x) + x_log_x(1 - x)

    def pre_activation(self, x_hat):
        # As scikit-learn's log_loss clips probabilities.
        eps = np.finfo(x_hat.dtype).eps
        x_hat = np.clip(x_hat, eps, 1 - eps)
        return self.out_activation.inverse(x_hat)


def _probabilities(x):
    return clip_above(clip_below(x, 0), 1)
