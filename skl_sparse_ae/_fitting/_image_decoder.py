"""The best decoder of images for given maps: a ridge regression.

With an identity output the squared error of images is quadratic in the kernels of the
decoder and its intercepts. Where patches overlap, each kernel must leave to the others
what they write; a decoder of single patches does not know them.
"""

from functools import partial

import numpy as np
from scipy.sparse.linalg import LinearOperator, cg

from .._arrays._blocks import split_evenly

# Images are used until they have so many pixels for each weight of a kernel, and at
# least so many in all.
PIXELS_PER_WEIGHT, MIN_PIXELS = 20, 100_000
# Where the search by conjugate gradients ends: the residual of the normal equations,
# relative to that of a decoder of zeros, and the number of iterations. What is left
# then are weights in directions that hardly matter, and on photographs fit the sample.
RTOL, MAX_ITER = 1e-3, 50
# Maps are kept from one iteration to the next if they take no more memory.
KEPT_BYTES = 2**27


def image_decoder(network, parameters, rows, decay, team, rtol=RTOL, max_iter=MAX_ITER):
    """Return the parameters with the decoder that minimises the loss of images.

    That is half the mean squared error of an image plus half the decay times the
    squared norm of the kernels.

    Parameters
    ----------
    network : ConvNetwork
    parameters : Parameters
        Their decoder is where the search begins.
    rows : Rows
        Images in memory, of which a sample is used.
    decay : float
    team : Team
    rtol : float
    max_iter : int
        See `RTOL`.

    Returns
    -------
    parameters : Parameters
    reconstruction : float
        Half the mean squared error of an image in the sample.
    """
    layout = network.layout
    n_weights = layout.n_features * layout.n_components
    n_pixels = max(MIN_PIXELS, PIXELS_PER_WEIGHT * n_weights)
    sample = rows.sample(-(-n_pixels // network.n_inputs))[:2]
    equations = _NormalEquations(network, parameters, *sample, decay, team)
    found, _ = cg(
        equations.operator,
        equations.right_hand_side,
        equations.start,
        rtol=rtol,
        # Of constant images, the right-hand side is a rounding error.
        atol=equations.rounding,
        maxiter=max_iter,
        M=equations.preconditioner,
    )
    return equations.solution(found), equations.reconstruction(found)


class _NormalEquations:
    """The derivative of the loss with respect to the decoder, set to zero.

    It is solved for images less the mean of each channel, which the intercepts write:
    otherwise a large mean would hide the residual of the rest.

    Attributes
    ----------
    operator, preconditioner : LinearOperator
    right_hand_side, start : ndarray
    rounding : float
        Size of the residual that rounding the images causes.
    """

    def __init__(self, network, parameters, X, sample_weight, decay, team):
        self._network, self._parameters, self._team = network, parameters, team
        weights = np.ones(len(X), X.dtype) if sample_weight is None else sample_weight
        self._X, self._weights = X, (weights / weights.sum())[:, np.newaxis]
        self._decay = decay
        parts = split_evenly(0, len(X), min(len(X), team.n_threads))
        self._blocks = [
            network.image_blocks(part.start, part.stop, X.itemsize) for part in parts
        ]
        n_bytes = len(X) * network.n_outputs * X.itemsize
        self._maps = {} if n_bytes <= KEPT_BYTES else None
        self._shape = parameters.components.shape
        self._n_weights = parameters.components.size
        n_channels = network.layout.n_intercepts
        of_pixels = (self._weights * X).sum(axis=0, dtype=np.float64)
        self._mean = of_pixels.reshape(-1, n_channels).mean(axis=0)
        self._offset = np.tile(self._mean, X.shape[1] // n_channels).astype(X.dtype)
        intercept = parameters.decoder_intercept - self._mean
        arrays = parameters.components.ravel(), intercept
        self.start = np.concatenate(arrays, dtype=np.float64)
        self.right_hand_side = self._of_images(lambda rows, maps: self._centred(rows))
        diagonal = self._diagonal()
        eps = np.finfo(X.dtype).eps * float(np.abs(X).max())
        self.rounding = eps * float(np.sqrt(diagonal.sum() * X.shape[1]))
        as_operator = partial(LinearOperator, (len(self.start),) * 2, dtype=float)
        self.operator = as_operator(self._product)
        self.preconditioner = as_operator(lambda vector: vector / diagonal)

    def solution(self, vector):
        """Return the parameters with the decoder of a vector, for images."""
        parameters = self._parameters_of(vector)
        intercept = parameters.decoder_intercept + self._mean
        return parameters._replace(decoder_intercept=intercept.astype(self._X.dtype))

    def reconstruction(self, vector):
        """Return half the mean squared error of the images."""
        parameters = self._parameters_of(vector)

        def of_block(rows, maps):
            errors = self._network.decode(parameters, maps, self._empty(rows))
            errors -= self._centred(rows)
            return (self._weights[rows] * errors**2).sum(dtype=np.float64)

        return 0.5 * float(self._sum(of_block))

    def _centred(self, rows):
        return self._X[rows] - self._offset

    def _empty(self, rows):
        return np.empty_like(self._X[rows])

    def _parameters_of(self, vector):
        """Return the parameters with the decoder of a vector, for centred images."""
        vector = vector.astype(self._X.dtype)
        return self._parameters._replace(
            components=vector[: self._n_weights].reshape(self._shape),
            decoder_intercept=vector[self._n_weights :],
        )

    def _product(self, vector):
        parameters = self._parameters_of(vector)

        def written(rows, maps):
            return self._network.decode(parameters, maps, self._empty(rows))

        product = self._of_images(written)
        weights = slice(self._n_weights)
        product[weights] += self._decay * vector[weights]
        return product

    def _of_images(self, images):
        """Return the derivative of the mean inner product with what is written.

        ``images(rows, maps)`` returns the images of a block.
        """
        convolution = self._network.convolution

        def of_block(rows, maps):
            weighted = images(rows, maps) * self._weights[rows]
            code = maps.reshape(-1, self._shape[0])
            kernels = code.T @ convolution.unfold(weighted)
            channels = weighted.reshape(-1, convolution.image_shape[2]).sum(axis=0)
            return np.concatenate([kernels.ravel(), channels], dtype=np.float64)

        return self._sum(of_block)

    def _diagonal(self):
        """Return the diagonal of the operator, as if no kernel met a border."""

        def of_block(rows, maps):
            squares = (self._weights[rows] * maps**2).sum(axis=0)
            return squares.reshape(-1, self._shape[0]).sum(axis=0, dtype=np.float64)

        squares = np.repeat(self._sum(of_block), self._shape[1])
        n_channels = len(self.start) - squares.size
        n_pixels = self._network.n_inputs / n_channels
        kernels = squares + self._decay
        kernels[kernels == 0] = 1.0  # of units that are never active
        return np.concatenate([kernels, np.full(n_channels, n_pixels)])

    def _sum(self, of_block):
        """Return the sum of a function of the rows and the maps of each block."""

        def of_thread(row_blocks):
            return sum(of_block(rows, self._maps_of(rows)) for rows in row_blocks)

        return sum(self._team.map(of_thread, self._blocks))

    def _maps_of(self, rows):
        """Return the maps of a block, which are the same in all iterations."""
        if self._maps is None:
            return self._encoded(rows)
        if rows.start not in self._maps:
            self._maps[rows.start] = self._encoded(rows)
        return self._maps[rows.start]

    def _encoded(self, rows):
        X = self._X[rows]
        maps = np.empty((len(X), self._network.n_outputs), X.dtype)
        return self._network.encode(self._parameters, X, maps)
