"""Losses and their registry.

A new loss is a class in a file of its own and an entry in `LOSSES`.
"""

from ._squared_error import SquaredError

__all__ = ["LOSSES", "make_loss"]

#: For each value of the parameter `loss`, the class.
LOSSES = {cls.name: cls for cls in (SquaredError,)}


def make_loss(name, out_activation):
    """Return a loss, given its name and the activation function of the output."""
    return LOSSES[name](out_activation)
