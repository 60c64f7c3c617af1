"""Line search for a step that fulfils the strong Wolfe conditions."""

from math import inf, isfinite, isnan, nan, sqrt
from typing import NamedTuple

# Constants of the strong Wolfe conditions (c_1 and c_2 in [1]_ below): sufficient
# decrease and curvature. 0.9 is the usual value of c_2 for quasi-Newton methods.
DECREASE, CURVATURE = 1e-3, 0.9
MAX_TRIALS = 20


class _Trial(NamedTuple):
    """A step, with the value and the slope at its end."""

    t: float
    value: float
    slope: float


def line_search(function, value, slope):
    """Return a step that fulfils the strong Wolfe conditions; the first trial is 1.

    The interval is extended until it contains such a step, by linear extrapolation of
    the last two slopes, and then narrowed, by the minimum of the cubic through the
    values and slopes at its ends (algorithms 3.5 and 3.6 and equation 3.59 of [1]_).

    Parameters
    ----------
    function : callable
        Returns the value and the slope after a step. A value that is not finite counts
        as too high.
    value, slope : float
        Value and slope at step 0. The slope is negative.

    Returns
    -------
    t : float or None
        The step. If no step fulfils the conditions, the one with the lowest value;
        None if no value is lower than the first one.

    References
    ----------
    .. [1] J. Nocedal, S. J. Wright, "Numerical Optimization", 2nd edition, 2006.
    """
    low, high, t = _Trial(0.0, value, slope), None, 1.0
    for _ in range(MAX_TRIALS):
        trial = _Trial(t, *function(t))
        is_enough = trial.value <= value + DECREASE * t * slope
        if not (is_enough and trial.value < low.value):
            high = trial if isfinite(trial.value) else _Trial(t, inf, nan)
        elif abs(trial.slope) <= -CURVATURE * slope:
            return t
        else:
            ahead = 1.0 if high is None else high.t - low.t
            if trial.slope * ahead >= 0:
                high = low
            last, low = low, trial
        if high is None:
            reach = t - last.t
            t = _between(_secant_zero(last, low), t + 1.1 * reach, t + 4 * reach)
        else:
            margin = 0.1 * (high.t - low.t)
            t = _between(_cubic_minimum(low, high), low.t + margin, high.t - margin)
    return low.t or None


def _secant_zero(a, b):
    """Return the zero of the slope by linear extrapolation; inf if there is none.

    Unlike the cubic, this does not use the values, whose differences on a line of
    nearly constant slope may be no more than rounding errors.
    """
    rise = b.slope - a.slope
    return b.t - b.slope * (b.t - a.t) / rise if rise > 0 else inf


def _cubic_minimum(a, b):
    """Return the minimum of the cubic through two trials, or nan."""
    if a.t == b.t:  # the interval is as short as rounding allows
        return nan
    d = a.slope + b.slope - 3 * (a.value - b.value) / (a.t - b.t)
    square = d * d - a.slope * b.slope
    if not 0 <= square < inf:
        return nan
    root = sqrt(square) if b.t > a.t else -sqrt(square)
    curvature = b.slope - a.slope + 2 * root
    if curvature == 0:
        return nan
    return b.t - (b.t - a.t) * (b.slope + root - d) / curvature


def _between(t, a, b):
    """Clip a step to bounds in any order; return their middle for nan."""
    return (a + b) / 2 if isnan(t) else min(max(t, min(a, b)), max(a, b))
