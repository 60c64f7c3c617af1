import math

import pytest

from skl_sparse_ae._solvers._line_search import (
    CURVATURE,
    DECREASE,
    MAX_TRIALS,
    _between,
    _cubic_minimum,
    _secant_zero,
    _Trial,
    line_search,
)

# Values and slopes; each falls at zero.
FUNCTIONS = {
    "one": (lambda t: (t - 1) ** 2, lambda t: 2 * (t - 1)),
    "far": (lambda t: (t - 3000) ** 2, lambda t: 2 * (t - 3000)),
    "near": (lambda t: (t - 1e-4) ** 2, lambda t: 2 * (t - 1e-4)),
    "wave": (lambda t: math.cos(20 * t + 0.1), lambda t: -20 * math.sin(20 * t + 0.1)),
    # The first three test functions of J. J. More and D. J. Thuente, "Line search
    # algorithms with guaranteed sufficient decrease", 1994, the second shifted.
    "rational": (
        lambda t: -t / (t * t + 2),
        lambda t: (t * t - 2) / (t * t + 2) ** 2,
    ),
    "quintic": (
        lambda t: (t + 0.004) ** 5 - 2 * (t + 0.004) ** 4,
        lambda t: 5 * (t + 0.004) ** 4 - 8 * (t + 0.004) ** 3,
    ),
    "logarithm": (
        lambda t: t - 0.1 * math.log(t + 0.01),
        lambda t: 1 - 0.1 / (t + 0.01),
    ),
    "logarithm's wall": (
        lambda t: -t - 0.1 * math.log(0.5 - t) if t < 0.5 else math.inf,
        lambda t: -1 + 0.1 / (0.5 - t) if t < 0.5 else math.nan,
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_strong_wolfe_conditions_are_fulfilled(name):
    value, slope = FUNCTIONS[name]
    trials = []

    def function(t):
        trials.append(t)
        return value(t), slope(t)

    t = line_search(function, value(0), slope(0))
    assert t == trials[-1] > 0
    assert trials[0] == 1
    assert value(t) <= value(0) + DECREASE * t * slope(0)
    assert abs(slope(t)) <= CURVATURE * abs(slope(0))
    assert len(trials) < 15


def test_a_good_first_step_is_taken_without_another_trial():
    trials = []

    def parabola(t):
        trials.append(t)
        return (t - 1.2) ** 2, 2 * (t - 1.2)

    assert line_search(parabola, 1.44, -2.4) == 1
    assert trials == [1]


def test_a_parabolas_minimum_is_found_by_the_second_trial():
    # The cubic through two values and slopes is the parabola itself.
    assert line_search(lambda t: ((t - 0.3) ** 2, 2 * t - 0.6), 0.09, -0.6) == (
        pytest.approx(0.3)
    )


def test_a_fall_without_end_gives_the_lowest_that_was_tried():
    trials = []

    def line(t):
        trials.append(t)
        return -t, -1.0

    assert line_search(line, 0.0, -1.0) == max(trials)
    assert len(trials) == MAX_TRIALS


@pytest.mark.parametrize("value", [1.0, 0.0, math.inf, math.nan])
def test_nothing_is_found_where_nothing_is_lower(value):
    assert line_search(lambda t: (value, -1.0), 0.0, -1.0) is None


def test_the_lowest_is_taken_where_the_slope_is_wrong():
    # Values fall to 0.4 and rise again, while the slope always promises a fall.
    def function(t):
        return abs(t - 0.4), -1.0

    t = line_search(function, 0.4, -1.0)
    assert 0 < t < 0.8


def test_no_cubic_is_put_through_two_trials_at_the_same_place():
    assert math.isnan(_cubic_minimum(_Trial(0.1, 1.0, -1.0), _Trial(0.1, 1.0, 1.0)))


@pytest.mark.parametrize("ends", [(0.0, 2.0), (2.0, 0.0), (-0.5, 3.0), (3.0, 0.5)])
def test_the_minimum_of_a_cubic_is_found_from_both_sides(ends):
    # t^3 - 3 t has its minimum at 1.
    a, b = (_Trial(t, t**3 - 3 * t, 3 * t**2 - 3) for t in ends)
    assert _cubic_minimum(a, b) == pytest.approx(1)


def test_a_cubic_without_minimum_gives_nan():
    # t^3 + t rises everywhere, and -t is a straight line.
    rising = [_Trial(t, t**3 + t, 3 * t**2 + 1) for t in (-1.0, 2.0)]
    line = [_Trial(t, -t, -1.0) for t in (0.0, 1.0)]
    infinite = [_Trial(0.0, 0.0, -1.0), _Trial(1.0, math.inf, math.nan)]
    for a, b in (rising, line, infinite):
        assert math.isnan(_cubic_minimum(a, b))


def test_slopes_are_extrapolated_linearly():
    # From -3 at 1 to -1 at 2, and thus 0 at 2.5.
    a, b = _Trial(1.0, 0.0, -3.0), _Trial(2.0, 0.0, -1.0)
    assert _secant_zero(a, b) == 2.5
    for slope in (-3.0, -4.0):
        assert _secant_zero(a, b._replace(slope=slope)) == math.inf


def test_steps_are_clipped_to_bounds_in_any_order():
    for bounds in ((1.0, 3.0), (3.0, 1.0)):
        clipped = [_between(t, *bounds) for t in (0.0, 1.5, 4.0, math.inf, math.nan)]
        assert clipped == [1.0, 1.5, 3.0, 3.0, 2.0]


def test_the_first_steps_are_extended_between_bounds():
    """At most by four times the last extension, whatever the slopes promise."""
    trials = []

    def line(t):
        trials.append(t)
        return -t, -1.0

    line_search(line, 0.0, -1.0)
    assert trials[:3] == [1.0, 5.0, 21.0]


def test_a_trial_too_high_is_narrowed_to_the_inner_four_fifths():
    trials = []

    def wall(t):  # a parabola with its minimum close to zero
        trials.append(t)
        return t * t - 1e-3 * t, 2 * t - 1e-3

    line_search(wall, 0.0, -1e-3)
    assert trials[:2] == [1.0, 0.1]


def test_a_value_no_lower_than_the_last_ends_the_extension():
    trials = []

    def flat(t):
        trials.append(t)
        return -min(t, 1.0), -1.0

    line_search(flat, 0.0, -1.0)
    assert trials[:2] == [1.0, 5.0]
    assert 1 < trials[2] < 5
