"""The objective J and its gradient, computed from sums over rows.

J depends on the rows only through sums over them: of phi, of the losses, and of
their derivatives. Subclasses, one for each kind of rows, compute these sums; the base
class combines them.
"""

import numpy as np

from .._arrays._array_api import namespace, to_numpy
from .._arrays._blocks import blocks, split_evenly
from .._network._decay import Decay
from ._revival import Revival
from ._sums import Terms, squared_norm

# Cost of adding the partial sums for each parameter, in multiply-adds of a product.
REDUCE_WORK = 32


class Objective:
    """J and its gradient as functions of the parameter vector, for given rows.

    ``J = sum_i p_i L(x_hat_i, x_i) + alpha_e/2 ||W_e||^2 + alpha_d/2 ||W_d||^2
    + sum_j c_j psi(sum_i p_i phi(a_ij))``, where ``p`` are the sample weights divided
    by their sum, L is the network's loss, and psi, phi and c are defined by the
    penalty, including its weight. A `Decay` may have a further term.

    Subclasses implement `_set_rows`, `_encode`, `_unselected_codes`, `_forward`,
    `_backward`, `_gradient`, `_threshold_sums` and `_n_active`. These methods receive
    parameters whose intercepts are not centred.

    Parameters
    ----------
    network : Network
    alpha : float, (float, float) or Decay
        Weight of the decay, or those of the encoder and of the decoder. Tied weights
        have both.
    team : Team
        Threads.
    dtype : dtype
        Dtype of the rows, the workspaces and the products.
    mean : ndarray of shape (n_features,) or None
        If given, the encoder intercepts in parameter vectors and in the gradient are
        centred, that is, they apply to ``x - mean`` rather than ``x``.
    memory_budget : float
        Largest number of bytes for the activations of all rows. A penalty with a
        non-linear psi needs two passes over the rows; activations that exceed the
        budget are computed in both.
    blend_means : callable or None
        Called with the unit means over the given rows and the number of rows; returns
        the means that psi is applied to. Used for running means over mini-batches.
    idle_units : callable or None
        Returns the indices of units to revive. With a penalty that selects units, the
        gradient, but not J, then contains an auxiliary term for them.
    counts_active : bool
        Whether to count the active units in every evaluation, for `active_fraction`.

    Attributes
    ----------
    last_terms : Terms
        Terms of J in the last call of `value_and_grad`.
    unit_means : ndarray of shape (n_components,)
        Means of phi in the last call of `value_and_grad` or `terms`.
    n_rows : float
        Sum of the weights as a number of rows of mean weight.
    """

    #: Size of a mini-batch beyond which an epoch takes hardly less time.
    max_batch_size = 256
    #: Whether `_gradient` writes the gradient for centred intercepts.
    gradient_is_centred = False

    def __init__(
        self,
        network,
        alpha,
        *,
        team,
        dtype,
        mean=None,
        memory_budget=np.inf,
        blend_means=None,
        idle_units=None,
        counts_active=False,
    ):
        self.network = network
        self._alpha, self._decays = Decay.of(alpha), network.layout.decays(alpha)
        self.team = team
        self.dtype = np.dtype(dtype)
        self.mean = mean
        # What the rows that are used still contain, and the intercepts do not.
        self._shift = mean
        self.memory_budget = memory_budget
        self.blend_means = blend_means
        self.idle_units = idle_units
        self.counts_active = counts_active
        self._workspaces = {}

    def use_rows(
        self, X, sample_weight=None, total_weight=None, inputs=None, load=None
    ):
        """Set the rows; workspaces are reused if they are large enough.

        Parameters
        ----------
        X : {ndarray, CSR, DeviceArray, Dask array} of shape (n_rows, n_features)
        sample_weight : ndarray of shape (n_rows,) or None
        total_weight : float, default=None
            Divisor of the weights. None stands for their sum.
        inputs : same type and shape as X, default=None
            Input of the encoder, if it is not X itself (corrupted or centred rows).
        load : callable, default=None
            Writes slices of rows to X and `inputs`, whose content is undefined before.
        """
        n_rows = X.shape[0]
        weight = n_rows if sample_weight is None else np.sum(sample_weight)
        self._weight = float(weight)
        self._total_weight = float(weight if total_weight is None else total_weight)
        self.n_rows = n_rows * self._weight / self._total_weight
        self._sample_weight = sample_weight
        self._set_rows(X, X if inputs is None else inputs, sample_weight, load)
        return self

    def value_and_grad(self, theta, out=None):
        """Return J at `theta` and its gradient.

        Parameters
        ----------
        theta : array of shape (n_parameters,)
        out : array like theta, default=None
            Array for the gradient. None stands for a new one.

        Returns
        -------
        value : float
        gradient : array like theta
            `out`, if given.
        """
        weights = self.network.layout.views(theta)
        self._set_thresholds(theta)
        parameters = self._parameters(theta, weights)
        unit_weights = self.network.penalty.unit_weights(weights)
        means, encoded, slope = self._first_pass(parameters, unit_weights)
        out = namespace(theta).empty_like(theta) if out is None else out
        gradients = self.network.layout.views(out)
        loss, phi = self._backward(
            parameters, slope, encoded, self._revival(parameters), gradients
        )
        self.unit_means = self._means(phi) if means is None else means
        decay = self._gradient(weights, gradients)
        decay += self._alpha.along_directions(
            weights.encoder_coef, gradients.encoder_coef
        )
        if self.network.layout.thresholds is not None:
            sums = self._vector_like(theta, self._threshold_sums())
            out[self.network.layout.thresholds] = sums / self._total_weight
        self.last_terms = self._terms(decay, unit_weights, loss)
        if not (self.mean is None or self.gradient_is_centred):
            self._centre(gradients)
        if unit_weights is not None:
            penalty = self.network.penalty
            values = self._vector_like(theta, penalty.psi(self.unit_means))
            penalty.add_weight_gradient(weights, gradients, values)
        return self.last_terms.total, out

    def _first_pass(self, parameters, unit_weights):
        """Compute what the penalty needs before the pass for the gradient.

        Return the unit means, or None if the penalty does not need them; whether the
        codes have been computed; and psi' of each unit, or None without a term.
        """
        penalty, means, encoded = self.network.penalty, None, False
        if penalty.selects_jointly:
            codes = self._unselected_codes(parameters)
            penalty.select_jointly(codes, self._code_weights())
            encoded = True
        if penalty.is_linear:
            slope = penalty.psi_derivative(np.zeros(self.network.layout.n_components))
        else:
            means, encoded = self._means(self._encode(parameters)), True
            slope = penalty.psi_derivative(means)
        if unit_weights is not None:
            slope *= to_numpy(unit_weights)
        return means, encoded, slope.astype(self.dtype) if penalty.has_term else None

    def _code_weights(self):
        """Return the weights of the rows of the codes, or None."""
        return self._sample_weight

    def means(self, theta):
        """Return the unit means at `theta`."""
        self._set_thresholds(theta)
        weights = self.network.layout.views(theta)
        return self._means(self._encode(self._parameters(theta, weights)))

    def terms(self, theta):
        """Return the terms of J at `theta`, without the gradient."""
        self._set_thresholds(theta)
        weights = self.network.layout.views(theta)
        loss, phi = self._forward(self._parameters(theta, weights))
        self.unit_means = self._means(phi)
        unit_weights = self.network.penalty.unit_weights(weights)
        decay = self._decay(weights)
        decay += self._alpha.along_directions(weights.encoder_coef)
        return self._terms(decay, unit_weights, loss)

    @property
    def active_fraction(self):
        """Weighted fraction of non-zero activations in the last evaluation."""
        n_units = self.network.layout.n_components
        return float(self._n_active() / (self._weight * n_units))

    def _set_rows(self, X, inputs, sample_weight, load):
        """Set the rows X, with `inputs` for the encoder.

        `load`, only for dense rows, must be called once for each row before its use.
        """
        raise NotImplementedError

    def _unselected_codes(self, parameters):
        """Return the codes of all rows before selection, as writable blocks."""
        raise NotImplementedError

    def _encode(self, parameters):
        """Return the weighted sums of phi over the rows."""
        raise NotImplementedError

    def _forward(self, parameters):
        """Return the weighted sums of the losses and of phi."""
        raise NotImplementedError

    def _backward(self, parameters, slope, encoded, revival, gradients):
        """Return the sums of `_forward`, and compute the sums for `_gradient`.

        `slope` is psi' of each unit, or None without a term; `encoded` is whether the
        codes have been computed at these parameters; `revival` is the auxiliary term of
        idle units, or None; `gradients` may be used to store sums.
        """
        raise NotImplementedError

    def _gradient(self, weights, gradients):
        """Write the gradients: the sums divided by the total weight, and the decay.

        `weights` are the arrays of the solver's vector. Return twice the decay's term
        of J, for which the weights are read anyway.
        """
        raise NotImplementedError

    def _set_thresholds(self, theta):
        """Let the penalty use the thresholds in `theta`, if there are any."""
        thresholds = self.network.layout.thresholds_of(theta)
        if thresholds is not None:
            self.network.penalty.threshold_ = thresholds

    def _threshold_sums(self):
        """Return the sums of the gradient of the thresholds after `_backward`."""
        raise NotImplementedError

    def _workspace(self, name, n_rows, dtype):
        """Return an array of shape (n_rows, n_components), reused if large enough."""
        array = self._workspaces.get(name)
        if array is None or len(array) < n_rows or array.dtype != dtype:
            array = np.empty((n_rows, self.network.layout.n_components), dtype)
            self._workspaces[name] = array
        return array[:n_rows]

    def _n_active(self):
        """Weighted number of non-zero activations in the last evaluation."""
        raise NotImplementedError

    def _vector_like(self, theta, vector):
        """Convert a NumPy vector to the library and device of `theta`."""
        del theta
        return vector

    def _parameters(self, theta, weights):
        """Return the parameters in the dtype of the rows, with uncentred intercepts.

        `weights` are views of the arrays in `theta`.
        """
        parameters = weights
        if theta.dtype != self.dtype:
            cast = theta.astype(self.dtype, casting="same_kind")
            parameters = self.network.layout.views(cast)
        if self._shift is None:
            return parameters
        shift = self._shift.astype(theta.dtype, copy=False)
        encoder = weights.encoder_coef

        def read(rows):
            return shift[rows] @ encoder[rows]

        of_shift = sum(self.team.map(read, self._row_shares(encoder)))
        intercept = weights.encoder_intercept - of_shift
        return parameters._replace(encoder_intercept=intercept.astype(self.dtype))

    def _row_shares(self, matrix):
        """Split the rows of a weight matrix among the threads useful for one pass."""
        n_shares = min(len(matrix), self.team.n_useful(REDUCE_WORK * matrix.size))
        return split_evenly(0, len(matrix), n_shares)

    def _centre(self, gradients):
        """Convert the gradient to the one for centred intercepts, in place."""
        encoder, intercept = gradients.encoder_coef, gradients.encoder_intercept
        mean = self.mean.astype(encoder.dtype, copy=False)

        def subtract(part):
            for rows in blocks(part.start, part.stop, encoder.strides[0]):
                encoder[rows] -= np.outer(mean[rows], intercept)

        self.team.map(subtract, self._row_shares(encoder))

    def _revival(self, parameters):
        """Return the auxiliary term of idle units, or None."""
        penalty = self.network.penalty
        weight = penalty.revival_weight
        if self.idle_units is None or weight == 0:
            return None
        units = self.idle_units()
        if len(units) == 0:
            return None
        return self._revival_of(units, parameters, weight)

    def _revival_of(self, units, parameters, weight):
        return Revival(units, parameters, self.network.activation, weight)

    def _means(self, sums):
        means = sums / self._weight
        if self.blend_means is None:
            return means
        return self.blend_means(means, self.n_rows)

    def _should_keep_codes(self, n_rows, is_one_block):
        """Return whether the codes of all rows are kept for a second pass.

        Codes of a single block need no additional memory. Selection among all rows
        needs all codes, whatever their size.
        """
        penalty = self.network.penalty
        code_bytes = n_rows * self.network.n_outputs * self.dtype.itemsize
        fits = is_one_block or code_bytes <= self.memory_budget
        return penalty.selects_jointly or (fits and not penalty.is_linear)

    def _add_decay(self, weights, gradients):
        """Add the decay to the gradients; return twice its term of J."""
        layout = self.network.layout
        matrices = layout.weights(weights), layout.weights(gradients)
        for matrix, out, decay in zip(*matrices, self._decays, strict=True):
            out += decay * matrix
        return self._decay(weights)

    def _decay(self, parameters):
        """Return the squared norms of the weight matrices, times their decays."""
        matrices = self.network.layout.weights(parameters)
        return sum(
            decay * squared_norm(matrix)
            for matrix, decay in zip(matrices, self._decays, strict=True)
        )

    def _terms(self, decay, unit_weights, loss):
        """Return the terms of J, given sums and the penalty's weights of the units."""
        sparsity = self.network.penalty.psi(self.unit_means)
        if unit_weights is not None:
            sparsity = sparsity * to_numpy(unit_weights)
        return Terms(
            loss / self._total_weight,
            0.5 * decay,
            float(np.sum(sparsity)),
        )
