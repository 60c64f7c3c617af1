"""The values of `rho` and `alpha` that "auto" and "scale" stand for.

Both are in units of the data, so that a fit does not depend on the unit of X: not on
its scale, nor on repeated rows, but for the sample in which the spectrum of many rows
is estimated. doc/defaults.md has the study behind the constants.
"""

from numbers import Real

import numpy as np

from .._network._decay import Decay
from .._solvers._preconditioner import ROUNDING

# Bounds of rho="auto", and the least number of units that are active in a row: with a
# single one, a code only says to which cluster a row belongs.
LEAST_RHO, LARGEST_RHO = 0.05, 0.5
LEAST_ACTIVE = 3
# Weights of the decay of the encoder, in squares of the principal variance P, and of
# the decoder. A logistic unit that writes a principal direction of variance P pays
# least where its pre-activations have a standard deviation near two: its activation is
# then neither a linear function nor a step. It pays some 10 % of P.
ENCODER_DECAY, DECODER_DECAY = 0.02, 0.001
# Largest factor of the encoder's for few units. There, both decays cost a linear unit
# that writes a direction of variance P about a quarter of the P / 2 that it gains.
LARGEST_FACTOR = 40
# Number of units, as a part of the effective rank of X, from which on downwards the
# sparsity penalty has its smallest weight.
FEW = 2 / 3
# Variance along a direction, as a part of the mean variance of the columns, below which
# X is taken not to vary along it.
LEAST_VARIANCE = 0.1
# Rows for each column in the first chunk of a stream from which on small variances are
# known well enough for the others.
ROWS_PER_COLUMN = 10


def sparsity_level(settings, n_components, rows=None):
    """Return the rho of a fit.

    Parameters
    ----------
    settings : SparseAutoencoder
    n_components : int
    rows : Rows, default=None
        Those of a fit. None stands for a stream of unknown length, taken as long.

    Returns
    -------
    rho : float
    """
    return _auto_rho(n_components, rows) if settings.rho == "auto" else settings.rho


def _auto_rho(n_components, rows):
    """Return the value of ``rho="auto"``."""
    rho = max(LEAST_RHO, LEAST_ACTIVE / n_components)
    if rows is not None:
        rho = max(rho, _units_per_row(n_components, rows))
    return min(rho, LARGEST_RHO)


def _units_per_row(n_components, rows):
    """Return the number of units for each distinct row, if it is above `LEAST_RHO`."""
    enough = int(np.ceil(n_components / LEAST_RHO))
    return n_components / rows.n_distinct(enough)


def rank_factor(settings, penalty_class, n_components, spectrum):
    """Return the factor of ``beta="scale"`` for few units.

    With fewer units than the effective rank of X, no code is both sparse and nearly
    complete. The factor falls from one, at as many units as that rank, to its smallest
    value at `FEW` of it, where the penalty only chooses among codes that reconstruct
    about equally well. If the caller chose rho, a sparse code is wanted: it stays one.

    Parameters
    ----------
    settings : SparseAutoencoder
    penalty_class : type
        With the smallest value, `least_scale`.
    n_components : int
    spectrum : Spectrum
        Of what the units see.

    Returns
    -------
    factor : float
    """
    least = penalty_class.least_scale
    # With a target, rho is only read if beta is "adaptive".
    if least == 1 or (settings.rho != "auto" and not penalty_class.has_target):
        return 1.0
    ratio = n_components / spectrum.effective_rank(n_components)
    return max(ratio ** (np.log(least) / np.log(FEW)), least)


