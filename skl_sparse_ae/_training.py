"""From start to trained parameters: each solver with the objective that it needs.

`settings` is whatever has the solvers' parameters as attributes: the estimator.
"""

from functools import partial
from typing import NamedTuple

import numpy as np
from sklearn import get_config

from ._adam import GROWTH_LIMIT, Adam, minimize_adam
from ._arrays import to_numpy
from ._batches import MiniBatches, RunningMeans
from ._corruption import CORRUPTIONS
from ._lbfgs import minimize_lbfgs
from ._network import Network
from ._objective import Terms
from ._progress import Diverged
from ._rows import place_of
from ._scaling import Scaling
from ._sparsity_target import SparsityTarget

# With fewer than a score of steps in an epoch, small tables take hundreds of epochs.
MIN_BATCH_SIZE, BATCHES_PER_EPOCH = 64, 16
# Rows that a running mean of a unit's activation remembers. The divergence of a mean
# over n rows is too large by at most 1 / (2 n) on average.
MEMORY = 1000
# Rows, at most an epoch's, without any activation after which a unit is revived.
IDLE_AFTER = 20_000
# The fraction of variance that a search explains which has left its start, where units
# are all alike: a saddle of J, near which the penalty and the decay may still fall.
BEGUN = 0.05
# Epochs over which a penalty that sets in gradually does so.
SETTLING = 10


class Problem(NamedTuple):
    """Rows and a network; where it is to learn them, the units of its parameters."""

    network: Network
    scaling: Scaling | None
    X: np.ndarray
    sample_weight: np.ndarray | None
    alpha: float
    target: SparsityTarget | None = None

    def objective(self, team, inputs=None, mean=None, memory_budget=0):
        """J over all the rows; `inputs` are what the encoder sees of them, if noisy."""
        cls = place_of(self.X).objective_class(self.network, self.X)
        objective = cls(
            self.network,
            self.alpha,
            team=team,
            dtype=self.X.dtype,
            mean=mean,
            memory_budget=memory_budget,
            counts_active=self.target is not None,
        )
        return objective.use_rows(self.X, self.sample_weight, inputs=inputs)


def corruption_of(settings):
    """The function that corrupts rows, or None."""
    if settings.corruption is None:
        return None
    return partial(CORRUPTIONS[settings.corruption], level=settings.corruption_level)


def train_lbfgs(settings, problem, theta, *, team, monitor, rng):
    """Minimise J over all rows at once; returns the solver's outcome.

    The start, `theta`, is lost.
    Noise on the rows, if there is any, is drawn once: the search needs an objective
    that stays the same.
    """
    scaling = problem.scaling
    budget = get_config()["working_memory"] * 2**20
    corrupt = corruption_of(settings)
    inputs = None
    if corrupt is not None:
        inputs = place_of(problem.X).corrupted(corrupt, problem.X, rng)
    objective = problem.objective(team, inputs, mean=scaling.mean, memory_budget=budget)

    def has_left_start():
        return 2 * objective.last_terms.reconstruction < (1 - BEGUN) * scaling.value

    def level(point):
        objective.means(scaling.to_centred(point))  # encodes, and decodes nothing
        return objective.active_fraction

    search = partial(
        minimize_lbfgs,
        scaling.wrap(objective.value_and_grad, team),
        team=team,
        tol=settings.tol,
        n_iter_no_change=settings.n_iter_no_change,
        precision=np.finfo(problem.X.dtype).eps,
        has_left_start=has_left_start,
        monitor=monitor.translating(
            scaling.from_solver, lambda: objective.last_terms, scaling.value
        ),
    )
    if problem.target is not None:
        search = problem.target.staged(search, level)
    start = place_of(problem.X).beside(problem.X, scaling.to_solver(theta))
    outcome = search(start, max_iter=settings.max_iter)
    return outcome._replace(point=scaling.from_solver(outcome.point))


