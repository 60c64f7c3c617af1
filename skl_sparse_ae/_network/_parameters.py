"""The four parameter arrays as views of one flat vector.

Solvers see a vector; the objective sees the arrays. With tied weights the decoder's
matrix is the transpose of the encoder's and takes no room in the vector.
"""

from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np

from .._arrays._array_api import namespace


class Parameters(NamedTuple):
    """The arrays of one autoencoder.

    ``encoder_coef`` is (n_features, n_components), ``components`` is
    (n_components, n_features), the intercepts are vectors.
    """

    encoder_coef: np.ndarray
    encoder_intercept: np.ndarray
    components: np.ndarray
    decoder_intercept: np.ndarray


class Layout:
    """Where each array lies in the flat vector.

    Both weight matrices lie there feature by feature, ``components`` thus as its
    transpose: whatever adds up over columns of X then walks through memory in order.

    Parameters
    ----------
    n_features, n_components : int
        Number of columns of X, number of hidden units.
    tied_weights : bool
        Whether ``components`` is the transpose of ``encoder_coef``.

    Attributes
    ----------
    shape : (int, int)
        Of the weight matrices as they lie in the vector.
    size : int
        Of the vector.
    """

    def __init__(self, n_features, n_components, tied_weights=False):
        self.shape = n_features, n_components
        self.n_features = n_features
        self.n_components = n_components
        self.tied_weights = tied_weights
        n_weights = n_features * n_components
        sizes = [n_weights, n_components, 0 if tied_weights else n_weights, n_features]
        self._ends = tuple(accumulate(sizes))
        self.size = self._ends[-1]

    @property
    def slices(self):
        """Slices of the arrays that the vector holds, in the order of `Parameters`."""
        return [slice(a, b) for a, b in pairwise((0, *self._ends)) if a < b]

    @property
    def n_uses(self):
        """How often each weight is used: twice where the matrices are tied."""
        return 2 if self.tied_weights else 1

    def views(self, theta):
        """The arrays of a flat vector, sharing its memory."""
        a, b, c, _ = self._ends
        # np.reshape takes a microsecond longer, which small batches feel.
        is_numpy = isinstance(theta, np.ndarray)
        reshape = np.ndarray.reshape if is_numpy else namespace(theta).reshape
        encoder = decoder = reshape(theta[:a], self.shape)
        if not self.tied_weights:
            decoder = reshape(theta[b:c], self.shape)
        return Parameters(encoder, theta[a:b], decoder.T, theta[c:])

    def flatten(self, parameters, dtype=None):
        """A new flat vector that holds a copy of the arrays."""
        parameters = Parameters(*parameters)
        arrays = parameters._replace(components=parameters.components.T)
        arrays = [np.ravel(array) for array in arrays]
        if self.tied_weights:
            del arrays[2]
        return np.concatenate(arrays, dtype=dtype)

    @property
    def intercept_slices(self):
        """Slices of the intercepts of the encoder and of the decoder."""
        return [self.slices[1], self.slices[-1]]

    def part(self, i, rows):
        """Where some rows, a slice, of the i-th weight matrix are in the vector."""
        start, n_columns = self.slices[2 * i].start, self.shape[1]
        return slice(start + rows.start * n_columns, start + rows.stop * n_columns)

    def weights(self, parameters):
        """The weight matrices that the vector holds, as they lie in it.

        That is a list of one or two of shape (n_features, n_components).
        """
        if self.tied_weights:
            return [parameters.encoder_coef]
        return [parameters.encoder_coef, parameters.components.T]