def decay_weights(
    settings,
    network,
    rows,
    spectrum,
    scaling,
    steepness,
    coordinates,
    is_stream,
    observed=1.0,
):
    """Return the `Decay` of a fit.

    Parameters
    ----------
    settings : SparseAutoencoder
    network : Network
    rows : Rows
        What the encoder's weights multiply: rows of X, or patches of images.
    spectrum : Spectrum
        Of these.
    scaling : Scaling
        With the sum of the variances of the columns of X, and the deviance.
    steepness : float
        Mean derivative of the output at the mean row; 1 for squared errors.
    coordinates : EncoderCoordinates
    is_stream : bool
        Whether more rows will follow.
    observed : float, default=1.0
        Fraction of the entries that are observed; zero if the encoder sees column means
        in place of the others.

    Returns
    -------
    decay : Decay

    Raises
    ------
    ValueError
        If the values of "scale" leave the range of the rows' precision.
    """
    if settings.alpha != "scale":
        return _given_weights(settings.alpha)
    variance = spectrum.principal_variance
    decay = _equal_decay(network, rows, variance, scaling, steepness)
    if scaling.variance and network.penalty.decay_factor:
        _check_range(decay, rows.dtype)
    if settings._takes_images or not _has_linear_range(network):
        return decay
    enough = _enough_units(network, rows, spectrum, scaling, is_stream)
    if observed < 1:
        # What is missing is predicted by directions that many columns share, and means
        # in place of it are noise along the others.
        enough *= observed / 2
    few = 0.0 if is_stream else _few_rows(network, rows)
    exponent, damping = max(enough, few), LEAST_VARIANCE**enough
    if exponent == 0:
        return decay
    n_dimensions = rows.shape[1]
    if not is_stream:
        n_dimensions = _n_dimensions(rows, spectrum, scaling.variance)
    directions = coordinates.relative_variances(variance, damping, n_dimensions)
    return _by_variance(decay, exponent, *directions)


def _equal_decay(network, rows, variance, scaling, steepness):
    """Return the decay for the principal variance, which is the same everywhere."""
    factor, seen_variance = network.penalty.decay_factor, scaling.variance
    if network.convolution is not None:
        # A kernel writes a patch in each of so many parts of an image.
        seen_variance = rows.moments()[1]
        factor *= scaling.variance / (seen_variance or 1.0)
    # What the variance of rows is worth in J, and the derivative of the output that of
    # a pre-activation: both decays are the same part of J as for squared errors.
    if not network.loss.has_bounded_curvature:
        # The output multiplies rates, by factors that do not depend on their size.
        steepness = 1.0
    ratio = scaling.deviance / scaling.variance if scaling.variance else 1.0
    if not _has_linear_range(network):
        return _decay_of_products(network, factor, variance, ratio, steepness)
    return Decay(
        factor * _encoder_decay(network, variance, seen_variance) * ratio,
        factor * DECODER_DECAY * _curvature(network, steepness),
    )


def _check_range(decay, dtype):
    """Raise ValueError if a weight is too large or too small for a precision."""
    limits = np.finfo(dtype)
    for weight in decay.weights:
        if not float(limits.tiny) <= weight <= float(limits.max):
            what = "overflows" if weight > 1 else "underflows"
            raise ValueError(
                f"The squared variance of X {what} in {dtype}, and alpha='scale' is in "
                "units of it. Scale X, for instance with "
                "sklearn.preprocessing.StandardScaler or MinMaxScaler, or use float64."
            )


def _n_dimensions(rows, spectrum, variance):
    """Return the number of directions along which rows vary, as far as a sample tells.

    Few rows vary along fewer directions than they have columns.
    """
    n_directions = spectrum.n_directions(ROUNDING * variance / rows.shape[1])
    return min(n_directions, rows.n_distinct(int(n_directions) + 2) - 1)


def _enough_units(network, rows, spectrum, scaling, is_stream):
    """Return one if there is a unit for each direction of X, and zero for each two.

    It is less if rho is less than the default's: then units that are active on few rows
    are wanted, not a complete code.
    """
    n_features, n_components = network.layout.shape
    if is_stream and rows.shape[0] < ROWS_PER_COLUMN * n_features:
        return 0.0
    least = LEAST_VARIANCE * scaling.variance / n_features
    n_directions = spectrum.n_directions(least)
    if 2 * n_components <= n_directions:
        return 0.0
    share = min(2 * n_components / max(n_directions, 1) - 1, 1.0)
    level = _level(network)
    rho = _auto_rho(n_components, None if is_stream else rows)
    return share * min(level / rho, 1.0)


def _few_rows(network, rows):
    """Return one if there are at most two rows for each unit, and zero from twenty on.

    It is less if rho is small: units that are active on fewer rows would learn these by
    heart. It is up to half as much again if there are many more columns than rows.
    """
    level = _level(network)
    if level <= LEAST_RHO:  # as with many rows, which need not be counted again
        return 0.0
    # More units than columns find no further directions.
    level = min(level, _units_per_row(min(network.layout.shape), rows))
    share = (level - LEAST_RHO) / (LARGEST_RHO - LEAST_RHO)
    share = min(max(share, 0.0), 1.0)
    n_features = network.layout.shape[0]
    return share * (1 + _least_ratio(rows.n_distinct(n_features), n_features) / 2)


