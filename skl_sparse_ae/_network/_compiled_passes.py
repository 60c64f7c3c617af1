"""The same passes as loops that Numba compiles, when they are first used.

NumPy passes over the data with every operation, and takes the interpreter's lock
between two; a compiled loop does neither. Numba keeps what it has compiled on the disk
for other processes, until this file changes, and this one only: everything that the
loops call is therefore in it.

The exponential is our own, since a loop that calls the C library's is not vectorised.
"""

import math

import numpy as np
from numba import njit, types
from numba.extending import overload, register_jitable

from ._passes import Passes, scaled_sum

# Divisions by zero give infinity, as NumPy's; a product and a sum may be one operation.
RULES = {"error_model": "numpy", "fastmath": {"contract"}}


# Where sums may be in any order, several of them are made side by side.
SUMS = {**RULES, "fastmath": {"contract", "reassoc"}}


def compiled(**rules):
    """A decorator like `njit`, for loops that let other threads run."""

    def compile_(function):
        try:
            return njit(nogil=True, cache=True, **rules)(function)
        except RuntimeError:  # there is no folder to keep it in
            return njit(nogil=True, **rules)(function)

    return compile_


def _make_expm1(floating, integer, high, low, degree):
    """``exp(x) - 1`` in one precision, to some 1.5 units in the last place.

    It is ``2^k exp(r) - 1``, where r is what is left of x after k times log(2).

    Parameters
    ----------
    floating, integer : type
        Of as many bits.
    high, low : float
        log(2) in two parts, of which the first is exact when it is multiplied by a k;
        after W. J. Cody, W. Waite, "Software Manual for the Elementary Functions",
        1980.
    degree : int
        Of the Taylor polynomial that is exact, but for rounding, up to log(2) / 2.
    """
    info = np.finfo(floating)
    n_bits, bias = integer(info.nmant), integer(info.maxexp - 1)
    one, limit = floating(1), floating(math.floor(math.log(info.max)) - 1)
    high, low, inverse = floating(high), floating(low), floating(1 / math.log(2))
    # A number so large has no fraction: adding it rounds.
    large = floating(1.5 * 2.0**info.nmant)
    terms = tuple(floating(1 / math.factorial(n)) for n in range(degree, 1, -1))

    def expm1(x):
        x = min(max(x, -limit), limit)
        k = (x * inverse + large) - large
        r = (x - k * high) - k * low
        p = terms[0]
        for term in terms[1:]:
            p = p * r + term
        # The bits of a power of two are those of its exponent.
        power = integer((integer(k) + bias) << n_bits).view(floating)
        return power * (p * r * r + r) + (power - one)

    return expm1


EXPM1 = {
    types.float32: _make_expm1(np.float32, np.int32, 0.693359375, -2.1219444e-4, 7),
    types.float64: _make_expm1(
        np.float64, np.int64, 0.693145751953125, 1.42860682030941723212e-6, 13
    ),
}


def expm1(x):
    """``exp(x) - 1``, in compiled code, which finds the one for its precision."""
    raise NotImplementedError(x)


@overload(expm1, jit_options=RULES)
def _expm1_of(x):
    return EXPM1.get(x)


# Activations and their derivatives, given the activation. `one` brings the precision.


@register_jitable(**RULES)
def logistic(z, one):
    return one / (expm1(-z) + one + one)


@register_jitable(**RULES)
def logistic_slope(a, one):
    return a * (one - a)


@register_jitable(**RULES)
def tanh(z, one):
    e = expm1(z + z)
    return e / (e + one + one)


@register_jitable(**RULES)
def tanh_slope(a, one):
    return one - a * a


@register_jitable(**RULES)
def relu(z, one):
    return max(z, one - one)


@register_jitable(**RULES)
def relu_slope(a, one):
    return one if a > 0 else one - one


@register_jitable(**RULES)
def identity(z, one):
    return z


@register_jitable(**RULES)
def identity_slope(a, one):
    return one


FUNCTIONS = {
    "logistic": (logistic, logistic_slope),
    "tanh": (tanh, tanh_slope),
    "relu": (relu, relu_slope),
    "identity": (identity, identity_slope),
}


