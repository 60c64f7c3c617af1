"""The objective for dense rows, and for sparse ones whose errors are dense, by blocks.

J is a sum over rows, so each member of the team takes a fixed range of rows, walks
through it in blocks and keeps its own partial sums, which are added in the members'
order: the result does not depend on timing.

Where the rows fit a block of each member, as mini-batches do, what the members leave
behind stays in a cache. The products of the gradient are then divided by its own rows:
nothing is to be added up afterwards, and they are larger, which is faster. Only where
weights are so few that threads take longer to wake than their gradients to be added up,
the members keep to their rows.
"""

import numpy as np

from .._arrays._blocks import BLOCK_BYTES, PIECE, SHORT, blocks, pieces, split_evenly
from .._network._passes import scaled_sum
from ._base import REDUCE_WORK, Objective
from ._row_range import RowRange, Workspaces

# What to reckon with for each multiply-add of the five products: half of them, since
# BLAS has the other threads where the team does not take them.
PRODUCT_WORK = 5 / 2


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

    updates_itself = True

    def __init__(self, network, alpha, *, block_bytes=None, **options):
        super().__init__(network, alpha, **options)
        layout = network.layout
        if block_bytes is None:
            n_weights = layout.n_features * layout.n_components
            weight_bytes = n_weights * self.dtype.itemsize
            block_bytes = max(BLOCK_BYTES, BLOCK_PER_WEIGHTS * weight_bytes)
        self.block_bytes = block_bytes
        self._members = []
        self._shares = {}  # of the weights' rows, by their number
        self._whole = Workspaces(layout, self.dtype)

    def _take_rows(self, X, inputs, sample_weight, load):
        n_rows, layout = X.shape[0], self.network.layout
        work = PRODUCT_WORK * n_rows * layout.n_features * layout.n_components
        work *= self.dtype.itemsize / 4
        parts = split_evenly(0, n_rows, min(n_rows, self.team.n_useful(work)))
        while len(self._members) < len(parts):
            member = RowRange(self.network, self.dtype, self.counts_active)
            self._members.append(member)
        self._active = self._members[: len(parts)]
        self._inputs = inputs
        row_bytes = self.dtype.itemsize * (2 * layout.n_components + layout.n_features)
        is_small = n_rows * row_bytes <= self.block_bytes * len(parts)
        self._is_one_block = is_small and isinstance(inputs, np.ndarray)
        keep, room = self._keeps_codes(n_rows, self._is_one_block), None
        if self._is_one_block:
            self._whole.reserve(n_rows, n_rows)
        for member, rows in zip(self._active, parts, strict=True):
            if self._is_one_block:
                row_blocks, room = [rows], self._whole.part(rows)
            else:
                row_blocks = blocks(rows.start, rows.stop, row_bytes, self.block_bytes)
            member.use_rows(X, inputs, sample_weight, row_blocks, keep, room, load)

    def _joint_codes(self, parameters):
        self._map(RowRange.encode_all, parameters)
        return [member.kept for member in self._active]

    def _encode(self, parameters):
        return sum(self._map(RowRange.encode, parameters))

    def _forward(self, parameters):
        return _add_up(self._map(RowRange.forward, parameters))

    def _backward(self, parameters, slope, encoded, revival, gradients):
        del gradients  # the members have their own
        # The auxiliary term is added to the members' own gradients.
        is_short = len(self._active) > 1 and self.network.layout.size <= SHORT
        self._by_outputs = self._is_one_block and revival is None and not is_short
        options = slope, encoded, revival, not self._by_outputs
        return _add_up(self._map(RowRange.backward, parameters, *options))

    def _gradient(self, weights, gradients, update):
        layout, scale, decay = self.network.layout, 1 / self._total_weight, self._decay
        for name in ("encoder_intercept", "decoder_intercept"):
            sums = [getattr(member.gradients, name) for member in self._active]
            scaled_sum(sums, scale, out=getattr(gradients, name))
        matrices = layout.weights(weights)
        finish_gradient = self.network.passes.finish_gradient

        def finish(numbered):
            thread, share = numbered
            squares = 0.0
            for i, rows in share:
                g = self._gradient_part(gradients, i, rows, thread)
                sums = self._sums_of_weights(i, rows, g)
                squares += finish_gradient(sums, scale, decay, matrices[i][rows], g)
                if update is not None:
                    update(layout.part(i, rows), g.ravel())
            return squares

        return sum(self.team.map(finish, enumerate(self._weight_shares())))

    def _sums_of_weights(self, i, rows, out):
        """What adds up to rows of a gradient; `out` is room for it."""
        if self._by_outputs:
            self._multiply(i, rows, out)
            return [out]
        layout = self.network.layout
        return [layout.weights(member.gradients)[i][rows] for member in self._active]

    def _multiply(self, i, rows, out):
        """Write rows of a gradient, from what the members have left behind."""
        n_rows = self._active[-1].stop
        code, residual = self._whole.code[:n_rows], self._whole.residual[:n_rows]
        if i == 1:
            np.matmul(residual[:, rows].T, code, out=out)
            return
        np.matmul(self._inputs[:, rows].T, self._whole.delta[:n_rows], out=out)
        if self.network.layout.tied_weights:
            out += residual[:, rows].T @ code

    def _weight_shares(self):
        """Numbers of the matrices and rows of them, in pieces, for each thread."""
        layout = self.network.layout
        n_shares = len(self._active)
        if not self._by_outputs:
            n_shares = self.team.n_useful(REDUCE_WORK * layout.size)
        if n_shares not in self._shares:
            self._shares[n_shares] = self._cut_weights(n_shares)
        return self._shares[n_shares]

    def _cut_weights(self, n_shares):
        n_rows, n_columns = self.network.layout.shape
        n_matrices = 1 if self.network.layout.tied_weights else 2
        matrices = split_evenly(0, n_matrices * n_rows, n_matrices)
        shares = pieces(matrices, n_shares, max(1, PIECE // n_columns))

        def of_matrix(i, rows):
            return i, slice(rows.start - i * n_rows, rows.stop - i * n_rows)

        return [[of_matrix(*piece) for piece in share] for share in shares]

    def _n_active(self):
        return sum(member.n_active for member in self._active)

    def _map(self, method, *args):
        return self.team.map(lambda member: method(member, *args), self._active)


def _add_up(sums):
    squared_errors, phi = zip(*sums, strict=True)
    return sum(squared_errors), sum(phi)
