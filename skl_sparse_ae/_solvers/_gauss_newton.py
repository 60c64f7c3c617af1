"""An approximate inverse of the Hessian matrix of J.

In coordinates of the encoder in which columns of X are hardly correlated, that matrix
is about the same matrix of the units for each column, plus a term of rank one for the
penalty of each unit. For the decoder it is about the same for each output, up to a
factor. What links encoder and decoder is left out.
"""

from contextlib import suppress

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri

from .._arrays._array_api import namespace
from .._arrays._blocks import split_evenly
from .._arrays._device_array import as_array_like

# Added to the eigenvalues of the matrices of the units, as a part of their mean. With a
# tenth or all of it, some searches take a tenth to a third more iterations.
DAMPING = 0.5


class GaussNewton:
    """The inverse of an approximate Hessian matrix of J.

    Parameters
    ----------
    encoder : EncoderCoordinates
        Of the first part of the vectors.
    decoder : list of (slice, float)
        Where the decoder's weights and intercepts are in the vectors, and their units.
        Empty if these contain the encoder alone.
    team : Team
    """

    def __init__(self, encoder, decoder, team):
        self._encoder = _EncoderBlock(encoder, team)
        self._decoder = _DecoderBlock(decoder, team) if decoder else None
        self._is_known = False

    def update(self, curvature, decay, value_unit, like):
        """Compute the inverse; the identity where units write nothing.

        Parameters
        ----------
        curvature : Curvature
        decay : (float, float)
            Weights of the decay of the encoder and of the decoder.
        value_unit : float
            J is divided by it.
        like : array
            Example of a vector.
        """
        self._is_known = False
        if not 0 < np.trace(curvature.errors) < np.inf:
            return
        with suppress(np.linalg.LinAlgError):
            self._encoder.update(curvature, decay[0], value_unit, like)
            if self._decoder is not None:
                self._decoder.update(curvature, decay[1], value_unit, like)
            self._is_known = True

    def apply(self, vector):
        """Multiply a vector by the inverse, in place."""
        if self._is_known:
            self._encoder.apply(vector)
            if self._decoder is not None:
                self._decoder.apply(vector)


class _EncoderBlock:
    """The inverse for the encoder's parameters.

    With the units' matrix H, and the curvature c_j and the slopes g_j of their
    penalties, the product of the Hessian matrix and a matrix V of weights in these
    coordinates is ``V H``, plus ``c_j (g_j . V_j) g_j`` in each column j. The inverse
    follows from the formula of Woodbury.
    """

    def __init__(self, coordinates, team):
        self._coordinates, self._team = coordinates, team
        self._inverse = self._core = None

    def update(self, curvature, decay, value_unit, like):
        matrix = self._coordinates.unit_curvature(curvature.errors, decay)
        inverse = _damped_inverse(matrix / value_unit)
        self._inverse, self._core = as_array_like(inverse, like), None
        if curvature.penalty is None:
            return
        root = np.sqrt(curvature.penalty / value_unit)
        slopes = np.empty(self._coordinates.size)
        self._coordinates.write_gradient(
            root * curvature.coef_slopes, root * curvature.intercept_slopes, 1.0, slopes
        )
        coef, intercept = self._coordinates.split(slopes)
        if self._coordinates.skipped is not None:
            coef[self._coordinates.skipped] = 0  # as the weights themselves
        products = coef.T @ coef + np.outer(intercept, intercept)
        core = _inverse(np.eye(len(inverse)) + products * inverse)
        self._core = as_array_like(core, like)
        self._slopes = self._coordinates.split(as_array_like(slopes, like))

    def apply(self, vector):
        weights, intercept = self._coordinates.split(vector)
        if self._core is not None:
            self._correct(weights, intercept)
        _multiply_rows(weights, self._inverse, self._team)
        intercept[...] = intercept @ self._inverse

    def _correct(self, weights, intercept):
        """Subtract what the penalties change, before the product with the inverse."""
        slopes, intercept_slopes = self._slopes
        inverse, add_up = self._inverse, namespace(weights).sum
        parts = _parts(weights, self._team)

        def along_slopes(rows):
            return add_up(slopes[rows, :] * (weights[rows, :] @ inverse), axis=0)

        along = sum(self._team.map(along_slopes, parts))
        along = self._core @ (along + intercept_slopes * (intercept @ inverse))

        def subtract(rows):
            weights[rows, :] -= slopes[rows, :] * along

        self._team.map(subtract, parts)
        intercept -= intercept_slopes * along


class _DecoderBlock:
    """The inverse for the decoder's parameters.

    The same matrix for each output, with the intercept as the weight of one more unit,
    over the curvature of the output, which is damped by its mean.
    """

    def __init__(self, groups, team):
        (self._weights, unit), (self._intercepts, intercept_unit) = groups
        self._units = unit, intercept_unit
        self._team = team
        self._inverse = self._factors = None

    def update(self, curvature, decay, value_unit, like):
        n_components = len(curvature.errors)
        units = np.repeat(self._units, [n_components, 1])
        mean = float(np.mean(curvature.outputs))
        matrix = mean * curvature.codes
        matrix[range(n_components), range(n_components)] += decay
        inverse = _damped_inverse(units[:, np.newaxis] * matrix * units / value_unit)
        self._inverse = as_array_like(inverse, like)
        factors = 2 * mean / (curvature.outputs + mean)
        self._factors = as_array_like(factors, like)

    def apply(self, vector):
        intercept, inverse = vector[self._intercepts], self._inverse
        shape = intercept.shape[0], inverse.shape[0] - 1
        weights = namespace(vector).reshape(vector[self._weights], shape)
        weights *= self._factors[:, None]
        intercept *= self._factors
        of_intercept = intercept[:, None] * inverse[-1, :-1]
        intercept *= inverse[-1, -1]
        intercept += weights @ inverse[:-1, -1]
        _multiply_rows(weights, inverse[:-1, :-1], self._team)
        weights += of_intercept


def _multiply_rows(matrix, inverse, team):
    """Multiply a matrix from the right, in place, by all useful threads."""

    def multiply(rows):
        matrix[rows, :] = matrix[rows, :] @ inverse

    team.map(multiply, _parts(matrix, team))


def _parts(matrix, team):
    """Return slices of the rows of a matrix, one for each useful thread."""
    n_rows, n_columns = matrix.shape
    n_parts = 1
    if isinstance(matrix, np.ndarray):
        n_parts = min(n_rows, team.n_useful(n_rows * n_columns**2))
    return split_evenly(0, n_rows, n_parts)


def _damped_inverse(matrix):
    """Return the inverse of a positive semidefinite matrix, damped."""
    damping = DAMPING * np.trace(matrix) / len(matrix)
    return _inverse(matrix + damping * np.eye(len(matrix)))


def _inverse(matrix):
    """Return the inverse of a positive definite matrix; raise an error for others."""
    factor, failed_at = dpotrf(matrix, lower=True)
    # LAPACK does not tell where a value is not finite.
    if failed_at or not np.isfinite(factor.diagonal()).all():
        raise np.linalg.LinAlgError("the matrix is not positive definite")
    inverse, _ = dpotri(factor, lower=True)
    lower = np.tril(inverse)
    return lower + np.tril(lower, -1).T
