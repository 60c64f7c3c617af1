from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize, rosen, rosen_der

from skl_sparse_ae._solvers._lbfgs import (
    N_PAIRS,
    InverseHessian,
    _Point,
    minimize_lbfgs,
)
from skl_sparse_ae._solvers._progress import Diverged

from ..monitors import Log

OPTIONS = {
    "max_iter": 500,
    "tol": 0.0,
    "n_iter_no_change": 10,
    "precision": 1e-16,
    "is_past_plateau": lambda: True,
}
SLOPES = np.logspace(-3, 3, 10)


def rosenbrock(x, gradient):
    gradient[...] = rosen_der(x)
    return float(rosen(x))


def valley(x, gradient):
    """1 plus a quadratic function of condition number 1e6."""
    gradient[...] = 2 * SLOPES * x
    return 1 + float(SLOPES @ x**2)


@pytest.fixture
def search(team):
    def run(function, start, monitor=None, **options):
        monitor = Log() if monitor is None else monitor
        options = {**OPTIONS, **options}
        return minimize_lbfgs(function, start, team=team, monitor=monitor, **options)

    return run


def test_the_minimum_of_rosenbrock_is_found(search):
    start = np.zeros(4)
    outcome = search(rosenbrock, start)
    assert outcome.converged
    assert_allclose(outcome.point, 1, atol=1e-4)
    assert_array_equal(start, 0)


def test_as_few_evaluations_are_needed_as_by_scipy(search, rng):
    n_evaluations = []

    def counted(x, gradient):
        n_evaluations.append(1)
        return rosenbrock(x, gradient)

    start = rng.uniform(-1, 1, 20)
    outcome = search(counted, start, precision=1e-10)
    theirs = minimize(
        rosen, start, jac=rosen_der, method="L-BFGS-B", options={"ftol": 1e-10}
    )
    assert rosen(outcome.point) < 1e-8
    assert len(n_evaluations) < 1.3 * theirs.nfev


def test_each_iteration_is_reported_with_its_own_value(search):
    log = Log()
    outcome = search(rosenbrock, np.zeros(4), log)
    assert len(log.values) == outcome.n_iter
    assert log.values[-1] == rosen(log.points[-1])
    assert all(np.diff(log.values) <= 0)
    # The last iteration has no end if it finds no lower point.
    assert log.calls[: 2 * outcome.n_iter] == ["begin", "end"] * outcome.n_iter


def test_the_last_evaluation_is_at_the_point_that_is_reported(search):
    # `train_lbfgs` reads the terms of J of the last evaluation.
    evaluated = []

    def remembered(x, gradient):
        evaluated.append(x.copy())
        return rosenbrock(x, gradient)

    class Compare(Log):
        def end(self, point, value):
            assert_array_equal(point, evaluated[-1])
            return super().end(point, value)

    assert search(remembered, np.zeros(4), Compare()).n_iter > 5


def test_the_monitor_can_stop_it(search):
    log = Log(stop_after=3)
    outcome = search(rosenbrock, np.zeros(4), log)
    assert outcome.n_iter == 3
    assert outcome.converged
    assert_array_equal(outcome.point, log.points[-1])


def test_it_says_when_max_iter_ended_it(search):
    outcome = search(rosenbrock, np.zeros(4), max_iter=5)
    assert outcome.n_iter == 5
    assert not outcome.converged


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"tol": 1e-3, "n_iter_no_change": 3}, "the objective no longer falls"),
        ({"precision": 1e-3}, "rounding hides any further fall"),
        ({"max_iter": 7}, "max_iter iterations reached"),
    ],
)
def test_iterations_are_counted_as_they_are_reported(options, reason, search):
    log = Log()
    outcome = search(valley, np.ones(10), log, **options)
    assert outcome.reason == reason
    assert outcome.n_iter == len(log.values) == log.calls.count("begin")
    assert_array_equal(outcome.point, log.points[-1])


def test_the_first_step_of_a_small_gradient_is_the_gradient(search):
    start, gradient = np.full(10, 1e-4), np.empty(10)
    valley(start, gradient)
    points = []

    def recorded(x, out):
        points.append(x.copy())
        return valley(x, out)

    search(recorded, start, max_iter=1)
    norm = np.linalg.norm(gradient)
    assert norm < 1
    assert_allclose(points[1], start - gradient)
    points.clear()
    start = np.full(10, 3.0)
    valley(start, gradient)
    search(recorded, start, max_iter=1)
    assert_allclose(points[1], start - gradient / np.linalg.norm(gradient))


