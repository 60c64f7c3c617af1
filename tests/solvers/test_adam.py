import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skl_sparse_ae._arrays._team import Team
from skl_sparse_ae._solvers._adam import Adam, _Schedule, minimize_adam
from skl_sparse_ae._solvers._progress import Diverged, Progress

from ..monitors import Log

ADAM = {
    "team": Team(1),
    "max_iter": 20,
    "tol": 0.0,
    "n_iter_no_change": 5,
    "learning_rate": 0.1,
    "value_unit": 1.0,
    "is_settled": lambda n_epochs: True,
    "set_relative_rate": lambda rate: None,
}


def bowl(x, out):
    """Half the squared distance from (1, 2, ...)."""
    error = x - np.arange(1, x.size + 1, dtype=x.dtype)
    return 0.5 * float(error @ error), error


def step(adam, theta, gradient, learning_rate):
    """A step by one thread."""
    with Team(1) as team:
        adam.step(theta, gradient, learning_rate, team)


def one_batch():
    yield 0.0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_adam_by_hand(dtype):
    # With a constant gradient both corrected moments are exact, so that each step is
    # the learning rate against the gradient's sign.
    theta = np.array([1.0, 1.0], dtype=dtype)
    adam = Adam([(slice(0, 1), 1.0, 1.0), (slice(1, 2), 3.0, 7.0)])
    for _ in range(4):
        step(adam, theta, np.array([2.0, -5.0], dtype=dtype), 0.1)
    assert_allclose(theta, [1 - 4 * 0.1, 1 + 4 * 0.3], rtol=1e-5)


def test_adam_agrees_with_pytorch(rng):
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
        step(adam, ours, 4 * (ours - target) ** 3, 0.01)
    assert_allclose(ours, theirs.detach().numpy(), rtol=1e-10)


@pytest.mark.parametrize("n_threads", [1, 3])
def test_adam_in_pieces_is_adam_in_one(n_threads, rng, monkeypatch):
    gradients = rng.normal(size=(100, 1000))
    gradients[5:, :20] = 0  # these are flushed

    def run():
        theta = np.zeros(1000)
        adam = Adam([(slice(0, 700), 1.0, 0.1), (slice(700, 1000), 2, 1)])
        adam.beta_1 = 0.1
        with Team(n_threads) as team:
            for gradient in gradients:
                adam.step(theta, gradient.copy(), 0.1, team)
        assert np.count_nonzero(adam.first[:20]) == 0
        return theta

    whole = run()
    monkeypatch.setattr("skl_sparse_ae._solvers._adam.SHORT", 0)  # splits by units
    assert_array_equal(run(), whole)
    monkeypatch.setattr("skl_sparse_ae._arrays._blocks.PIECE", 64)
    monkeypatch.setattr("skl_sparse_ae._arrays._team.WORK_PER_THREAD", 1)
    assert_array_equal(run(), whole)


def test_adam_works_in_the_precision_of_its_arrays():
    # NumPy's float64 scalars would upcast float32 arrays.
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
    step(adam, np.zeros(2, dtype=np.float32), gradient, np.float64(0.1))
    assert set(used) == {float}


def test_adam_flushes_moments_before_they_become_denormal():
    theta = np.zeros(1, dtype=np.float32)
    adam = Adam([(slice(0, 1), 1.0, 1.0)])
    step(adam, theta, np.ones(1, dtype=np.float32), 0.1)
    for _ in range(1500):
        step(adam, theta, np.zeros(1, dtype=np.float32), 0.1)
        assert adam.first[0] == 0 or adam.first[0] > np.finfo(np.float32).tiny
    assert adam.first[0] == 0


def test_minimize_adam_reaches_the_minimum():
    theta = np.zeros(3)
    adam = Adam([(slice(0, 3), 1.0, 1.0)])
    outcome = minimize_adam(
        bowl,
        one_batch,
        theta,
        adam,
        monitor=Log(),
        **{**ADAM, "max_iter": 200},
    )
    assert_allclose(outcome.point, [1, 2, 3], atol=1e-2)


