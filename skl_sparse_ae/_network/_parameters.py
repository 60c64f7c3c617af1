"""The four parameter arrays as views of one flat vector.

Solvers work on the vector, the objective on the arrays. With tied weights the decoder
matrix is the transpose of the encoder matrix and is not stored in the vector.
"""

from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np

from .._arrays._array_api import namespace
from ._decay import Decay


class Parameters(NamedTuple):
    """The parameter arrays of an autoencoder.

    Attributes
    ----------
    encoder_coef : array of shape (n_features, n_components)
    encoder_intercept : array of shape (n_components,)
    components : array of shape (n_components, n_features)
    decoder_intercept : array of shape (n_features,)
    """

    encoder_coef: np.ndarray
    encoder_intercept: np.ndarray
    components: np.ndarray
    decoder_intercept: np.ndarray


class Layout:
    """Positions of the parameter arrays in the flat vector.

    Both weight matrices are stored in shape (n_features, n_components), `components`
    as its transpose. Loops over the columns of X then access memory in order.

    Parameters
    ----------
    n_features, n_components : int
        Number of columns of X, number of hidden units.
    tied_weights : bool
        Whether `components` is the transpose of `encoder_coef`.
    n_intercepts : int, default=None
        Number of intercepts of the decoder. None stands for `n_features`.
    has_thresholds : bool, default=False
        Whether the vector ends with a threshold for each unit, which the penalty uses.

    Attributes
    ----------
    shape : (int, int)
        Shape of the weight matrices in the vector.
    thresholds : slice or None
        Place of the thresholds in the vector.
    size : int
        Length of the vector.
    """

    def __init__(
        self,
        n_features,
        n_components,
        tied_weights=False,
        n_intercepts=None,
        has_thresholds=False,
    ):
        self.shape = n_features, n_components
        self.n_features = n_features
        self.n_components = n_components
        self.n_intercepts = n_features if n_intercepts is None else n_intercepts
        self.tied_weights = tied_weights
        n_weights = n_features * n_components
        n_decoder = 0 if tied_weights else n_weights
        sizes = [n_weights, n_components, n_decoder, self.n_intercepts]
        sizes += [n_components] * has_thresholds
        self._ends = tuple(accumulate(sizes))
        self.size = self._ends[-1]
        self.thresholds = slice(*self._ends[-2:]) if has_thresholds else None

    @property
    def slices(self):
        """Slices of the arrays in the vector, as `Parameters`, and of thresholds."""
        return [slice(a, b) for a, b in pairwise((0, *self._ends)) if a < b]

    def decays(self, alpha):
        """Return the weight of the decay of each matrix in the vector.

        Parameters
        ----------
        alpha : float, (float, float) or Decay
            One weight, or that of the encoder and that of the decoder.

        Returns
        -------
        decays : list of float
            In the order of `weights`. A tied matrix has both.
        """
        encoder, decoder = Decay.of(alpha).weights
        return [encoder + decoder] if self.tied_weights else [encoder, decoder]

    def views(self, theta):
        """Return the arrays of a flat vector, as views."""
        a, b, c, d = self._ends[:4]
        # np.reshape takes a microsecond longer, which matters for small mini-batches.
        is_numpy = isinstance(theta, np.ndarray)
        reshape = np.ndarray.reshape if is_numpy else namespace(theta).reshape
        encoder = decoder = reshape(theta[:a], self.shape)
        if not self.tied_weights:
            decoder = reshape(theta[b:c], self.shape)
        return Parameters(encoder, theta[a:b], decoder.T, theta[c:d])

    def thresholds_of(self, theta):
        """Return the thresholds of a flat vector as a view, or None without any."""
        return None if self.thresholds is None else theta[self.thresholds]

    def flatten(self, parameters, dtype=None, thresholds=None):
        """Return a flat vector with a copy of the arrays, and of any thresholds."""
        parameters = Parameters(*parameters)
        arrays = parameters._replace(components=parameters.components.T)
        arrays = [np.ravel(array) for array in arrays]
        if self.tied_weights:
            del arrays[2]
        if self.thresholds is not None:
            arrays.append(np.broadcast_to(thresholds, self.n_components))
        return np.concatenate(arrays, dtype=dtype)

    def weights(self, parameters):
        """Return a list of the weight matrices in the vector.

        It has one matrix with tied weights, otherwise two, each of shape
        (n_features, n_components).
        """
        if self.tied_weights:
            return [parameters.encoder_coef]
        return [parameters.encoder_coef, parameters.components.T]