def test_a_larger_tolerance_ends_it_earlier(search):
    n_iter = [
        search(valley, np.ones(10), tol=tol, n_iter_no_change=3).n_iter
        for tol in (0.0, 1e-3, 10.0)
    ]
    assert n_iter[0] > n_iter[1] > n_iter[2]


def test_a_coarser_precision_ends_it_earlier(search):
    n_iter = [
        search(valley, np.ones(10), precision=precision).n_iter
        for precision in (1e-16, 1e-3)
    ]
    assert n_iter[0] > n_iter[1]


@pytest.mark.parametrize("function", [rosenbrock, valley])
def test_the_last_step_before_rounding_is_of_steepest_descent(function, search):
    log = Log()
    outcome = search(function, np.full(10, 0.5), log, precision=1e-3)
    assert outcome.reason == "rounding hides any further fall"
    assert outcome.n_iter > 2
    before, last = log.points[-2:]
    gradient = np.empty(10)
    function(before, gradient)
    step = last - before
    cosine = -step @ gradient / np.linalg.norm(step) / np.linalg.norm(gradient)
    assert cosine == pytest.approx(1)


def test_tol_is_smaller_on_the_plateau_around_the_start(search):
    def ledge(x, gradient):
        # The large constant makes relative decreases small.
        return 1000 + rosenbrock(x, gradient)

    n_iter = [
        search(ledge, np.zeros(4), tol=1e-4, is_past_plateau=lambda past=past: past)
        for past in (True, False)
    ]
    hundredth = search(ledge, np.zeros(4), tol=1e-6)
    assert n_iter[0].n_iter < n_iter[1].n_iter == hundredth.n_iter


def test_it_ends_at_once_where_the_gradient_is_zero(search):
    outcome = search(rosenbrock, np.ones(4))
    assert outcome.converged
    assert outcome.n_iter == 1
    assert_array_equal(outcome.point, 1)


def test_it_ends_where_rounding_hides_any_fall(search):
    def coarse(x, gradient):
        # Rounded values decrease less than the gradient predicts.
        return round(rosenbrock(x, gradient), 2)

    outcome = search(coarse, np.zeros(4))
    assert outcome.converged
    assert outcome.n_iter < 50
    assert "rounding" in outcome.reason


@pytest.mark.parametrize("broken", ["objective", "gradient"])
def test_it_raises_when_something_is_not_finite(search, broken):
    def function(x, gradient):
        gradient[...] = np.nan if broken == "gradient" else 1.0
        return np.nan if broken == "objective" else 1.0

    with pytest.raises(Diverged, match=f"{broken} is not finite in iteration 1"):
        search(function, np.ones(2))


def test_it_turns_back_where_the_objective_is_not_finite(search):
    def bounded(x, gradient):
        # -log is infinite from 0 on, which a step of length one from 0.5 reaches.
        gradient[...] = 1 - 0.1 / np.where(x > 0, x, np.nan)
        return float(np.sum(x - 0.1 * np.log(x))) if (x > 0).all() else np.inf

    outcome = search(bounded, np.full(3, 0.5))
    assert_allclose(outcome.point, 0.1, rtol=1e-6)


def test_it_raises_when_nothing_finite_is_found(search):
    def cliff(x, gradient):
        gradient[...] = 1.0
        return 0.0 if (x == 1).all() else np.inf

    with pytest.raises(Diverged, match="objective is not finite in iteration 1"):
        search(cliff, np.ones(2))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_works_in_the_precision_of_the_start(search, dtype):
    seen = set()

    def noted(x, gradient):
        seen.update([x.dtype, gradient.dtype])
        return valley(x, gradient)

    outcome = search(noted, np.ones(10, dtype))
    assert seen == {np.dtype(dtype)} == {outcome.point.dtype}
    assert valley(outcome.point, np.empty(10)) == pytest.approx(1, rel=1e-9)


def points(n_points, size, rng, dtype=np.float64):
    """Points of a quadratic function; the gradient of one has the wrong sign."""
    matrix = rng.normal(size=(size, size))
    matrix = matrix @ matrix.T + np.eye(size)
    result = []
    for i in range(n_points):
        point = _Point(rng.normal(size=size).astype(dtype))
        gradient = matrix @ point.x
        point.gradient = (-gradient if i == 3 else gradient).astype(dtype)
        result.append(point)
    return result


class Scales:
    """Multiplies vectors by the slopes of `valley` to some power."""

    def __init__(self, scales, first_update=0):
        self.scales, self.first_update = scales, first_update
        self.n_updates = 0

    def update(self, point):
        self.n_updates += 1

    def apply(self, vector):
        vector *= self.scales


