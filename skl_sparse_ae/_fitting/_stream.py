"""The state of mini-batch training, in `fit` or `partial_fit`."""

import numpy as np

from .._arrays._array_api import to_writable
from .._objective import objective_class
from .._objective._sums import Terms
from .._rows._running_means import RunningMeans
from .._solvers._adam import GROWTH_LIMIT, Adam
from .._solvers._progress import Diverged
from ._problem import corruption_of
from ._sparsity_target import SparsityTarget

# With fewer than a score of steps in an epoch, small tables take hundreds of epochs.
MIN_BATCH_SIZE, BATCHES_PER_EPOCH = 64, 16
# Rows over which the running mean of a unit's activation is taken. The divergence of a
# mean over n rows is too large by at most 1 / (2 n) on average.
MEMORY = 1000
# Rows, at most an epoch's, without any activation after which a unit is revived.
IDLE_AFTER = 20_000


class BatchTerms:
    """The terms of J on mini-batches.

    They are apart from the stream, since the monitor holds them and may outlive the
    stream, whose vectors are large.
    """

    def __init__(self):
        self._terms = []

    def add(self, terms):
        """Add those of another batch."""
        self._terms.append(terms)

    def take(self):
        """Return their means over the batches since the last call."""
        terms, self._terms = self._terms, []
        return Terms(*np.mean(terms, axis=0).tolist())


class Stream:
    """The state that mini-batch training carries from one batch to the next.

    `state` can be saved, so that an interrupted stream of rows resumes where it was.

    Parameters
    ----------
    problem : Problem
        Its rows are not kept.
    rng : numpy.random.RandomState
    memory : int
        Number of rows over which the running means of the units are taken.
    idle_after : int
        Number of rows without any activation after which a unit is revived.
    """

    def __init__(self, problem, rng, memory=MEMORY, idle_after=IDLE_AFTER):
        self.problem = problem._replace(rows=None)
        self.rng = rng
        self.unit_means = RunningMeans(memory, idle_after)
        scaling = problem.scaling
        units = [(part, unit, unit / scaling.value) for part, unit in scaling.groups]
        self.adam = Adam(units, problem.network.passes.adam_step)
        self.terms = BatchTerms()

    @property
    def state(self):
        """The state in plain values, for `resume`."""
        target = self.problem.target
        return {
            "rng": self.rng,
            "unit_means": self.unit_means.state,
            "adam": self.adam.state,
            "target": None if target is None else target.state,
        }

    def resume(self, state):
        """Continue from a `state`, which becomes the stream's own."""
        self.rng = state["rng"]
        self.unit_means.resume(state["unit_means"])
        self.adam.resume(state["adam"])
        if state["target"] is not None:
            target = SparsityTarget(self.problem.network.penalty, MEMORY)
            target.resume(state["target"])
            self.problem = self.problem._replace(target=target)

    def batches(self, settings, rows, team):
        """J of a batch in centred parameters, and one epoch of batches.

        Returns
        -------
        value_and_grad : callable
            As `minimize_adam` needs it.
        epoch : callable
            Returns an iterator that sets one batch of the rows after the other on the
            objective, and yields the fraction of the epoch done before it.
        """
        cls = objective_class(rows, self.problem.network)
        mean, input_mean = self.problem.scaling.mean, None
        if isinstance(rows.X, np.ndarray):  # centred, sparse rows would be dense
            mean, input_mean = None, mean.astype(rows.dtype, copy=False)
        objective = cls(
            self.problem.network,
            self.problem.alpha,
            team=team,
            dtype=rows.dtype,
            mean=mean,
            blend_means=self.unit_means,
            idle_units=self.unit_means.idle_units,
            counts_active=self.problem.target is not None,
        )
        size = _batch_size(settings, rows, cls)
        corrupt = corruption_of(settings)
        batches = rows.batches(size, self.rng, corrupt, input_mean)

        def epoch():
            for batch in batches:
                objective.use_rows(
                    batch.X,
                    batch.sample_weight,
                    total_weight=batch.total_weight,
                    inputs=batch.inputs,
                    load=batch.load,
                )
                yield batch.progress

        return self._recorded(objective), epoch

    def _recorded(self, objective):
        """J of a batch; its terms are kept, and its sparsity steers the target."""
        target = self.problem.target

        def evaluate(theta, out, update):
            result = objective.value_and_grad(theta, out, update)
            self.terms.add(objective.last_terms)
            if target is not None:
                target.hear_batch(objective.active_fraction, objective.n_rows)
            return result

        return evaluate

    def train(self, settings, theta, rows, team):
        """One pass over the rows; returns the parameters after it and the mean of J.

        Those before it, `theta`, are overwritten.
        """
        value_and_grad, epoch = self.batches(settings, rows, team)
        scaling = self.problem.scaling
        theta = rows.to_device(scaling.centre(theta))
        gradient, values = None, []
        for _ in epoch():
            update = self.adam.begin_step(theta, settings.learning_rate_init)
            value, gradient = value_and_grad(theta, gradient, update)
            values.append(value)
        value, theta = float(np.mean(values)), scaling.uncentre(to_writable(theta))
        limit = GROWTH_LIMIT * (values[0] + scaling.value)
        if not (value < limit and np.isfinite(theta).all()):
            raise Diverged(f"the objective is {value:.3g} in this call of partial_fit")
        return theta, value


def _batch_size(settings, rows, objective_cls):
    """Rows in a mini-batch."""
    size, n_rows = settings.batch_size, rows.shape[0]
    if size == "auto":
        share = n_rows // BATCHES_PER_EPOCH
        size = int(np.clip(share, MIN_BATCH_SIZE, objective_cls.max_batch_size))
    return min(size, n_rows)
