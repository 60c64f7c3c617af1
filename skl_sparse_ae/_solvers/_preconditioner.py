"""Coordinates of the encoder in which columns of X are hardly correlated.

The Hessian of J with respect to the encoder's weights has the covariance of X as a
factor. A search for V with ``W_e = u P V`` and ``P = (C + c I)^(-1/2)``, where C is the
covariance and c the mean of its eigenvalues, takes most of that factor out [1]_. Only
eigenvalues well above c matter: few directions, from a sample of rows, are enough.

.. [1] Y. LeCun, L. Bottou, G. Orr, K.-R. Mueller, "Efficient BackProp", 1998, on the
   decorrelation of inputs.
"""

import numpy as np
from scipy import sparse

from .._arrays._array_api import namespace
from .._arrays._device_array import as_array_like

# The part of the variance of X below which a difference of variances is an error of
# single precision. Random weights are multiplied by the root of that part, where rows
# do not vary at all.
ROUNDING = 1e-5


class EncoderCoordinates:
    """Converts between the encoder's parameters and the vector of a solver.

    The vector holds V, row by row, and the intercepts for centred rows over the unit u.

    Parameters
    ----------
    directions : ndarray of shape (n_features, n_directions)
        Orthonormal directions of large variance.
    variances : ndarray of shape (n_directions,)
        Of X along these.
    mean_variance : float
        Mean variance of the columns, above zero.
    n_components : int
    unit : float
        Size of an activation.
    skipped : ndarray of bool, shape (n_features,), default=None
        Columns whose weights are zero. None stands for no columns.
    rest : float, default=0.0
        Mean variance along other directions, where it is known.

    Attributes
    ----------
    size : int
        Of the vector.
    skipped : ndarray of bool, shape (n_features,) or None
    """

    def __init__(
        self,
        directions,
        variances,
        mean_variance,
        n_components,
        unit,
        skipped=None,
        rest=0.0,
    ):
        self._shape = directions.shape[0], n_components
        self._n_weights = directions.shape[0] * n_components
        self.size = self._n_weights + n_components
        self._directions = directions
        self._variances, self._mean_variance = variances, mean_variance
        self._base = (rest + mean_variance) ** -0.5
        self._along = (variances + mean_variance) ** -0.5
        self._unit = float(unit)
        self.skipped = skipped

    def to_encoder(self, point):
        """The encoder's weights and intercepts, in the precision of the vector."""
        weights, intercept = self.split(point)
        coef = self._multiply(weights, self._base, self._along, self._unit)
        return coef, self._unit * intercept

    def to_point(self, coef, intercept):
        """The vector of an encoder of NumPy's, the inverse of `to_encoder`."""
        weights = self._multiply(coef, 1 / self._base, 1 / self._along, 1 / self._unit)
        return np.concatenate([weights.ravel(), intercept / self._unit])

    def relative_variances(self, variance, damping, n_dimensions):
        """Return directions, and damped variances in units of another one.

        Parameters
        ----------
        variance : float
        damping : float
            Added to all variances, as a part of the mean variance of the columns.
        n_dimensions : float
            Number of directions along which rows vary, with those that are not known.

        Returns
        -------
        directions : ndarray of shape (n_features, n_directions)
        along : ndarray of shape (n_directions,)
        elsewhere : float
            Along all other directions: their mean, where it is above the damping.
        """
        added = damping * self._mean_variance
        unit = variance + added
        elsewhere = max(self._rest(n_dimensions), added) / unit
        return self._directions, (self._variances + added) / unit, elsewhere

    def shrunk(self, coef):
        """Make random weights smaller along directions in which X hardly varies.

        There they contribute to the decay and hardly to the code. Along a direction of
        variance v they are multiplied by ``(v / (v + c))^(1/2)``, and all of them so
        that pre-activations vary as much as before.
        """
        n_features, n_known = self._directions.shape
        rest, c = self._rest(n_features), self._mean_variance
        known, base = self._variances / (self._variances + c), rest / (rest + c)
        kept = known @ self._variances + base * rest * (n_features - n_known)
        factor = (n_features * c / kept) ** 0.5
        shrunk = self._multiply(coef, base**0.5, known**0.5, factor)
        if self.skipped is not None:
            shrunk[self.skipped] = 0
        return shrunk

    def scaled(self, factor):
        """The same coordinates with a unit that is larger by a factor."""
        return EncoderCoordinates(
            self._directions,
            self._variances,
            self._mean_variance,
            self._shape[1],
            factor * self._unit,
            self.skipped,
        )

    def rotated(self, basis):
        """The coordinates of rows in an orthonormal basis that spans them.

        Parameters
        ----------
        basis : ndarray of shape (n_features, n_directions)

        Returns
        -------
        coordinates : EncoderCoordinates
        """
        return EncoderCoordinates(
            basis.T @ self._directions,
            self._variances,
            self._mean_variance,
            self._shape[1],
            self._unit,
            rest=self._rest(basis.shape[1]),
        )

    def _rest(self, n_dimensions):
        """Mean variance along other directions of a space that rows span."""
        n_known = len(self._variances)
        total = self._shape[0] * self._mean_variance
        rest = total - float(np.sum(self._variances))
        if rest < ROUNDING * total:
            return 0.0
        return rest / max(1, n_dimensions - n_known)

    def write_gradient(self, coef, intercept, factor, out):
        """Write the gradient with respect to the vector, times a factor, to `out`."""
        factor *= self._unit
        weights = self._multiply(coef, self._base, self._along, factor)
        self.join(out, weights, factor * intercept)

    def mean_squares(self, X, mean):
        """The mean square of each row's values in coordinates of variance one.

        Parameters
        ----------
        X : ndarray or CSR array of shape (n_samples, n_features)
        mean : ndarray of shape (n_features,)
            Subtracted from the rows.

        Returns
        -------
        squares : ndarray of shape (n_samples,)
        """
        squares = X.power(2) if sparse.issparse(X) else X * X
        squares = squares.sum(axis=1) - 2 * (X @ mean) + mean @ mean
        along = (X @ self._directions - mean @ self._directions) ** 2
        added = self._along**2 - self._base**2
        return np.maximum(self._base**2 * squares + along @ added, 0) / X.shape[1]

    def unit_curvature(self, errors, decay):
        """The curvature along each row of V, given that along pre-activations.

        Parameters
        ----------
        errors : ndarray of shape (n_components, n_components)
            Second derivatives with respect to the pre-activations of the units.
        decay : float
            Weight of the decay.

        Returns
        -------
        curvature : ndarray of shape (n_components, n_components)
        """
        own = decay * self._base**2 * np.eye(len(errors))
        return self._unit**2 * (errors + own)

    def split(self, vector):
        """The weights and intercepts at the beginning of a vector, as views."""
        weights = namespace(vector).reshape(vector[: self._n_weights], self._shape)
        return weights, vector[self._n_weights : self.size]

    def join(self, vector, weights, intercept):
        """Write weights and intercepts to a vector, the inverse of `split`."""
        parts = self.split(vector)
        parts[0][...] = weights
        parts[1][...] = intercept

    def _multiply(self, weights, base, along, factor):
        """``factor (base (I - U U^T) + U diag(along) U^T) weights``."""
        result = float(base * factor) * weights
        if self._directions.shape[1]:
            U = as_array_like(self._directions, weights)
            scale = as_array_like((along - base)[:, None] * factor, weights)
            result += U @ (scale * (U.T @ weights))
        return result


