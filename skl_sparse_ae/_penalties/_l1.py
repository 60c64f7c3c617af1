"""Mean absolute activation."""

import numpy as np

from .._arrays._array_api import as_factor, namespace
from .._sklearn import StrOptions
from ._base import FRACTION, WEIGHT
from ._linear import _LinearPenalty, _squared_norms


class L1(_LinearPenalty):
    """Mean absolute activation: ``phi(a) = |a|``, ``psi(s) = beta * s``.

    Parameters
    ----------
    beta : float or "adaptive", default=0.01
        Weight of the term. With "adaptive", `fit` adjusts it until the fraction `rho`
        of the units is active for a row on average, and warns if this fails. Only for
        ``activation="relu"``, since other activations are never exactly zero.
    rho : float, default=0.1
        Target fraction of active units of ``beta="adaptive"``, in (0, 1). Not used
        otherwise.
    scale_invariant : bool, default=True
        Whether the absolute activations of unit j are multiplied by
        ``sqrt(||w_j||^2 + u^2)``, where ``w_j`` is its row of `components_`. The
        penalty then applies to the contribution of a unit to the reconstruction [1]_.
        Without this factor, a smaller code with a larger dictionary has a smaller
        penalty for the same reconstruction, and only the decay `alpha` opposes this.
        The constant u is needed because units whose ``w_j`` is zero would have no
        penalty. It is 1 for unbounded activation functions, since the code then has
        the scale of X, and the square root of the mean variance of the columns for
        bounded ones. With a logistic or exponential output, whose pre-activations the
        code is added up to, it is twice the standard deviation of these, at most 1, and
        for unbounded activation functions its ratio to that of what the encoder sees.

    Attributes
    ----------
    unit_ : float
        The constant u. Set by training, on the attribute `penalty_` of the estimator.

    Notes
    -----
    As features for a classifier, codes of rectified units are worse than as many
    principal components on tables of many columns and few rows: by 0.09 in accuracy on
    leukemia (72 x 7070). "kl" is better there.

    References
    ----------
    .. [1] T. Conerly et al., "Update on how we train SAEs", Transformer Circuits
       Thread, April 2024.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import L1, SparseAutoencoder
    >>> X = load_digits().data
    >>> penalty = L1(beta="adaptive", rho=0.2)
    >>> code = SparseAutoencoder(64, penalty=penalty, random_state=0).fit_transform(X)
    >>> bool(0.19 < (code > 0).mean() < 0.21)
    True
    """

    has_target = True
    least_scale = 0.1
    _learned_attributes = ("unit_",)

    _parameter_constraints = {
        "beta": [WEIGHT, StrOptions({"adaptive"})],
        "rho": [FRACTION],
        "scale_invariant": ["boolean"],
    }

    def __init__(self, beta=0.01, rho=0.1, scale_invariant=True):
        self.beta = beta
        self.rho = rho
        self.scale_invariant = scale_invariant

    def check(self, activation):
        if self.beta == "adaptive" and activation.name != "relu":
            raise ValueError(
                "beta='adaptive' counts active units, and those with "
                f"activation={activation.name!r} are never exactly zero. Use "
                "activation='relu', or a number for beta."
            )

    def set_dictionary_unit(self, unit):
        self.unit_ = float(unit)

    def phi(self, a, activation):
        return a if activation.range[0] >= 0 else namespace(a).abs(a)

    def phi_derivative(self, a, activation):
        return 1.0 if activation.range[0] >= 0 else namespace(a).sign(a)

    def unit_weights(self, parameters):
        return self._weights(parameters.components) if self.scale_invariant else None

    def _weights(self, components):
        norms = _squared_norms(components.T)
        return namespace(norms).sqrt(norms + getattr(self, "unit_", 0.0) ** 2)

    @property
    def unit_weights_from(self):
        return "decoder" if self.scale_invariant else None

    def add_weight_gradient(self, parameters, gradients, penalties):
        decay = self.decoder_decay(parameters.components, penalties)
        gradients.components[...] += decay[:, None] * parameters.components

    def decoder_decay(self, components, penalties):
        weights = self._weights(components)
        # The norm of a row of zeros is not differentiable; 0 is a subgradient.
        return penalties / (weights + as_factor(weights == 0, weights))

    @classmethod
    def default_beta(cls, variance, n_features, n_components, deviance, steepness):
        # An activation times the norm of its row of components_ has the units of X.
        # The factor was chosen by the quality of the features; with 0.1, those of small
        # data sets (iris, wine) get worse.
        # With other losses it has those of the output's pre-activation, the square root
        # of J over the derivative of the output.
        return 0.06 * np.sqrt(deviance * steepness / n_components)
