"""Half the Poisson deviance of counts."""

import math

import numpy as np

from ..._arrays._array_api import clip_above, namespace
from ._canonical import CanonicalLoss, x_log_x

# Mean of counts that are nearly normal.
LARGE_MEAN = 36
# Counts of which single precision does not hold the terms of the loss to a hundredth.
LARGE_COUNT = 10_000


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
        x = _in_enough_digits(x, x)
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

    def _without_constant(self, z, target):
        losses = _in_enough_digits(self.log_partition(z), target)
        losses -= _in_enough_digits(target, target) * z
        return losses

    def pre_activation(self, x_hat):
        return self.out_activation.inverse(
            np.maximum(x_hat, np.finfo(x_hat.dtype).tiny)
        )


def _in_enough_digits(array, counts):
    """Return an ndarray in double precision if there are large counts.

    The terms of the loss are larger than their sum, for a count of a million near its
    mean by seven digits.
    """
    if not isinstance(array, np.ndarray) or array.dtype == np.float64:
        return array
    is_large = counts.max(initial=0) > LARGE_COUNT
    return array.astype(np.float64) if is_large else array
