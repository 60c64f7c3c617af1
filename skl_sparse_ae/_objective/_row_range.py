"""One thread's range of rows: the forward and the backward pass, block by block."""

import numpy as np
from scipy import sparse

from .._arrays._blocks import rows_as_dense, strips
from .._network._parameters import Parameters
from ._sums import CodeSums, finish_delta, sum_rows, threshold_sums


class Workspace:
    """Arrays for the results of the passes over a block of rows, reused by others.

    Attributes
    ----------
    code : ndarray of shape (n_codes, n_components)
        Activations.
    delta : ndarray of shape (n_rows, n_components)
        Errors at the pre-activation of the units.
    residual : ndarray of shape (n_rows, n_inputs)
        Errors of the reconstruction, at the output's pre-activation.
    before : ndarray of shape (n_codes, n_components) or None
        Activations before selection, if the penalty learns thresholds.
    """

    def __init__(self, network, dtype):
        self._network, self._dtype = network, dtype
        self._keeps_before = network.penalty.learns_thresholds
        self.before = None
        self.reserve(0, 0)

    def reserve(self, n_rows, n_codes):
        """Allocate larger arrays if necessary."""
        n_components, n = self._network.layout.n_components, self._network.n_positions
        self.code = self._at_least("code", n * n_codes, n_components)
        self.delta = self._at_least("delta", n * n_rows, n_components)
        self.residual = self._at_least("residual", n_rows, self._network.n_inputs)
        if self._keeps_before:
            self.before = self._at_least("before", n * n_codes, n_components)

    def _at_least(self, name, n_rows, n_columns):
        array = getattr(self, name, None)
        if array is None or len(array) < n_rows:
            array = np.empty((n_rows, n_columns), self._dtype)
        return array


