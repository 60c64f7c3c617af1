"""State of mini-batch training, in `fit` and `partial_fit`."""

from functools import partial

import numpy as np

from .._arrays._array_api import to_numpy
from .._objective import objective_class
from .._objective._sums import Terms, squared_norm
from .._rows._running_means import RunningMeans
from .._solvers._adam import GROWTH_LIMIT, Adam
from .._solvers._progress import Diverged
from ._problem import corruption_of
from ._sparsity_target import SparsityTarget

# With fewer than about 20 steps per epoch, small tables take hundreds of epochs.
MIN_BATCH_SIZE, BATCHES_PER_EPOCH = 64, 16
# Number of rows over which the running mean of a unit's activation is taken. The KL
# divergence of a mean over n rows is biased upwards by at most 1 / (2 n).
AVERAGED_ROWS = 1000
# The multiple of `tol` that counts for an epoch. At a constant learning rate J
# fluctuates more from epoch to epoch than from iteration to iteration over all rows.
EPOCH_TOL = 2.5
# Number of rows, at most one epoch, without activation after which a unit is revived.
IDLE_AFTER = 20_000


class BatchTerms:
    """Terms of J on mini-batches.

    Kept apart from `Stream`, since the monitor holds a reference to them and may exist
    longer than the stream, whose vectors are large.
    """

    def __init__(self):
        self._terms = []

    def add(self, terms):
        """Add the terms of a batch."""
        self._terms.append(terms)

    def take(self):
        """Return the mean terms of the batches since the last call."""
        terms, self._terms = self._terms, []
        return Terms(*np.mean(terms, axis=0).tolist())


