"""The penalties that are terms of the objective, and the registry of all."""

import numpy as np

from ._arrays import as_factor, namespace
from ._penalty import FRACTION, WEIGHT, Penalty
from ._sklearn import StrOptions
from ._topk import BatchTopK, TopK


class KL(Penalty):
    """Kullback-Leibler divergence between a target activation and each unit's mean.

    ``psi(s) = beta * (rho log(rho / s) + (1 - rho) log((1 - rho) / (1 - s)))``, the
    sparsity term of the Stanford notes on sparse autoencoders [1]_. Activations are
    mapped to (0, 1) by their range first: logistic as they are, tanh by (a + 1) / 2.

    Parameters
    ----------
    rho : float, default=0.05
        Target mean activation, in (0, 1).
    beta : float, default=3.0
        Weight of the term.

    References
    ----------
    .. [1] A. Ng, "Sparse autoencoder", CS294A lecture notes, Stanford University, 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from skl_sparse_ae import KL
    >>> KL(rho=0.5, beta=1.0).psi(np.array([0.5, 0.25])).round(4)
    array([0.    , 0.1438])
    """

    default_activation = "logistic"
    is_linear = False
    # A unit that is off on every row has a mean of exactly 0 in floating point, where
    # the divergence is infinite; this is far below any mean that a row can change.
    _tiny = 1e-10

    _parameter_constraints = {"rho": [FRACTION], "beta": [WEIGHT]}

    def __init__(self, rho=0.05, beta=3.0):
        self.rho = rho
        self.beta = beta

    def check(self, activation):
        if not np.isfinite(activation.range).all():
            raise ValueError(
                "penalty='kl' compares a unit's mean activation, mapped to (0, 1), "
                f"with rho, and activation={activation.name!r} is unbounded. Use "
                "activation='logistic' or 'tanh', or penalty='l1' or 'topk'."
            )

    def initial_activation(self, activation):
        low, high = activation.range
        return low + self.rho * (high - low)

    def phi(self, a, activation):
        low, high = activation.range
        return a if (low, high) == (0, 1) else (a - low) / (high - low)

    def phi_derivative(self, a, activation):
        low, high = activation.range
        return 1.0 / (high - low)

    def _inside(self, s):
        # On as few numbers as there are units, half the time of np.clip.
        return np.minimum(np.maximum(s, self._tiny), 1 - self._tiny)

    def psi(self, s):
        s, rho = self._inside(s), self.rho
        on = rho * np.log(rho / s)
        off = (1 - rho) * np.log((1 - rho) / (1 - s))
        return self.beta * (on + off)

    def psi_derivative(self, s):
        s = self._inside(s)
        return self.beta * ((1 - self.rho) / (1 - s) - self.rho / s)


class _LinearPenalty(Penalty):
    """A penalty whose psi is ``beta`` times the mean."""

    _parameter_constraints = {"beta": [WEIGHT]}

    def psi(self, s):
        return self.beta * s

    def psi_derivative(self, s):
        return np.full_like(s, self.beta)


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


class Contractive(_LinearPenalty):
    """Squared Jacobian norm of the code, averaged over the rows.

    The contractive autoencoder [1]_: a code that changes little with its row.
    ``||d a / d x||^2 = sum_j f'(z_j)^2 ||w_j||^2`` in closed form, with ``w_j`` the
    encoder's weights of unit j.

    Parameters
    ----------
    beta : float, default=0.1
        Weight of the term.

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
    def default_beta(cls, variance, n_features, n_components):
        # The Jacobian is in units of one over those of X.
        return variance / n_components * variance / n_features


def _squared_norms(matrix):
    """Squared norm of each column."""
    if isinstance(matrix, np.ndarray):
        return np.einsum("fj,fj->j", matrix, matrix)
    return namespace(matrix).sum(matrix * matrix, axis=0)


class NoPenalty(Penalty):
    """No sparsity term: the plain, undercomplete autoencoder."""

    default_activation = "logistic"
    has_term = False


PENALTIES = {
    "kl": KL,
    "l1": L1,
    "topk": TopK,
    "batch_topk": BatchTopK,
    "contractive": Contractive,
    None: NoPenalty,
}


def make_penalty(name, **parameters):
    """A penalty object from its name, with those of `parameters` that it has."""
    cls = PENALTIES[name]
    if parameters.get("beta") == "adaptive" and cls is not L1:
        raise ValueError(
            f"beta='adaptive' is for penalty='l1'; penalty={name!r} has no level that "
            "is reached by its weight, or takes it from rho."
        )
    names = set(cls._get_param_names()) & set(parameters)
    return cls(**{key: parameters[key] for key in names})
