"""The best decoder of images for given maps: a ridge regression.

With an identity output the squared error of images is quadratic in the kernels of the
decoder and its intercepts. Where patches overlap, each kernel must leave to the others
what they write; a decoder of single patches does not know them.
"""

import warnings
from functools import partial

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse.linalg import LinearOperator, cg
from sklearn.exceptions import ConvergenceWarning

from .._arrays._blocks import blocks, split_evenly
from ._kernel_gram import add_to_gram, kernel_gram

# Images are used until they have so many pixels for each weight of a kernel, and at
# least so many in all.
PIXELS_PER_WEIGHT, MIN_PIXELS = 20, 100_000
# Up to so many weights of a channel, the equations are solved by Cholesky's method,
# whose matrix then has 288 MB. It takes as long as some tens of iterations of conjugate
# gradients, which on small images would have to be thousands.
MAX_SOLVED = 6000
# Smallest ridge, relative to the trace of the matrix, which has a rounding error.
MIN_RIDGE = 1e-14
# Where the search by conjugate gradients ends: the residual of the normal equations,
# relative to that of a decoder of zeros, and the number of iterations. For 64 kernels
# of 9 x 9 on MNIST it explains 94.6 % in twice the time of the solution, which explains
# 95.3 %; a tenth of the residual takes three times as long.
RTOL, MAX_ITER = 1e-3, 200
# Maps are kept from one iteration to the next if they take no more memory, and so much
# of them is in the products of maps at once.
KEPT_BYTES, BYTES_AT_ONCE = 2**27, 2**26
# Stack level of the caller of `fit`, counted from `_searched`.
STACK_LEVEL = 7


