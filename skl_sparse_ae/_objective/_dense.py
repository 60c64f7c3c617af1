"""The objective for dense rows, and for sparse rows with a non-linear output.

J is a sum over rows. Each thread processes a fixed range of rows in blocks and keeps
partial sums, which are added in a fixed order, so that the result does not depend on
timing.

If each range is a single block, as in mini-batches, codes and errors stay in a cache.
The products of the gradient are then split among the threads by rows of the gradient
rather than by rows of X: these products are larger, thus faster, and no partial
gradients have to be added. An exception are gradients so small that adding them takes
less time than starting the threads again.
"""

import numpy as np

from .._arrays._blocks import BLOCK_BYTES, PIECE, SHORT, blocks, pieces, split_evenly
from .._network._passes import scaled_sum
from ._base import REDUCE_WORK, Objective
from ._row_range import GrowingWorkspace, RowRange

# Work of an evaluation for each entry of X and each unit, in multiply-adds: half of the
# five products, since BLAS uses the threads that the team does not use.
PRODUCT_WORK = 5 / 2
# Minimum size of the workspaces of a block, relative to a weight matrix.
BLOCK_PER_WEIGHTS = 6


class DenseObjective(Objective):
    """J and its gradient over rows in an array, a memory map or CSR.

    Parameters
    ----------
    network, alpha, **options
        As for `Objective`.
    block_bytes : int or None
        Size of the workspaces of a block of rows. None stands for a size at which
        adding the gradients of the blocks takes little time compared to the products.
    """

    gradient_updates_weights = True

    def __init__(self, network, alpha, *, block_bytes=None, **options):
        super().__init__(network, alpha, **options)
        layout = network.layout
        if block_bytes is None:
            n_weights = layout.n_features * layout.n_components
            weight_bytes = n_weights * self.dtype.itemsize
            block_bytes = max(BLOCK_BYTES, BLOCK_PER_WEIGHTS * weight_bytes)
        self.block_bytes = block_bytes
        self._all_ranges = []
        self._shares = {}  # of the rows of the weights, by the number of shares
        self._shared_workspace = GrowingWorkspace(layout, self.dtype)

    def _set_rows(self, X, inputs, sample_weight, load):
        n_rows, layout = X.shape[0], self.network.layout
        work = PRODUCT_WORK * n_rows * layout.n_features * layout.n_components
        work *= self.dtype.itemsize / 4
        parts = split_evenly(0, n_rows, min(n_rows, self.team.n_useful(work)))
        while len(self._all_ranges) < len(parts):
            row_range = RowRange(self.network, self.dtype, self.counts_active)
            self._all_ranges.append(row_range)
        self._ranges = self._all_ranges[: len(parts)]
        self._inputs = inputs
        row_bytes = self.dtype.itemsize * (2 * layout.n_components + layout.n_features)
        is_small = n_rows * row_bytes <= self.block_bytes * len(parts)
        self._is_one_block = is_small and isinstance(inputs, np.ndarray)
        keep, workspace = self._should_keep_codes(n_rows, self._is_one_block), None
        if self._is_one_block:
            self._shared_workspace.reserve(n_rows, n_rows)
        for row_range, rows in zip(self._ranges, parts, strict=True):
            if self._is_one_block:
                row_blocks, workspace = [rows], self._shared_workspace.part(rows)
            else:
                row_blocks = blocks(rows.start, rows.stop, row_bytes, self.block_bytes)
            row_range.use_rows(
                X, inputs, sample_weight, row_blocks, keep, workspace, load
            )

    def _unselected_codes(self, parameters):
        self._map(RowRange.encode_unselected, parameters)
        return [row_range.kept for row_range in self._ranges]

    def _encode(self, parameters):
        return sum(self._map(RowRange.encode, parameters))

    def _forward(self, parameters):
        return _add_up(self._map(RowRange.forward, parameters))

    def _backward(self, parameters, slope, encoded, revival, gradients):
        del gradients  # partial sums are in the row ranges
        # `Revival` adds its term to the partial gradients of the row ranges.
        is_short = len(self._ranges) > 1 and self.network.layout.size <= SHORT
        self._splits_gradient = self._is_one_block and revival is None and not is_short
        options = slope, encoded, revival, not self._splits_gradient
        return _add_up(self._map(RowRange.backward, parameters, *options))

    def _gradient(self, weights, gradients, update):
        layout, scale, decay = self.network.layout, 1 / self._total_weight, self._decay
        for name in ("encoder_intercept", "decoder_intercept"):
            sums = [getattr(row_range.gradients, name) for row_range in self._ranges]
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
        """Return arrays that sum to rows of a gradient; `out` is a buffer."""
        if self._splits_gradient:
            self._multiply(i, rows, out)
            return [out]
        layout = self.network.layout
        return [
            layout.weights(row_range.gradients)[i][rows] for row_range in self._ranges
        ]

    def _multiply(self, i, rows, out):
        """Write rows of a gradient, from the codes and errors of all rows."""
        n_rows = self._ranges[-1].stop
        code, delta, residual = self._shared_workspace.part(slice(n_rows))
        if i == 1:
            np.matmul(residual[:, rows].T, code, out=out)
            return
        np.matmul(self._inputs[:, rows].T, delta, out=out)
        if self.network.layout.tied_weights:
            out += residual[:, rows].T @ code

    def _weight_shares(self):
        """Return, for each thread, a list of indices and row slices of the matrices."""
        layout = self.network.layout
        n_shares = len(self._ranges)
        if not self._splits_gradient:
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
        return sum(row_range.n_active for row_range in self._ranges)

    def _map(self, method, *args):
        return self.team.map(lambda row_range: method(row_range, *args), self._ranges)


def _add_up(sums):
    squared_errors, phi = zip(*sums, strict=True)
    return sum(squared_errors), sum(phi)