def test_minimize_adam_reports_the_mean_value_of_an_epoch():
    values = iter([1.0, 3.0, 5.0, 9.0])

    def value_and_grad(theta, out):
        return next(values), np.zeros(1)

    log = Log()
    adam = Adam([(slice(0, 1), 1.0, 1.0)])
    options = {**ADAM, "max_iter": 2}
    outcome = minimize_adam(
        value_and_grad,
        lambda: iter([0.0, 0.5]),
        np.zeros(1),
        adam,
        monitor=log,
        **options,
    )
    assert log.values == [2.0, 7.0]
    assert log.calls == ["begin", "end"] * 2
    assert outcome.n_iter == 2
    assert not outcome.converged


def test_minimize_adam_stops_when_the_monitor_says_so():
    adam = Adam([(slice(0, 2), 1.0, 1.0)])
    outcome = minimize_adam(bowl, one_batch, np.zeros(2), adam, monitor=Log(3), **ADAM)
    assert outcome.n_iter == 3
    assert outcome.converged


@pytest.mark.parametrize(
    ("values", "epoch"), [([np.nan], 1), ([1.0, np.inf], 2), ([1.0, 150.0, 250.0], 3)]
)
def test_minimize_adam_raises_when_the_objective_is_not_finite_or_huge(values, epoch):
    remaining = iter(values)

    def value_and_grad(theta, out):
        return next(remaining), np.zeros(1)

    adam = Adam([(slice(0, 1), 1.0, 1.0)])
    with pytest.raises(Diverged, match=f"epoch {epoch}"):
        minimize_adam(
            value_and_grad,
            one_batch,
            np.zeros(1),
            adam,
            monitor=Log(),
            **ADAM,
        )


def test_values_of_settling_epochs_do_not_count_as_convergence():
    def flat(theta, out):
        return 1.0, np.zeros(1)

    def n_iter(n_settling):
        adam = Adam([(slice(0, 1), 1.0, 1.0)])
        options = {**ADAM, "max_iter": 100, "is_settled": lambda n: n > n_settling}
        return minimize_adam(
            flat, one_batch, np.zeros(1), adam, monitor=Log(), **options
        ).n_iter

    assert n_iter(0) == 12  # five epochs after the first show no fall; as many again
    assert n_iter(10) == 32


def test_the_relative_rate_is_said_before_each_evaluation():
    adam, said = Adam([(slice(0, 2), 1.0, 1.0)]), []
    options = {**ADAM, "max_iter": 4, "set_relative_rate": said.append}
    minimize_adam(bowl, lambda: [0.0, 0.5], np.zeros(2), adam, monitor=Log(), **options)
    assert_allclose(said, [1, 1, 1, 1, 1, 0.75, 0.5, 0.25])


def test_the_rate_is_constant_for_one_half_and_then_falls_to_zero():
    schedule = _Schedule(10, Progress(0.0, 5))
    times = [0, 3, 5, 7.5, 10]
    assert_allclose(
        [schedule.relative_rate(t) for t in times], [1.0, 1.0, 1.0, 0.5, 0.0]
    )


def test_the_rate_begins_to_fall_when_values_do_not():
    schedule = _Schedule(100, Progress(0.01, 2))
    for n_epochs, value in enumerate([8.0, 4.0, 2.0, 2.0, 2.0], start=1):
        assert schedule.relative_rate(n_epochs) == 1.0
        schedule.record(n_epochs, value)
    assert schedule.converged
    assert schedule.end == 10
    assert_allclose([schedule.relative_rate(t) for t in (5, 7.5, 10)], [1.0, 0.5, 0.0])


def test_the_rate_falls_only_once():
    schedule = _Schedule(10, Progress(0.1, 1))
    for n_epochs, value in enumerate([9.0, 7.0, 5.0, 3.0, 2.0, 2.0, 2.0], start=1):
        schedule.record(n_epochs, value)
    assert not schedule.converged  # in its second half it falls already
    assert schedule.end == 10
    schedule = _Schedule(100, Progress(0.1, 1))
    for n_epochs, value in enumerate([9.0, 7.0, 7.0, 3.0, 1.0, 1.0], start=1):
        schedule.record(n_epochs, value)
    assert schedule.converged
    assert schedule.end == 6
