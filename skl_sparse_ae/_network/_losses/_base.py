"""The base classes of losses, which compare rows with their reconstructions."""

import numpy as np

from ..._arrays._array_api import as_factor, namespace


class Loss:
    """The loss of an entry of X, given the output's pre-activation z.

    A subclass is a Bregman divergence [1]_, ``phi(x) - phi(m) - phi'(m) (x - m)`` for
    an entry x and its reconstruction ``m = g(z)``, with a convex function phi. Half the
    deviance of the distributions that generalised linear models use has this form. Of
    all constants, the weighted mean of a column then has the least loss, for which
    ``mean phi(x) - phi(mean x)`` is left.

    Parameters
    ----------
    out_activation : object
        Activation function of the output, one of `out_activations`.
    skips_missing : bool, default=False
        Whether entries that are NaN are missing: they have no loss, and no error.

    References
    ----------
    .. [1] A. Banerjee, S. Merugu, I. S. Dhillon, J. Ghosh, "Clustering with Bregman
       Divergences", Journal of Machine Learning Research 6, 2005.
    """

    #: Name in the registry, the value of the parameter `loss`.
    name = None
    #: Names of the activation functions of the output; "auto" is the first.
    out_activations = ()
    #: The smallest and the largest value that an entry may have, and their name.
    limits, entries_are = (-np.inf, np.inf), "numbers"
    #: What the encoder sees of each entry; None for the entry itself.
    input_function = None
    #: Whether the error at the pre-activation is ``m - x``. The pre-activation then has
    #: no unit, and the loss is not in that of X squared.
    is_canonical = False
    #: Whether the second derivative at the pre-activation is bounded. Otherwise, one
    #: large entry decides how far a search along a line may go.
    has_bounded_curvature = True

    def __init__(self, out_activation, skips_missing=False):
        self.out_activation = out_activation
        self.skips_missing = skips_missing

    def noise(self, mean):
        """Return twice the expected loss of entries at their own mean.

        That is the deviance that is left of a column where nothing is to be explained.

        Parameters
        ----------
        mean : ndarray of shape (n_features,)

        Returns
        -------
        noise : ndarray of shape (n_features,)
            Zero where the mean does not tell how much entries vary around it.
        """
        return np.zeros_like(mean)

    def skipping_missing(self, skips_missing):
        """Return the same loss for rows with or without missing entries."""
        return type(self)(self.out_activation, skips_missing)

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
            Weighted sum of the losses of all entries, less that of `constants`.
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

    def entries_of(self, x_hat, target):
        """As `entries`, given NumPy's reconstructions instead of pre-activations.

        Where these are rounded to an end of their range, it is less accurate.
        """
        raise NotImplementedError

    def constants(self, X, weights):
        """Return the weighted sum of what `compare` leaves out, as a float.

        It does not depend on z, so that it is computed once for rows.

        Parameters
        ----------
        X : array or CSR array of shape (n_rows, n_features)
        weights : array of shape (n_rows,) or None
        """
        del X, weights
        return 0.0


def inner_product(a, b):
    """Return the sum of the products of entries, as a float."""
    if isinstance(a, np.ndarray):
        return float(np.vdot(a, b))
    return float(namespace(a).sum(a * b))


def clear_missing(array, target):
    """Set an array to zero, in place, where entries of `target` are missing."""
    if isinstance(array, np.ndarray):
        np.copyto(array, 0, where=np.isnan(target))
    else:
        xp = namespace(array)
        array[...] = xp.where(xp.isnan(target), xp.zeros_like(array), array)


def without_missing(target):
    """Return entries with zeros in place of missing ones, and a mask as a factor."""
    xp = namespace(target)
    is_missing = xp.isnan(target)
    zeros = xp.zeros_like(target)
    return xp.where(is_missing, zeros, target), as_factor(~is_missing, target)
