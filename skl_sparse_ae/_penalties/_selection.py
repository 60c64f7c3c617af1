"""Base class of penalties that keep the largest activations."""

import numpy as np

from .._arrays._array_api import as_factor
from .._arrays._device_array import as_array_like
from .._rows._running_means import RunningMeans
from ._base import Penalty

# Number of rows over which learned thresholds are averaged. Thresholds of successive
# mini-batches differ by some hundredths; their mean changes over many epochs.
AVERAGED_ROWS = 10_000


class _Selection(Penalty):
    """Base class of penalties that keep a fraction `rho` of the activations.

    The fraction falls from `start_rho` to `rho` during the first epochs of training.
    """

    has_term = False
    selects = True
    is_gradual = True
    # Smaller than for other penalties: decay makes it harder for unused units to
    # become active again.
    decay_factor = 0.05

    @classmethod
    def default_beta(cls, variance, n_features, n_components, deviance, steepness):
        # The auxiliary loss is in the same units as the reconstruction term.
        return 0.3

    def set_progress(self, progress):
        start = max(self.start_rho, self.rho)
        # Exactly `rho` for progress=1: k must then be the same as in `transform`.
        self._current_rho = (1 - progress) * start + progress * self.rho

    def n_active(self, n_components):
        """Return the number k of units that each row keeps."""
        rho = getattr(self, "_current_rho", self.rho)
        return min(n_components, max(1, round(rho * n_components)))

    def _average_thresholds(self, thresholds, n_rows):
        """Return the running mean of the thresholds of mini-batches, a new array."""
        means = RunningMeans(AVERAGED_ROWS).resume(getattr(self, "_thresholds", {}))
        average = means(thresholds.astype(np.float64), n_rows).copy()
        self._thresholds = means.state
        return average


def rounding_error(values):
    """Return by how much activations of equal rows may differ, a bound.

    Matrix products add up the terms of a row in an order that depends on where it
    stands in the mini-batch. A threshold between two copies of a row would select one
    of them at random.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_components) or (n_values,)

    Returns
    -------
    bound : ndarray of shape (n_components,) or float
    """
    return 100 * np.finfo(values.dtype).eps * np.abs(values).max(axis=0)


def select_above(a, threshold):
    """Set activations that do not exceed their threshold to zero, in place.

    Parameters
    ----------
    a : array of shape (n_rows, n_components)
        Or, with several positions in each row, (n_rows, n_positions * n_components).
    threshold : ndarray of shape (n_components,) or float
    """
    if isinstance(threshold, np.ndarray):
        threshold = as_array_like(threshold, a)
        n_components = threshold.shape[0]
        if n_components != a.shape[1]:
            a = a.reshape(-1, n_components)  # a view
    a *= as_factor(a > threshold, a)
