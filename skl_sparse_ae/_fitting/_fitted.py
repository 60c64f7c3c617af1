"""Create, read and remove fitted attributes."""

import numpy as np

from .._arrays._array_api import move_to_numpy
from .._network._network import Network
from .._network._parameters import Layout, Parameters


def fitted_attributes(problem, theta, dtype):
    """Return the fitted attributes that depend on the parameters and the problem."""
    network = problem.network
    parameters = network.layout.views(theta)
    encoder, b_e, decoder, b_d = (
        np.array(array, dtype=dtype, order="C") for array in parameters
    )
    return {
        "components_": decoder,
        "encoder_coef_": encoder,
        "encoder_intercept_": b_e,
        "decoder_intercept_": b_d,
        "activation_": network.activation.name,
        "out_activation_": network.out_activation.name,
        "tied_weights_": network.layout.tied_weights,
        "penalty_": network.penalty,
        "beta_": float(getattr(network.penalty, "beta", 0.0)),
        "alpha_": tuple(problem.alpha),
        "_moments": (problem.scaling.mean, problem.scaling.variance),
    }


def fitted_network(estimator):
    """Return the fitted network, unaffected by a later `set_params`."""
    n_components, n_features = estimator.components_.shape
    return Network.from_names(
        Layout(n_features, n_components, estimator.tied_weights_),
        estimator.activation_,
        estimator.out_activation_,
        estimator.penalty_,
        estimator.engine,
    )


def fitted_parameters(estimator, dtype=None):
    """Return the fitted arrays as `Parameters` of NumPy arrays."""
    arrays = move_to_numpy(
        estimator.encoder_coef_,
        estimator.encoder_intercept_,
        estimator.components_,
        estimator.decoder_intercept_,
    )
    if dtype is not None:
        arrays = (array.astype(dtype, copy=False) for array in arrays)
    return Parameters(*arrays)


def remove_fit(estimator):
    """Remove the fitted attributes; return their network and parameter vector.

    A fit that fails or is interrupted then leaves an unfitted estimator, rather than
    one with attributes of two fits.

    Returns
    -------
    previous : (Network, ndarray) or None
        None if the estimator was not fitted.
    """
    previous = None
    if hasattr(estimator, "components_"):
        network = fitted_network(estimator)
        theta = network.layout.flatten(fitted_parameters(estimator, np.float64))
        previous = network, theta
    for name in list(vars(estimator)):
        fitted = name.endswith("_") and not name.startswith("_")
        if fitted and name not in ("n_features_in_", "feature_names_in_"):
            delattr(estimator, name)
    for name in ("_stream", "_moments"):
        estimator.__dict__.pop(name, None)
    return previous
