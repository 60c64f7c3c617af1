"""Activation functions, applied in place to a block of pre-activations.

Each class is stateless and knows how to turn pre-activations ``z`` into activations
``a`` in place, the derivative ``f'(z)`` given only ``a`` (so that ``z`` need not be
kept) and its slope ``d f'(z) / d a``, the range of ``a``, and which ``z`` gives a
wanted ``a``.
"""

import numpy as np

from .._arrays._array_api import as_factor, into, rectify


class Logistic:
    """``f(z) = 1 / (1 + exp(-z))``, with values in (0, 1)."""

    name = "logistic"
    range = (0.0, 1.0)

    def apply(self, z):
        # NumPy's exponential and a division take two thirds of the time of its
        # hyperbolic tangent in double precision, and a tenth more in single precision.
        if isinstance(z, np.ndarray) and z.dtype == np.float64:
            np.negative(z, out=z)
            with np.errstate(over="ignore", under="ignore"):  # 0 and 1 are exact then
                np.exp(z, out=z)
            z += 1
            np.divide(1, z, out=z)
        else:  # tanh(z / 2) / 2 + 1 / 2 is the same
            z *= 0.5
            into(z, "tanh", z)
            z *= 0.5
            z += 0.5

    def multiply_derivative(self, a, gradient):
        gradient *= self.derivative(a)

    def derivative(self, a):
        return a * (1 - a)

    def derivative_slope(self, a):
        return 1 - 2 * a

    def inverse(self, a):
        return np.log(a / (1 - a))


class Tanh:
    """``f(z) = tanh(z)``, with values in (-1, 1)."""

    name = "tanh"
    range = (-1.0, 1.0)

    def apply(self, z):
        into(z, "tanh", z)

    def multiply_derivative(self, a, gradient):
        gradient *= self.derivative(a)

    def derivative(self, a):
        return 1 - a * a

    def derivative_slope(self, a):
        return -2 * a

    def inverse(self, a):
        return np.arctanh(a)


class Relu:
    """``f(z) = max(z, 0)``, with values in [0, inf)."""

    name = "relu"
    range = (0.0, np.inf)

    def apply(self, z):
        rectify(z)

    def multiply_derivative(self, a, gradient):
        gradient *= as_factor(a > 0, a)

    def derivative(self, a):
        return as_factor(a > 0, a) + 0 * a

    def derivative_slope(self, a):
        return 0 * a

    def inverse(self, a):
        return a


class Identity:
    """``f(z) = z``."""

    name = "identity"
    range = (-np.inf, np.inf)

    def apply(self, z):
        pass

    def multiply_derivative(self, a, gradient):
        pass

    def derivative(self, a):
        return 0 * a + 1

    def derivative_slope(self, a):
        return 0 * a

    def inverse(self, a):
        return a


ACTIVATIONS = {cls.name: cls for cls in (Logistic, Tanh, Relu, Identity)}


OUT_ACTIVATIONS = {cls.name: cls for cls in (Identity, Logistic)}
