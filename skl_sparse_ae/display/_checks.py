"""Validation of the parameters of displays."""

from numbers import Integral

import numpy as np

from .._reading._visible import visible


def check_choice(name, value, choices):
    """Raise ValueError if a parameter is none of the choices."""
    if value not in choices:
        raise ValueError(f"{name}={value!r} must be one of {', '.join(choices)}.")


def check_positive(name, value):
    """Raise ValueError if a number of things to show is not whole and positive."""
    if not isinstance(value, Integral):
        raise ValueError(f"{name}={value!r} must be a whole number, and at least 1.")
    if value < 1:
        raise ValueError(f"{name}={value!r} must be at least 1.")


def check_image_shape(image_shape, n_features):
    """Raise ValueError if rows of `n_features` cannot be images of this shape."""
    shape = np.atleast_1d(image_shape)
    if len(shape) < 2 or list(shape[2:]) not in ([], [3]):
        raise ValueError(
            f"image_shape={image_shape} must be (height, width), or (height, width, 3) "
            "for colours."
        )
    if shape.prod() != n_features:
        raise ValueError(
            f"image_shape={image_shape} is for {shape.prod()} features, and "
            f"there are {n_features}."
        )


def check_limits(limits):
    """Raise ValueError if `limits` is not "unit", "shared" or a positive number."""
    if isinstance(limits, str):
        check_choice("limits", limits, ["unit", "shared"])
    elif not limits > 0:
        raise ValueError(f"limits={limits!r} must be positive.")


def drawable_names(names):
    """Return names without characters for which Matplotlib raises an error or warns.

    Such characters, surrogates among them, are written as in Python's code.
    """
    return np.array([visible(str(name)) for name in names], dtype=object)
