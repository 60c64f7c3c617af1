"""Activation functions and their registries.

A new activation function is a class in this file and an entry in `ACTIVATIONS`, and in
`OUT_ACTIVATIONS` if it can be that of the output. ``engine="numba"`` also needs its
formulas in ``_compiled_passes.FUNCTIONS``, and conversion to ONNX the name of an
operator in ``interchange._onnx.OPERATORS``.

The classes are stateless. Each has the attributes `name` and `range`, the smallest and
largest value of ``a = f(z)``, and the methods

- ``apply(z)``: replace pre-activations ``z`` by activations, in place;
- ``derivative(a)``: return the derivative ``f'(z)`` as a function of ``a``, so that
  ``z`` need not be stored;
- ``derivative_slope(a)``: return the derivative of ``derivative(a)`` with respect to
  ``a``;
- ``multiply_derivative(a, gradient)``: multiply a gradient by ``f'(z)``, in place;
- ``inverse(a)``: return the ``z`` for which ``f(z) = a``.
"""

import numpy as np

from .._arrays._array_api import as_factor, clip_above, into, namespace, rectify


class Logistic:
    """``f(z) = 1 / (1 + exp(-z))``, with values in (0, 1)."""

    name = "logistic"
    range = (0.0, 1.0)

    def apply(self, z):
        # In double precision, NumPy's exponential and a division take two thirds of the
        # time of its hyperbolic tangent; in single precision, a tenth more.
        if isinstance(z, np.ndarray) and z.dtype == np.float64:
            np.negative(z, out=z)
            with np.errstate(over="ignore", under="ignore"):  # the result is 0 or 1
                np.exp(z, out=z)
            z += 1
            np.divide(1, z, out=z)
        else:  # the same as tanh(z / 2) / 2 + 1 / 2
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


class Exponential:
    """``f(z) = exp(z)``, with values in (0, inf); for outputs.

    Up to less than half the largest exponent of the dtype, so that squares are finite.
    """

    name = "exponential"
    range = (0.0, np.inf)

    @staticmethod
    def largest(z):
        """Return the pre-activation beyond which the function is constant."""
        return 0.5 * float(np.log(namespace(z).finfo(z.dtype).max)) - 1

    def apply(self, z):
        into(z, "exp", clip_above(z, self.largest(z)))

    def multiply_derivative(self, a, gradient):
        gradient *= a

    def derivative(self, a):
        return a

    def derivative_slope(self, a):
        return 0 * a + 1

    def inverse(self, a):
        return np.log(a)


ACTIVATIONS = {cls.name: cls for cls in (Logistic, Tanh, Relu, Identity)}
OUT_ACTIVATIONS = {cls.name: cls for cls in (Identity, Logistic, Exponential)}
