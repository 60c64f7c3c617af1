"""Squared norm of the Jacobian of the code."""

from ._linear import _LinearPenalty, _squared_norms


class Contractive(_LinearPenalty):
    """Squared norm of the Jacobian of the code, averaged over the rows.

    The penalty of contractive autoencoders [1]_: the code changes little if the row
    does. The norm is ``||d a / d x||^2 = sum_j f'(z_j)^2 ||w_j||^2``, with the encoder
    weights ``w_j`` of unit j.

    Parameters
    ----------
    beta : float, default=0.1
        Weight of the term.

    Notes
    -----
    The decay keeps the term from being evaded. If the encoder's weights are divided by
    a large number and the decoder's multiplied by it, units are nearly linear, the
    reconstruction is nearly the same, and the term vanishes. With ``alpha=0`` J
    therefore has no minimum: training goes on until the rounding errors of a code that
    hardly varies are multiplied by large weights. Decay the decoder's weights, as the
    default does, or tie them to the encoder's, as [1]_ does.

    The derivative of a rectified unit is a step, so that J jumps where a row is at the
    edge of a unit, and its gradient is that of the encoder's weights alone.

    References
    ----------
    .. [1] S. Rifai, P. Vincent, X. Muller, X. Glorot, Y. Bengio, "Contractive
       Auto-Encoders: Explicit Invariance During Feature Extraction", ICML 2011.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import Contractive, SparseAutoencoder
    >>> X = load_digits().data / 16
    >>> SparseAutoencoder(8, penalty=Contractive(beta=0.1)).fit_transform(X).shape
    (1797, 8)
    """

    default_activation = "logistic"
    unit_weights_from = "encoder"

    def __init__(self, beta=0.1):
        self.beta = beta

    def phi(self, a, activation):
        return activation.derivative(a) ** 2

    def phi_derivative(self, a, activation):
        return 2 * activation.derivative(a) * activation.derivative_slope(a)

    def unit_weights(self, parameters):
        return _squared_norms(parameters.encoder_coef)

    def add_weight_gradient(self, parameters, gradients, penalties):
        gradients.encoder_coef[...] += 2 * parameters.encoder_coef * penalties

    @classmethod
    def default_beta(cls, variance, n_features, n_components, deviance, steepness):
        # The Jacobian of a code without units has the inverse units of X.
        return deviance / n_components * variance / n_features
