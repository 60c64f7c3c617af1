import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import rosen, rosen_der

from skl_sparse_ae._solvers import (
    Adam,
    Diverged,
    _Progress,
    _Schedule,
    minimize_adam,
    minimize_lbfgs,
)

LBFGS = {
    "max_iter": 500,
    "tol": 0.0,
    "n_iter_no_change": 10,
    "precision": 1e-16,
    "has_left_start": lambda: True,
}
ADAM = {
    "max_iter": 20,
    "tol": 0.0,
    "n_iter_no_change": 5,
    "learning_rate": 0.1,
    "value_unit": 1.0,
    "is_settled": lambda n_epochs: True,
}


class Log:
    """A monitor that remembers its calls and stops after `stop_after` iterations."""

    def __init__(self, stop_after=np.inf):
        self.stop_after = stop_after
        self.calls = []
        self.values = []

    def begin(self, point):
        self.calls.append("begin")

    def end(self, point, value):
        self.calls.append("end")
        self.values.append(value)
        self.point = point.copy()
        return len(self.values) >= self.stop_after


def rosenbrock(x):
    return rosen(x), rosen_der(x)


def bowl(x, out=None):
    """Half the squared distance from (1, 2, ...)."""
    error = x - np.arange(1, x.size + 1, dtype=x.dtype)
    gradient = error if out is None else out
    gradient[...] = error
    return 0.5 * float(error @ error), gradient


def one_batch():
    yield 0.0


def test_lbfgs_finds_the_minimum_of_rosenbrock():
    outcome = minimize_lbfgs(rosenbrock, np.zeros(4), monitor=Log(), **LBFGS)
    assert outcome.converged
    assert_allclose(outcome.point, 1, atol=1e-4)


def test_lbfgs_reports_each_iteration_with_its_own_value():
    log = Log()
    outcome = minimize_lbfgs(rosenbrock, np.zeros(4), monitor=log, **LBFGS)
    assert len(log.values) == outcome.n_iter
    assert log.values[-1] == rosen(log.point)
    assert all(np.diff(log.values) <= 0)
    # Iterations begin and end in turn; one may be begun that finds nothing.
    assert log.calls[: 2 * outcome.n_iter] == ["begin", "end"] * outcome.n_iter


def test_lbfgs_stops_when_the_monitor_says_so():
    log = Log(stop_after=3)
    outcome = minimize_lbfgs(rosenbrock, np.zeros(4), monitor=log, **LBFGS)
    assert outcome.n_iter == 3
    assert outcome.converged
    assert_array_equal(outcome.point, log.point)


def test_lbfgs_says_when_max_iter_ended_it():
    options = {**LBFGS, "max_iter": 5}
    outcome = minimize_lbfgs(rosenbrock, np.zeros(4), monitor=Log(), **options)
    assert outcome.n_iter == 5
    assert not outcome.converged


def test_lbfgs_ends_earlier_with_a_larger_tolerance():
    def valley(x):
        # One direction is a million times as steep as another, and 1 is added so that
        # a fall relative to the value becomes small.
        slopes = np.logspace(-3, 3, 10)
        return 1 + float(slopes @ x**2), 2 * slopes * x

    n_iter = [
        minimize_lbfgs(
            valley,
            np.ones(10),
            monitor=Log(),
            **{**LBFGS, "tol": tol, "n_iter_no_change": 3},
        ).n_iter
        for tol in (0.0, 1e-3, 10.0)
    ]
    assert n_iter[0] > n_iter[1] > n_iter[2]


def test_lbfgs_is_patient_until_it_has_left_its_start():
    def ledge(x):
        # Nearly level for a long way, then a bowl.
        value, slope = rosen(x), rosen_der(x)
        return 1000 + value, slope

    n_iter = [
        minimize_lbfgs(
            ledge,
            np.zeros(4),
            monitor=Log(),
            **{**LBFGS, "tol": 1e-4, "has_left_start": lambda left=left: left},
        ).n_iter
        for left in (True, False)
    ]
    hundredth = minimize_lbfgs(
        ledge, np.zeros(4), monitor=Log(), **{**LBFGS, "tol": 1e-6}
    ).n_iter
    assert n_iter[0] < n_iter[1] == hundredth


