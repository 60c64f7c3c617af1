"""The decay of the weights: half of weighted squared norms of both matrices."""

from typing import NamedTuple

import numpy as np

from .._arrays._array_api import namespace
from .._arrays._device_array import as_array_like


class Decay(NamedTuple):
    """Weights of the decay of the encoder's and of the decoder's weights.

    The term of J is ``1/2 (encoder ||W_e||^2 + ||D W_e||^2 + decoder ||W_d||^2)``.

    Attributes
    ----------
    encoder, decoder : float
    directions : ndarray of shape (n_directions, n_features) or None
        D, orthogonal directions times the square roots of their weights. None stands
        for no directions. With tied weights there are none.
    """

    encoder: float
    decoder: float
    directions: np.ndarray | None = None

    @classmethod
    def of(cls, alpha):
        """Return the `Decay` of one number, of two, or of itself."""
        return cls(*alpha) if isinstance(alpha, (tuple, list)) else cls(alpha, alpha)

    @property
    def weights(self):
        """The weights of the squared norms, of the encoder and of the decoder."""
        return float(self.encoder), float(self.decoder)

    def rotated(self, basis):
        """The decay of an encoder of rows in an orthonormal basis.

        Parameters
        ----------
        basis : ndarray of shape (n_features, n_dimensions)
        """
        if self.directions is None:
            return self
        return self._replace(directions=self.directions @ basis)

    def along_directions(self, coef, gradient=None):
        """Return ``||D W_e||^2``; add ``D^T D W_e`` to a gradient, if given.

        Parameters
        ----------
        coef : array of shape (n_features, n_components)
        gradient : array like coef, default=None
            Modified in place.
        """
        if self.directions is None:
            return 0.0
        directions = as_array_like(self.directions, coef)
        product = directions @ coef
        if gradient is not None:
            gradient += directions.T @ product
        return float(namespace(product).sum(product * product))