class RowRange:
    """The range of rows of one thread, and its partial sums.

    Sums are weighted by the sample weights; the objective divides them by the total
    weight.

    Parameters
    ----------
    network : Network
    dtype : dtype
    counts_active : bool

    Attributes
    ----------
    start, stop : int
        Bounds of the range.
    gradients : Parameters
        Partial gradients after `backward`. Those of the weight matrices, which are
        large, are None until they are first computed. With tied weights, the one of
        the encoder contains both contributions.
    thresholds : ndarray of shape (n_components,)
        Partial sums of the gradient of the penalty's thresholds, if it learns them.
    """

    def __init__(self, network, dtype, counts_active):
        self.network = network
        self.dtype = dtype
        self._counts_active = counts_active
        layout = network.layout
        self.gradients = Parameters(
            encoder_coef=None,
            encoder_intercept=np.empty(layout.n_components, dtype),
            components=None,
            decoder_intercept=np.empty(layout.n_intercepts, dtype),
        )
        self._workspace = Workspace(network, dtype)
        self._n_positions = network.n_positions
        self._product = None

    def use_rows(self, X, inputs, sample_weight, row_blocks, keep, load=None):
        """Set the rows.

        Parameters
        ----------
        X, inputs : {ndarray, CSR} of shape (n_samples, n_features)
            Rows, and input of the encoder.
        sample_weight : ndarray of shape (n_samples,) or None
        row_blocks : list of slice
            Consecutive blocks of the range.
        keep : bool
            Whether the activations of all blocks are kept from one pass to the next.
        load : callable, default=None
            Called by the first pass with the range, so that each thread loads its rows.
        """
        self._X, self._inputs, self._weights = X, inputs, sample_weight
        self._blocks, self._keep = row_blocks, keep
        self._constants = None
        self.start, self.stop = row_blocks[0].start, row_blocks[-1].stop
        n_rows = max(rows.stop - rows.start for rows in row_blocks)
        self._workspace.reserve(n_rows, self.stop - self.start if keep else n_rows)
        self._load = load

    def _load_rows(self):
        """Load the rows, if this has not been done."""
        if self._load is not None:
            self._load(slice(self.start, self.stop))
            self._load = None

    def encode(self, parameters):
        """Return the sums of phi over the rows; store activations if `keep` is set."""
        self._load_rows()
        self._sums = CodeSums(self.network, self._counts_active)
        for rows in self._blocks:
            self._encode_block(parameters, rows)
        return self._phi

    def encode_unselected(self, parameters):
        """Store the activations of all rows before selection."""
        self._load_rows()
        for rows in self._blocks:
            code = self._code_of(rows)
            self._encode(parameters, rows, code, select=False)

    @property
    def n_active(self):
        """Weighted number of non-zero activations in the last evaluation."""
        return self._sums.n_active / self._n_positions

    @property
    def kept(self):
        """The stored activations."""
        return self._workspace.code[: self._n_positions * (self.stop - self.start)]

    def forward(self, parameters):
        """Return the sum of the losses and the sums of phi."""
        self._load_rows()
        self._sums = CodeSums(self.network, self._counts_active)
        self._loss = 0.0
        for rows in self._blocks:
            code = self._encode_block(parameters, rows)
            self._decode_block(parameters, code, rows)
        return self._loss + self._constant_loss(), self._phi

    def backward(self, parameters, slope, encoded, revival=None):
        """Return the sums of `forward`, and compute `gradients`.

        Parameters are those of `Objective._backward`.
        """
        self._load_rows()
        is_kept, is_new = encoded and self._keep, self.network.penalty.selects_jointly
        if not is_kept or is_new:
            self._sums = CodeSums(self.network, self._counts_active)
        if slope is not None:
            slope = slope / self._n_positions
        self._loss = 0.0
        self.gradients.encoder_intercept[:] = 0
        self.gradients.decoder_intercept[:] = 0
        self.thresholds = np.zeros(self.network.layout.n_components)
        self._reserve_gradients()
        for rows in self._blocks:
            if is_kept:
                code = self._code_of(rows)
                if is_new:
                    self._sums.add(code, self._weights_of(rows))
            else:
                code = self._encode_block(parameters, rows)
            residual = self._decode_block(parameters, code, rows, backward=True)
            delta = self._delta_block(parameters, slope, code, residual, rows)
            inputs = self._inputs_of(rows)
            self._add_to_decoder(residual, code, rows)
            self._add(self.gradients.encoder_coef, inputs.T, delta, rows)
            if revival is not None:
                residual = self._of_all_units(residual)
                revival.add_gradient(
                    self.gradients, inputs, residual, self._weights_of(rows)
                )
        if self.network.layout.tied_weights:
            self.gradients.encoder_coef[...] += self.gradients.components.T
        return self._loss + self._constant_loss(), self._phi

    def _constant_loss(self):
        """The part of the loss that does not depend on parameters, computed once."""
        if self._constants is None:
            self._constants = sum(
                self.network.loss.constants(
                    self._X[rows],
                    None if self._weights is None else self._weights[rows],
                )
                for rows in self._blocks
            )
        return self._constants

    @property
    def _phi(self):
        """The sums of phi, where the positions of a row share its weight."""
        return self._sums.phi / self._n_positions

    def _reserve_gradients(self):
        shape, dtype = self.network.layout.shape, self.dtype
        if self.gradients.components is None:
            self.gradients = self.gradients._replace(
                encoder_coef=np.empty(shape, dtype),
                components=np.empty(shape, dtype).T,
            )
        if len(self._blocks) > 1 and self._product is None:
            self._product = np.empty(shape, dtype)

    def _code_of(self, rows):
        n, start = self._n_positions, rows.start - self.start if self._keep else 0
        return self._workspace.code[n * start : n * (start + rows.stop - rows.start)]

    def _encode_block(self, parameters, rows):
        code = self._code_of(rows)
        weights = self._weights_of(rows)

        def add(strip):
            self._sums.add(code[strip], None if weights is None else weights[strip])

        return self._encode(parameters, rows, code, add)

    def _encode(self, parameters, rows, code, visit=None, select=True):
        before = self._before(code)
        return self.network.encode(
            parameters, self._inputs_of(rows), code, visit, select, before
        )

    def _before(self, code):
        """Where the activations of a block before selection are kept, or None."""
        before = self._workspace.before
        return None if before is None else before[: len(code)]

    def _inputs_of(self, rows):
        """What the encoder's weights multiply in a block."""
        return self._inputs[rows]

    def _decode_block(self, parameters, code, rows, backward=False):
        """Add the losses and return the errors at the pre-activation.

        With `backward`, also add it to the gradient of the decoder's intercept.
        """
        residual = self._workspace.residual[: rows.stop - rows.start]
        target = rows_as_dense(self._X, rows)
        weights = self._weights_of(rows)

        def add(strip):
            if backward:
                self.gradients.decoder_intercept[...] += sum_rows(residual[strip])

        self._loss += self.network.compare(
            parameters, code, target, weights, residual, add
        )
        return residual

    def _delta_block(self, parameters, slope, code, residual, rows):
        """Return the error at the units' pre-activation, including the penalty."""
        delta = self._workspace.delta[: len(code)]
        self._pull_to_code(residual, parameters, delta)
        weights, before = self._weights_of(rows), self._before(code)
        for strip in strips(delta):
            w = None if weights is None else weights[strip]
            if before is not None:
                self.thresholds += threshold_sums(
                    self.network, before[strip], delta[strip], slope, w
                )
            finish_delta(self.network, delta[strip], code[strip], slope, w)
            self.gradients.encoder_intercept[...] += sum_rows(delta[strip])
        return delta

    def _pull_to_code(self, residual, parameters, out):
        """Write the errors at the code to `out`."""
        np.matmul(residual, parameters.components.T, out=out)

    def _add_to_decoder(self, residual, code, rows):
        """Add a block's part of the gradient of the decoder's weights."""
        self._add(self.gradients.components.T, residual.T, code, rows)

    def _of_all_units(self, residual):
        """The errors of the reconstruction from all units."""
        return residual

    def _add(self, total, left, right, rows):
        """Add ``left @ right`` to `total`, which the first block overwrites."""
        if sparse.issparse(left):
            product = left @ right
        elif rows is self._blocks[0]:
            np.matmul(left, right, out=total)
            return
        else:
            product = np.matmul(left, right, out=self._product)
        if rows is self._blocks[0]:
            total[...] = product
        else:
            total += product

    def _weights_of(self, rows):
        """The sample weights of the rows of a block's code."""
        return None if self._weights is None else self._weights[rows]
