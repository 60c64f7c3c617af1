"""What every penalty has: the base class, and the check that a new one is complete.

A penalty adds ``sum_j c_j psi(mean_i phi(a_ij))`` to the objective. ``phi`` and
``phi_derivative`` work on a block of activations, ``psi`` and ``psi_derivative`` on the
vector of per-unit means. The weight ``c_j`` of a unit is one unless the penalty takes
it from the unit's parameters. A penalty may instead *select* which activations survive,
as top-k does.
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
    #: What ``alpha="scale"`` stands for where the spread of X is not small.
    default_alpha = 0.003
    #: Whether psi is linear, so that its slope is known before the unit means are.
    is_linear = True
    #: Whether there is a term to add to the objective.
    has_term = True
    #: Whether ``select`` sets activations to zero.
    selects = False
    #: Whether ``select_jointly`` takes its place in training.
    selects_jointly = False
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

    def set_dictionary_unit(self, unit):
        """Hear, before training, of what order the entries of `components_` are."""

    def unit_weights(self, parameters):
        """``c``, shape (n_components,), or None where all are one."""
        return None

    def add_weight_gradient(self, parameters, gradients, penalties):
        """Add ``sum_j penalties_j d c_j / d W`` to the gradients of the weights."""

    def select(self, a):
        """Set the activations that do not survive to zero, in place."""

    def select_jointly(self, codes, weights):
        """Select among all rows of a batch, a list of blocks of rows, in place.

        `weights` are those of all the rows, or None.
        """

    def set_progress(self, progress):
        """Hear how far training has come, from 0 to 1, where it sets in gradually."""

    def for_transform(self):
        """The penalty as `transform` applies it."""
        return self

    @classmethod
    def default_beta(cls, variance, n_features, n_components):
        """What ``beta="scale"`` stands for, given the total variance of X."""
        return variance / n_components
