"""The parameters with which training starts."""

import numpy as np


def initial_parameters(network, scaling, rng, dtype=np.float64):
    """Where a fit starts: a vector that depends on X only through two moments.

    Weights are uniform in +-sqrt(6 / (n_features + n_components + 1)), as in the
    Stanford notes, in units in which X and the code are of order one; the decoder
    starts as the encoder's transpose; the intercepts are such that the mean row gives
    every unit the activation that the penalty aims at, and is itself reconstructed.
    """
    layout = network.layout
    bound = np.sqrt(6 / (layout.n_features + layout.n_components + 1))
    weights = rng.uniform(-bound, bound, (layout.n_features, layout.n_components))
    mean = scaling.mean
    read = 1.0 if layout.tied_weights else scaling.code_unit / scaling.spread
    write = 1 / read
    wanted = network.penalty.initial_activation(network.activation)
    start = network.activation.inverse(wanted)
    low, high = network.out_activation.range
    margin = 0.01 * (high - low) if np.isfinite(high - low) else 0.0
    target = np.clip(mean, low + margin, high - margin)
    # Nothing as large as the weights is made beside them and the vector itself.
    theta = np.empty(layout.size, dtype)
    parameters = layout.views(theta)
    options = {"casting": "same_kind"}
    np.multiply(weights, read, out=parameters.encoder_coef, **options)
    np.multiply(weights.T, write, out=parameters.components, **options)
    parameters.encoder_intercept[:] = start - read * (mean @ weights)
    written = wanted * write * weights.sum(axis=1)
    parameters.decoder_intercept[:] = network.out_activation.inverse(target) - written
    return theta
