"""Full-batch training by L-BFGS.

Where the best decoder for given codes can be computed, the search is over the encoder
alone; otherwise over all parameters.
"""

from functools import partial
from math import ceil

import numpy as np
from sklearn import get_config

from .._arrays._array_api import to_numpy
from .._arrays._device_array import as_array_like
from .._network._parameters import Parameters
from .._objective import can_project
from .._penalties import is_built_in
from .._solvers._gauss_newton import GaussNewton
from .._solvers._lbfgs import minimize_lbfgs
from .._solvers._preconditioner import ParameterCoordinates
from ._problem import corruption_of
from ._row_space import row_space

# At the start all units are nearly alike. This is near a saddle point of J, a plateau
# on which only the penalty and the decay may fall. The plateau counts as passed when
# the reconstruction explains this fraction of the variance.
PLATEAU_EXPLAINED = 0.05
# Rows for each unit from which the Hessian matrix of the encoder is approximated, more
# if they are sparse: with fewer, products with its inverse take longer than they save.
ROWS_PER_UNIT = 5
# The unit of the encoder where the decoder is searched for, too, as a multiple of that
# where it is solved. Measured on images.
ENCODER_UNIT = 2.0


def train_lbfgs(settings, problem, theta, *, team, monitor, rng):
    """Minimise J over all rows and return the solver's `Outcome`.

    `theta` is overwritten. Corruption is drawn once, since L-BFGS needs a fixed
    objective.
    """
    corrupt = corruption_of(settings, problem, problem.rows)
    inputs = None if corrupt is None else problem.rows.corrupted(corrupt, rng)
    search_class = _EncoderSearch if can_project(problem.network) else _FullSearch
    search = search_class(problem, team, inputs)
    minimize = partial(
        minimize_lbfgs,
        search.value_and_grad,
        team=team,
        tol=settings.tol,
        n_iter_no_change=settings.n_iter_no_change,
        precision=np.finfo(problem.rows.dtype).eps,
        is_past_plateau=search.is_past_plateau,
        preconditioner=search.preconditioner,
        monitor=monitor.set_conversion(
            search.to_theta,
            lambda: search.objective.last_terms,
            problem.scaling.value,
        ),
    )
    if problem.target is not None:
        minimize = problem.target.staged(minimize, search.active_fraction)
    outcome = minimize(search.start(theta), max_iter=settings.max_iter)
    return outcome._replace(point=search.to_theta(outcome.point))


class _FullSearch:
    """J as L-BFGS sees it: a function of all parameters in units of the data.

    Parameters
    ----------
    problem : Problem
    team : Team
    inputs : array like the rows, or None
        Input of the encoder, if it is corrupted.
    """

    #: Iterations before the Hessian matrix is approximated. At the start units are
    #: nearly alike, and the long steps that follow may end at a far worse minimum: with
    #: rectified units and logistic outputs, half of the units died.
    first_update = 2

    def __init__(self, problem, team, inputs):
        self._problem, self._scaling = problem, problem.scaling
        self.objective = problem.objective(
            team,
            inputs=inputs,
            mean=self._scaling.mean,
            memory_budget=_memory_budget(),
        )
        encoder = None
        # Tied weights also write into the reconstruction, for which the directions of
        # large variance matter most.
        if not problem.network.layout.tied_weights:
            encoder = problem.coordinates.scaled(ENCODER_UNIT)
        self._coordinates = ParameterCoordinates(self._scaling.groups, encoder)
        self._gradient = None
        self._curvature = self._hessian = None
        if _is_approximated(problem.network):
            self._curvature = problem.curvature(encoder, inputs)
            self._hessian = GaussNewton(encoder, self._scaling.groups[2:], team)

    @property
    def preconditioner(self):
        """What `minimize_lbfgs` calls so, or None."""
        return None if self._hessian is None else self

    def update(self, point):
        """Approximate the Hessian matrix of J at the last point evaluated."""
        parameters = self._parameters(point)
        self._hessian.update(
            self._curvature.at(parameters, self.objective.unit_means),
            self._problem.alpha.weights,
            float(self._scaling.value),
            point,
        )

    def apply(self, vector):
        """Multiply a vector by the inverse of the approximate matrix, in place."""
        self._hessian.apply(vector)

    def _parameters(self, point):
        """Return the parameters at a point, with the encoder's centred intercepts."""
        theta = to_numpy(self._coordinates.to_theta(point))
        return self._problem.network.layout.views(theta)

    def value_and_grad(self, point, out):
        """Return J in units of the variance; write its gradient to `out`."""
        theta = self._coordinates.to_theta(point)
        value, self._gradient = self.objective.value_and_grad(theta, self._gradient)
        self._clear_skipped()
        unit = float(self._scaling.value)
        self._coordinates.write_gradient(self._gradient, 1 / unit, out)
        return value / unit

    def _clear_skipped(self):
        """Set the gradient to zero where weights are kept at zero.

        Rows are not centred, so that it is the rounding error of large products.
        """
        skipped = self._problem.coordinates.skipped
        if skipped is not None:
            layout = self._problem.network.layout
            for matrix in layout.weights(layout.views(self._gradient)):
                matrix *= as_array_like(~skipped[:, np.newaxis], matrix)

    def start(self, theta):
        """Return the point at parameters, which are overwritten."""
        point = self._coordinates.to_point(self._scaling.centre(theta))
        return self._problem.rows.to_device(point)

    def to_theta(self, point):
        """Return the parameters at a point, in float64."""
        theta = to_numpy(self._coordinates.to_theta(point)).astype(np.float64)
        return self._scaling.uncentre(theta)

    def active_fraction(self, point):
        """Return the weighted fraction of active units at a point."""
        self.objective.means(self._coordinates.to_theta(point))
        return self.objective.active_fraction

    def is_past_plateau(self):
        """Return whether the last evaluation explained more than the start does."""
        left = (1 - PLATEAU_EXPLAINED) * self._scaling.value
        return 2 * self.objective.last_terms.reconstruction < left