def _least_ratio(n_rows, n_features):
    """Return the smallest variance along a direction of rows, relative to the mean.

    This is its limit for many uncorrelated columns [1]_. Near zero, a small variance
    says little about that of other rows, and whitening would make noise large. Near
    one, with many more columns than rows, it is a matter of the columns.

    References
    ----------
    .. [1] V. A. Marchenko, L. A. Pastur, "Distribution of eigenvalues for some sets of
       random matrices", Mathematics of the USSR-Sbornik 1, 1967.
    """
    return (1 - min(n_rows / n_features, 1.0) ** 0.5) ** 2


def _level(network):
    """Return the rho of the penalty; the largest for one without."""
    return getattr(network.penalty, "rho", LARGEST_RHO)


def _is_bounded(network):
    return np.isfinite(network.activation.range).all()


def _has_linear_range(network):
    """Whether weights of the encoder have a scale of their own.

    Otherwise only their products with the decoder's count, or both are the same.
    """
    return _is_bounded(network) and not network.layout.tied_weights


def _decay_of_products(network, factor, variance, ratio, steepness):
    """Return the decay of rectified or tied units.

    Both matrices are of order one, or the same, unless weights are in units of X, as
    those that write bounded activations are.
    """
    both = (ENCODER_DECAY * DECODER_DECAY) ** 0.5 * variance
    both = factor * (min(both, DECODER_DECAY) if _is_bounded(network) else both)
    if network.layout.tied_weights:
        return Decay(both, both)
    return Decay(both * ratio, both * steepness)


def _encoder_decay(network, variance, total):
    """Return that of bounded units, from the principal and the total variance.

    With fewer units than two for each direction, one for either sign, there is more
    variance left that a unit can fit with what is not linear in it. For a curved output
    even a linear unit is not linear, and more decay is worse.
    """
    if network.out_activation.name != "identity":
        return ENCODER_DECAY * variance * variance
    share = 2 * total / network.layout.n_components
    share = min(max(share, variance), LARGEST_FACTOR * variance)
    return ENCODER_DECAY * variance * share


def _curvature(network, steepness):
    """Return that of the loss with respect to the output's pre-activation, about."""
    if network.loss.is_canonical:
        return steepness
    # Where the output is less steep, the decoder's weights are larger.
    return float(network.out_activation.derivative(np.full(1, 0.5))[0]) ** 2


def _by_variance(decay, exponent, directions, along, elsewhere):
    """Return a decay that is a power of the variance along a direction.

    Equal decay favours directions of large variance, of which the code is then made
    almost alone. Decay of the variance of pre-activations, the power of one, makes
    their spread along a direction the square root of that of X, as half of whitening;
    a power of two would be all of it, and leads to units that tell single rows apart.
    This keeps directions of small variance, which can separate classes as well. It is
    wanted where the code can reproduce the rows in every direction: with a unit for
    each, or with about as many units as rows.

    Parameters
    ----------
    decay : Decay
        That along a direction whose variance is the unit of the others.
    exponent : float
        Above zero, at most 1.5.
    directions : ndarray of shape (n_features, n_directions)
    along : ndarray of shape (n_directions,)
        Variances along these.
    elsewhere : float
        Variance along all others.

    Returns
    -------
    decay : Decay
    """
    if not len(along):
        return decay
    least = min(elsewhere, along.min()) ** exponent
    roots = np.sqrt(decay.encoder * (along**exponent - least))
    return Decay(
        decay.encoder * least, decay.decoder, roots[:, np.newaxis] * directions.T
    )


def check_decay(alpha):
    """Raise ValueError if `alpha` is a pair that is not allowed."""
    if not isinstance(alpha, str):
        _given_weights(alpha)


def _given_weights(alpha):
    """Return the `Decay` of one number or of two."""
    pair = alpha if isinstance(alpha, (tuple, list)) else (alpha, alpha)
    if len(pair) != 2 or not all(isinstance(w, Real) and 0 <= w < np.inf for w in pair):
        raise ValueError(
            f"alpha={alpha!r} must be 'scale', a number that is not negative, or two "
            "of them: for the encoder and for the decoder."
        )
    return Decay(*map(float, pair))
