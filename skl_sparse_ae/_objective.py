"""The objective J and its gradient, over blocks of rows and a team of threads.

J is a sum over rows, so each member of the team takes a fixed range of rows, walks
through it in blocks and keeps its own partial sums, which are added in the members'
order: the result does not depend on timing.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from ._blocks import (
    BLOCK_BYTES,
    blocks,
    pieces,
    rows_as_dense,
    split_evenly,
    strips,
)
from ._revival import Revival

# The least size of a block's workspaces, in sizes of a weight matrix.
BLOCK_PER_WEIGHTS = 6
# What adding up the members' sums costs for a parameter, in multiply-adds of a product.
REDUCE_WORK = 32


class Terms(NamedTuple):
    """The three terms of J."""

    reconstruction: float
    decay: float
    sparsity: float

    @property
    def total(self):
        return self.reconstruction + self.decay + self.sparsity


class Objective:
    """J and its gradient for a network on given rows, at any parameter vector.

    ``J = sum_i p_i 1/2 ||x_hat_i - x_i||^2 + alpha/2 (||W_e||^2 + ||W_d||^2)
    + sum_j c_j psi(sum_i p_i phi(a_ij))``, where ``p`` are the sample weights divided
    by their sum; psi, phi and c are the penalty's, its weight included.

    Parameters
    ----------
    network : Network
    alpha : float
        Weight of the decay of both weight matrices. Tied weights count twice.
    team : Team
    dtype : dtype
        Of the rows, the workspaces and the products.
    memory_budget : float
        Bytes that the activations of all rows may take between the two passes of a
        penalty with a non-linear psi; beyond it they are computed twice.
    block_bytes : int or None
        Bytes of a row block's workspaces. None stands for so many that adding up the
        blocks' gradients costs little beside the products.
    blend_means : callable or None
        Turns the means over the given rows, and their number, into the means that psi
        sees. Mini-batches put a running mean here.
    idle_units : callable or None
        Returns the indices of units to revive. With a penalty that selects, the
        gradient, though not J, then has an auxiliary term for them.
    counts_active : bool
        Whether to count, in every evaluation, for `active_fraction`.
    """

    def __init__(
        self,
        network,
        alpha,
        *,
        team,
        dtype,
        memory_budget=np.inf,
        block_bytes=None,
        blend_means=None,
        idle_units=None,
        counts_active=False,
    ):
        self.network = network
        self.alpha = float(alpha)  # a NumPy scalar would bring its own precision
        self.team = team
        self.dtype = np.dtype(dtype)
        self.memory_budget = memory_budget
        if block_bytes is None:
            layout = network.layout
            n_weights = layout.n_features * layout.n_components
            weight_bytes = n_weights * self.dtype.itemsize
            block_bytes = max(BLOCK_BYTES, BLOCK_PER_WEIGHTS * weight_bytes)
        self.block_bytes = block_bytes
        self.blend_means = blend_means
        self.idle_units = idle_units
        self.counts_active = counts_active
        n_shares = team.n_useful(REDUCE_WORK * network.layout.size)
        self._shares = pieces(network.layout.slices, n_shares)
        self._members = []

    def use_rows(self, X, sample_weight=None, total_weight=None, inputs=None):
        """Set the rows to work on; workspaces are reused where they fit.

        `total_weight` is what the weights are divided by, their sum by default.
        `inputs` are what the encoder sees where that is not X itself.
        """
        inputs = X if inputs is None else inputs
        n_rows, layout = X.shape[0], self.network.layout
        if total_weight is None:
            total_weight = n_rows if sample_weight is None else np.sum(sample_weight)
        self._sample_weight = sample_weight
        self._total_weight = float(total_weight)
        self._weight = float(n_rows if sample_weight is None else np.sum(sample_weight))
        #: What the weights are worth in rows of mean weight.
        self.n_rows = n_rows * self._weight / self._total_weight
        work = 5 * n_rows * layout.n_features * layout.n_components
        work *= self.dtype.itemsize / 4
        parts = split_evenly(0, n_rows, min(n_rows, self.team.n_useful(work)))
        while len(self._members) < len(parts):
            member = _Member(self.network, self.dtype, self.counts_active)
            self._members.append(member)
        activation_bytes = n_rows * layout.n_components * self.dtype.itemsize
        penalty = self.network.penalty
        has_two_passes = penalty.selects_jointly or not penalty.is_linear
        keep = has_two_passes and activation_bytes <= self.memory_budget
        self._active = self._members[: len(parts)]
        for member, rows in zip(self._active, parts, strict=True):
            member.use_rows(X, inputs, sample_weight, rows, keep, self.block_bytes)
        return self

    def value_and_grad(self, theta, out=None):
        """J at `theta` and its gradient, a vector of theta's dtype (`out` if given)."""
        parameters = self._cast(theta)
        penalty = self.network.penalty
        means, encoded = None, False
        if penalty.selects_jointly:
            self._map(_Member.encode_all, parameters)
            codes = [member.kept for member in self._active]
            penalty.select_jointly(codes, self._sample_weight)
            encoded = True
        if penalty.is_linear:
            slope = penalty.psi_derivative(np.zeros(self.network.layout.n_components))
        else:
            means, encoded = self._means(self._map(_Member.encode, parameters)), True
            slope = penalty.psi_derivative(means)
        unit_weights = penalty.unit_weights(parameters)
        if unit_weights is not None:
            slope *= unit_weights
        slope = slope.astype(self.dtype) if penalty.has_term else None
        revival = self._revival(parameters)
        sums = self._map(_Member.backward, parameters, slope, encoded, revival)
        if means is None:
            means = self._means([phi for _, phi in sums])
        self.unit_means = means
        terms = self._terms(theta, sum(errors for errors, _ in sums), means)
        gradient = self._gradient(theta, out)
        if unit_weights is not None:
            gradients = self.network.layout.views(gradient)
            penalty.add_weight_gradient(parameters, gradients, penalty.psi(means))
        return terms.total, gradient

    def means(self, theta):
        """The unit means at `theta`."""
        return self._means(self._map(_Member.encode, self._cast(theta)))

    def terms(self, theta):
        """The terms of J at `theta`, without the gradient."""
        parameters = self._cast(theta)
        sums = self._map(_Member.forward, parameters)
        self.unit_means = self._means([phi for _, phi in sums])
        return self._terms(theta, sum(errors for errors, _ in sums), self.unit_means)

    def _revival(self, parameters):
        """The auxiliary term of units that are idle, or None."""
        penalty = self.network.penalty
        weight = getattr(penalty, "beta", 0.0)
        if self.idle_units is None or not penalty.selects or weight == 0:
            return None
        units = self.idle_units()
        if len(units) == 0:
            return None
        return Revival(units, parameters, self.network.activation, weight)

    @property
    def active_fraction(self):
        """Weighted fraction of non-zero activations in the last evaluation."""
        n_active = sum(member.n_active for member in self._active)
        return float(n_active / (self._weight * self.network.layout.n_components))

    def _map(self, method, *args):
        return self.team.map(lambda member: method(member, *args), self._active)

    def _cast(self, theta):
        theta = theta.astype(self.dtype, casting="same_kind", copy=False)
        return self.network.layout.views(theta)

    def _means(self, sums):
        means = np.sum(sums, axis=0) / self._weight
        if self.blend_means is None:
            return means
        return self.blend_means(means, self.n_rows)

    def _terms(self, theta, squared_errors, means):
        layout, penalty = self.network.layout, self.network.penalty
        squares = sum(float(np.vdot(w, w)) for w in layout.weights(theta))
        if layout.tied_weights:
            squares *= 2
        sparsity = penalty.psi(means)
        unit_weights = penalty.unit_weights(layout.views(theta))
        if unit_weights is not None:
            sparsity = sparsity * unit_weights
        return Terms(
            0.5 * squared_errors / self._total_weight,
            0.5 * self.alpha * squares,
            float(np.sum(sparsity)),
        )

    def _gradient(self, theta, out):
        """The members' sums, divided by the total weight, and the decay."""
        out = np.empty_like(theta) if out is None else out
        layout = self.network.layout
        decay = self.alpha * (2 if layout.tied_weights else 1)
        first, *others = [member.gradient for member in self._active]
        scale, are_weights = 1 / self._total_weight, layout.are_weights

        def reduce(share):
            for i, piece in share:
                g = out[piece]
                np.multiply(first[piece], scale, out=g, casting="same_kind")
                for other in others:
                    g += other[piece] * scale
                if decay and are_weights[i]:
                    g += decay * theta[piece]

        self.team.map(reduce, self._shares)
        return out