class ParameterCoordinates:
    """Converts between vectors of all parameters and those of a solver.

    Parameters
    ----------
    groups : list of (slice, float)
        Parts of the parameter vector and the unit of their parameters, in order.
    encoder : EncoderCoordinates or None
        Those of the first two parts, the encoder. None leaves these to their units.
    """

    def __init__(self, groups, encoder=None):
        self._encoder = encoder
        self._groups = groups if encoder is None else groups[2:]

    def to_theta(self, point):
        """The parameters at a point, with centred intercepts, in its precision."""
        theta = namespace(point).empty_like(point)
        if self._encoder is not None:
            self._encoder.join(theta, *self._encoder.to_encoder(point))
        return self._multiply(point, theta, 1.0, 1)

    def to_point(self, theta):
        """The point at parameters of NumPy's with centred intercepts."""
        point = np.empty_like(theta)
        if self._encoder is not None:
            encoder = self._encoder.split(theta)
            point[: self._encoder.size] = self._encoder.to_point(*encoder)
        return self._multiply(theta, point, 1.0, -1)

    def write_gradient(self, gradient, factor, out):
        """Write the gradient with respect to the point, times a factor, to `out`."""
        if self._encoder is not None:
            encoder = self._encoder.split(gradient)
            self._encoder.write_gradient(*encoder, factor, out)
        self._multiply(gradient, out, factor, 1)

    def _multiply(self, vector, out, factor, power):
        for part, unit in self._groups:
            out[part] = vector[part] * float(factor * unit**power)
        return out