def bfgs(pairs, gradient, scales=1.0):
    """``-H g`` by the textbook update of the full matrix."""
    s, y = pairs[-1]
    identity = np.eye(len(gradient))
    H = (s @ y) / (y @ (scales * y)) * scales * identity
    for s, y in pairs:
        rho = 1 / (s @ y)
        left = identity - rho * np.outer(s, y)
        H = left @ H @ left.T + rho * np.outer(s, s)
    return -H @ gradient


@pytest.mark.parametrize("preconditioner", [None, Scales(np.linspace(0.1, 3, 17))])
@pytest.mark.parametrize("is_cut", [False, True])
def test_the_direction_is_that_of_the_full_matrix(
    rng, team, is_cut, preconditioner, monkeypatch
):
    if is_cut:
        monkeypatch.setattr("skl_sparse_ae._solvers._lbfgs.PIECE", 3)
        monkeypatch.setattr("skl_sparse_ae._arrays._team.WORK_PER_THREAD", 1)
    path = points(2 * N_PAIRS + 3, 17, rng)
    hessian = InverseHessian(path[0].x, team)
    hessian.preconditioner = preconditioner
    scales = 1.0 if preconditioner is None else preconditioner.scales
    steps, n_left_out = [], []
    for old, new in pairwise(path):
        s, y = new.x - old.x, new.gradient - old.gradient
        out = np.empty(17)
        slope = hessian.direction(old, new, out)
        steps = [*steps, (s, y)][-N_PAIRS:]
        pairs = [(s, y) for s, y in steps if s @ y > 0]
        expected = -scales * new.gradient
        if pairs:
            expected = bfgs(pairs, new.gradient, scales)
        assert_allclose(out, expected, rtol=1e-6, atol=1e-8)
        assert slope == pytest.approx(out @ new.gradient)
        n_left_out.append(len(steps) - len(pairs))
    assert 1 in n_left_out  # while the step of negative curvature is stored
    assert n_left_out[-1] == 0


def test_a_good_preconditioner_needs_few_iterations(search):
    exact = Scales(1 / (2 * SLOPES))
    start, options = np.ones(10), {"tol": 1e-6, "n_iter_no_change": 2}
    assert search(valley, start, preconditioner=exact, **options).n_iter <= 3
    assert search(valley, start, **options).n_iter > 10


@pytest.mark.parametrize("first", [0, 2])
@pytest.mark.parametrize(("n_iter", "n_updates"), [(2, 0), (3, 1), (8, 1), (9, 2)])
def test_the_preconditioner_is_updated_less_and_less_often(
    n_iter, n_updates, first, search
):
    scales = Scales(np.full(10, 0.1), first)
    outcome = search(valley, np.ones(10), preconditioner=scales, max_iter=n_iter)
    assert outcome.n_iter == n_iter
    assert scales.n_updates == n_updates + (first == 0)


def test_the_preconditioner_is_updated_at_the_last_point_evaluated(search):
    evaluated = []

    def recorded(x, gradient):
        evaluated.append(x.copy())
        return valley(x, gradient)

    class Checked(Scales):
        def update(self, point):
            super().update(point)
            assert_array_equal(point, evaluated[-1])

    checked = Checked(np.full(10, 0.1))
    search(recorded, np.ones(10), preconditioner=checked, max_iter=20)
    assert checked.n_updates == 3


def test_discarded_pairs_have_no_influence(rng, team):
    path = points(6, 5, rng)
    out, expected = np.empty(5), np.empty(5)
    hessian = InverseHessian(path[0].x, team)
    for old, new in pairwise(path[:-1]):
        hessian.direction(old, new, out)
    hessian.reset()
    hessian.direction(path[-2], path[-1], out)
    InverseHessian(path[0].x, team).direction(path[-2], path[-1], expected)
    assert_array_equal(out, expected)


def test_pytorchs_tensors_give_the_same_directions(rng, team):
    torch = pytest.importorskip("torch")
    path = points(N_PAIRS + 3, 8, rng)
    hessian = InverseHessian(path[0].x, team)
    on_device = InverseHessian(torch.tensor(path[0].x), team)
    for old, new in pairwise(path):
        out, theirs = np.empty(8), torch.empty(8, dtype=torch.float64)
        hessian.direction(old, new, out)
        on_device.direction(tensors(old), tensors(new), theirs)
        assert_allclose(theirs.numpy(), out, rtol=1e-8, atol=1e-10)


def tensors(point):
    """A point of tensors."""
    import torch

    result = _Point(torch.tensor(point.x))
    result.gradient = torch.tensor(point.gradient)
    return result
