"""Initial parameters."""

import numpy as np


def initial_parameters(network, scaling, coordinates, rng, dtype=np.float64):
    """Return the initial parameter vector.

    Weights are uniform in +-sqrt(6 / (n_features + n_components + 1)), as in the
    Stanford notes, in units in which X and the code are of order one, and then made
    smaller along directions in which X hardly varies. The decoder weights are the
    transpose of the encoder weights in these units. The intercepts are chosen such that
    the mean row gives every unit the initial activation of the penalty and is
    reconstructed, up to a margin at the bounds of the output.

    Parameters
    ----------
    network : Network
    scaling : Scaling
    coordinates : EncoderCoordinates
    rng : numpy.random.RandomState
    dtype : dtype, default=float64

    Returns
    -------
    theta : ndarray of shape (layout.size,)
    """
    layout = network.layout
    bound = np.sqrt(6 / (layout.n_features + layout.n_components + 1))
    weights = rng.uniform(-bound, bound, (layout.n_features, layout.n_components))
    weights = coordinates.shrunk(weights)
    mean = scaling.mean
    encoder_unit = 1.0 if layout.tied_weights else scaling.code_unit / scaling.spread
    decoder_unit = 1 / encoder_unit
    if network.loss.is_canonical:  # the pre-activation of the output has no unit
        decoder_unit = scaling.dictionary_unit
        if layout.tied_weights:
            # What passes both matrices is of order one where X is not larger.
            encoder_unit = decoder_unit = min(1.0, scaling.spread**-0.5)
    activation = network.penalty.initial_activation(network.activation)
    start = network.activation.inverse(activation)
    target = _reachable(scaling.output_mean, network)
    # Weights are written into `theta` without temporary arrays, to save memory.
    theta = np.empty(layout.size, dtype)
    parameters = layout.views(theta)
    options = {"casting": "same_kind"}
    np.multiply(weights, encoder_unit, out=parameters.encoder_coef, **options)
    np.multiply(weights.T, decoder_unit, out=parameters.components, **options)
    parameters.encoder_intercept[:] = start - encoder_unit * (mean @ weights)
    # Of images, the kernels that cover a pixel all write into it.
    convolution = network.convolution
    overlap = 1.0 if convolution is None else convolution.overlap
    decoder_unit /= overlap**0.5
    offset = activation * overlap * decoder_unit * weights.sum(axis=1)
    written = network.out_activation.inverse(target) - offset
    parameters.decoder_intercept[:] = written.reshape(-1, layout.n_intercepts).mean(0)
    if layout.thresholds is not None:
        theta[layout.thresholds] = network.penalty.initial_threshold
    return theta


def _reachable(mean, network):
    """Return the mean row, moved away from the bounds of the output."""
    low, high = network.out_activation.range
    if network.loss.is_canonical:
        # The gradient does not vanish near a bound, which only has to be finite. Rare
        # words and pixels need a start well below the mean of all columns.
        margin = 0.01 * float(np.mean(np.minimum(mean, high - mean)))
        margin = max(margin, 1e-6)
    else:
        margin = 0.01 * (high - low) if np.isfinite(high - low) else 0.0
    return np.clip(mean, low + margin, high - margin)