class _EncoderSearch(_FullSearch):
    """J as a function of the encoder alone, in coordinates that suit the data.

    Rows without corruption are replaced by those in a basis of their span where this is
    of much fewer dimensions.
    """

    first_update = 0

    def __init__(self, problem, team, inputs):
        self._problem, self._scaling = problem, problem.scaling
        scaling, self._coordinates = self._scaling, problem.coordinates
        self._space = None
        if inputs is None and _is_rotation_invariant(problem.network.penalty):
            self._space = row_space(
                problem.rows,
                scaling.mean,
                scaling.variance,
                problem.network.layout.n_components,
            )
        if self._space is not None:
            self._coordinates = self._coordinates.rotated(self._space.basis)
        self.objective = problem.projected_objective(
            team, inputs, self._space, _memory_budget()
        )
        self._last_point = None
        self._hessian = None
        self._curvature = problem.curvature(self._coordinates, inputs, self._space)
        enough = ROWS_PER_UNIT * problem.network.layout.n_components
        enough = ceil(enough / self._curvature.density)
        if problem.rows.n_distinct(enough) >= enough:
            self._hessian = GaussNewton(self._coordinates, [], team)

    def _parameters(self, point):
        encoder = (to_numpy(array) for array in self._coordinates.to_encoder(point))
        return Parameters(*encoder, self.objective.components, None)

    def value_and_grad(self, point, out):
        value, *gradient = self.objective.value_and_grad(
            *self._coordinates.to_encoder(point)
        )
        unit = float(self._scaling.value)
        self._coordinates.write_gradient(*gradient, 1 / unit, out)
        self._last_point = point
        return value / unit

    def start(self, theta):
        parameters = self._problem.network.layout.views(self._scaling.centre(theta))
        coef = parameters.encoder_coef
        if self._space is not None:
            coef = self._space.basis.T @ coef
        point = self._coordinates.to_point(coef, parameters.encoder_intercept)
        point = point.astype(theta.dtype, copy=False)
        return self._problem.rows.to_device(point)

    def to_theta(self, point):
        encoder = self._coordinates.to_encoder(point)
        if point is not self._last_point:
            self.objective.solve(*encoder)
        parameters = self.objective.parameters(*encoder)
        if self._space is not None:
            parameters = self._space.lift(parameters)
        return self._problem.network.layout.flatten(parameters)

    def active_fraction(self, point):
        self.objective.encode(*self._coordinates.to_encoder(point))
        return self.objective.active_fraction


def _is_approximated(network):
    """Whether the Hessian matrix of J in all parameters is approximated."""
    layout = network.layout
    is_plain = network.convolution is None and network.widths is None
    return is_plain and layout.thresholds is None and not layout.tied_weights


def _is_rotation_invariant(penalty):
    """Whether weights enter the penalty by their norms only, as far as is known."""
    return penalty.unit_weights_from is None or is_built_in(penalty)


def _memory_budget():
    """Bytes that may be used to keep codes between passes over the rows."""
    return get_config()["working_memory"] * 2**20