def test_lbfgs_raises_when_the_objective_is_not_finite():
    def broken(x):
        return np.nan, x

    with pytest.raises(Diverged, match="iteration 1"):
        minimize_lbfgs(broken, np.ones(2), monitor=Log(), **LBFGS)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_adam_by_hand(dtype, team):
    # With a constant gradient both corrected moments are exact, so that each step is
    # the learning rate against the gradient's sign.
    theta = np.array([1.0, 1.0], dtype=dtype)
    adam = Adam([(slice(0, 1), 1.0, 1.0), (slice(1, 2), 3.0, 7.0)])
    for _ in range(4):
        adam.step(theta, np.array([2.0, -5.0], dtype=dtype), 0.1, team)
    assert_allclose(theta, [1 - 4 * 0.1, 1 + 4 * 0.3], rtol=1e-5)


def test_adam_is_pytorchs(rng, team):
    torch = pytest.importorskip("torch")
    start, target = rng.normal(size=50), rng.normal(size=50)
    theirs = torch.tensor(start, requires_grad=True)
    optimizer = torch.optim.Adam([theirs], lr=0.01, eps=1e-8)
    ours = start.copy()
    adam = Adam([(slice(0, 50), 1.0, 1.0)])
    for _ in range(30):
        optimizer.zero_grad()
        ((theirs - torch.tensor(target)) ** 4).sum().backward()
        optimizer.step()
        adam.step(ours, 4 * (ours - target) ** 3, 0.01, team)
    assert_allclose(ours, theirs.detach().numpy(), rtol=1e-10)


def test_adam_in_pieces_is_adam_in_one(rng, team, monkeypatch):
    gradients = rng.normal(size=(5, 1000))

    def run():
        theta = np.zeros(1000)
        adam = Adam([(slice(0, 700), 1.0, 0.1), (slice(700, 1000), 2, 1)])
        for gradient in gradients:
            adam.step(theta, gradient.copy(), 0.1, team)
        return theta

    whole = run()
    monkeypatch.setattr("skl_sparse_ae._blocks.PIECE", 64)
    monkeypatch.setattr("skl_sparse_ae._blocks.WORK_PER_THREAD", 1)
    assert_array_equal(run(), whole)


def test_adam_works_in_the_precision_of_its_arrays(team):
    # NumPy's scalars are of double precision and slow float32 arrays down to it.
    unit = np.float64(2.0)
    adam = Adam([(slice(0, 2), unit, unit)])
    used = []

    class Recording(np.ndarray):
        def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
            used.extend(type(i) for i in inputs if not isinstance(i, np.ndarray))
            arrays = [np.asarray(i) if isinstance(i, Recording) else i for i in inputs]
            kwargs["out"] = tuple(np.asarray(o) for o in kwargs["out"])
            getattr(ufunc, method)(*arrays, **kwargs)
            return inputs[0]

    gradient = np.ones(2, dtype=np.float32).view(Recording)
    adam.step(np.zeros(2, dtype=np.float32), gradient, np.float64(0.1), team)
    assert set(used) == {float}


def test_adam_flushes_moments_before_they_become_denormal(team):
    theta = np.zeros(1, dtype=np.float32)
    adam = Adam([(slice(0, 1), 1.0, 1.0)])
    adam.step(theta, np.ones(1, dtype=np.float32), 0.1, team)
    for _ in range(1500):
        adam.step(theta, np.zeros(1, dtype=np.float32), 0.1, team)
        assert adam.first[0] == 0 or adam.first[0] > np.finfo(np.float32).tiny
    assert adam.first[0] == 0


