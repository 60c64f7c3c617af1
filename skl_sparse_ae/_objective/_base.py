"""The objective J and its gradient, put together from sums over rows.

J needs the rows only through sums over them: of what the penalty averages, of the
squared errors, and of their derivatives. How the rows are walked through is left to
subclasses, one for each kind of rows; what is done with the sums is here.
"""

import numpy as np

from .._arrays._array_api import namespace, to_numpy
from .._arrays._blocks import SHORT, blocks, split_evenly, vector_shares
from .._network._parameters import Parameters
from ._revival import Revival
from ._sums import Terms, squared_norm

# What adding up the members' sums costs for a parameter, in multiply-adds of a product.
REDUCE_WORK = 32


# What a solver's update of a parameter costs.
UPDATE_WORK = 128


class Objective:
    """J and its gradient for a network on given rows, at any parameter vector.

    ``J = sum_i p_i 1/2 ||x_hat_i - x_i||^2 + alpha/2 (||W_e||^2 + ||W_d||^2)
    + sum_j c_j psi(sum_i p_i phi(a_ij))``, where ``p`` are the sample weights divided
    by their sum; psi, phi and c are the penalty's, its weight included.

    A subclass provides `_take_rows`, `_encode`, `_joint_codes`, `_forward`, `_backward`
    and `_gradient`, all in terms of the parameters that rows as they are have.

    Parameters
    ----------
    network : Network
    alpha : float
        Weight of the decay of both weight matrices. Tied weights count twice.
    team : Team
    dtype : dtype
        Of the rows, the workspaces and the products.
    mean : ndarray of shape (n_features,) or None
        What the encoder's intercepts are counted from, in the parameter vectors and
        in the gradient: the encoder then sees ``x - mean``.
    memory_budget : float
        Bytes that the activations of all rows may take between the two passes of a
        penalty with a non-linear psi; beyond it they are computed twice.
    blend_means : callable or None
        Turns the means over the given rows, and their number, into the means that psi
        sees. Mini-batches put a running mean here.
    idle_units : callable or None
        Returns the indices of units to revive. With a penalty that selects, the
        gradient, though not J, then has an auxiliary term for them.
    counts_active : bool
        Whether to count, in every evaluation, for `active_fraction`.
    """

    #: Rows in a mini-batch beyond which an epoch takes hardly less time.
    max_batch_size = 256
    #: Whether J is a small difference of terms as large as the columns' means squared.
    subtracts_squares = False
    #: Whether `_gradient` itself takes into account that intercepts are centred.
    centres_itself = False
    #: Whether `_gradient` itself has the solver update the weights.
    updates_itself = False

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
        self.alpha = float(alpha)  # a NumPy scalar would bring its own precision
        self.team = team
        self.dtype = np.dtype(dtype)
        self.mean = mean
        self.memory_budget = memory_budget
        self.blend_means = blend_means
        self.idle_units = idle_units
        self.counts_active = counts_active
        self._rooms = {}

    def use_rows(
        self, X, sample_weight=None, total_weight=None, inputs=None, load=None
    ):
        """Set the rows to work on; workspaces are reused where they fit.

        `total_weight` is what the weights are divided by, their sum by default.
        `inputs` are what the encoder sees where that is not X itself. `load`, if given,
        writes the rows in a slice to arrays X and inputs, which are empty before.
        """
        n_rows = X.shape[0]
        weight = n_rows if sample_weight is None else np.sum(sample_weight)
        self._weight = float(weight)
        self._total_weight = float(weight if total_weight is None else total_weight)
        #: What the weights are worth in rows of mean weight.
        self.n_rows = n_rows * self._weight / self._total_weight
        self._sample_weight = sample_weight
        self._take_rows(X, X if inputs is None else inputs, sample_weight, load)
        return self

    def value_and_grad(self, theta, out=None, update=None):
        """J at `theta` and its gradient, a vector of theta's dtype (`out` if given).

        `update`, if given, is called with slices of the vector and what the gradient is
        there, side by side: each part once, when its gradient is known and nobody needs
        its parameters any more. It may change both. Parts of long vectors are thus used
        up one by one, in a cache; there is no whole gradient then, and what is returned
        in its place is `out` as it was.
        """
        weights = self.network.layout.views(theta)
        parameters = self._parameters(theta, weights)
        unit_weights = self.network.penalty.unit_weights(weights)
        means, encoded, slope = self._first_pass(parameters, unit_weights)
        revival = self._revival(parameters)
        is_centred = self.mean is None or self.centres_itself
        is_final = is_centred and unit_weights is None and self.updates_itself
        in_parts = update is not None and is_final and self.network.layout.size > SHORT
        if in_parts:
            gradients = self._intercepts_only(theta.dtype)
        else:
            out = namespace(theta).empty_like(theta) if out is None else out
            gradients = self.network.layout.views(out)
        squared_errors, phi = self._backward(
            parameters, slope, encoded, revival, gradients
        )
        self.unit_means = self._means(phi) if means is None else means
        squares = self._gradient(weights, gradients, update if in_parts else None)
        self.last_terms = self._terms(squares, unit_weights, squared_errors)
        if not is_centred:
            self._centre(gradients)
        if unit_weights is not None:
            penalties = self._beside(theta, self.network.penalty.psi(self.unit_means))
            self.network.penalty.add_weight_gradient(weights, gradients, penalties)
        if in_parts:
            self._update_intercepts(update, gradients)
        elif update is not None:
            self._update_all(update, out)
        return self.last_terms.total, out

    def _first_pass(self, parameters, unit_weights):
        """What the penalty needs to know before the gradient's pass, and its slope.

        Returns the unit means, or None where it does not need them; whether the codes
        have been computed; and psi' of each unit, or None without a term.
        """
        penalty, means, encoded = self.network.penalty, None, False
        if penalty.selects_jointly:
            penalty.select_jointly(self._joint_codes(parameters), self._sample_weight)
            encoded = True
        if penalty.is_linear:
            slope = penalty.psi_derivative(np.zeros(self.network.layout.n_components))
        else:
            means, encoded = self._means(self._encode(parameters)), True
            slope = penalty.psi_derivative(means)
        if unit_weights is not None:
            slope *= to_numpy(unit_weights)
        return means, encoded, slope.astype(self.dtype) if penalty.has_term else None

    def means(self, theta):
        """The unit means at `theta`."""
        weights = self.network.layout.views(theta)
        return self._means(self._encode(self._parameters(theta, weights)))

    def terms(self, theta):
        """The terms of J at `theta`, without the gradient."""
        weights = self.network.layout.views(theta)
        squared_errors, phi = self._forward(self._parameters(theta, weights))
        self.unit_means = self._means(phi)
        unit_weights = self.network.penalty.unit_weights(weights)
        squares = self._squared_norm(weights)
        return self._terms(squares, unit_weights, squared_errors)

    @property
    def active_fraction(self):
        """Weighted fraction of non-zero activations in the last evaluation."""
        n_units = self.network.layout.n_components
        return float(self._n_active() / (self._weight * n_units))

    def _take_rows(self, X, inputs, sample_weight, load):
        """Prepare for rows X, of which the encoder sees `inputs`.

        `load` is None, or what is to be called once: what it reads may be large. Only
        dense rows come with one.
        """
        raise NotImplementedError

    def _joint_codes(self, parameters):
        """The codes of all rows without any selection, in blocks, to be changed."""
        raise NotImplementedError

    def _encode(self, parameters):
        """Sums of phi over the rows."""
        raise NotImplementedError

    def _forward(self, parameters):
        """Sum of squared errors, and sums of phi."""
        raise NotImplementedError

    def _backward(self, parameters, slope, encoded, revival, gradients):
        """The same, and whatever `_gradient` needs, in `gradients` or elsewhere.

        `slope` is psi' for each unit, or None when there is no term; `encoded` tells
        that the codes have been computed at these parameters; `revival` is the
        auxiliary term of idle units, or None.
        """
        raise NotImplementedError

    def _gradient(self, weights, gradients, update):
        """Write the gradients: the sums over the total weight, and the decay.

        `weights` are the arrays in the solver's vector. Returns the squared norm of
        the matrices among them, which the decay reads anyway. `update`, if it is not
        None, is called with all parts of these in the vector, as in `value_and_grad`,
        and `gradients` has no room for them; None is all it ever is unless the class
        says ``updates_itself = True``.
        """
        raise NotImplementedError

    def _intercepts_only(self, dtype):
        """Room for the gradients of the intercepts alone."""
        sizes = self.network.layout.n_components, self.network.layout.n_features
        encoder, decoder = (np.empty(size, dtype) for size in sizes)
        return Parameters(None, encoder, None, decoder)

    def _gradient_part(self, gradients, i, rows, thread):
        """Where some rows of the gradient of the i-th weight matrix are to be written.

        That is in `gradients`, or, where these have no room for weights, in an array
        which a thread, a number, uses again for the next rows.
        """
        if gradients.encoder_coef is None:
            n_rows, dtype = rows.stop - rows.start, gradients.encoder_intercept.dtype
            return self._room((thread, i), n_rows, dtype)
        return self.network.layout.weights(gradients)[i][rows]

    def _room(self, name, n_rows, dtype):
        """Room for so many rows of n_components numbers, the same one if it can be."""
        room = self._rooms.get(name)
        if room is None or len(room) < n_rows or room.dtype != dtype:
            room = np.empty((n_rows, self.network.layout.n_components), dtype)
            self._rooms[name] = room
        return room[:n_rows]

    def _update_intercepts(self, update, gradients):
        """Have the solver update the intercepts, after all the weights."""
        intercepts = gradients.encoder_intercept, gradients.decoder_intercept
        parts = self.network.layout.intercept_slices
        for part, gradient in zip(parts, intercepts, strict=True):
            update(part, gradient)

    def _update_all(self, update, gradient):
        """Have the solver update all parameters, given the whole gradient."""
        size = self.network.layout.size
        if size <= SHORT:
            update(slice(0, size), gradient)
            return
        shares = vector_shares(gradient, [slice(0, size)], self.team, UPDATE_WORK)
        self.team.map(
            lambda share: [update(piece, gradient[piece]) for _, piece in share], shares
        )

    def _n_active(self):
        """Weighted number of non-zero activations in the last evaluation."""
        raise NotImplementedError

    def _beside(self, theta, vector):
        """A NumPy vector as an array of the kind that `theta` is."""
        del theta
        return vector

    def _parameters(self, theta, weights):
        """The arrays in the dtype of the rows, intercepts counted from zero.

        `weights` are the arrays in the vector `theta`.
        """
        parameters = weights
        if theta.dtype != self.dtype:
            cast = theta.astype(self.dtype, casting="same_kind")
            parameters = self.network.layout.views(cast)
        if self.mean is None:
            return parameters
        mean = self.mean.astype(theta.dtype, copy=False)
        encoder = weights.encoder_coef

        def read(rows):
            return mean[rows] @ encoder[rows]

        of_mean = sum(self.team.map(read, self._row_shares(encoder)))
        intercept = weights.encoder_intercept - of_mean
        return parameters._replace(encoder_intercept=intercept.astype(self.dtype))

    def _row_shares(self, matrix):
        """Rows of a weight matrix, for each thread that a pass over it is worth."""
        n_shares = min(len(matrix), self.team.n_useful(REDUCE_WORK * matrix.size))
        return split_evenly(0, len(matrix), n_shares)

    def _centre(self, gradients):
        """Turn the gradient into that for intercepts counted from the mean."""
        encoder, intercept = gradients.encoder_coef, gradients.encoder_intercept
        mean = self.mean.astype(encoder.dtype, copy=False)

        def subtract(part):
            for rows in blocks(part.start, part.stop, encoder.strides[0]):
                encoder[rows] -= np.outer(mean[rows], intercept)

        self.team.map(subtract, self._row_shares(encoder))

    def _revival(self, parameters):
        """The auxiliary term of units that are idle, or None."""
        penalty = self.network.penalty
        weight = getattr(penalty, "beta", 0.0)
        if self.idle_units is None or not penalty.selects or weight == 0:
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

    @property
    def _decay(self):
        """What the decay pulls at each of the vector's weights, as a part of it."""
        return self.alpha * self.network.layout.n_uses

    def _keeps_codes(self, n_rows, is_one_block):
        """Whether all codes are kept between the two passes of a penalty.

        They need no more room than a block where they are one. A selection among all
        rows needs them whatever their size.
        """
        penalty = self.network.penalty
        code_bytes = n_rows * self.network.layout.n_components * self.dtype.itemsize
        has_room = is_one_block or code_bytes <= self.memory_budget
        return penalty.selects_jointly or (has_room and not penalty.is_linear)

    def _add_decay(self, weights, gradients):
        """Add the decay to the gradients; returns the squared norm of the weights."""
        layout = self.network.layout
        matrices = layout.weights(weights), layout.weights(gradients)
        for matrix, out in zip(*matrices, strict=True):
            out += self._decay * matrix
        return self._squared_norm(weights)

    def _squared_norm(self, parameters):
        """That of the weights, each once."""
        return sum(map(squared_norm, self.network.layout.weights(parameters)))

    def _terms(self, squares, unit_weights, squared_errors):
        """The terms of J, from sums and what the penalty makes of the parameters."""
        sparsity = self.network.penalty.psi(self.unit_means)
        if unit_weights is not None:
            sparsity = sparsity * to_numpy(unit_weights)
        return Terms(
            0.5 * squared_errors / self._total_weight,
            0.5 * self._decay * squares,
            float(np.sum(sparsity)),
        )
