"""The objective for dense rows, and for sparse rows with a non-linear output.

J is a sum over rows. Each thread processes a fixed range of rows in blocks and keeps
partial sums, which are added in a fixed order, so that the result does not depend on
timing.
"""

from .._arrays._blocks import BLOCK_BYTES, PIECE, blocks, pieces, split_evenly
from .._network._passes import scaled_sum
from ._base import REDUCE_WORK, Objective
from ._row_range import RowRange

# Work of an evaluation for each entry of X and each unit, in multiply-adds. There are
# five products; with less work than half of that, threads do not pay.
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

    #: The class of a thread's rows.
    range_class = RowRange

    def __init__(self, network, alpha, *, block_bytes=None, **options):
        super().__init__(network, alpha, **options)
        layout = network.layout
        if block_bytes is None:
            n_weights = layout.n_features * layout.n_components
            weight_bytes = n_weights * self.dtype.itemsize
            block_bytes = max(BLOCK_BYTES, BLOCK_PER_WEIGHTS * weight_bytes)
        self.block_bytes = block_bytes
        self._all_ranges = []
        self._weight_shares = None

    def _set_rows(self, X, inputs, sample_weight, load):
        n_rows, layout = X.shape[0], self.network.layout
        work = PRODUCT_WORK * n_rows * layout.n_features * layout.n_components
        work *= self.network.n_positions * self.dtype.itemsize / 4
        parts = split_evenly(0, n_rows, min(n_rows, self.team.n_useful(work)))
        while len(self._all_ranges) < len(parts):
            row_range = self.range_class(self.network, self.dtype, self.counts_active)
            self._all_ranges.append(row_range)
        self._ranges = self._all_ranges[: len(parts)]
        row_blocks = [self._blocks(part) for part in parts]
        is_one_block = max(map(len, row_blocks)) == 1
        keep = self._should_keep_codes(n_rows, is_one_block)
        for row_range, blocks_of_part in zip(self._ranges, row_blocks, strict=True):
            row_range.use_rows(X, inputs, sample_weight, blocks_of_part, keep, load)

    def _blocks(self, part):
        """Return the blocks of a thread's rows."""
        layout = self.network.layout
        row_bytes = self.dtype.itemsize * (2 * layout.n_components + layout.n_features)
        return blocks(part.start, part.stop, row_bytes, self.block_bytes)

    def _unselected_codes(self, parameters):
        self._map(self.range_class.encode_unselected, parameters)
        return [row_range.kept for row_range in self._ranges]

    def _encode(self, parameters):
        return sum(self._map(RowRange.encode, parameters))

    def _forward(self, parameters):
        return _add_up(self._map(RowRange.forward, parameters))

    def _backward(self, parameters, slope, encoded, revival, gradients):
        del gradients  # partial sums are in the row ranges
        options = slope, encoded, revival
        return _add_up(self._map(RowRange.backward, parameters, *options))

    def _gradient(self, weights, gradients):
        layout, decays = self.network.layout, self._decays
        scale = 1 / self._total_weight
        for name in ("encoder_intercept", "decoder_intercept"):
            sums = [getattr(row_range.gradients, name) for row_range in self._ranges]
            scaled_sum(sums, scale, out=getattr(gradients, name))
        matrices, outs = layout.weights(weights), layout.weights(gradients)
        partial = [layout.weights(row_range.gradients) for row_range in self._ranges]
        finish_gradient = self.network.passes.finish_gradient

        def finish(share):
            decay = 0.0
            for i, rows in share:
                sums = [matrices_of_range[i][rows] for matrices_of_range in partial]
                decay += decays[i] * finish_gradient(
                    sums, scale, decays[i], matrices[i][rows], outs[i][rows]
                )
            return decay

        if self._weight_shares is None:
            self._weight_shares = self._cut_weights()
        return sum(self.team.map(finish, self._weight_shares))

    def _cut_weights(self):
        """Return, for each thread, a list of indices and row slices of the matrices."""
        n_shares = self.team.n_useful(REDUCE_WORK * self.network.layout.size)
        n_rows, n_columns = self.network.layout.shape
        n_matrices = 1 if self.network.layout.tied_weights else 2
        matrices = split_evenly(0, n_matrices * n_rows, n_matrices)
        shares = pieces(matrices, n_shares, max(1, PIECE // n_columns))

        def of_matrix(i, rows):
            return i, slice(rows.start - i * n_rows, rows.stop - i * n_rows)

        return [[of_matrix(*piece) for piece in share] for share in shares]

    def _threshold_sums(self):
        return sum(row_range.thresholds for row_range in self._ranges)

    def _n_active(self):
        return sum(row_range.n_active for row_range in self._ranges)

    def _map(self, method, *args):
        return self.team.map(lambda row_range: method(row_range, *args), self._ranges)


def _add_up(sums):
    losses, phi = zip(*sums, strict=True)
    return sum(losses), sum(phi)