def test_minimize_adam_reaches_the_minimum(team):
    theta = np.zeros(3)
    adam = Adam([(slice(0, 3), 1.0, 1.0)])
    outcome = minimize_adam(
        bowl,
        one_batch,
        theta,
        adam,
        team=team,
        monitor=Log(),
        **{**ADAM, "max_iter": 200},
    )
    assert_allclose(outcome.point, [1, 2, 3], atol=1e-2)


def test_minimize_adam_reports_the_mean_value_of_an_epoch(team):
    values = iter([1.0, 3.0, 5.0, 9.0])

    def value_and_grad(theta, out):
        out[...] = 1
        return next(values), out

    log = Log()
    adam = Adam([(slice(0, 1), 1.0, 1.0)])
    options = {**ADAM, "max_iter": 2}
    outcome = minimize_adam(
        value_and_grad,
        lambda: iter([0.0, 0.5]),
        np.zeros(1),
        adam,
        team=team,
        monitor=log,
        **options,
    )
    assert log.values == [2.0, 7.0]
    assert log.calls == ["begin", "end"] * 2
    assert outcome.n_iter == 2
    assert not outcome.converged


def test_minimize_adam_stops_when_the_monitor_says_so(team):
    adam = Adam([(slice(0, 2), 1.0, 1.0)])
    outcome = minimize_adam(
        bowl, one_batch, np.zeros(2), adam, team=team, monitor=Log(3), **ADAM
    )
    assert outcome.n_iter == 3
    assert outcome.converged


@pytest.mark.parametrize(
    ("values", "epoch"), [([np.nan], 1), ([1.0, np.inf], 2), ([1.0, 150.0, 250.0], 3)]
)
def test_minimize_adam_raises_when_the_objective_is_not_finite_or_huge(
    values, epoch, team
):
    remaining = iter(values)

    def value_and_grad(theta, out):
        out[...] = 1
        return next(remaining), out

    adam = Adam([(slice(0, 1), 1.0, 1.0)])
    with pytest.raises(Diverged, match=f"epoch {epoch}"):
        minimize_adam(
            value_and_grad,
            one_batch,
            np.zeros(1),
            adam,
            team=team,
            monitor=Log(),
            **ADAM,
        )


def test_values_of_settling_epochs_do_not_count_as_convergence(team):
    def flat(theta, out):
        out[...] = 0
        return 1.0, out

    def n_iter(n_settling):
        adam = Adam([(slice(0, 1), 1.0, 1.0)])
        options = {**ADAM, "max_iter": 100, "is_settled": lambda n: n > n_settling}
        return minimize_adam(
            flat, one_batch, np.zeros(1), adam, team=team, monitor=Log(), **options
        ).n_iter

    assert n_iter(0) == 12  # five epochs after the first show no fall; as many again
    assert n_iter(10) == 32


def test_the_rate_is_constant_for_one_half_and_then_falls_to_zero():
    schedule = _Schedule(0.2, 10, _Progress(0.0, 5))
    times = [0, 3, 5, 7.5, 10]
    assert_allclose([schedule.rate(t) for t in times], [0.2, 0.2, 0.2, 0.1, 0.0])


def test_the_rate_begins_to_fall_when_values_do_not():
    schedule = _Schedule(1.0, 100, _Progress(0.01, 2))
    for n_epochs, value in enumerate([8.0, 4.0, 2.0, 2.0, 2.0], start=1):
        assert schedule.rate(n_epochs) == 1.0
        schedule.record(n_epochs, value)
    assert schedule.converged
    assert schedule.end == 10
    assert_allclose([schedule.rate(t) for t in (5, 7.5, 10)], [1.0, 0.5, 0.0])


def test_progress_has_ended_when_the_mean_fall_is_below_tol():
    progress = _Progress(tol=0.1, n_iter=2)
    assert [progress.has_ended(v) for v in (4.0, 3.0, 2.0, 1.9, 1.8)] == [
        False,  # too few values to judge
        False,
        False,
        False,  # from 3.0 to 1.9
        True,  # from 2.0 to 1.8, less than 2 * 0.1 * 1.8
    ]
