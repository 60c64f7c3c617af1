"""Finds what a user's penalty lacks, before any training.

Each method is held against another that must agree with it: derivatives against finite
differences, flags against what the methods do.
"""

from collections import namedtuple

import numpy as np

from ._base import Penalty

# What `unit_weights` receives.
_Parameters = namedtuple(
    "_Parameters",
    ["encoder_coef", "encoder_intercept", "components", "decoder_intercept"],
)
# Methods that are of no use without each other.
PARTNERS = [
    ("phi", "phi_derivative"),
    ("psi", "psi_derivative"),
    ("unit_weights", "add_weight_gradient"),
]


STEP = 1e-6


# Between the error of the differences, and that of a wrong sign or factor.
RTOL = 1e-3


def check_penalty(penalty, activation):
    """Raise where the methods of a penalty are missing or contradict each other.

    Parameters
    ----------
    penalty : Penalty
    activation : object
        The activation that it will be used with.

    Raises
    ------
    TypeError
        When a method is missing that another one needs.
    ValueError
        When the shape, a derivative or a flag is wrong.
    """
    _check_partners(penalty)
    low, high = np.clip(activation.range, -2.0, 2.0)
    # No point is a multiple of another: where a penalty has kinks, these are not it.
    a = low + (high - low) * np.array([[0.137, 0.291], [0.533, 0.719], [0.868, 0.941]])
    if penalty.has_term:
        s = _check_phi(penalty, a, activation)
        _check_psi(penalty, s)
        _check_unit_weights(penalty)
    _check_selection(penalty, a)


def _check_partners(penalty):
    for pair in PARTNERS:
        for name, partner in (pair, pair[::-1]):
            if _defines(penalty, name) and not _defines(penalty, partner):
                raise TypeError(
                    f"{type(penalty).__name__} defines {name} but not {partner}, "
                    "which the objective and its gradient need together."
                )


def _defines(penalty, name):
    return getattr(type(penalty), name) is not getattr(Penalty, name)


def _check_phi(penalty, a, activation):
    """Check phi; returns means of a few units."""
    phi = penalty.phi(a.copy(), activation)
    _check_shape(penalty, "phi", phi, a)
    actual = penalty.phi_derivative(a.copy(), activation) + 0 * a
    _check_shape(penalty, "phi_derivative", actual, a)
    expected = _differences(lambda a: penalty.phi(a, activation), a)
    _compare(penalty, "phi_derivative", actual, expected)
    return phi.mean(axis=0)


def _check_psi(penalty, s):
    for name in ("psi", "psi_derivative"):
        _check_shape(penalty, name, getattr(penalty, name)(s.copy()), s)
    expected = _differences(penalty.psi, s)
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
        ahead = penalty.unit_weights(_parameters(theta + step))
        behind = penalty.unit_weights(_parameters(theta - step))
        expected[i] = (ahead - behind) @ penalties / (2 * STEP)
    _compare(penalty, "add_weight_gradient", actual, expected)


def _parameters(theta):
    """Parameters of two units and two features, as views of a vector."""
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


def _differences(function, points):
    ahead, behind = function(points + STEP), function(points - STEP)
    return (ahead - behind) / (2 * STEP)
