"""Create, read and replace fitted attributes."""

from dataclasses import asdict, replace

import numpy as np

from .._arrays._array_api import move_to_numpy, to_numpy
from .._network._conv_network import network_of
from .._network._convolution import Convolution
from .._network._decay import Decay
from .._network._parameters import Parameters
from .._network._reconstruction import Reconstruction
from ._history import HISTORIES

#: Fitted attributes that are not public: moments of the rows, `Stream.state`, J of all
#: calls of `partial_fit`, and how a `ConvNetwork` differs from a `Network`.
PRIVATE = "_moments", "_stream", *HISTORIES.values(), "_geometry"


def fitted_attributes(problem, theta, dtype):
    """Return the fitted attributes that depend on the parameters and the problem."""
    network, scaling = problem.network, problem.scaling
    parameters = network.layout.views(theta)
    set_thresholds(network, theta)
    encoder, b_e, decoder, b_d = (
        np.array(array, dtype=dtype, order="C") for array in parameters
    )
    directions = problem.alpha.directions
    attributes = {
        "components_": decoder,
        "encoder_coef_": encoder,
        "encoder_intercept_": b_e,
        "decoder_intercept_": b_d,
        "activation_": network.activation.name,
        "out_activation_": network.out_activation.name,
        "loss_": network.loss.name,
        "tied_weights_": network.layout.tied_weights,
        "penalty_": network.penalty,
        "beta_": float(getattr(network.penalty, "beta", 0.0)),
        "alpha_": problem.alpha.weights,
        "decay_directions_": None if directions is None else directions.astype(dtype),
        "matryoshka_widths_": network.widths,
        "_moments": scaling.moments,
    }
    if problem.missing_mean is not None:
        attributes["mean_"] = problem.missing_mean.astype(dtype)
        attributes["missing_fill_"] = problem.missing_fill
    convolution = network.convolution
    if convolution is not None:
        attributes["_geometry"] = {
            "convolution": asdict(convolution),
            "selects_at_positions": network.selects_at_positions,
        }
        channels = convolution.image_shape[2]
        attributes["image_shape_"] = convolution.image_shape
        attributes["kernel_shape_"] = (*convolution.kernel_shape, channels)
        attributes["map_shape_"] = (
            *convolution.map_shape,
            network.layout.n_components,
        )
    return attributes


def set_thresholds(network, theta):
    """Let the penalty have the learned thresholds of a parameter vector, if any."""
    if network.layout.thresholds is not None:
        # Rectified units are the same below zero.
        thresholds = np.array(theta[network.layout.thresholds], np.float64)
        network.penalty.threshold_ = np.maximum(thresholds, 0.0)


def fitted_network(estimator):
    """Return the fitted network, unaffected by a later `set_params`."""
    n_components, n_features = estimator.components_.shape
    images = dict(vars(estimator).get("_geometry") or {})
    if images:
        images["convolution"] = Convolution(**images["convolution"])
    return network_of(
        (n_features, n_components, estimator.tied_weights_),
        estimator.activation_,
        estimator.out_activation_,
        estimator.penalty_,
        estimator.engine,
        # Which fits of earlier versions do not have.
        loss=vars(estimator).get("loss_", "squared_error"),
        # Which files of other libraries do not contain.
        widths=vars(estimator).get("matryoshka_widths_"),
        **images,
    )


def fitted_decay(estimator):
    """Return the `Decay` of a fit."""
    # Which fits of earlier versions and files of other libraries do not have.
    directions = vars(estimator).get("decay_directions_")
    directions = None if directions is None else to_numpy(directions)
    return Decay(*estimator.alpha_, directions)


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


def missing_mean(estimator):
    """Return what stands for missing entries, an ndarray; None if they are errors."""
    mean = vars(estimator).get("mean_")
    return None if mean is None else to_numpy(mean).astype(np.float64)


def reconstruction_of(network, parameters):
    """Return the `Reconstruction` of missing entries, as `transform` makes it.

    Parameters
    ----------
    network : Network
    parameters : Parameters
        On the device of the rows.

    Returns
    -------
    reconstruction : Reconstruction
    """
    network = replace(network, penalty=network.penalty.for_transform())
    return Reconstruction(network, parameters, network.loss.input_function)


def reconstruction_at(problem, theta):
    """Return the `Reconstruction` at a parameter vector of the rows of a `Problem`."""
    network, rows = problem.network, problem.rows
    set_thresholds(network, theta)
    parameters = network.layout.views(np.asarray(theta, rows.dtype))
    return reconstruction_of(network, rows.to_device(parameters))


def fitted_vector(estimator, network, dtype=None):
    """Return the parameter vector of the fitted arrays, in the layout of a network."""
    thresholds = getattr(network.penalty, "threshold_", None)
    parameters = fitted_parameters(estimator)
    return network.layout.flatten(parameters, dtype, thresholds)


def last_fit(estimator):
    """Return the network and the parameter vector of a fit; None without one."""
    if not hasattr(estimator, "components_"):
        return None
    network = fitted_network(estimator)
    return network, fitted_vector(estimator, network, np.float64)


def replace_fit(estimator, rows, attributes):
    """Replace all fitted attributes in one step.

    A fit that fails or is interrupted at any moment thus leaves the last fit as it was,
    or the new one complete.

    Parameters
    ----------
    estimator : SparseAutoencoder
    rows : Rows
        Those of the call. Arrays of floats are converted to their library.
    attributes : dict
        Fitted attributes by name, with NumPy arrays.
    """
    complete = {
        name: value for name, value in vars(estimator).items() if not _is_fitted(name)
    }
    for name, value in attributes.items():
        is_array = isinstance(value, np.ndarray) and value.dtype.kind == "f"
        complete[name] = rows.to_caller(value) if is_array else value
    estimator.__dict__ = complete


def _is_fitted(name):
    """Whether an attribute depends on training rows."""
    return name in PRIVATE or (name.endswith("_") and not name.startswith("_"))
