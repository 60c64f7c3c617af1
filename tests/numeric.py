"""Derivatives by central differences."""

import numpy as np


def gradient(function, point, step=1e-5):
    """Gradient of a scalar function of a vector."""
    result = np.empty_like(point)
    for i in range(point.size):
        shift = np.zeros_like(point)
        shift[i] = step
        result[i] = (function(point + shift) - function(point - shift)) / (2 * step)
    return result


def derivative(function, points, step=1e-6):
    """Derivative of a function that acts on each entry by itself."""
    return (function(points + step) - function(points - step)) / (2 * step)


def relative_error(actual, expected):
    """Largest error of an array relative to the largest entry expected."""
    return np.max(np.abs(actual - expected)) / np.max(np.abs(expected))
