"""The base class of penalties, and constraints that their parameters share.

A penalty adds ``sum_j c_j psi(mean_i phi(a_ij))`` to the objective. ``phi`` and
``phi_derivative`` work on a block of activations, ``psi`` and ``psi_derivative`` on the
vector of the means of all units. The weight ``c_j`` of a unit is one unless
``unit_weights`` computes it from the parameters. Instead of adding a term, a penalty
may select activations and set the others to zero, as top-k does.
"""

from numbers import Real

import numpy as np

from .._advice import Advising
from .._sklearn import BaseEstimator, Interval

FRACTION = Interval(Real, 0, 1, closed="neither")
WEIGHT = Interval(Real, 0, None, closed="left")
FACTOR = Interval(Real, 1, None, closed="left")


class Penalty(Advising, BaseEstimator):
    """Base class of all penalties, also of user-defined ones.

    It adds ``sum_j c_j psi(mean_i phi(a_ij))`` to the objective, with the activations
    ``a_ij`` of row i and unit j and the weights ``c_j`` of `unit_weights`. A subclass
    overrides the methods that it needs; those of the base class have no effect.

    Parameters of a subclass are the arguments of its ``__init__``, stored under their
    names, so that ``get_params``, ``clone`` and grid searches find them.

    See Also
    --------
    KL : A penalty with two parameters, whose psi is not linear.

    Examples
    --------
    A penalty on the squared activations:

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
    0.2
    0.1
    """

    _parameter_constraints = {}
    default_activation = "relu"
    #: Factor of the weights of the decay that ``alpha="scale"`` stands for.
    decay_factor = 1.0
    #: Whether psi is linear, so that its derivative does not depend on the unit means.
    is_linear = True
    #: Whether the penalty adds a term to the objective.
    has_term = True
    #: Whether ``select`` sets activations to zero.
    selects = False
    #: Whether training calls ``select_jointly`` instead of ``select``.
    selects_jointly = False
    #: Whether training learns a threshold for each unit, `threshold_` of the penalty.
    learns_thresholds = False
    #: Whether ``beta="adaptive"`` is possible, which reaches the level `rho`.
    has_target = False
    #: Whether ``beta="scale"`` stands for "adaptive".
    scale_is_adaptive = False
    #: Smallest factor of ``beta="scale"``, if X has a larger effective rank than units.
    least_scale = 1.0
    #: Whether ``set_progress`` receives values below 1 during the first epochs.
    is_gradual = False
    #: Names of the attributes that training sets: files of `interchange` contain them.
    _learned_attributes = ()

    def check(self, activation):
        """Raise ValueError if the penalty cannot be used with an activation function.

        Parameters
        ----------
        activation : object
            The activation function of the units, with the attributes `name` and
            `range`, its smallest and largest value.
        """

    def initial_activation(self, activation):
        """Return the activation of each unit for the mean row before training.

        By default, the value of the activation function at 0.

        Parameters
        ----------
        activation : object
            The activation function, as in `check`.

        Returns
        -------
        a : float
            A value in the range of the activation function.
        """
        z = np.zeros(1)
        activation.apply(z)
        return float(z[0])

    def phi(self, a, activation):
        """Return phi of each activation, which is then averaged over the rows.

        Parameters
        ----------
        a : ndarray of shape (n_rows, n_components)
            Activations of a block of rows. They must not be modified.
        activation : object
            The activation function, with the attribute `range` and the method
            ``derivative(a)``, the derivative f'(z) as a function of ``a = f(z)``.

        Returns
        -------
        phi : ndarray of shape (n_rows, n_components)
            The values of phi. May be `a` itself.
        """
        return a

    def phi_derivative(self, a, activation):
        """Return the derivative of `phi` with respect to `a`.

        Parameters
        ----------
        a : ndarray of shape (n_rows, n_components)
            Activations of a block of rows. They must not be modified.
        activation : object
            The activation function, as in `phi`, with the further method
            ``derivative_slope(a)``, the derivative of ``derivative(a)`` with respect
            to `a`.

        Returns
        -------
        derivative : float or ndarray of shape (n_rows, n_components)
            The derivative; a number if it is constant.
        """
        return 1.0

    def psi(self, s):
        """Return the penalty of each unit, multiplied by the weight beta.

        Parameters
        ----------
        s : ndarray of shape (n_components,)
            Means of `phi` over the rows.

        Returns
        -------
        psi : ndarray of shape (n_components,)
            The penalty of each unit, before multiplication by `unit_weights`.
        """
        return np.zeros_like(s)

    def psi_derivative(self, s):
        """Return the derivative of `psi` with respect to `s`.

        Parameters
        ----------
        s : ndarray of shape (n_components,)
            Means of `phi` over the rows.

        Returns
        -------
        derivative : ndarray of shape (n_components,)
            The derivative of the penalty of each unit with respect to its mean.
        """
        return np.zeros_like(s)

    def set_dictionary_unit(self, unit):
        """Set the typical size of an entry of `components_`; called before training.

        Parameters
        ----------
        unit : float
            1 for unbounded activation functions, since the code then has the scale of
            X; the square root of the mean variance of the columns for bounded ones.
        """

    def set_code_unit(self, unit):
        """Set the typical size of an activation; called before training.

        Parameters
        ----------
        unit : float
            1 for bounded activation functions; for others the square root of the mean
            variance of the columns.
        """

    @property
    def revival_weight(self):
        """Weight of the auxiliary loss of unused units; 0 without selection."""
        return getattr(self, "beta", 0.0) if self.selects else 0.0

    def unit_weights(self, parameters):
        """Return the weights by which the penalties of the units are multiplied.

        Parameters
        ----------
        parameters : named tuple of arrays
            With the fields `encoder_coef`, `encoder_intercept`, `components` and
            `decoder_intercept`, in the shapes of the fitted attributes.

        Returns
        -------
        weights : ndarray of shape (n_components,) or None
            One weight for each unit; None if all are one.
        """
        return None

    @property
    def unit_weights_from(self):
        """Which matrix `unit_weights` depends on: "encoder", "decoder", "both" or None.

        A subclass that defines `unit_weights` may set it as a class attribute. Unless
        it is "both", training computes the best decoder for given codes instead of
        searching for it, and is faster.
        """
        is_defined = type(self).unit_weights is not Penalty.unit_weights
        return "both" if is_defined else None

    def add_weight_gradient(self, parameters, gradients, penalties):
        """Add the gradient with respect to `unit_weights`, in place.

        That is ``sum_j penalties_j * d unit_weights_j / d parameters``. Required if
        `unit_weights` is overridden.

        Parameters
        ----------
        parameters : named tuple of arrays
            The parameters, as in `unit_weights`.
        gradients : named tuple of arrays
            The gradients with respect to the parameters, modified in place.
        penalties : ndarray of shape (n_components,)
            The values that `psi` returned.
        """

    def decoder_decay(self, components, penalties):
        """Return by how much the penalty decays each unit's row of `components`.

        Needed if `unit_weights_from` is "decoder".

        Parameters
        ----------
        components : ndarray of shape (n_components, n_features)
            The contribution of each unit to the reconstruction.
        penalties : ndarray of shape (n_components,)
            The values of `psi`.

        Returns
        -------
        decay : ndarray of shape (n_components,)
            Factors c such that the gradient of the penalty with respect to row j of
            `components` is ``c_j components_j``.
        """
        raise NotImplementedError

    def select(self, a):
        """Set the activations that are not selected to zero, in place.

        Called if `selects` is True.

        Parameters
        ----------
        a : ndarray of shape (n_rows, n_components)
            Activations of a block of rows, modified in place.
        """

    def select_jointly(self, codes, weights):
        """Set the activations of a mini-batch that are not selected to zero, in place.

        Called in training instead of `select` if `selects_jointly` is True.

        Parameters
        ----------
        codes : list of ndarray of shape (n_rows, n_components)
            Activations of the mini-batch, one array for each block of rows, modified
            in place.
        weights : ndarray of shape (n_samples,) or None
            Weights of all rows of the mini-batch; None if all are one.
        """

    def set_progress(self, progress):
        """Set the progress of training; called before each mini-batch of "adam".

        Parameters
        ----------
        progress : float
            From 0 at the beginning of `fit` to 1 after the first epochs if `is_gradual`
            is True; always 1 otherwise.
        """

    def for_transform(self):
        """Return the penalty that `transform` uses.

        Returns
        -------
        penalty : Penalty
            By default, this object.
        """
        return self

    @classmethod
    def default_beta(cls, variance, n_features, n_components, deviance, steepness):
        """Return the weight that ``beta="scale"`` stands for.

        Parameters
        ----------
        variance : float
            Sum of the variances of the columns of X.
        n_features : int
            Number of columns of X.
        n_components : int
            Number of units.
        deviance : float
            Twice the loss of the mean row, without that of the noise of counts; for
            squared errors, the variance.
        steepness : float
            Mean derivative of the output at the mean row; 1 for squared errors.

        Returns
        -------
        beta : float
            Weight of the penalty.
        """
        return deviance / n_components
