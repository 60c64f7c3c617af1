"""The objective for dense rows, and for sparse ones whose errors are dense, by blocks.

J is a sum over rows, so each member of the team takes a fixed range of rows, walks
through it in blocks and keeps its own partial sums, which are added in the members'
order: the result does not depend on timing.
"""

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
from ._objective import REDUCE_WORK, CodeSums, Objective, finish_delta, sum_rows

# The least size of a block's workspaces, in sizes of a weight matrix.
BLOCK_PER_WEIGHTS = 6


class DenseObjective(Objective):
    """J and its gradient over rows in an array, a memory map or CSR.

    Parameters
    ----------
    network, alpha, **options
        As for `Objective`.
    block_bytes : int or None
        Bytes of a row block's workspaces. None stands for so many that adding up the
        blocks' gradients costs little beside the products.
    """

    def __init__(self, network, alpha, *, block_bytes=None, **options):
        super().__init__(network, alpha, **options)
        layout = network.layout
        if block_bytes is None:
            n_weights = layout.n_features * layout.n_components
            weight_bytes = n_weights * self.dtype.itemsize
            block_bytes = max(BLOCK_BYTES, BLOCK_PER_WEIGHTS * weight_bytes)
        self.block_bytes = block_bytes
        n_shares = self.team.n_useful(REDUCE_WORK * layout.size)
        self._shares = pieces(layout.slices, n_shares)
        self._members = []

    def _take_rows(self, X, inputs, sample_weight):
        n_rows, layout = X.shape[0], self.network.layout
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

    def _joint_codes(self, parameters):
        self._map(_Member.encode_all, parameters)
        return [member.kept for member in self._active]

    def _encode(self, parameters):
        return np.sum(self._map(_Member.encode, parameters), axis=0)

    def _forward(self, parameters):
        return _add_up(self._map(_Member.forward, parameters))

    def _backward(self, parameters, slope, encoded, revival, out):
        del out  # the members have their own
        sums = self._map(_Member.backward, parameters, slope, encoded, revival)
        return _add_up(sums)

    def _gradient(self, theta, out):
        layout = self.network.layout
        decay = self.alpha * (2 if layout.tied_weights else 1)
        sums = [member.gradient for member in self._active]
        scale, are_weights = 1 / self._total_weight, layout.are_weights

        def reduce(share):
            for i, piece in share:
                g = out[piece]
                _scaled_sum([total[piece] for total in sums], scale, out=g)
                if decay and are_weights[i]:
                    g += decay * theta[piece]

        self.team.map(reduce, self._shares)

    def _n_active(self):
        return sum(member.n_active for member in self._active)

    def _map(self, method, *args):
        return self.team.map(lambda member: method(member, *args), self._active)


def _scaled_sum(arrays, scale, out):
    """The sum of one or more arrays times a number, in as few passes as possible."""
    first, *others = arrays
    if not others:
        np.multiply(first, scale, out=out, casting="same_kind")
        return
    np.add(first, others[0], out=out, casting="same_kind")
    for other in others[1:]:
        out += other
    out *= scale


def _add_up(sums):
    squared_errors, phi = zip(*sums, strict=True)
    return sum(squared_errors), np.sum(phi, axis=0)


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
        self._scratch, self._kept = None, empty
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
            self._delta = np.empty((n_rows, layout.n_components), self.dtype)
            self._residual = np.empty((n_rows, layout.n_features), self.dtype)
        if not self._keep and len(self._code) < n_rows:
            self._code = np.empty((n_rows, layout.n_components), self.dtype)

    def encode(self, parameters):
        """Sums of phi over the rows; activations are kept when there is room."""
        self._sums = CodeSums(self.network, self._counts_active)
        for rows in self._blocks:
            self._encode_block(parameters, rows)
        return self._sums.phi

    def encode_all(self, parameters):
        """Keep the activations of all rows, without any selection."""
        for rows in self._blocks:
            code = self._code_of(rows)
            self.network.encode(parameters, self._inputs[rows], code, select=False)

    @property
    def n_active(self):
        """Weighted number of non-zero activations in the last evaluation."""
        return self._sums.n_active

    @property
    def kept(self):
        """The activations that were kept."""
        last = self._blocks[-1].stop
        return self._kept[: last - self._start]

    def forward(self, parameters):
        """Sum of squared errors and sums of phi."""
        self._sums = CodeSums(self.network, self._counts_active)
        self._squared_errors = 0.0
        for rows in self._blocks:
            code = self._encode_block(parameters, rows)
            self._decode_block(parameters, code, rows)
        return self._squared_errors, self._sums.phi

    def backward(self, parameters, slope, encoded, revival=None):
        """Squared errors and sums of phi; the gradient's sums go to `gradient`.

        `slope` is psi' for each unit, or None when there is no term; `encoded` tells
        that the codes have been computed at these parameters; `revival` is the
        auxiliary term of idle units, or None.
        """
        is_kept, is_new = encoded and self._keep, self.network.penalty.selects_jointly
        if not is_kept or is_new:
            self._sums = CodeSums(self.network, self._counts_active)
        self._squared_errors = 0.0
        self._gradients.encoder_intercept[:] = 0
        self._gradients.decoder_intercept[:] = 0
        for rows in self._blocks:
            if is_kept:
                code = self._code_of(rows)
                if is_new:
                    self._sums.add(code, self._weights_of(rows))
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
        return self._squared_errors, self._sums.phi

    def _code_of(self, rows):
        if self._keep:
            return self._kept[rows.start - self._start : rows.stop - self._start]
        return self._code[: rows.stop - rows.start]

    def _encode_block(self, parameters, rows):
        code = self._code_of(rows)
        weights = self._weights_of(rows)

        def add(strip):
            self._sums.add(code[strip], None if weights is None else weights[strip])

        return self.network.encode(parameters, self._inputs[rows], code, add)

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
                self._gradients.decoder_intercept[...] += sum_rows(weighted)
                if weighted is not x_hat:
                    residual[strip] = weighted

        return self.network.decode(parameters, code, residual, visit=subtract)

    def _delta_block(self, parameters, slope, code, residual, rows):
        """The error at the hidden units' pre-activation, penalty included."""
        delta = np.matmul(
            residual, parameters.components.T, out=self._delta[: len(residual)]
        )
        weights = self._weights_of(rows)
        for strip in strips(delta):
            w = None if weights is None else weights[strip]
            finish_delta(self.network, delta[strip], code[strip], slope, w)
            self._gradients.encoder_intercept[...] += sum_rows(delta[strip])
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

    def _weights_of(self, rows):
        return None if self._weights is None else self._weights[rows]