class Stream:
    """Mini-batch training with a state that persists from one batch to the next.

    `state` can be saved, to continue training later.

    Parameters
    ----------
    problem : Problem
        No reference to its rows is kept.
    rng : numpy.random.RandomState
    n_averaged_rows : int
        Number of rows over which the running means of the units are taken.
    idle_after : int
        Number of rows without activation after which a unit is revived.
    is_new : bool, default=True
        Whether training begins with initial parameters.
    """

    #: Which parameters the solver's steps change.
    trained = "all"

    def __init__(
        self,
        problem,
        rng,
        n_averaged_rows=AVERAGED_ROWS,
        idle_after=IDLE_AFTER,
        is_new=True,
    ):
        self.is_new = is_new
        self.problem = problem._replace(rows=None)
        self.rng = rng
        self.unit_means = RunningMeans(n_averaged_rows, idle_after)
        units = [(part, u, u / problem.scaling.value) for part, u in self._groups()]
        self.adam = Adam(units, problem.network.passes.adam_step)
        self.terms = BatchTerms()

    def _groups(self):
        """Return the slices of the parameters that are trained, and their units."""
        return self.problem.scaling.groups

    @property
    def state(self):
        """The state as plain values, for `resume`."""
        target = self.problem.target
        return {
            "rng": self.rng,
            "unit_means": self.unit_means.state,
            "adam": self.adam.state,
            "trained": self.trained,
            "target": None if target is None else target.state,
        }

    def resume(self, state):
        """Restore a `state`, which is not copied and may be modified."""
        self.rng = state["rng"]
        self.unit_means.resume(state["unit_means"])
        if state.get("trained", "all") == self.trained:
            self.adam.resume(state["adam"])
        if state["target"] is not None:
            target = SparsityTarget(self.problem.network.penalty, AVERAGED_ROWS)
            target.resume(state["target"])
            self.problem = self.problem._replace(target=target)

    def batches(self, settings, rows, team):
        """Return J of the current batch, and an iterator factory over an epoch.

        Returns
        -------
        value_and_grad : callable
            J and its gradient at centred parameters, as in `minimize_adam`.
        epoch : callable
            Returns an iterator over the batches of an epoch. Each step sets the
            objective's rows to the next batch and yields the fraction of the epoch
            before this batch.
        """
        network = self.problem.network.skipping_missing(rows.fill is not None)
        cls = objective_class(rows, network)
        mean, input_mean = self.problem.scaling.mean, None
        has_patches = self.problem.network.convolution is not None
        # Centring would make sparse rows dense, and the zeros around images not zero.
        if isinstance(rows.X, np.ndarray) and not has_patches:
            mean, input_mean = None, mean.astype(rows.dtype, copy=False)
        objective = cls(
            network,
            self.problem.alpha,
            team=team,
            dtype=rows.dtype,
            mean=mean,
            blend_means=self.unit_means,
            idle_units=self.unit_means.idle_units,
            counts_active=self.problem.target is not None,
        )
        size = batch_size(settings, rows, network)
        corrupt = corruption_of(settings, self.problem, rows)
        batches = rows.batches(size, self.rng, corrupt, input_mean)

        return self._evaluation(objective), partial(epoch_of, objective, batches)

    def convergence(self, settings, rows):
        """Return the tolerance for an epoch, and the number of epochs to compare."""
        del rows
        return EPOCH_TOL * settings.tol, settings.n_iter_no_change

    def point(self, rows, theta):
        """Return the point of the solver for a parameter vector, which is changed."""
        return rows.to_device(self.problem.scaling.centre(theta))

    @property
    def to_theta(self):
        """Function that returns a new parameter vector, given a point of the solver.

        It has no reference to the stream.
        """
        return partial(_to_theta, self.problem.scaling)

    def set_relative_rate(self, rate, n_rows):
        """Set the learning rate of `fit` as a part of the first one.

        Parameters
        ----------
        rate : float
        n_rows : int
            Of an epoch.
        """

    def _evaluation(self, objective):
        """Return a function that evaluates J on a batch.

        It also records the terms of J and updates the sparsity target.
        """
        target = self.problem.target

        def evaluate(theta, out):
            result = objective.value_and_grad(theta, out)
            self.terms.add(objective.last_terms)
            if target is not None:
                target.update(objective.active_fraction, objective.n_rows)
            return result

        return evaluate

    def train(self, settings, theta, rows, team):
        """Train for one pass over the rows, from `theta`, which is overwritten.

        Returns
        -------
        theta : ndarray
            Parameters after the pass.
        value : float
            Mean of J over the batches.
        """
        value_and_grad, epoch = self.batches(settings, rows, team)
        scaling, point = self.problem.scaling, self.point(rows, theta)
        gradient, values = None, []
        for _ in epoch():
            value, gradient = value_and_grad(point, gradient)
            self.adam.step(point, gradient, settings.learning_rate_init, team)
            values.append(value)
        value, theta = float(np.mean(values)), self.to_theta(point)
        limit = GROWTH_LIMIT * (values[0] + scaling.value)
        if value >= limit:  # which rows far away from earlier ones explain, too
            mean, variance = rows.moments()
            if self.problem.network.convolution is None:  # else of patches
                mean = mean - scaling.mean
            limit += GROWTH_LIMIT * (variance + squared_norm(mean))
        if not (value < limit and np.isfinite(theta).all()):
            raise Diverged(f"the objective is {value:.3g} in this call of partial_fit")
        return theta, value


def _to_theta(scaling, point):
    return scaling.uncentre(np.array(to_numpy(point)))


def epoch_of(objective, batches):
    """Iterate over the batches of an epoch; see `Stream.batches`."""
    for batch in batches:
        objective.use_rows(
            batch.X,
            batch.sample_weight,
            total_weight=batch.total_weight,
            inputs=batch.inputs,
            load=batch.load,
        )
        yield batch.progress


def batch_size(settings, rows, network):
    """Return the number of rows in a mini-batch."""
    size, n_rows = settings.batch_size, rows.shape[0]
    if size == "auto":
        largest = objective_class(rows, network).max_batch_size
        size = int(np.clip(n_rows // BATCHES_PER_EPOCH, MIN_BATCH_SIZE, largest))
    return min(size, n_rows)
