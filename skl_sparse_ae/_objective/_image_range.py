"""One thread's range of images: the passes of `RowRange` over their patches.

A unit's activations at the positions of an image count as parts of one row: means are
over rows and positions.
"""

import numpy as np

from .._arrays._blocks import strips
from ._row_range import RowRange
from ._sums import finish_delta, sum_rows


class ImageRange(RowRange):
    """The range of images of one thread, and its partial sums.

    Parameters
    ----------
    network : ConvNetwork
    dtype : dtype
    counts_active : bool
    """

    def use_rows(self, X, inputs, sample_weight, row_blocks, keep, load=None):
        self._convolution = self.network.convolution
        self._n_positions = self._convolution.n_positions
        self._patches_of = None
        super().use_rows(X, inputs, sample_weight, row_blocks, keep, load)

    @property
    def kept(self):
        return self._workspace.code[: self._n_positions * (self.stop - self.start)]

    def _reserve(self, n_rows, n_codes):
        n_positions = self._n_positions
        self._workspace.reserve(n_rows * n_positions, n_codes * n_positions)
        self._errors = np.empty((n_rows, self._convolution.n_pixels), self.dtype)

    def _inputs_of(self, rows):
        """The patches of a block, computed once for both uses of a block."""
        if self._patches_of != rows:
            self._patches = self._convolution.unfold(self._inputs[rows])
            self._patches_of = rows
        return self._patches

    def _code_of(self, rows):
        start = rows.start - self.start if self._keep else 0
        stop = start + rows.stop - rows.start
        return self._workspace.code[
            start * self._n_positions : stop * self._n_positions
        ]

    def _encode(self, parameters, rows, code, visit=None, select=True):
        self.network.encode_patches(
            parameters, self._inputs_of(rows), self._maps(code), visit, select
        )
        return code

    def _decode_block(self, parameters, code, rows, backward=False):
        errors = self._errors[: rows.stop - rows.start]

        def add(strip):
            if backward:
                by_pixel = sum_rows(errors[strip])
                by_channel = by_pixel.reshape(-1, self._convolution.image_shape[2])
                self.gradients.decoder_intercept[...] += by_channel.sum(axis=0)

        weights = None if self._weights is None else self._weights[rows]
        self._squared_errors += self.network.compare(
            parameters, self._maps(code), self._X[rows], weights, errors, add
        )
        return self._convolution.unfold(errors) if backward else None

    def _delta_block(self, parameters, slope, code, residual, rows):
        delta = self._workspace.delta[: len(code)]
        np.matmul(residual, parameters.components.T, out=delta)
        if slope is not None:
            slope = slope / self._n_positions
        weights = None if self._weights is None else self._repeated(self._weights[rows])
        for strip in strips(delta):
            w = None if weights is None else weights[strip]
            finish_delta(self.network, delta[strip], code[strip], slope, w)
            self.gradients.encoder_intercept[...] += sum_rows(delta[strip])
        return delta

    def _weights_of(self, rows):
        """The weights of the positions, which share the weight of their image."""
        weights = np.ones(rows.stop - rows.start, self.dtype)
        if self._weights is not None:
            weights = self._weights[rows]
        return self._repeated(weights) / self._n_positions

    def _maps(self, code):
        return code.reshape(-1, self.network.n_outputs)

    def _repeated(self, weights):
        return np.repeat(weights.astype(self.dtype, copy=False), self._n_positions)
