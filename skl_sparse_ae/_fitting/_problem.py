"""The optimisation problem of a fit: rows, network, weights of J and scaling."""

from functools import partial
from typing import NamedTuple

import numpy as np
from sklearn.base import clone

from .._network._activations import OUT_ACTIVATIONS
from .._network._conv_network import network_of
from .._network._decay import Decay
from .._network._losses import LOSSES, out_activation_of
from .._network._network import Network
from .._objective import SampledCurvature, objective_class, projected_objective
from .._penalties import PENALTIES, Penalty, check_penalty, is_built_in, make_penalty
from .._rows import Rows
from .._rows._corruption import CORRUPTIONS, constant_columns
from .._rows._moments import column_moments, is_constant
from .._solvers._preconditioner import EncoderCoordinates
from .._solvers._scaling import Scaling
from ._default_weights import (
    LEAST_VARIANCE,
    decay_weights,
    rank_factor,
    sparsity_level,
)
from ._missing import missing_fill
from ._null_loss import excess_deviance, mean_row, null_deviance
from ._patches import patches_of
from ._sparsity_target import SparsityTarget
from ._widths import matryoshka_widths

# Rows from which directions of large variance are estimated: this number at least, and
# as many as give this number of entries. With 128 rows of images, searches take up to a
# tenth more iterations; with 2000, they take no fewer.
MIN_ROWS_FOR_DIRECTIONS, ENTRIES_FOR_DIRECTIONS = 256, 2**16
# Maximum number of these directions.
N_DIRECTIONS = 64
# Number of rows from which figures of the spectrum, and curvatures of J, are estimated.
# With 256, searches with weak penalties take up to a half more iterations.
N_SAMPLED = 500
# Largest acceptable rounding error of a value of X, relative to the spread of a column.
MAX_ROUNDING = 1e-3


class Problem(NamedTuple):
    """Rows, network and weights of J; in training, also what suits a solver to them.

    `missing_mean` is what the encoder sees in place of missing entries, where they are
    allowed, or where it begins with ``missing_fill="reconstruction"``. `n_sampled` is
    the number of rows from which the curvature of J is estimated.
    """

    network: Network
    scaling: Scaling | None
    rows: Rows | None
    alpha: Decay
    target: SparsityTarget | None = None
    coordinates: EncoderCoordinates | None = None
    missing_mean: np.ndarray | None = None
    missing_fill: str = "mean"
    n_sampled: int = N_SAMPLED

    def objective(self, team, inputs=None, mean=None, memory_budget=0):
        """Return the `Objective` of all rows, with corrupted `inputs` if given."""
        cls = objective_class(self.rows, self.network)
        objective = cls(
            self.network,
            self.alpha,
            team=team,
            dtype=self.rows.dtype,
            mean=mean,
            memory_budget=memory_budget,
            counts_active=self.target is not None,
        )
        inputs = self.rows.inputs if inputs is None else inputs
        return objective.use_rows(self.rows.X, self.rows.sample_weight, inputs=inputs)

    def projected_objective(self, team, inputs=None, space=None, memory_budget=0):
        """Return J of all rows as a function of the encoder alone.

        With a `RowSpace`, it is the encoder of rows in its basis.
        """
        rows, network, mean = self._in_space(space)
        alpha = self.alpha if space is None else self.alpha.rotated(space.basis)
        return projected_objective(
            rows,
            network,
            alpha,
            mean,
            self.scaling.variance,
            inputs,
            team=team,
            memory_budget=memory_budget,
            counts_active=self.target is not None,
        )

    def curvature(self, coordinates, inputs=None, space=None):
        """Return what computes the curvature of J from a sample of rows.

        With corrupted `inputs`, from a sample of these; with a `RowSpace`, it is the
        curvature for rows in its basis, as are the coordinates.
        """
        rows, network, mean = self._in_space(space)
        if inputs is not None:
            rows = rows.replaced_by(inputs)
        X, sample_weight, _ = rows.sample(self.n_sampled)
        return SampledCurvature(network, X, sample_weight, mean, coordinates)

    def _in_space(self, space):
        """Return the rows, the network and the mean, those in a `RowSpace` if given."""
        if space is None:
            return self.rows, self.network, self.scaling.mean
        mean = np.zeros(space.rows.shape[1])
        return space.rows, space.network(self.network), mean