def _make_activate(function):
    @compiled(**RULES)
    def activate(z, intercept):
        one = z.dtype.type(1)
        for i in range(z.shape[0]):
            for j in range(z.shape[1]):
                z[i, j] = function(z[i, j] + intercept[j], one)

    return activate


def _make_compare(function, slope):
    @compiled(**SUMS)
    def compare(z, intercept, target, weights):
        one = z.dtype.type(1)
        total = 0.0
        for i in range(z.shape[0]):
            weight = one if weights is None else weights[i]
            squares = one - one
            for j in range(z.shape[1]):
                x_hat = function(z[i, j] + intercept[j], one)
                error = x_hat - target[i, j]
                z[i, j] = weight * error * slope(x_hat, one)
                squares += error * error
            total += weight * squares
        return total

    return compare


def _make_pull_back(slope):
    @compiled(**RULES)
    def pull_back(delta, code, push, weights):
        one = delta.dtype.type(1)
        for i in range(delta.shape[0]):
            weight = one if weights is None else weights[i]
            for j in range(delta.shape[1]):
                error = delta[i, j]
                if push is not None:
                    error += weight * push[j]
                delta[i, j] = error * slope(code[i, j], one)

    return pull_back


ACTIVATE = {name: _make_activate(f) for name, (f, _) in FUNCTIONS.items()}


COMPARE = {name: _make_compare(*pair) for name, pair in FUNCTIONS.items()}


PULL_BACK = {name: _make_pull_back(slope) for name, (_, slope) in FUNCTIONS.items()}


@compiled(**SUMS)
def _finish(out, scale, decay, weights):
    # Of two arrays that may be the same one LLVM makes no vectors: hence in place.
    scale, decay = out.dtype.type(scale), out.dtype.type(decay)
    squares = 0.0
    for i in range(out.shape[0]):
        squares_of_row = out.dtype.type(0)
        for j in range(out.shape[1]):
            w = weights[i, j]
            out[i, j] = scale * out[i, j] + decay * w
            squares_of_row += w * w
        squares += squares_of_row
    return squares


@register_jitable(**RULES)
def _adam_element(i, theta, g, first, second, betas, rate, factor, epsilon):
    of_type = theta.dtype.type
    x = factor * g[i]
    m = of_type(betas[0]) * first[i] + x
    v = of_type(betas[1]) * second[i] + x * x
    first[i], second[i] = m, v
    theta[i] -= rate * (m / (np.sqrt(v) + of_type(epsilon)))


@compiled(**RULES)
def _adam_step(theta, g, first, second, betas, rate, factor, epsilon):
    rate, factor = theta.dtype.type(rate), theta.dtype.type(factor)
    for i in range(len(theta)):
        _adam_element(i, theta, g, first, second, betas, rate, factor, epsilon)


@compiled(**RULES)
def _adam_step_of_each(theta, g, first, second, betas, rate, factor, epsilon):
    for i in range(len(theta)):
        _adam_element(i, theta, g, first, second, betas, rate[i], factor[i], epsilon)


class CompiledPasses(Passes):
    """`Passes` over NumPy's arrays, whose methods do and return the same."""

    def __init__(self, activation, out_activation):
        super().__init__(activation, out_activation)
        self.activate = ACTIVATE[activation.name]
        self.reconstruct = ACTIVATE[out_activation.name]
        self.compare = COMPARE[out_activation.name]
        self._pull_back = PULL_BACK[activation.name]

    def __reduce__(self):
        return CompiledPasses, (self.activation, self.out_activation)

    def pull_back(self, delta, code, push, weights):
        if push is not None and push.ndim == 2:
            super().pull_back(delta, code, push, weights)
        else:
            self._pull_back(delta, code, push, weights)

    def finish_gradient(self, sums, scale, decay, weights, out):
        if sums[0] is not out:
            scaled_sum(sums, scale, out)
            scale = 1.0
        return _finish(out, scale, decay, weights)

    @staticmethod
    def adam_step(theta, g, first, second, betas, rate, factor, epsilon):
        step = _adam_step if isinstance(rate, float) else _adam_step_of_each
        step(theta, g, first, second, betas, rate, factor, epsilon)
