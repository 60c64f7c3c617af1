"""Element-wise operations as loops that Numba compiles when they are first called.

Each operation of NumPy is a pass over the data and holds the interpreter's lock when it
starts; a compiled loop needs one pass and no lock.

Numba caches compiled functions on disk and compiles them again if their file has
changed. It does not notice changes in other files, so all functions that the loops call
are defined here. That includes the exponential: a loop that calls the one of the C
library is not vectorised.
"""

import math

import numpy as np
from numba import njit, types
from numba.extending import overload, register_jitable

from ._passes import Passes, scaled_sum

# Divisions by zero give infinity, as in NumPy; multiply-add may be one instruction.
RULES = {"error_model": "numpy", "fastmath": {"contract"}}
# For loops with sums: these are vectorised if the order of the terms may change.
SUMS = {**RULES, "fastmath": {"contract", "reassoc"}}


def compiled(**rules):
    """Return a decorator like `njit`, for functions that release the lock."""

    def compile_(function):
        try:
            return njit(nogil=True, cache=True, **rules)(function)
        except RuntimeError:  # no folder for the cache can be written to
            return njit(nogil=True, **rules)(function)

    return compile_


def _make_expm1(floating, integer, high, low, degree):
    """Return a function for ``exp(x) - 1``, accurate to 1.5 units in the last place.

    It computes ``2^k exp(r) - 1`` with ``x = k log(2) + r`` [1]_.

    Parameters
    ----------
    floating, integer : type
        Floating point and integer type with the same number of bits.
    high, low : float
        Two numbers whose sum is log(2). The product of `high` and k is exact.
    degree : int
        Degree of the Taylor polynomial, whose error for ``|r| <= log(2) / 2`` must be
        below the rounding error.

    Returns
    -------
    expm1 : callable

    References
    ----------
    .. [1] W. J. Cody, W. Waite, "Software Manual for the Elementary Functions", 1980.
    """
    info = np.finfo(floating)
    n_bits, bias = integer(info.nmant), integer(info.maxexp - 1)
    one, limit = floating(1), floating(math.floor(math.log(info.max)) - 1)
    high, low, inverse = floating(high), floating(low), floating(1 / math.log(2))
    # Numbers of this size have no fractional part, so adding it rounds.
    large = floating(1.5 * 2.0**info.nmant)
    terms = tuple(floating(1 / math.factorial(n)) for n in range(degree, 1, -1))

    def expm1(x):
        x = min(max(x, -limit), limit)
        k = (x * inverse + large) - large
        r = (x - k * high) - k * low
        p = terms[0]
        for term in terms[1:]:
            p = p * r + term
        # 2^k as a floating point number, from the bits of its exponent.
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
    """Return ``exp(x) - 1`` in the precision of x; for compiled code only."""
    raise NotImplementedError(x)


@overload(expm1, jit_options=RULES)
def _expm1_of(x):
    return EXPM1.get(x)


# For each activation function f(z) and its derivative as a function of a = f(z). The
# argument `one` is 1 in the dtype of the arrays, so that the result has this dtype.


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


#: For each name in `ACTIVATIONS`, the function and its derivative.
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
    def pull_back(delta, code, penalty_slope, weights):
        one = delta.dtype.type(1)
        for i in range(delta.shape[0]):
            weight = one if weights is None else weights[i]
            for j in range(delta.shape[1]):
                error = delta[i, j]
                if penalty_slope is not None:
                    error += weight * penalty_slope[j]
                delta[i, j] = error * slope(code[i, j], one)

    return pull_back


ACTIVATE = {name: _make_activate(f) for name, (f, _) in FUNCTIONS.items()}
COMPARE = {name: _make_compare(*pair) for name, pair in FUNCTIONS.items()}
PULL_BACK = {name: _make_pull_back(slope) for name, (_, slope) in FUNCTIONS.items()}


@compiled(**SUMS)
def _finish(out, scale, decay, weights):
    # In place: with a separate output array, LLVM would have to assume that the arrays
    # overlap and would not vectorise the loop.
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
    dtype = theta.dtype.type
    x = factor * g[i]
    m = dtype(betas[0]) * first[i] + x
    v = dtype(betas[1]) * second[i] + x * x
    first[i], second[i] = m, v
    theta[i] -= rate * (m / (np.sqrt(v) + dtype(epsilon)))


@compiled(**RULES)
def _adam_step(theta, g, first, second, betas, rate, factor, epsilon):
    rate, factor = theta.dtype.type(rate), theta.dtype.type(factor)
    for i in range(len(theta)):
        _adam_element(i, theta, g, first, second, betas, rate, factor, epsilon)


@compiled(**RULES)
def _adam_step_by_element(theta, g, first, second, betas, rate, factor, epsilon):
    for i in range(len(theta)):
        _adam_element(i, theta, g, first, second, betas, rate[i], factor[i], epsilon)


def _halved(compare):
    return lambda *args: 0.5 * compare(*args)


class CompiledPasses(Passes):
    """`Passes` as compiled loops, for NumPy arrays."""

    def __init__(self, activation, loss):
        super().__init__(activation, loss)
        self.activate = ACTIVATE[activation.name]
        # Losses and outputs without compiled loops are left to NumPy.
        out, is_plain = self.out_activation.name, not loss.skips_missing
        if out in ACTIVATE:
            self.reconstruct = ACTIVATE[out]
        if loss.name == "squared_error" and is_plain and out in COMPARE:
            self.compare = _halved(COMPARE[out])
        self._pull_back = PULL_BACK[activation.name]

    def __reduce__(self):
        return CompiledPasses, (self.activation, self.loss)

    def pull_back(self, delta, code, penalty_slope, weights):
        if penalty_slope is not None and penalty_slope.ndim == 2:
            super().pull_back(delta, code, penalty_slope, weights)
        else:
            self._pull_back(delta, code, penalty_slope, weights)

    def finish_gradient(self, sums, scale, decay, weights, out):
        if sums[0] is not out:
            scaled_sum(sums, scale, out)
            scale = 1.0
        return _finish(out, scale, decay, weights)

    @staticmethod
    def adam_step(theta, g, first, second, betas, rate, factor, epsilon):
        step = _adam_step if isinstance(rate, float) else _adam_step_by_element
        step(theta, g, first, second, betas, rate, factor, epsilon)
