"""One thread's range of images: the passes of `RowRange` over their patches."""

import numpy as np

from ._row_range import RowRange
from ._sums import sum_rows


class ImageRange(RowRange):
    """The range of images of one thread, and its partial sums.

    Rows of codes, of errors at them and of what the weights multiply are positions.

    Parameters
    ----------
    network : ConvNetwork
    dtype : dtype
    counts_active : bool
    """

    def use_rows(self, X, inputs, sample_weight, row_blocks, keep, load=None):
        self._patches_of = None
        super().use_rows(X, inputs, sample_weight, row_blocks, keep, load)

    def _inputs_of(self, rows):
        """The patches of a block, computed once for both uses of a block."""
        if self._patches_of != rows:
            self._patches = self.network.convolution.unfold(self._inputs[rows])
            self._patches_of = rows
        return self._patches

    def _encode(self, parameters, rows, code, visit=None, select=True):
        self.network.encode_patches(
            parameters,
            self._inputs_of(rows),
            self._maps(code),
            visit,
            select,
            self._before(code),
        )
        return code

    def _decode_block(self, parameters, code, rows, backward=False):
        convolution = self.network.convolution
        errors = self._workspace.residual[: rows.stop - rows.start]

        def add(strip):
            if backward:
                by_pixel = sum_rows(errors[strip])
                by_channel = by_pixel.reshape(-1, convolution.image_shape[2])
                self.gradients.decoder_intercept[...] += by_channel.sum(axis=0)

        weights = None if self._weights is None else self._weights[rows]
        self._loss += self.network.compare(
            parameters, self._maps(code), self._X[rows], weights, errors, add
        )
        return convolution.unfold(errors) if backward else None

    def _weights_of(self, rows):
        """The weights of the positions, which are those of their image."""
        weights = super()._weights_of(rows)
        return None if weights is None else np.repeat(weights, self._n_positions)

    def _maps(self, code):
        return code.reshape(-1, self.network.n_outputs)
