"""The best decoder for given codes: a ridge regression, from sums over the rows.

With an identity output, J is quadratic in ``W_d`` and ``b_d`` as long as the penalty
does not depend on them. Variable projection [1]_ thus searches for the encoder only.

.. [1] G. Golub, V. Pereyra, "Separable nonlinear least squares: the variable projection
   method and its applications", Inverse Problems 19, 2003.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from .._arrays._device_array import as_array_like

# Reweighted solutions for a penalty that depends on the decoder: their number at most,
# and the relative change of the weights that ends them.
MAX_SOLVES, RTOL = 50, 1e-7
# The ridge that makes a singular system solvable: at least the first number, in parts
# of its mean diagonal, and the second, in rounding errors of the largest eigenvalue
# that products of codes can have. Those in float32 make eigenvalues negative.
MIN_RIDGE, ROUNDINGS = 1e-12, 2


class Decoder(NamedTuple):
    """The decoder of centred rows, as the second pass over the rows needs it.

    ``components`` is ``W_d``, of shape (n_components, n_features), ``intercept`` is
    ``b_d``, ``gram`` is ``W_d W_d^T`` and ``offset`` is ``W_d b_d``.
    """

    components: np.ndarray
    intercept: np.ndarray
    gram: np.ndarray
    offset: np.ndarray

    def less(self, mean):
        """The same for rows from which a mean is still to be subtracted."""
        intercept, offset = self.intercept + mean, self.offset + self.components @ mean
        return self._replace(intercept=intercept, offset=offset)

    def like(self, array):
        """The same in the precision and on the device of an array."""
        return Decoder(*(as_array_like(value, array) for value in self))


class Moments(NamedTuple):
    """What determines the best decoder, centred and divided by the total weight.

    ``code`` is the mean code, ``row`` is the mean of the rows less that of all rows,
    ``gram`` is the covariance of the codes, ``cross``, of shape (n_components,
    n_features), that of the codes with the rows, as in `EncodedSums`; ``variance`` is
    the sum of the variances of the columns of X. ``ridge`` is added to the diagonal of
    the Gram matrix where it is solved.
    """

    code: np.ndarray
    row: np.ndarray
    gram: np.ndarray
    cross: np.ndarray
    variance: float
    ridge: float

    @classmethod
    def of(cls, sums, variance, dtype):
        """From `EncodedSums` over all rows, of a dtype, and the variance of these."""
        code, gram = sums.code / sums.weight, sums.gram / sums.weight
        ridge = _ridge(gram, code, dtype)
        gram -= np.outer(code, code)
        cross = sums.cross / sums.weight
        # The mean of centred rows is zero but for rounding.
        row = np.zeros(cross.shape[1])
        return cls(code, row, gram, cross, variance, ridge)

    @classmethod
    def of_means(cls, code, row, gram, cross, square, dtype):
        """From means over rows of a dtype that are not centred, as in `RowMeans`."""
        ridge, gram = _ridge(gram, code, dtype), gram - np.outer(code, code)
        cross, variance = cross - np.outer(row, code).T, square - float(row @ row)
        return cls(code, row, gram, cross, variance, ridge)

    def solve(self, decay):
        """Return the decoder that minimises J.

        Parameters
        ----------
        decay : float or ndarray of shape (n_components,)
            By which half the squared norm of each unit's weights is multiplied in J.

        Returns
        -------
        solution : Solution
        """
        matrix = self.gram.copy()
        decay = decay + self.ridge
        matrix.flat[:: len(matrix) + 1] += decay
        components = _solve(matrix, self.cross)
        squares = np.einsum("ij,ij->j", components.T, components.T)
        # <W_d, G W_d>, where (G + decay) W_d = C, is <W_d, C> - <W_d, decay W_d>.
        explained = np.vdot(components.T, self.cross.T) + np.sum(decay * squares)
        return Solution(
            components, 0.5 * (self.variance - float(explained)), float(squares.sum())
        )


def _solve(matrix, right):
    """Solve a system of a symmetric matrix, positive definite but for rounding."""
    try:
        factor = cho_factor(matrix, lower=True, check_finite=False)
    except np.linalg.LinAlgError:
        return np.linalg.solve(matrix, right)
    return cho_solve(factor, right, check_finite=False)


def _ridge(products, code, dtype):
    """Return what is added to the diagonal of the covariance of codes.

    `products` are the means of their products, computed in a dtype, and `code` the mean
    codes. Rounding in the products with large means stays when these are subtracted.
    """
    squares = np.diag(products)
    ridge = MIN_RIDGE * (np.mean(squares - code**2) or 1.0)
    return max(ridge, ROUNDINGS * np.finfo(dtype).eps * squares.sum())


class Solution(NamedTuple):
    """The best decoder ``W_d``, the reconstruction term of J and ``||W_d||^2``."""

    components: np.ndarray
    error: float
    squared_norm: float

    @classmethod
    def of(cls, components):
        """A given decoder, of unknown error."""
        components = np.asfortranarray(components)
        return cls(components, np.nan, float(np.sum(components**2)))


def best_decoder(moments, alpha, decoder_decay=None, start=None, max_solves=MAX_SOLVES):
    """Return the decoder that minimises J for given codes.

    Parameters
    ----------
    moments : Moments
    alpha : float
        Weight of the decoder's decay.
    decoder_decay : callable or None
        Given ``W_d``, returns for each unit the number c_j such that the derivative of
        the penalty with respect to the unit's weights is ``c_j w_j``. The problem is
        then solved by repeated ridge regressions, each with the c_j of the last one.
        Each lowers J where the penalty is concave in the squared norms of the units.
    start : ndarray of shape (n_components, n_features) or None
        ``W_d`` to begin with, used with `decoder_decay` only.
    max_solves : int, default=50
        Largest number of ridge regressions from `start`.

    Returns
    -------
    solution : Solution
    """
    if decoder_decay is None:
        return moments.solve(alpha)
    decay = decoder_decay(moments.solve(alpha).components if start is None else start)
    for _ in range(MAX_SOLVES if start is None else max_solves):
        solution = moments.solve(alpha + decay)
        last, decay = decay, decoder_decay(solution.components)
        if np.all(np.abs(decay - last) <= RTOL * (np.abs(decay) + alpha)):
            break
    return solution
