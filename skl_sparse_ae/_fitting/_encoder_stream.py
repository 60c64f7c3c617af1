"""Mini-batch training of the encoder alone, with the decoder from running means."""

from functools import partial
from math import ceil

from .._objective import RowMeans, can_project_batches, projected_batches
from ._problem import corruption_of
from ._stream import Stream, batch_size, epoch_of

# The encoder's steps, in those of steps for all parameters: the decoder follows at
# once. On image patches, fits end at a lower J.
LONGER_STEPS = 2.0
# Number of rows that the running means are taken over at the full learning rate, at
# least, in mini-batches and in units. Means over fewer rows are noisy, those over more
# rows are of codes that have changed: on 60000 digits with 196 units, J after five
# epochs is 4.50 for 5 mini-batches, 4.53 for 10, 4.77 for 30 and 5.07 for 100.
WINDOW_BATCHES, WINDOW_UNITS = 5, 2.5
# The same for a stream, in rows and in units. Its learning rate does not fall, so that
# the decoder is never computed from more rows: a few for each unit would be noisy.
STREAM_ROWS, STREAM_UNITS = 1280, 10
# This number of steps counts as an iteration in tests of convergence: epochs of many
# rows have enough steps to converge in a few of them. An epoch of few rows counts as
# this part of an iteration at least.
STEPS_PER_ITERATION, LEAST_ITERATIONS = 25, 0.2


def stream_class(rows, network):
    """Return the class of stream for some rows."""
    return EncoderStream if can_project_batches(rows, network) else Stream


class EncoderStream(Stream):
    """Mini-batch training, where the solver's points are encoders for centred rows.

    Parameters are those of `Stream`.
    """

    trained = "encoder"
    _means, _n_unsolved = None, 0.0

    @property
    def state(self):
        objective = self._objective
        of_decoder = {
            "means": tuple(objective.means),
            "n_unsolved": objective.n_unsolved,
        }
        return super().state | of_decoder

    def resume(self, state):
        super().resume(state)
        if "means" in state:
            self._means = RowMeans(*state["means"])
            self._n_unsolved = state["n_unsolved"]

    def _groups(self):
        return [(part, LONGER_STEPS * u) for part, u in self.problem.scaling.groups[:2]]

    def batches(self, settings, rows, team):
        size = batch_size(settings, rows, self.problem.network)
        self._objective = projected_batches(
            rows,
            self.problem.network,
            self.problem.alpha,
            self.problem.scaling.mean,
            team=team,
            blend_means=self.unit_means,
            counts_active=self.problem.target is not None,
        )
        n_components = self.problem.network.layout.n_components
        self._window = max(WINDOW_BATCHES * size, WINDOW_UNITS * n_components)
        self._objective.window = max(STREAM_ROWS, STREAM_UNITS * n_components)
        corrupt = corruption_of(settings, self.problem, rows)
        batches = rows.batches(size, self.rng, corrupt)
        epoch = partial(epoch_of, self._objective, batches)
        return self._evaluation(self._objective), epoch

    def convergence(self, settings, rows):
        size = batch_size(settings, rows, self.problem.network)
        n_iterations = rows.shape[0] / size / STEPS_PER_ITERATION
        n_iterations = max(n_iterations, LEAST_ITERATIONS)
        n_epochs = ceil(settings.n_iter_no_change / n_iterations)
        return settings.tol * n_iterations, n_epochs

    def point(self, rows, theta):
        layout, scaling = self.problem.network.layout, self.problem.scaling
        parameters = layout.views(scaling.centre(theta))
        self._objective.begin(parameters, rows, self._means, self.is_new)
        self._objective.n_unsolved = self._n_unsolved
        return rows.to_device(theta[: self._groups()[-1][0].stop].copy())

    @property
    def to_theta(self):
        return self._objective.full_vector

    def set_relative_rate(self, rate, n_rows):
        # The slower the encoder changes, the more rows the means are taken over, so
        # that the last decoder is that of an epoch.
        window = min(self._window, n_rows) / max(rate, 1e-10)
        self._objective.window = min(window, n_rows)
        # At least once in an epoch, however few rows it has.
        self._objective.solve_after = min(self._objective.solve_after, n_rows)
