"""Divergence between a target and the mean activation of each unit."""

import numpy as np

from ._base import FRACTION, WEIGHT, Penalty


class KL(Penalty):
    """Kullback-Leibler divergence between a target and the mean activation of a unit.

    ``psi(s) = beta * (rho log(rho / s) + (1 - rho) log((1 - rho) / (1 - s)))``, the
    sparsity term of the Stanford notes on sparse autoencoders [1]_. Activations are
    first mapped from their range to (0, 1): logistic ones unchanged, tanh ones by
    (a + 1) / 2.

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
    # A code of mean activation 1/2 then costs a twentieth of the variance of X.
    least_scale = 0.01
    # The mean of a unit that is off on all rows can be exactly 0 in floating point,
    # where the divergence is infinite. Means are clipped to [1e-10, 1 - 1e-10].
    _smallest_mean = 1e-10

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

    @classmethod
    def default_beta(cls, variance, n_features, n_components, deviance, steepness):
        # At this weight means are some 10 % above rho, at a tenth of it some 50 %. The
        # features are hardly different.
        return 10 * deviance / n_components

    def _clip(self, s):
        # Takes half the time of np.clip on short vectors.
        return np.minimum(np.maximum(s, self._smallest_mean), 1 - self._smallest_mean)

    def psi(self, s):
        s, rho = self._clip(s), self.rho
        on = rho * np.log(rho / s)
        off = (1 - rho) * np.log((1 - rho) / (1 - s))
        return self.beta * (on + off)

    def psi_derivative(self, s):
        s = self._clip(s)
        return self.beta * ((1 - self.rho) / (1 - s) - self.rho / s)
