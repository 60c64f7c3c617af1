"""Half the Poisson deviance of counts."""

import math

import numpy as np

from ..._arrays._array_api import clip_above, namespace
from ._canonical import CanonicalLoss, x_log_x

# Mean of counts that are nearly normal.
LARGE_MEAN = 36


class Poisson(CanonicalLoss):
    """``x log(x / x_hat) - x + x_hat``, half the Poisson deviance, for counts.

    With phi(x) = x log(x) - x and b(z) = exp(z). Beyond the largest pre-activation of
    the output, b goes on as a straight line, so that it does not overflow and its
    derivative is the output.
    """

    name = "poisson"
    out_activations = ("exponential",)
    limits, entries_are = (0.0, np.inf), "counts"
    has_bounded_curvature = False

    @staticmethod
    def input_function(x):
        # The output multiplies rates, so that the code should depend on ratios; and a
        # few long documents would otherwise hold most of the variance.
        return namespace(x).log1p(x)

    def log_partition(self, z):
        inside = clip_above(z, self.out_activation.largest(z))
        return namespace(z).exp(inside) * (1 + (z - inside))

    def generator(self, x):
        return x_log_x(x) - x

    def noise(self, mean):
        # E[x log x] by the sum over x; for large means, of which entries are nearly
        # normal, the first terms of an expansion in 1 / mean.
        m = np.minimum(mean, LARGE_MEAN)
        probability, expected = np.exp(-m), np.zeros_like(m)
        for x in range(1, LARGE_MEAN + 10 * math.isqrt(LARGE_MEAN)):
            probability *= m / x
            expected += probability * x * math.log(x)
        large = 1 + 1 / (6 * np.maximum(mean, LARGE_MEAN))
        return np.where(mean < LARGE_MEAN, 2 * (expected - x_log_x(m)), large)

    def pre_activation(self, x_hat):
        return self.out_activation.inverse(
            np.maximum(x_hat, np.finfo(x_hat.dtype).tiny)
        )
