"""The base class of losses, which compare rows with their reconstructions."""

import numpy as np

from ..._arrays._array_api import namespace


class Loss:
    """The loss of an entry of X, given the output's pre-activation z.

    A subclass is a Bregman divergence [1]_ ``phi(x) - phi(m) - phi'(m) (x - m)`` between
    an entry x and its reconstruction ``m = g(z)``, with a convex function phi. Half the
    deviance of the distributions that generalised linear models use has this form. Of
    all constants, the weighted mean of a column then has the least loss, for which
    ``mean phi(x) - phi(mean x)`` is left.

    Parameters
    ----------
    out_activation : object
        Activation function of the output, one of `out_activations`.

    References
    ----------
    .. [1] A. Banerjee, S. Merugu, I. S. Dhillon, J. Ghosh, "Clustering with Bregman
       Divergences", Journal of Machine Learning Research 6, 2005.
    """

    #: Name in the registry, the value of the parameter `loss`.
    name = None
    #: Names of the activation functions of the output; "auto" is the first.
    out_activations = ()

    def __init__(self, out_activation):
        self.out_activation = out_activation

    def compare(self, z, target, weights):
        """Replace pre-activations by the gradient of the weighted loss, in place.

        Parameters
        ----------
        z : array of shape (n_rows, n_features)
            Pre-activations of the output, modified in place.
        target : array of shape (n_rows, n_features)
            The rows to reconstruct.
        weights : array of shape (n_rows,) or None
            Weights of the rows.

        Returns
        -------
        loss : float
            Weighted sum of the losses of all entries.
        """
        raise NotImplementedError

    def entries(self, z, target):
        """Return the loss of each entry; z may be overwritten.

        Parameters
        ----------
        z, target : array of shape (n_rows, n_features)
            As for `compare`.

        Returns
        -------
        losses : array of shape (n_rows, n_features)
        """
        raise NotImplementedError


def inner_product(a, b):
    """Return the sum of the products of entries, as a float."""
    if isinstance(a, np.ndarray):
        return float(np.vdot(a, b))
    return float(namespace(a).sum(a * b))
