"""The mean absolute activation."""

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
        Weight of the term. With "adaptive" `fit` adjusts it until each row has, on
        average, the fraction `rho` of the units active, and warns where it does not
        succeed. For rectified units only, since others are never exactly zero.
    rho : float, default=0.1
        The fraction that ``beta="adaptive"`` aims at, in (0, 1). Not used otherwise.
    scale_invariant : bool, default=True
        Whether the activations of unit j count ``sqrt(||w_j||^2 + u^2)`` times, with
        ``w_j`` its row of `components_`. What is penalised is then what a unit writes
        into the reconstruction [1]_; with plain absolute values a smaller code and a
        larger dictionary have a smaller penalty and the same reconstruction, which
        only the decay `alpha` opposes. Without u, units could leave the reconstruction
        and stay active at no cost. It is 1 for unbounded units, whose code has the
        scale of X, and the root of the mean variance of the columns for bounded ones.

    Attributes
    ----------
    unit_ : float
        u, of the penalty that a fitted estimator has as `penalty_`.

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
        if not self.scale_invariant:
            return None
        norms = _squared_norms(parameters.components.T)
        return namespace(norms).sqrt(norms + getattr(self, "unit_", 0.0) ** 2)

    def add_weight_gradient(self, parameters, gradients, penalties):
        weights = self.unit_weights(parameters)
        # The plain norm of a row of zeros has 0 as a subgradient.
        slopes = penalties / (weights + as_factor(weights == 0, weights))
        gradients.components[...] += slopes[:, None] * parameters.components

    @classmethod
    def default_beta(cls, variance, n_features, n_components):
        # An activation times the norm of its row is in the units of X. With three
        # times as much, features of small tables get worse (iris, wine).
        return 0.03 * np.sqrt(variance / n_components)