class _Member:
    """One thread's range of rows, its workspaces and its partial sums.

    Sums are over rows, weighted by the sample weights themselves; the objective
    divides by the total weight.
    """

    def __init__(self, network, dtype, counts_active):
        self.network = network
        self.dtype = dtype
        self._counts_active = counts_active
        layout = network.layout
        self.gradient = np.empty(layout.size, dtype)
        self._gradients = layout.views(self.gradient)
        if layout.tied_weights:
            decoder = np.empty((layout.n_components, layout.n_features), dtype)
            self._gradients = self._gradients._replace(components=decoder)
        empty = np.empty((0, layout.n_components), dtype)
        self._scratch, self._kept, self._ones = None, empty, np.empty(0, dtype)
        self._code, self._delta, self._residual = empty, empty, empty

    def use_rows(self, X, inputs, sample_weight, rows, keep, block_bytes):
        """Take a slice of rows; grow the workspaces where a block does not fit."""
        layout = self.network.layout
        row_bytes = self.dtype.itemsize * (2 * layout.n_components + layout.n_features)
        self._X, self._inputs, self._weights = X, inputs, sample_weight
        self._start = rows.start
        self._blocks = blocks(rows.start, rows.stop, row_bytes, block_bytes)
        self._keep = keep
        n_rows = rows.stop - rows.start
        if keep and len(self._kept) < n_rows:
            self._kept = np.empty((n_rows, layout.n_components), self.dtype)
        self._reserve(max(block.stop - block.start for block in self._blocks))

    def _reserve(self, n_rows):
        layout = self.network.layout
        if len(self._blocks) > 1 and self._scratch is None:
            n_weights = layout.n_features * layout.n_components
            self._scratch = np.empty(n_weights, self.dtype)
        if len(self._delta) < n_rows:
            self._ones = np.ones(n_rows, self.dtype)
            self._delta = np.empty((n_rows, layout.n_components), self.dtype)
            self._residual = np.empty((n_rows, layout.n_features), self.dtype)
        if not self._keep and len(self._code) < n_rows:
            self._code = np.empty((n_rows, layout.n_components), self.dtype)

    def encode(self, parameters):
        """Sums of phi over the rows; activations are kept when there is room."""
        self._phi_sums = np.zeros(self.network.layout.n_components)
        self.n_active = 0
        for rows in self._blocks:
            self._encode_block(parameters, rows)
        return self._phi_sums

    def encode_all(self, parameters):
        """Keep the activations of all rows, without any selection."""
        for rows in self._blocks:
            code = self._code_of(rows)
            self.network.encode(parameters, self._inputs[rows], code, select=False)

    @property
    def kept(self):
        """The activations that were kept."""
        last = self._blocks[-1].stop
        return self._kept[: last - self._start]

    def forward(self, parameters):
        """Sum of squared errors and sums of phi."""
        self._phi_sums = np.zeros(self.network.layout.n_components)
        self.n_active = 0
        self._squared_errors = 0.0
        for rows in self._blocks:
            code = self._encode_block(parameters, rows)
            self._decode_block(parameters, code, rows)
        return self._squared_errors, self._phi_sums

    def backward(self, parameters, slope, encoded, revival=None):
        """Squared errors and sums of phi; the gradient's sums go to `gradient`.

        `slope` is psi' for each unit, or None when there is no term; `encoded` tells
        that the codes have been computed at these parameters; `revival` is the
        auxiliary term of idle units, or None.
        """
        self._phi_sums = np.zeros(self.network.layout.n_components)
        self.n_active = 0
        self._squared_errors = 0.0
        self._gradients.encoder_intercept[:] = 0
        self._gradients.decoder_intercept[:] = 0
        for rows in self._blocks:
            if encoded and self._keep:
                code = self._code_of(rows)
                if self.network.penalty.selects_jointly:
                    self._phi_adder(code, rows)(slice(None))
            else:
                code = self._encode_block(parameters, rows)
            residual = self._decode_block(parameters, code, rows, backward=True)
            self._add(self._gradients.components, code.T, residual, rows)
            delta = self._delta_block(parameters, slope, code, residual, rows)
            self._add(self._gradients.encoder_coef, self._inputs[rows].T, delta, rows)
            if revival is not None:
                weights = self._weights_of(rows)
                revival.add_gradient(
                    self._gradients, self._inputs[rows], residual, weights
                )
        if self.network.layout.tied_weights:
            self._gradients.encoder_coef[...] += self._gradients.components.T
        return self._squared_errors, self._phi_sums

    def _code_of(self, rows):
        if self._keep:
            return self._kept[rows.start - self._start : rows.stop - self._start]
        return self._code[: rows.stop - rows.start]

    def _encode_block(self, parameters, rows):
        code = self._code_of(rows)
        visit = self._phi_adder(code, rows)
        return self.network.encode(parameters, self._inputs[rows], code, visit)

    def _phi_adder(self, code, rows):
        """A function that adds phi of a strip of the block to the sums."""
        weights = self._weights_of(rows)

        def add_phi(strip):
            phi = self.network.penalty.phi(code[strip], self.network.activation)
            self._phi_sums += self._sum(phi, weights, strip)
            if self._counts_active:
                n_active = np.count_nonzero(code[strip], axis=1)
                share = n_active if weights is None else n_active * weights[strip]
                self.n_active += share.sum()

        return add_phi

    def _decode_block(self, parameters, code, rows, backward=False):
        """Squared errors; with `backward`, the error at the output's pre-activation."""
        residual = self._residual[: rows.stop - rows.start]
        target = rows_as_dense(self._X, rows)
        weights = self._weights_of(rows)
        out_activation = self.network.out_activation
        is_linear = out_activation.name == "identity"

        def subtract(strip):
            x_hat = residual[strip]
            # In place where nobody needs the reconstruction afterwards.
            error = np.subtract(x_hat, target[strip], out=x_hat if is_linear else None)
            weighted = error if weights is None else error * weights[strip, None]
            self._squared_errors += float(np.vdot(error, weighted))
            if backward:
                out_activation.multiply_derivative(x_hat, weighted)
                self._gradients.decoder_intercept[...] += self._sum(weighted)
                if weighted is not x_hat:
                    residual[strip] = weighted

        return self.network.decode(parameters, code, residual, visit=subtract)

    def _delta_block(self, parameters, slope, code, residual, rows):
        """The error at the hidden units' pre-activation, penalty included."""
        delta = np.matmul(
            residual, parameters.components.T, out=self._delta[: len(residual)]
        )
        weights = self._weights_of(rows)
        penalty, activation = self.network.penalty, self.network.activation
        for strip in strips(delta):
            d, a = delta[strip], code[strip]
            if slope is not None:
                push = slope * penalty.phi_derivative(a, activation)
                d += push if weights is None else weights[strip, None] * push
            activation.multiply_derivative(a, d)
            if penalty.selects:
                d *= a != 0
            self._gradients.encoder_intercept[...] += self._sum(d)
        return delta

    def _add(self, total, left, right, rows):
        """Add ``left @ right`` to `total`, or begin it with the first block."""
        if sparse.issparse(left):
            product = left @ right
        elif rows is self._blocks[0]:
            np.matmul(left, right, out=total)
            return
        else:
            product = self._scratch.reshape(total.shape)
            np.matmul(left, right, out=product)
        if rows is self._blocks[0]:
            total[...] = product
        else:
            total += product

    def _sum(self, array, weights=None, strip=None):
        """Weighted sum of rows; as a product, it is faster than ``sum(axis=0)``."""
        weights = self._ones[: len(array)] if weights is None else weights[strip]
        return weights @ array

    def _weights_of(self, rows):
        return None if self._weights is None else self._weights[rows]
