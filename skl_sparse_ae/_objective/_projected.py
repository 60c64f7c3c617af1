"""J as a function of the encoder alone, with the best decoder for each encoder.

Where J is smallest in the decoder, its derivative with respect to the decoder is zero.
The gradient is thus that of J with this decoder put in (envelope theorem).
"""

import numpy as np

from .._arrays._array_api import to_numpy
from .._arrays._device_array import as_array_like
from .._network._decay import Decay
from .._network._parameters import Parameters
from ._decoder import MAX_SOLVES, Decoder, Moments, best_decoder
from ._sums import Terms, squared_norm


def can_project(network):
    """Whether the best decoder for given codes can be computed."""
    return (
        network.convolution is None
        and network.widths is None
        and network.is_least_squares
        and not network.layout.tied_weights
        and network.penalty.unit_weights_from != "both"
    )


class ProjectedObjective:
    """J and its gradient over all rows, at any encoder.

    Parameters
    ----------
    network : Network
        One for which `can_project` holds.
    alpha : float, (float, float) or Decay
        Weight of the decay, or those of the encoder and of the decoder.
    passes : object
        With the methods `encode` and `pull_back` of `RowPasses`, over all rows.
    mean : ndarray of shape (n_features,)
        Of the rows.
    variance : float
        Sum of the variances of the columns.
    dtype : numpy.dtype
        Of the rows.

    Attributes
    ----------
    last_terms : Terms
        Of J.
    unit_means : ndarray of shape (n_components,)
        Means of the penalty's phi.
    active_fraction : float
        Weighted fraction of activations that are not zero, if they are counted.
    components : ndarray of shape (n_components, n_features)
        Of the last decoder that was computed.
    """

    #: Largest number of reweighted ridge regressions for a decoder.
    max_solves = MAX_SOLVES

    def __init__(self, network, alpha, passes, mean, variance, dtype):
        self.network = network
        self._alpha = Decay.of(alpha)
        self._encoder_decay, self._decoder_decay = network.layout.decays(alpha)
        self._solution = None
        self._passes = passes
        self._mean, self._variance, self._dtype = mean, variance, dtype

    def value_and_grad(self, coef, intercept):
        """J, and its gradient with respect to the encoder.

        Parameters
        ----------
        coef : array of shape (n_features, n_components)
        intercept : array of shape (n_components,)
            For centred rows.

        Returns
        -------
        value : float
        coef_gradient : array of shape (n_features, n_components)
        intercept_gradient : array of shape (n_components,)
        """
        encoder, moments = self.solve(coef, intercept)
        penalty = self.network.penalty
        slope = penalty.psi_derivative(self.unit_means) if penalty.has_term else None
        unit_weights = None
        if penalty.unit_weights_from is not None:
            components = as_array_like(self.components, coef)
            parameters = encoder._replace(components=components)
            unit_weights = to_numpy(penalty.unit_weights(parameters))
            slope = slope * unit_weights
        # Converted once, for all threads and blocks.
        decoder = self._decoder_at(moments).like(coef)
        gradient = self._passes.pull_back(encoder, decoder, slope)
        coef_gradient = gradient.coef
        coef_gradient /= self._total_weight
        coef_gradient += self._encoder_decay * coef
        along = self._alpha.along_directions(coef, coef_gradient)
        self.last_terms = self._terms(coef, unit_weights, along)
        if unit_weights is not None:
            gradients = Parameters(coef_gradient, None, 0 * components, None)
            penalties = as_array_like(penalty.psi(self.unit_means), coef)
            penalty.add_weight_gradient(parameters, gradients, penalties)
        intercept_gradient = gradient.intercept / self._total_weight
        intercept_gradient = as_array_like(intercept_gradient, coef)
        return self.last_terms.total, coef_gradient, intercept_gradient

    def solve(self, coef, intercept):
        """Compute the best decoder for an encoder, without J and its gradient.

        Returns
        -------
        encoder : Parameters
            Without a decoder.
        moments : Moments
        """
        encoder = Parameters(coef, intercept, None, None)
        moments = self._encode(encoder, is_solved=True)
        self._solve(moments)
        self.means = moments
        return encoder, moments

    def encode(self, coef, intercept):
        """Set `unit_means` and `active_fraction`, and nothing else."""
        self._encode(Parameters(coef, intercept, None, None), is_solved=False)

    @property
    def components(self):
        return self._solution.components

    def parameters(self, coef, intercept):
        """All parameters for rows that are not centred, with the best decoder.

        Parameters
        ----------
        coef, intercept : array
            The encoder of the last evaluation, or of the last call of `solve`.

        Returns
        -------
        parameters : Parameters
            In float64.
        """
        coef, intercept = (to_numpy(a).astype(np.float64) for a in (coef, intercept))
        return Parameters(
            coef,
            intercept - self._mean @ coef,
            self.components,
            self._mean + self.means.row - self.means.code @ self.components,
        )

    def _encode(self, encoder, is_solved):
        """The first pass; returns `Moments` if the decoder is to be solved."""
        sums = self._encoded_sums(encoder, is_solved)
        self._total_weight = sums.weight
        self.unit_means = sums.phi / sums.weight
        if is_solved:
            return Moments.of(sums, self._variance, self._dtype)
        return None

    def _encoded_sums(self, encoder, is_solved):
        """Return the sums of the first pass; set `active_fraction`."""
        sums = self._passes.encode(encoder, is_solved)
        n_codes = sums.weight * self.network.layout.n_components
        self.active_fraction = float(sums.n_active / n_codes)
        return sums

    def _solve(self, moments):
        """Set the best decoder, the last one being where a search for it begins."""
        penalty, decoder_decay, start = self.network.penalty, None, None
        if penalty.unit_weights_from == "decoder":
            penalties = penalty.psi(self.unit_means)

            def decoder_decay(components):
                return penalty.decoder_decay(components, penalties)

            start = None if self._solution is None else self.components
        self._solution = best_decoder(
            moments, self._decoder_decay, decoder_decay, start, self.max_solves
        )
        components = self.components
        self._gram, self._error = components @ components.T, self._solution.error

    def _decoder_at(self, moments):
        """The decoder of centred rows, for the second pass."""
        components = self.components
        intercept = moments.row - moments.code @ components
        return Decoder(components, intercept, self._gram, components @ intercept)

    def _terms(self, coef, unit_weights, along_directions):
        sparsity = self.network.penalty.psi(self.unit_means)
        if unit_weights is not None:
            sparsity = sparsity * unit_weights
        decay = self._encoder_decay * squared_norm(coef)
        decay += along_directions
        decay += self._decoder_decay * self._solution.squared_norm
        return Terms(
            self._error,
            0.5 * decay,
            float(np.sum(sparsity)),
        )
