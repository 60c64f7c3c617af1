"""What every penalty has: the base class, and the check that a new one is complete.

A penalty adds ``sum_j c_j psi(mean_i phi(a_ij))`` to the objective. ``phi`` and
``phi_derivative`` work on a block of activations, ``psi`` and ``psi_derivative`` on the
vector of per-unit means. The weight ``c_j`` of a unit is one unless the penalty takes
it from the unit's parameters. A penalty may instead *select* which activations survive,
as top-k does.
"""

from numbers import Real

import numpy as np

from .._sklearn import BaseEstimator, Interval

FRACTION = Interval(Real, 0, 1, closed="neither")


WEIGHT = Interval(Real, 0, None, closed="left")


FACTOR = Interval(Real, 1, None, closed="left")


class Penalty(BaseEstimator):
    """Base class: no penalty, every method at its neutral value.

    Parameters of a subclass are the arguments of its ``__init__``, stored under their
    names, so that ``get_params``, ``clone`` and grid searches reach them.

    See Also
    --------
    KL : A penalty of two parameters, whose psi is not linear.

    Examples
    --------
    The square of the activations, as `phi` and `psi` with their derivatives:

    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import Penalty, SparseAutoencoder
    >>> class Squares(Penalty):
    ...     def __init__(self, beta=0.1):
    ...         self.beta = beta
    ...
    ...     def phi(self, a, activation):
    ...         return a**2
    ...
    ...     def phi_derivative(self, a, activation):
    ...         return 2 * a
    ...
    ...     def psi(self, s):
    ...         return self.beta * s
    ...
    ...     def psi_derivative(self, s):
    ...         return np.full_like(s, self.beta)
    >>> X = load_digits().data / 16
    >>> for beta in (0.01, 0.1):
    ...     autoencoder = SparseAutoencoder(16, penalty=Squares(beta), random_state=0)
    ...     print(f"{(autoencoder.fit_transform(X) ** 2).mean():.1f}")
    0.4
    0.1
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
        """Raise ValueError when the penalty makes no sense with the activation.

        Parameters
        ----------
        activation : object
            With `name` and `range`, the smallest and largest value of an activation.
        """

    def initial_activation(self, activation):
        """The activation at which units begin; by default that of ``z = 0``.

        Parameters
        ----------
        activation : object
            As in `check`.

        Returns
        -------
        a : float
            In the range of the activation.
        """
        z = np.zeros(1)
        activation.apply(z)
        return float(z[0])

    def phi(self, a, activation):
        """What is averaged over the rows.

        Parameters
        ----------
        a : ndarray of shape (n_rows, n_components)
            Activations of a block of rows, not to be changed.
        activation : object
            With `range`, and the derivative of the activation as ``derivative(a)``.

        Returns
        -------
        phi : ndarray of shape (n_rows, n_components)
            `a` itself where possible.
        """
        return a

    def phi_derivative(self, a, activation):
        """The derivative of `phi` with respect to `a`.

        Parameters
        ----------
        a : ndarray of shape (n_rows, n_components)
            Activations of a block of rows, not to be changed.
        activation : object
            As in `phi`, and the slope of its derivative as ``derivative_slope(a)``.

        Returns
        -------
        derivative : float or ndarray of shape (n_rows, n_components)
            A number where it is the same everywhere.
        """
        return 1.0

    def psi(self, s):
        """The penalty of each unit, weight included.

        Parameters
        ----------
        s : ndarray of shape (n_components,)
            Means of `phi` over the rows.

        Returns
        -------
        psi : ndarray of shape (n_components,)
            What J adds up, times the `unit_weights`.
        """
        return np.zeros_like(s)

    def psi_derivative(self, s):
        """The derivative of `psi` with respect to `s`, weight included.

        Parameters
        ----------
        s : ndarray of shape (n_components,)
            Means of `phi` over the rows.

        Returns
        -------
        derivative : ndarray of shape (n_components,)
            For each unit.
        """
        return np.zeros_like(s)

    def set_dictionary_unit(self, unit):
        """Hear, before training, of what order the entries of `components_` are.

        Parameters
        ----------
        unit : float
            1 for unbounded units, whose code has the scale of X, and the root of the
            mean variance of the columns for bounded ones.
        """

    def unit_weights(self, parameters):
        """By what the penalty of each unit is multiplied.

        Parameters
        ----------
        parameters : named tuple of arrays
            With `encoder_coef`, `encoder_intercept`, `components` and
            `decoder_intercept`.

        Returns
        -------
        weights : ndarray of shape (n_components,) or None
            None where all are one.
        """
        return None

    def add_weight_gradient(self, parameters, gradients, penalties):
        """Add ``sum_j penalties_j d unit_weights_j / d parameters`` to the gradients.

        Parameters
        ----------
        parameters : named tuple of arrays
            As in `unit_weights`.
        gradients : named tuple of arrays
            Of the same shapes, to be changed in place.
        penalties : ndarray of shape (n_components,)
            What `psi` gives.
        """

    def select(self, a):
        """Set the activations that do not survive to zero, in place.

        Parameters
        ----------
        a : ndarray of shape (n_rows, n_components)
            Activations of a block of rows.
        """

    def select_jointly(self, codes, weights):
        """Select among all rows of a batch, in place.

        Parameters
        ----------
        codes : list of ndarray of shape (n_rows, n_components)
            Activations of the batch, a block of rows each.
        weights : ndarray of shape (n_samples,) or None
            Of all the rows of the batch.
        """

    def set_progress(self, progress):
        """Hear how far training has come, where the penalty sets in gradually.

        Parameters
        ----------
        progress : float
            From 0 to 1.
        """

    def for_transform(self):
        """The penalty as `transform` applies it.

        Returns
        -------
        penalty : Penalty
            By default this one.
        """
        return self

    @classmethod
    def default_beta(cls, variance, n_features, n_components):
        """What ``beta="scale"`` stands for.

        Parameters
        ----------
        variance : float
            Sum of the variances of the columns of X.
        n_features : int
            Number of columns of X.
        n_components : int
            Number of units.

        Returns
        -------
        beta : float
            Weight of the penalty.
        """
        return variance / n_components