def image_decoder(network, parameters, rows, decay, team):
    """Return the parameters with the decoder that minimises the loss of images.

    That is half the mean squared error of an image plus half the decay times the
    squared norm of the kernels.

    Parameters
    ----------
    network : ConvNetwork
    parameters : Parameters
        Their decoder is where the search begins, if there is one.
    rows : Rows
        Images in memory, of which a sample is used.
    decay : float
    team : Team

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
    is_solved = n_weights <= MAX_SOLVED * layout.n_intercepts
    found = equations.solved() if is_solved else _searched(equations)
    return equations.solution(found), equations.reconstruction(found)


def _searched(equations):
    """Return the vector that conjugate gradients find."""
    search = equations.for_search()
    found, is_unfinished = cg(**search, rtol=RTOL, maxiter=MAX_ITER)
    if is_unfinished:
        warnings.warn(
            f"The decoder of whole images has not converged in {MAX_ITER} iterations "
            "of conjugate gradients, and reconstructs less than it could. Use a larger "
            "alpha, or fewer or smaller kernels.",
            ConvergenceWarning,
            stacklevel=STACK_LEVEL,
        )
    return found


class _NormalEquations:
    """The derivative of the loss with respect to the decoder, set to zero.

    It is solved for images less the mean of each channel, which the intercepts write:
    otherwise a large mean would hide the residual of the rest.

    Attributes
    ----------
    right_hand_side, start : ndarray
    """

    def __init__(self, network, parameters, X, sample_weight, decay, team):
        self._network, self._parameters, self._team = network, parameters, team
        weights = np.ones(len(X)) if sample_weight is None else sample_weight
        weights = weights.astype(np.float64)
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
        of_pixels = self._weights[:, 0] @ X
        self._mean = of_pixels.reshape(-1, n_channels).mean(axis=0)
        self._offset = np.tile(self._mean, X.shape[1] // n_channels)
        intercept = parameters.decoder_intercept - self._mean
        arrays = parameters.components.ravel(), intercept
        self.start = np.concatenate(arrays, dtype=np.float64)
        self.right_hand_side = self._of_images(lambda rows, maps: self._centred(rows))

    def for_search(self):
        """Return what `cg` needs, as keywords.

        The preconditioner takes the weights at one place of all kernels together.
        """
        of_units = self._of_units()
        trace, X = np.trace(of_units), self._X
        eps = np.finfo(X.dtype).eps * float(np.abs(X).max())
        # Of constant images, the right-hand side is a rounding error.
        rounding = eps * float(np.sqrt(trace * self._shape[1] * X.shape[1]))
        of_units[np.diag_indices_from(of_units)] += self._ridge(trace)
        factor = cho_factor(of_units)
        as_operator = partial(LinearOperator, (len(self.start),) * 2, dtype=float)
        return {
            "A": as_operator(self._product),
            "b": self.right_hand_side,
            "x0": self.start,
            "M": as_operator(partial(self._preconditioned, factor)),
            "atol": rounding,
        }

    def _ridge(self, trace):
        """Return the decay, or as little as a matrix with this trace needs."""
        # Without decay and active units, any ridge leaves kernels of zeros.
        return max(self._decay, MIN_RIDGE * trace) or 1.0

    def solved(self):
        """Return the vector that solves the equations, by Cholesky's method.

        Channels have the same matrix. The intercept is eliminated from it.
        """
        n_channels = self._network.layout.n_intercepts
        n_pixels = self._network.n_inputs / n_channels
        ones = self._of_images(lambda rows, maps: np.ones_like(self._centred(rows)))
        right, means = self._by_channel(self.right_hand_side)
        written = self._by_channel(ones)[0][:, 0]
        matrix = self._gram()
        ridge = self._ridge(np.trace(matrix))
        matrix -= np.outer(written / n_pixels, written)
        matrix[np.diag_indices_from(matrix)] += ridge
        # LAPACK works in the memory of the transpose, which is the same matrix.
        factor = cho_factor(matrix.T, overwrite_a=True, check_finite=False)
        kernels = cho_solve(factor, right - np.outer(written, means / n_pixels))
        intercept = (means - written @ kernels) / n_pixels
        kernels = kernels.reshape(-1, self._shape[0], n_channels).swapaxes(0, 1)
        return np.concatenate([kernels.ravel(), intercept])

    def _by_channel(self, vector):
        """Return the weights of a vector by places and units, and its intercepts."""
        kernels, intercept = np.split(vector, [self._n_weights])
        n_channels = len(intercept)
        kernels = kernels.reshape(self._shape[0], -1, n_channels).swapaxes(0, 1)
        return kernels.reshape(-1, n_channels), intercept

    def _gram(self):
        """Return the matrix of the weights of a channel, by places and units."""
        convolution, n_components = self._network.convolution, self._shape[0]
        gram = kernel_gram(convolution, n_components)
        parts = [rows for part in self._blocks for rows in part]
        row_bytes = 8 * self._network.n_outputs * max(1, parts[0].stop)
        for some in blocks(0, len(parts), row_bytes, BYTES_AT_ONCE):
            add_to_gram(
                gram, self._maps_by_position(parts[some]), convolution, self._team
            )
        n_weights = convolution.kernel_shape[0] * convolution.kernel_shape[1]
        return gram.reshape(n_weights * n_components, -1)

    def _maps_by_position(self, parts):
        """Return maps of blocks of images, times the roots of the images' weights."""
        shape = self._network.convolution.map_shape
        n_before = parts[0].start
        maps = np.empty((*shape, parts[-1].stop - n_before, self._shape[0]))

        def write(rows):
            weighted = self._maps_of(rows) * np.sqrt(self._weights[rows])
            of_rows = weighted.reshape(-1, *shape, self._shape[0])
            place = slice(rows.start - n_before, rows.stop - n_before)
            maps[:, :, place] = np.moveaxis(of_rows, 0, 2)

        self._team.map(write, parts)
        return maps

    def solution(self, vector):
        """Return the parameters with the decoder of a vector, for images."""
        parameters = self._parameters_of(vector)
        intercept = parameters.decoder_intercept + self._mean
        return parameters._replace(
            components=parameters.components.astype(self._X.dtype),
            decoder_intercept=intercept.astype(self._X.dtype),
        )

    def reconstruction(self, vector):
        """Return half the mean squared error of the images."""
        parameters = self._parameters_of(vector)

        def of_block(rows, maps):
            errors = self._network.decode(parameters, maps, self._empty(rows))
            errors -= self._centred(rows)
            return (self._weights[rows] * errors**2).sum()

        return 0.5 * float(self._sum(of_block))

    def _centred(self, rows):
        return self._X[rows] - self._offset

    def _empty(self, rows):
        return np.empty(self._X[rows].shape)

    def _parameters_of(self, vector):
        """Return the parameters with the decoder of a vector, for centred images."""
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
            return np.concatenate([kernels.ravel(), channels])

        return self._sum(of_block)

    def _of_units(self):
        """Return the matrix of the weights at one place, as if none met a border."""

        def of_block(rows, maps):
            shape = -1, self._shape[0]
            weighted = (self._weights[rows] * maps).reshape(shape)
            return weighted.T @ maps.reshape(shape)

        return self._sum(of_block)

    def _preconditioned(self, factor, vector):
        """Return the solution for weights at one place, which do not meet others."""
        kernels = vector[: self._n_weights].reshape(self._shape)
        n_pixels = self._network.n_inputs / self._network.layout.n_intercepts
        intercept = vector[self._n_weights :] / n_pixels
        return np.concatenate([cho_solve(factor, kernels).ravel(), intercept])

    def _sum(self, of_block):
        """Return the sum of a function of the rows and the maps of each block."""

        def of_thread(row_blocks):
            return sum(of_block(rows, self._maps_of(rows)) for rows in row_blocks)

        return sum(self._team.map(of_thread, self._blocks))

    def _maps_of(self, rows):
        """Return the maps of a block, which are the same in all iterations.

        They are in double precision, as sums are: rounding errors would end the search.
        """
        if self._maps is None:
            return self._encoded(rows).astype(np.float64)
        if rows.start not in self._maps:
            self._maps[rows.start] = self._encoded(rows)
        return self._maps[rows.start].astype(np.float64)

    def _encoded(self, rows):
        X = self._X[rows]
        maps = np.empty((len(X), self._network.n_outputs), X.dtype)
        return self._network.encode(self._parameters, X, maps)
