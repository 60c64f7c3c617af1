"""Losses and their registry.

A new loss is a class in a file of its own and an entry in `LOSSES`.
"""

from ._log_loss import LogLoss
from ._poisson import Poisson
from ._squared_error import SquaredError

__all__ = ["LOSSES", "SquaredError", "make_loss", "out_activation_of"]

#: For each value of the parameter `loss`, the class.
LOSSES = {cls.name: cls for cls in (SquaredError, LogLoss, Poisson)}


def make_loss(name, out_activation):
    """Return a loss, given its name and the activation function of the output."""
    return LOSSES[name](out_activation)


def out_activation_of(loss, out_activation):
    """Return the name of the activation function of the output for a loss.

    Parameters
    ----------
    loss : str
    out_activation : str
        "auto", or one that the loss allows.

    Raises
    ------
    ValueError
        If they do not go together.
    """
    allowed = LOSSES[loss].out_activations
    if out_activation == "auto":
        return allowed[0]
    if out_activation not in allowed:
        raise ValueError(
            f"loss={loss!r} needs out_activation={' or '.join(map(repr, allowed))}, "
            f"and out_activation={out_activation!r} was given. Use "
            "out_activation='auto', which is what suits the loss."
        )
    return out_activation
