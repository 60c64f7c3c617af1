"""Penalties on the code, of the form ``sum_j c_j psi(mean_i phi(a_ij))``.

A penalty is a class of a few methods. ``phi`` and ``phi_derivative`` work on a block of
activations, ``psi`` and ``psi_derivative`` on the vector of per-unit means. The weight
``c_j`` of a unit is one unless the penalty takes it from the unit's parameters. A
penalty may instead *select* which activations survive, as top-k does.
"""

from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator

from ._sklearn import Interval

FRACTION = Interval(Real, 0, 1, closed="neither")
WEIGHT = Interval(Real, 0, None, closed="left")
FACTOR = Interval(Real, 1, None, closed="left")


class Penalty(BaseEstimator):
    """Base class: no penalty, every method at its neutral value.

    Parameters of a subclass are the arguments of its ``__init__``, stored under their
    names, so that ``get_params``, ``clone`` and grid searches reach them.
    """

    _parameter_constraints = {}
    default_activation = "relu"
    #: Whether psi is linear, so that its slope is known before the unit means are.
    is_linear = True
    #: Whether there is a term to add to the objective.
    has_term = True
    #: Whether ``select`` sets activations to zero.
    selects = False
    #: Whether it sets in over the first epochs, by ``set_progress``.
    is_gradual = False

    def check(self, activation):
        """Raise ValueError when the penalty makes no sense with the activation."""

    def initial_activation(self, activation):
        """The activation at which units begin; by default that of ``z = 0``."""
        z = np.zeros(1)
        activation.apply(z)
        return float(z[0])

    def phi(self, a, activation):
        """What is averaged over the rows, shape of `a`; `a` itself where possible."""
        return a

    def phi_derivative(self, a, activation):
        """``d phi / d a``: a scalar, or an array of the shape of `a`."""
        return 1.0

    def psi(self, s):
        """The penalty of each unit, weight included, given its mean `s`."""
        return np.zeros_like(s)

    def psi_derivative(self, s):
        """``d psi / d s`` for each unit, weight included."""
        return np.zeros_like(s)

    def unit_weights(self, parameters):
        """``c``, shape (n_components,), or None where all are one."""
        return None

    def add_weight_gradient(self, parameters, gradients, penalties):
        """Add ``sum_j penalties_j d c_j / d W`` to the gradients of the weights."""

    def select(self, a):
        """Set the activations that do not survive to zero, in place."""

    def set_progress(self, progress):
        """Hear how far training has come, from 0 to 1, where it sets in gradually."""

    def for_transform(self):
        """The penalty as `transform` applies it."""
        return self

    @classmethod
    def default_beta(cls, variance, n_features, n_components):
        """What ``beta="scale"`` stands for, given the total variance of X."""
        return variance / n_components


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

    def psi(self, s):
        s = np.clip(s, self._tiny, 1 - self._tiny)
        rho = self.rho
        on = rho * np.log(rho / s)
        off = (1 - rho) * np.log((1 - rho) / (1 - s))
        return self.beta * (on + off)

    def psi_derivative(self, s):
        s = np.clip(s, self._tiny, 1 - self._tiny)
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
    beta : float, default=0.01
        Weight of the term.

    Examples
    --------
    >>> import numpy as np
    >>> from skl_sparse_ae import L1
    >>> L1(beta=0.5).psi(np.array([0.0, 2.0]))
    array([0., 1.])
    """

    def __init__(self, beta=0.01):
        self.beta = beta

    def phi(self, a, activation):
        return a if activation.range[0] >= 0 else np.abs(a)

    def phi_derivative(self, a, activation):
        return 1.0 if activation.range[0] >= 0 else np.sign(a)

    @classmethod
    def default_beta(cls, variance, n_features, n_components):
        # Measured on six data sets: from three times as much on, features get worse,
        # first those of the ORL faces.
        return 0.01 * variance / n_components


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
        return np.einsum("fj,fj->j", parameters.encoder_coef, parameters.encoder_coef)

    def add_weight_gradient(self, parameters, gradients, penalties):
        gradients.encoder_coef[...] += 2 * parameters.encoder_coef * penalties

    @classmethod
    def default_beta(cls, variance, n_features, n_components):
        # The Jacobian is in units of one over those of X.
        return variance / n_components * variance / n_features


class TopK(Penalty):
    """Keep the largest activations of each row, set the others to exactly zero.

    The k-sparse autoencoder [1]_. Nothing is added to the objective: sparsity is part
    of the encoder.

    Parameters
    ----------
    rho : float, default=0.05
        Fraction of the units that each row keeps: ``k = max(1, round(rho *
        n_components))``.
    start_rho : float, default=0.1
        Fraction of the units that each row keeps when `fit` begins, where that is more
        than `rho`. It falls to `rho` over the first ten epochs, or the first half of
        `max_iter` if that is less, so that units that would never be among the k
        largest have time to find a use.
    transform_factor : float, default=1.0
        How many times as many units `transform` keeps, for features that are richer
        than those that were trained. `score` and `objective` keep k.

    References
    ----------
    .. [1] A. Makhzani, B. Frey, "k-Sparse Autoencoders", arXiv:1312.5663, 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from skl_sparse_ae import TopK
    >>> a = np.array([[3.0, 1.0, 2.0, 2.0]])
    >>> TopK(rho=0.5).select(a)
    >>> int(np.count_nonzero(a))
    2
    """

    has_term = False
    selects = True
    is_gradual = True

    _parameter_constraints = {
        "rho": [FRACTION],
        "start_rho": [FRACTION],
        "transform_factor": [FACTOR],
    }

    def __init__(self, rho=0.05, start_rho=0.1, transform_factor=1.0):
        self.rho = rho
        self.start_rho = start_rho
        self.transform_factor = transform_factor

    def set_progress(self, progress):
        start = max(self.start_rho, self.rho)
        self._present_rho = start + progress * (self.rho - start)

    def for_transform(self):
        present = TopK(self.rho)
        present._present_rho = self.rho * self.transform_factor
        return present

    def n_active(self, n_components):
        """Number of units that each row keeps."""
        rho = getattr(self, "_present_rho", self.rho)
        return min(n_components, max(1, round(rho * n_components)))

    def select(self, a):
        n_components = a.shape[1]
        k = self.n_active(n_components)
        if k >= n_components:
            return
        cut = n_components - k
        threshold = np.partition(a, cut, axis=1)[:, cut, None]
        keep = a >= threshold
        # Ties at the threshold let too many through, unless what ties is zero anyway;
        # in those rows, which are rare, an index partition picks exactly k.
        too_many = np.count_nonzero(keep, axis=1) > k
        for row in np.flatnonzero(too_many & (threshold[:, 0] != 0)):
            keep[row] = False
            keep[row, np.argpartition(a[row], cut)[cut:]] = True
        a *= keep


class NoPenalty(Penalty):
    """No sparsity term: the plain, undercomplete autoencoder."""

    default_activation = "logistic"
    has_term = False


PENALTIES = {
    "kl": KL,
    "l1": L1,
    "topk": TopK,
    "contractive": Contractive,
    None: NoPenalty,
}


def make_penalty(name, **parameters):
    """A penalty object from its name, with those of `parameters` that it has."""
    cls = PENALTIES[name]
    names = set(cls._get_param_names()) & set(parameters)
    return cls(**{key: parameters[key] for key in names})
