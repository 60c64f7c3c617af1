"""The objective for reconstructions from nested prefixes of the units.

The error of J is the mean of those of the reconstructions ``X_m = A[:, :m] W_d[:m] +
b_d`` over the widths m, as in Matryoshka sparse autoencoders [1]_, which sum them.
Units between two widths take part in all reconstructions from the second one on, so
that their gradient is that of the sum of these. Products with groups of units cost
what those with all units cost.

.. [1] B. Bussmann, N. Nabeshima, A. Karvonen, N. Nanda, "Learning Multi-Level Features
   with Matryoshka Sparse Autoencoders", ICML 2025, arXiv:2503.17547.
"""

import numpy as np

from .._arrays._blocks import blocks, rows_as_dense, strips
from ._dense import DenseObjective
from ._row_range import RowRange
from ._sums import sum_rows


class NestedRange(RowRange):
    """The range of rows of one thread, with an error for each width.

    Where `RowRange` has the errors of a block, this has one array for each group of
    units: the sum of the errors of the reconstructions that they take part in.
    """

    def __init__(self, network, dtype, counts_active):
        super().__init__(network, dtype, counts_active)
        self._groups = network.groups
        self._errors = None

    def use_rows(self, X, inputs, sample_weight, row_blocks, keep, load=None):
        super().use_rows(X, inputs, sample_weight, row_blocks, keep, load)
        n_rows = max(rows.stop - rows.start for rows in row_blocks)
        if self._errors is None or self._errors.shape[1] < n_rows:
            shape = len(self._groups), n_rows, self.network.n_inputs
            self._errors = np.empty(shape, self.dtype)

    def _decode_block(self, parameters, code, rows, backward=False):
        errors = self._errors[:, : rows.stop - rows.start]
        for group, written in zip(self._groups, errors, strict=True):
            np.matmul(code[:, group], parameters.components[group], out=written)
        target, weights = rows_as_dense(self._X, rows), self._weights_of(rows)
        loss = 0.0
        for strip in strips(errors[0]):
            w = None if weights is None else weights[strip]
            loss += self._compare(
                errors[:, strip], parameters.decoder_intercept, target[strip], w
            )
            if backward:
                self.gradients.decoder_intercept[...] += sum_rows(errors[0, strip])
        self._loss += loss / len(errors)
        return errors

    def _compare(self, errors, intercept, target, weights):
        """Replace what groups write by the sums of errors; return their losses."""
        np.cumsum(errors, axis=0, out=errors)
        loss = sum(
            self.network.passes.compare(error, intercept, target, weights)
            for error in errors
        )
        errors /= len(errors)
        for i in range(len(errors) - 2, -1, -1):
            errors[i] += errors[i + 1]
        return loss

    def _pull_to_code(self, errors, parameters, out):
        for group, error in zip(self._groups, errors, strict=True):
            np.matmul(error, parameters.components[group].T, out=out[:, group])

    def _add_to_decoder(self, errors, code, rows):
        total = self.gradients.components
        for group, error in zip(self._groups, errors, strict=True):
            product = code[:, group].T @ error
            if rows is self._blocks[0]:
                total[group] = product
            else:
                total[group] += product

    def _of_all_units(self, errors):
        return errors[-1] * len(errors)


class NestedObjective(DenseObjective):
    """J and its gradient over rows in an array or CSR, for a network with widths.

    Of CSR, a block is made dense.
    """

    range_class = NestedRange

    def _blocks(self, part):
        layout, n_widths = self.network.layout, len(self.network.widths)
        row_values = 2 * layout.n_components + n_widths * layout.n_features
        return blocks(
            part.start, part.stop, self.dtype.itemsize * row_values, self.block_bytes
        )
