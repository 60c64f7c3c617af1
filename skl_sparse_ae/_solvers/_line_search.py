"""How far to go along a line on which a function falls."""

from math import inf, isfinite, isnan, nan, sqrt
from typing import NamedTuple

# A step must bring this part of the fall that the slope promises, and leave at most
# this part of the slope: the customary values of quasi-Newton methods.
DECREASE, CURVATURE = 1e-3, 0.9


MAX_TRIALS = 20


class _Trial(NamedTuple):
    """A step, and the value and slope where it ends."""

    t: float
    value: float
    slope: float


def line_search(function, value, slope):
    """A step that fulfils the strong Wolfe conditions, the length 1 first.

    The interval is extended until it holds such a step, by the line through the last
    two slopes, and then narrowed, by the minimum of the cubic through the values and
    slopes at its ends (algorithms 3.5 and 3.6 and equation 3.59 of [1]_).

    Parameters
    ----------
    function : callable
        Returns the value and the slope after a step; a value that is not finite counts
        as too high.
    value, slope : float
        Where the line begins. The slope is negative.

    Returns
    -------
    t : float or None
        The step; if the conditions can't be met, the lowest found; None where nothing
        lower was found.

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
    """Where the slope should be zero; as far as possible where it does not rise.

    Unlike a cubic, it leaves the values out, whose small differences are rounding on a
    long and even slope.
    """
    rise = b.slope - a.slope
    return b.t - b.slope * (b.t - a.t) / rise if rise > 0 else inf


def _cubic_minimum(a, b):
    """Where the cubic has its minimum that two trials determine; nan without one."""
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
    """The step, within bounds in any order; their middle where it is not a number."""
    return (a + b) / 2 if isnan(t) else min(max(t, min(a, b)), max(a, b))
