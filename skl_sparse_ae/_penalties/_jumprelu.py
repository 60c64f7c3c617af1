"""A threshold for each unit, learned with the other parameters."""

from numbers import Real

import numpy as np

from .._arrays._array_api import as_factor, namespace
from .._arrays._device_array import as_array_like
from .._sklearn import Interval, StrOptions
from ._base import FRACTION, WEIGHT, Penalty
from ._selection import select_above


class JumpReLU(Penalty):
    """Learned thresholds, with the number of active units as the penalty.

    An activation below the unit's threshold is set to zero, others are left as they
    are [1]_. The penalty is the mean number of active units of a row. Needs
    ``activation="relu"`` and ``solver="adam"``.

    Parameters
    ----------
    rho : float, default=0.05
        Target fraction of active units of ``beta="adaptive"``, in (0, 1). Not used
        otherwise.
    beta : float or "adaptive", default="adaptive"
        Weight of the number of active units. With "adaptive", it is adjusted during
        training until the fraction `rho` of the units is active for a row on average;
        a warning is issued if this fails.
    bandwidth : float, default=1.0
        Width of the interval around a threshold in which activations contribute to its
        gradient, in units of the square root of the mean variance of a column.

    Attributes
    ----------
    threshold_ : ndarray of shape (n_components,)
        The learned thresholds. Set by training, on the attribute `penalty_` of the
        estimator, as the next.

    unit_ : float
        The unit of `bandwidth`.

    Notes
    -----
    J does not change with a threshold except where it passes an activation. Training
    uses the pseudo-gradient of the reference, that of the expected J, estimated with a
    rectangular kernel K of width `bandwidth` (b below): with J's derivative ``g_ij``
    with respect to activation ``a_ij`` of row i, of weight ``p_i``, it is ``- sum_i p_i
    K((a_ij - threshold_j) / b) / b (threshold_j g_ij + beta)``. Units that no row uses
    are revived as those of :class:`TopK`.

    References
    ----------
    .. [1] S. Rajamanoharan et al., "Jumping Ahead: Improving Reconstruction Fidelity
       with JumpReLU Sparse Autoencoders", arXiv:2407.14435, 2024.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import JumpReLU, SparseAutoencoder
    >>> X = load_digits().data / 16
    >>> autoencoder = SparseAutoencoder(50, penalty=JumpReLU(0.1), random_state=0)
    >>> code = autoencoder.fit_transform(X)
    >>> bool(4.5 < (code > 0).sum(axis=1).mean() < 5.5)
    True
    >>> autoencoder.penalty_.threshold_.shape
    (50,)
    """

    selects = True
    learns_thresholds = True
    has_target = True
    scale_is_adaptive = True
    # As for the other penalties that select.
    decay_factor = 0.05
    #: Weight of the auxiliary loss of unused units.
    revival_weight = 0.3
    _learned_attributes = ("threshold_", "unit_")

    _parameter_constraints = {
        "rho": [FRACTION],
        "beta": [WEIGHT, StrOptions({"adaptive"})],
        "bandwidth": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(self, rho=0.05, beta="adaptive", bandwidth=1.0):
        self.rho = rho
        self.beta = beta
        self.bandwidth = bandwidth

    def check(self, activation):
        if activation.name != "relu":
            raise ValueError(
                "penalty='jumprelu' compares activations with thresholds, as those of "
                f"rectified units can be, and activation={activation.name!r}. Use "
                "activation='relu'."
            )

    def set_code_unit(self, unit):
        self.unit_ = float(unit)

    @property
    def initial_threshold(self):
        """The threshold of each unit before training."""
        return 0.5 * self._width

    @property
    def _width(self):
        return self.bandwidth * getattr(self, "unit_", 1.0)

    def _threshold_like(self, a):
        threshold = getattr(self, "threshold_", 0.0)
        is_numpy = isinstance(threshold, np.ndarray)
        return as_array_like(threshold, a) if is_numpy else threshold

    def select(self, a):
        select_above(a, getattr(self, "threshold_", 0.0))

    def threshold_gradient(self, a, delta, slope):
        """Return the pseudo-gradient with respect to the thresholds for each row.

        Parameters
        ----------
        a : array of shape (n_rows, n_components)
            Activations before selection.
        delta : array of shape (n_rows, n_components)
            Derivatives of the weighted loss with respect to the selected activations,
            without the penalty.
        slope : array of shape (n_components,) or (n_rows, n_components)
            Derivatives of the weighted penalty with respect to `phi`.

        Returns
        -------
        gradient : array of shape (n_rows, n_components)
            Its sum over the rows is the pseudo-gradient.
        """
        threshold = self._threshold_like(a)
        gradient = threshold * delta
        gradient += slope
        near = abs(a - threshold) < 0.5 * self._width
        gradient *= as_factor(near, a)
        gradient *= -1 / self._width
        return gradient

    def phi(self, a, activation):
        if isinstance(a, np.ndarray):
            return (a != 0).astype(a.dtype)
        return namespace(a).astype(a != 0, a.dtype)

    def phi_derivative(self, a, activation):
        return 0.0

    def psi(self, s):
        return self.beta * s

    def psi_derivative(self, s):
        return np.full_like(s, self.beta)

    @classmethod
    def default_beta(cls, variance, n_features, n_components, deviance, steepness):
        # A unit is worth its weight if it explains this part of the variance.
        return 0.3 * deviance / n_components