def train_adam(settings, problem, theta, *, team, monitor, rng):
    """Minimise J over mini-batches; returns the solver's outcome.

    The start, `theta`, is lost.
    """
    X, scaling = problem.X, problem.scaling
    n_rows = X.shape[0]
    memory, idle_after = min(MEMORY, n_rows), min(IDLE_AFTER, n_rows)
    stream = Stream(problem, rng, memory, idle_after)
    weights = problem.sample_weight
    value_and_grad, batches = stream.batches(settings, X, weights, team)
    penalty, target = problem.network.penalty, problem.target
    n_settling = min(SETTLING, settings.max_iter // 2) if penalty.is_gradual else 0

    def is_settled(n_epochs):
        return n_epochs > n_settling and (target is None or target.is_near)

    def to_theta(point):
        return scaling.uncentre(np.array(to_numpy(point)))

    outcome = minimize_adam(
        value_and_grad,
        _settling(batches, penalty, n_settling),
        place_of(X).beside(X, scaling.centre(theta)),
        stream.adam,
        learning_rate=settings.learning_rate_init,
        max_iter=settings.max_iter,
        tol=settings.tol,
        n_iter_no_change=settings.n_iter_no_change,
        value_unit=scaling.value,
        is_settled=is_settled,
        monitor=monitor.translating(to_theta, stream.terms.take),
    )
    return outcome._replace(point=scaling.uncentre(_writable(outcome.point)))


def _writable(point):
    """A solver's point as NumPy's, to be changed; what a device gives may not be."""
    return np.require(to_numpy(point), requirements="W")


def _settling(batches, penalty, n_epochs):
    """Batches of one epoch after the other that tell the penalty how far they are."""
    n_done = 0

    def epoch():
        nonlocal n_done
        for fraction in batches():
            penalty.set_progress(min(1.0, (n_done + fraction) / max(1, n_epochs)))
            yield fraction
        n_done += 1
        penalty.set_progress(1.0)

    return epoch


class BatchTerms:
    """The terms of J on mini-batches.

    They are apart from the stream, since whoever asks for them may outlive it, and is
    not to keep its vectors.
    """

    def __init__(self):
        self._terms = []

    def add(self, terms):
        """Those of another batch."""
        self._terms.append(terms)

    def take(self):
        """Their means over the batches since they were last taken."""
        terms, self._terms = self._terms, []
        return Terms(*np.mean(terms, axis=0).tolist())


class Stream:
    """What mini-batch training carries from one batch to the next.

    Its `state` can be saved, so that an interrupted stream of rows resumes where it
    was.

    Parameters
    ----------
    problem : Problem
        Its rows are not kept.
    rng : numpy.random.RandomState
    memory : int
        Number of rows that the running means of the units remember.
    idle_after : int
        Number of rows without any activation after which a unit is revived.
    """

    def __init__(self, problem, rng, memory=MEMORY, idle_after=IDLE_AFTER):
        self.problem = problem._replace(X=None, sample_weight=None)
        self.rng = rng
        self.unit_means = RunningMeans(memory, idle_after)
        scaling = problem.scaling
        units = [(part, unit, unit / scaling.value) for part, unit in scaling.groups]
        self.adam = Adam(units, problem.network.passes.adam_step)
        self.terms = BatchTerms()

    @property
    def state(self):
        """What there is to remember, in plain values, for `resume`."""
        target = self.problem.target
        return {
            "rng": self.rng,
            "unit_means": self.unit_means.state,
            "adam": self.adam.state,
            "target": None if target is None else target.state,
        }

    def resume(self, state):
        """Go on where `state`, which is taken over, was left."""
        self.rng = state["rng"]
        self.unit_means.resume(state["unit_means"])
        self.adam.resume(state["adam"])
        if state["target"] is not None:
            target = SparsityTarget(self.problem.network.penalty, MEMORY)
            target.resume(state["target"])
            self.problem = self.problem._replace(target=target)

    def batches(self, settings, X, sample_weight, team):
        """J of a batch in centred parameters; what sets one batch after the other."""
        cls = place_of(X).objective_class(self.problem.network, X)
        size = settings.batch_size
        if size == "auto":
            share = X.shape[0] // BATCHES_PER_EPOCH
            size = int(np.clip(share, MIN_BATCH_SIZE, cls.max_batch_size))
        size = min(size, X.shape[0])
        mean, rows_mean = self.problem.scaling.mean, None
        if isinstance(X, np.ndarray):  # centred, sparse rows would be dense
            mean, rows_mean = None, mean.astype(X.dtype, copy=False)
        objective = cls(
            self.problem.network,
            self.problem.alpha,
            team=team,
            dtype=X.dtype,
            mean=mean,
            blend_means=self.unit_means,
            idle_units=self.unit_means.idle_units,
            counts_active=self.problem.target is not None,
        )
        corrupt = corruption_of(settings)
        batches = MiniBatches(
            objective, X, sample_weight, size, self.rng, corrupt, rows_mean
        )
        return self._heard(objective), batches

    def _heard(self, objective):
        """J of a batch, whose terms are kept and whose sparsity the target hears of."""
        target = self.problem.target

        def evaluate(theta, out, update):
            result = objective.value_and_grad(theta, out, update)
            self.terms.add(objective.last_terms)
            if target is not None:
                target.hear_batch(objective.active_fraction, objective.n_rows)
            return result

        return evaluate

    def train(self, settings, theta, X, sample_weight, team):
        """One pass over the rows; returns the parameters after it and the mean of J.

        The ones before it, `theta`, are lost.
        """
        value_and_grad, batches = self.batches(settings, X, sample_weight, team)
        scaling = self.problem.scaling
        theta = place_of(X).beside(X, scaling.centre(theta))
        gradient, values = None, []
        for _ in batches():
            update = self.adam.begin_step(theta, settings.learning_rate_init)
            value, gradient = value_and_grad(theta, gradient, update)
            values.append(value)
        value, theta = float(np.mean(values)), scaling.uncentre(_writable(theta))
        limit = GROWTH_LIMIT * (values[0] + scaling.value)
        if not (value < limit and np.isfinite(theta).all()):
            raise Diverged(f"the objective is {value:.3g} in this call of partial_fit")
        return theta, value
