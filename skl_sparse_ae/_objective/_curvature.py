"""The curvature of J along its parameters, from a sample of the rows.

With codes ``A = f(Z)``, ``Z = X W_e + b_e``, the means s of ``phi(A)`` and the
curvature H of the loss along pre-activations of the outputs, the Gauss-Newton matrix of
J has, for the encoder's weights of units j and k, the blocks

    E[x x^T f'(z_j) f'(z_k) (W_d H W_d^T)_jk]  and  psi''(s_j) g_j g_j^T,  if j = k,

where ``g_j = E[x phi'(a_j) f'(z_j)]``. In coordinates in which the n columns of X are
hardly correlated, and with the mean of H, the first is close to the identity times
``E[|x|^2 / n f'(z_j) f'(z_k)] (W_d H W_d^T)_jk``, which of all matrices of the units is
nearest to it. For the decoder's weights of an output, it is about the mean of that
output's H times ``E[a a^T]``. Products of a matrix of the columns and one of the units
are those of Martens and Grosse [1]_.

.. [1] J. Martens, R. Grosse, "Optimizing Neural Networks with Kronecker-factored
   Approximate Curvature", ICML 2015.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from .._arrays._sparse_products import less_offsets, row_work
from .._rows._moments import shares

# Relative step of the difference that stands for the derivative of psi'.
STEP = 1e-4


class Curvature(NamedTuple):
    """Curvature of J at some parameters.

    Attributes
    ----------
    errors : ndarray of shape (n_components, n_components)
        ``E[|x|^2 / n f' f'^T]`` times ``W_d H W_d^T``, entry by entry.
    codes : ndarray of shape (n_components + 1, n_components + 1) or None
        Mean products of the codes and of a one behind them. None where the
        decoder is not searched for.
    outputs : ndarray of shape (n_features,)
        The mean of H for each output.
    penalty : ndarray of shape (n_components,) or None
        psi'' of each unit, not negative. None where it is zero, as are the slopes then.
    coef_slopes : ndarray of shape (n_features, n_components) or None
        Derivatives of the mean of each unit's phi with respect to its weights, for
        centred rows.
    intercept_slopes : ndarray of shape (n_components,) or None
        Those with respect to its intercept.
    """

    errors: np.ndarray
    codes: np.ndarray | None
    outputs: np.ndarray
    penalty: np.ndarray | None = None
    coef_slopes: np.ndarray | None = None
    intercept_slopes: np.ndarray | None = None


class SampledCurvature:
    """Computes the curvature of J from a sample of the rows.

    Parameters
    ----------
    network : Network
    X : ndarray or CSR array of shape (n_sampled, n_features)
    sample_weight : ndarray of shape (n_sampled,) or None
    mean : ndarray of shape (n_features,)
        Of all rows.
    coordinates : EncoderCoordinates
        Those in which the columns are hardly correlated.
    """

    def __init__(self, network, X, sample_weight, mean, coordinates):
        self._network = network
        self._share = shares(X, sample_weight).astype(X.dtype)[:, np.newaxis]
        if isinstance(X, np.ndarray):
            X, mean = X - mean.astype(X.dtype), np.zeros_like(mean)
        else:
            X, offsets = less_offsets(sparse.csr_array(X))
            mean = mean if offsets is None else mean - offsets
        self._X, self._mean = X, mean
        squares = coordinates.mean_squares(X, mean).astype(X.dtype)
        self._weights = self._share * squares[:, np.newaxis]

    @property
    def density(self):
        """Cost of a product with a row in parts of that with a dense one, not zero."""
        return max(1.0, row_work(self._X)) / self._X.shape[1]

    def at(self, parameters, unit_means):
        """Return the `Curvature` at some parameters.

        Parameters
        ----------
        parameters : Parameters
            NumPy's, with the encoder's intercepts for centred rows. The decoder's
            intercepts are None where the decoder is not searched for.
        unit_means : ndarray of shape (n_components,)
            Means of phi over all rows.

        Returns
        -------
        curvature : Curvature
        """
        network, penalty = self._network, self._network.penalty
        code, components = self._encode(parameters), parameters.components
        outputs = self._output_curvature(parameters, code)
        slope = network.activation.derivative(code)
        errors = (components * outputs) @ components.T
        errors = errors * (slope.T @ (self._weights * slope))
        codes = None
        if parameters.decoder_intercept is not None:
            codes = np.column_stack([code, np.ones(len(code))])
            codes = codes.T @ (self._share * codes)
        if not penalty.has_term or penalty.is_linear:
            return Curvature(errors, codes, outputs)
        slope *= self._share * penalty.phi_derivative(code, network.activation)
        intercept_slopes = slope.sum(axis=0)
        return Curvature(
            errors,
            codes,
            outputs,
            _psi_curvature(penalty, unit_means),
            self._X.T @ slope - np.outer(self._mean, intercept_slopes),
            intercept_slopes,
        )

    def _encode(self, parameters):
        coef, intercept = parameters.encoder_coef, parameters.encoder_intercept
        parameters = parameters._replace(
            encoder_coef=coef.astype(self._X.dtype, copy=False),
            encoder_intercept=(intercept - self._mean @ coef).astype(self._X.dtype),
        )
        code = np.empty((self._X.shape[0], coef.shape[1]), self._X.dtype)
        return self._network.encode(parameters, self._X, code)

    def _output_curvature(self, parameters, code):
        """The mean second derivative of the loss along each output's pre-activation.

        Without that of the activation function, which a Gauss-Newton matrix leaves out.
        """
        network = self._network
        n_outputs = parameters.components.shape[1]
        if network.is_least_squares:
            return np.ones(n_outputs)
        output = network.decode(parameters, code, np.empty((len(code), n_outputs)))
        derivative = network.out_activation.derivative(output)
        if not network.loss.is_canonical:
            derivative = derivative**2
        return (self._share * derivative).sum(axis=0)


def _psi_curvature(penalty, means):
    """Return psi'' at means of phi by a difference of psi'; at least zero."""
    step = STEP * np.maximum(np.abs(means), STEP)
    rise = penalty.psi_derivative(means + step) - penalty.psi_derivative(means - step)
    return np.maximum(rise / (2 * step), 0.0)
