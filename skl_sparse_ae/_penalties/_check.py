"""Check of user-defined penalties before training.

Derivatives are compared with finite differences, and class attributes with what the
methods do.
"""

from collections import namedtuple

import numpy as np

from ._base import Penalty

# The matrix that each value of `unit_weights_from` names.
MATRICES = {"encoder": "encoder_coef", "decoder": "components"}
# Same fields as the parameters that `unit_weights` receives in training.
_Parameters = namedtuple(
    "_Parameters",
    ["encoder_coef", "encoder_intercept", "components", "decoder_intercept"],
)
# Methods that must be defined together.
PAIRS = [
    ("phi", "phi_derivative"),
    ("psi", "psi_derivative"),
    ("unit_weights", "add_weight_gradient"),
]


# Step of the finite differences.
STEP = 1e-6
# Larger than the error of finite differences, smaller than that of a wrong factor.
RTOL = 1e-3


def check_penalty(penalty, activation):
    """Raise an error if methods of a penalty are missing or inconsistent.

    Parameters
    ----------
    penalty : Penalty
    activation : object
        The activation function of the units.

    Raises
    ------
    TypeError
        If a method is missing that another one needs.
    ValueError
        If a returned shape, a derivative or a class attribute is wrong.
    """
    _check_pairs(penalty)
    low, high = np.clip(activation.range, -2.0, 2.0)
    # Arbitrary points, so that it is unlikely that phi has a kink at one of them.
    a = low + (high - low) * np.array([[0.137, 0.291], [0.533, 0.719], [0.868, 0.941]])
    if penalty.has_term:
        s = _check_phi(penalty, a, activation)
        _check_psi(penalty, s)
        _check_unit_weights(penalty)
    _check_selection(penalty, a)


def _check_pairs(penalty):
    for pair in PAIRS:
        for name, partner in (pair, pair[::-1]):
            if _defines(penalty, name) and not _defines(penalty, partner):
                raise TypeError(
                    f"{type(penalty).__name__} defines {name} but not {partner}, "
                    "which the objective and its gradient need together."
                )


def _defines(penalty, name):
    return getattr(type(penalty), name) is not getattr(Penalty, name)


def _check_phi(penalty, a, activation):
    """Check `phi` and `phi_derivative`; return the unit means of phi."""
    phi = penalty.phi(a.copy(), activation)
    _check_shape(penalty, "phi", phi, a)
    actual = penalty.phi_derivative(a.copy(), activation) + 0 * a
    _check_shape(penalty, "phi_derivative", actual, a)
    expected = _finite_differences(lambda a: penalty.phi(a, activation), a)
    _compare(penalty, "phi_derivative", actual, expected)
    return phi.mean(axis=0)


def _check_psi(penalty, s):
    for name in ("psi", "psi_derivative"):
        _check_shape(penalty, name, getattr(penalty, name)(s.copy()), s)
    expected = _finite_differences(penalty.psi, s)
    _compare(penalty, "psi_derivative", penalty.psi_derivative(s.copy()), expected)
    slopes = penalty.psi_derivative(np.array([s[0], s[0] * 1.1, s[0] * 1.2]))
    if penalty.is_linear and not np.allclose(slopes, slopes[0], rtol=RTOL):
        raise ValueError(
            f"psi_derivative of {type(penalty).__name__} depends on the mean, so the "
            "class must say is_linear = False."
        )


def _check_unit_weights(penalty):
    theta = np.linspace(0.3, 1.7, 12)
    weights = penalty.unit_weights(_parameters(theta))
    if weights is None:
        return
    _check_shape(penalty, "unit_weights", weights, np.empty(2))
    penalties = np.array([0.7, 1.1])
    actual, expected = np.zeros_like(theta), np.empty_like(theta)
    penalty.add_weight_gradient(_parameters(theta), _parameters(actual), penalties)
    for i, step in enumerate(STEP * np.eye(theta.size)):
        upper = penalty.unit_weights(_parameters(theta + step))
        lower = penalty.unit_weights(_parameters(theta - step))
        expected[i] = (upper - lower) @ penalties / (2 * STEP)
    _compare(penalty, "add_weight_gradient", actual, expected)
    gradients = _parameters(actual)
    _check_unit_weights_from(penalty, _parameters(theta), gradients, penalties)


def _check_unit_weights_from(penalty, parameters, gradients, penalties):
    """Check which matrix the unit weights depend on, given their gradient."""
    source = penalty.unit_weights_from
    if source == "both":
        return
    others = {name for name in _Parameters._fields if name != MATRICES.get(source)}
    if any(getattr(gradients, name).any() for name in others):
        raise ValueError(
            f"unit_weights of {type(penalty).__name__} depends on other parameters "
            f"than unit_weights_from={source!r} says. It must be 'encoder', 'decoder' "
            "or 'both'."
        )
    if source == "decoder":
        if not _defines(penalty, "decoder_decay"):
            raise TypeError(
                f"{type(penalty).__name__} says unit_weights_from = 'decoder' but does "
                "not define decoder_decay, with which the best decoder is computed."
            )
        decay = penalty.decoder_decay(parameters.components, penalties)
        actual = decay[:, np.newaxis] * parameters.components
        _compare(penalty, "decoder_decay", actual, gradients.components)


def _parameters(theta):
    """Return parameters for two units and two features, as views of a vector."""
    encoder, decoder, intercepts = theta.reshape(3, 2, 2)
    return _Parameters(encoder, intercepts[0], decoder, intercepts[1])


def _check_selection(penalty, a):
    selected = a.copy()
    penalty.select(selected)
    if not np.all((selected == a) | (selected == 0)):
        raise ValueError(
            f"select of {type(penalty).__name__} must leave activations as they are or "
            "set them to zero, in place."
        )
    if not penalty.selects and not np.array_equal(selected, a):
        raise ValueError(
            f"select of {type(penalty).__name__} sets activations to zero, so the "
            "class must say selects = True."
        )


def _check_shape(penalty, name, value, like):
    if np.shape(value) != like.shape or not np.isfinite(value).all():
        raise ValueError(
            f"{name} of {type(penalty).__name__} must give finite values of shape "
            f"{like.shape} for an array of that shape, and gave {value!r}."
        )


def _compare(penalty, name, actual, expected):
    scale = np.abs(expected).max()
    if np.abs(actual - expected).max() > RTOL * scale + 1e-8:
        raise ValueError(
            f"{name} of {type(penalty).__name__} gives {np.array2string(actual)} where "
            f"finite differences give {np.array2string(expected)}."
        )


def _finite_differences(function, points):
    upper, lower = function(points + STEP), function(points - STEP)
    return (upper - lower) / (2 * STEP)