def make_problem(settings, rows, convolution=None, is_stream=False, was_missing=None):
    """Return the `Problem` for the rows and the parameters of an estimator.

    Parameters
    ----------
    settings : SparseAutoencoder
    rows : Rows
    convolution : Convolution, default=None
        Of rows that are images and are trained on as a whole.
    is_stream : bool, default=False
        Whether more rows will follow.
    was_missing : Filled, default=None
        Given if `rows` are complete because missing entries have been reconstructed.

    Raises
    ------
    ValueError
        If parameters are incompatible with each other or with the data.
    """
    mean, variance = rows.moments()
    if not np.isfinite(variance):
        raise ValueError(
            "The variance of X overflows. Scale X, for instance with "
            "sklearn.preprocessing.StandardScaler or MinMaxScaler."
        )
    n_features = rows.shape[1]
    # What units see, whose distribution decides on their weights.
    seen = rows
    if convolution is not None:
        seen = patches_of(rows, convolution)
        mean, n_features = seen.moments()[0], convolution.patch_size
    loss, output_mean = LOSSES[settings.loss](None), mean
    if loss.is_canonical:
        output_mean = mean_row(loss, rows, mean)
    fill, missing_mean, observed = missing_fill(settings, rows), None, 1.0
    if was_missing is not None:
        missing_mean, observed = was_missing
    elif rows.fill is not None:
        missing_mean = rows.fill
        # Only reconstructions let units see more than what is observed.
        observed = rows.observed_fraction if fill == "reconstruction" else 0.0
    elif settings.missing_values is not None:
        missing_mean = output_mean
    deviance = null_deviance(loss, rows, (mean, variance), output_mean)
    n_components = settings.n_components or n_features
    steepness = _steepness(settings, output_mean)
    excess = excess_deviance(loss, output_mean, deviance) or 1.0
    sizes = variance or 1.0, rows.shape[1], n_components, excess, steepness
    # Patches have few columns, which takes no time.
    n_sampled = seen.shape[0] if settings._takes_images else N_SAMPLED
    spectrum = seen.spectrum(n_sampled)
    penalty = _make_penalty(settings, seen, sizes, spectrum, is_stream)
    network = _make_network(settings, penalty, n_features, n_components, convolution)
    network = network.skipping_missing(rows.fill is not None)
    scaling = Scaling(network, mean, variance, deviance, output_mean)
    penalty.set_dictionary_unit(scaling.dictionary_unit)
    penalty.set_code_unit(scaling.code_unit)
    coordinates = _make_coordinates(network, scaling, seen)
    alpha = decay_weights(
        settings,
        network,
        seen,
        spectrum,
        scaling,
        steepness,
        coordinates,
        is_stream,
        observed,
    )
    target = None
    if getattr(penalty, "beta", None) == "adaptive":
        penalty.beta = penalty.default_beta(*sizes)
        target = SparsityTarget(penalty, rows.shape[0])
    return Problem(
        network,
        scaling,
        rows,
        alpha,
        target,
        coordinates,
        missing_mean,
        fill,
        n_sampled,
    )


def _steepness(settings, output_mean):
    """Return the mean derivative of the output at the mean row; 1 for squared errors.

    There it is the curvature of the loss with respect to the output's pre-activation.
    """
    if not LOSSES[settings.loss].is_canonical:
        return 1.0
    output = out_activation_of(settings.loss, settings.out_activation)
    return float(np.mean(OUT_ACTIVATIONS[output]().derivative(output_mean))) or 1.0


def corruption_of(settings, problem, rows):
    """Return the function that corrupts rows, or None.

    Entries that are masked look like missing ones, where these are allowed.
    """
    if settings.corruption is None:
        return None
    constant = None
    if problem.network.convolution is None:
        constant = constant_columns(rows.limits(), problem.scaling.output_mean)
    corrupt, level = CORRUPTIONS[settings.corruption], settings.corruption_level
    mean, function = problem.missing_mean, problem.network.loss.input_function
    if mean is not None and function is not None:
        mean = function(mean)
    return partial(corrupt, level=level, constant=constant, mean=mean)


def _make_penalty(settings, seen, sizes, spectrum, is_stream):
    """Return the penalty object for training, with validated parameters.

    `sizes` are the arguments of `Penalty.default_beta`.
    """
    if isinstance(settings.penalty, Penalty):
        penalty = clone(settings.penalty)
        penalty._validate_params()
        return penalty
    cls, beta, rho = PENALTIES[settings.penalty], settings.beta, None
    if beta == "scale" and cls.scale_is_adaptive:
        beta = "adaptive"
    elif beta == "scale":
        # Rows without variance need some positive weight; its size does not matter.
        beta = cls.default_beta(*sizes)
        beta = float(beta * rank_factor(settings, cls, sizes[2], spectrum))
    if "rho" in cls._get_param_names():
        rho = sparsity_level(settings, sizes[2], None if is_stream else seen)
    return make_penalty(settings.penalty, rho=rho, beta=beta)


def _make_network(settings, penalty, n_features, n_components, convolution):
    """Return the network to train; check a user-defined penalty."""
    activation = settings.activation
    if activation == "auto":
        activation = penalty.default_activation
    network = network_of(
        (n_features, n_components, settings.tied_weights),
        activation,
        out_activation_of(settings.loss, settings.out_activation),
        penalty,
        settings.engine,
        convolution,
        loss=settings.loss,
        widths=matryoshka_widths(settings, n_components),
    )
    if not is_built_in(penalty):
        check_penalty(penalty, network.activation)
    return network


def _make_coordinates(network, scaling, rows):
    """Return the coordinates of the encoder that suit a sample of the rows."""
    size = max(MIN_ROWS_FOR_DIRECTIONS, ENTRIES_FOR_DIRECTIONS // rows.shape[1])
    if rows.shape[0] <= N_SAMPLED:
        size = N_SAMPLED  # the whole spectrum, which the weights are in units of
    spectrum, mean_variance = rows.spectrum(size), scaling.spread**2
    least = LEAST_VARIANCE * mean_variance
    directions, variances = spectrum.principal_directions(least, N_DIRECTIONS)
    return EncoderCoordinates(
        directions,
        variances,
        mean_variance,
        network.layout.n_components,
        scaling.code_unit,
        _large_constants(spectrum, scaling, rows.dtype),
    )


def _large_constants(sample, scaling, dtype):
    """Return a mask of the columns that only add rounding errors, or None without any.

    Their values are equal and so large that the encoder's weights have to be exactly
    zero.
    """
    mean, variances = column_moments(sample.X, sample.sample_weight)
    rounding = np.finfo(dtype).eps * np.abs(mean)
    mask = is_constant(variances, mean) & (rounding > MAX_ROUNDING * scaling.spread)
    return mask if mask.any() else None
