"""The objective for sparse rows and identity outputs, without dense arrays like X.

The errors ``R = A W_d + 1 b_d^T - X`` would be dense, so they are never computed. J and
its gradient need them only in products, which are computed separately for the three
terms of R. With ``G = W_d W_d^T`` and any matrix B of the shape of A,

- ``R W_d^T = A G + 1 (W_d b_d)^T - X W_d^T``,
- ``B^T R = (B^T A) W_d + (B^T 1) b_d^T - B^T X``,
- ``||R||^2 = <G, A^T A> + 2 (W_d b_d) . (A^T 1) + n ||b_d||^2 - 2 <A, X W_d^T>
  - 2 b_d . (X^T 1) + ||X||^2``.

The cost is that of products with the non-zeros of X, and of products with matrices of
n_components rows or columns. To keep the digits of sums of such terms, the means of
columns without zeros are subtracted from X, and from ``b_d``.

Products with codes are split among the threads by rows of X. The gradient is split by
columns of X, so that no partial gradients are needed.
"""

import numpy as np

from .._arrays._blocks import BLOCK_BYTES, STRIP_BYTES, blocks, split_evenly
from .._arrays._sparse_products import add_outer, add_product, less_offsets, row_work
from ._base import Objective
from ._sparse_parts import _add_up, _Chunk, _Part
from ._sums import squared_norm

# Minimum size of the codes of a chunk, relative to a weight matrix.
CHUNK_PER_WEIGHTS = 6


class SparseObjective(Objective):
    """J and its gradient over the rows of a CSR matrix, for an identity output.

    Rows are processed in chunks, to limit the memory of their codes. Parameters are
    those of `Objective`.
    """

    # A step reads the whole dictionary and hardly takes longer for more rows.
    max_batch_size = 4096
    gradient_is_centred = True

    @property
    def _is_one_chunk(self):
        """Whether all rows are in one chunk.

        Its products with the columns of X are then computed in `_gradient`, so that
        each part of the gradient is written only once.
        """
        return len(self._chunks) == 1

    def _set_rows(self, X, inputs, sample_weight, load):
        del load
        is_same = inputs is X
        X, self._offsets = less_offsets(X)
        self._shift = self.mean
        if self._offsets is not None:
            inputs = X if is_same else less_offsets(inputs, self._offsets)[0]
            self._shift = (0.0 if self.mean is None else self.mean) - self._offsets
        layout = self.network.layout
        n_rows, n_components = X.shape[0], layout.n_components
        weights = np.ones(n_rows) if sample_weight is None else sample_weight
        weights = weights.astype(np.float64)
        self._column_sums = weights @ X
        self._squares = _weighted_squares(X, sample_weight)
        code_bytes = n_components * self.dtype.itemsize
        weight_bytes = layout.n_features * code_bytes
        chunk_bytes = max(BLOCK_BYTES, CHUNK_PER_WEIGHTS * weight_bytes)
        chunks = blocks(0, n_rows, 2 * code_bytes, chunk_bytes)
        self._keep = self._should_keep_codes(n_rows, len(chunks) == 1)
        # Products with non-zeros, and with the Gram matrix by rows or by columns.
        chunk_rows = n_rows / len(chunks)
        work = row_work(X) * chunk_rows * n_components
        n_parts = self.team.n_useful(work + chunk_rows * n_components**2)
        self._chunks = [
            _Chunk(X, inputs, sample_weight, rows, n_parts, 1 / self._total_weight)
            for rows in chunks
        ]
        n_shares = self.team.n_useful(work + layout.n_features * n_components**2)
        shares = split_evenly(0, layout.n_features, min(layout.n_features, n_shares))
        self._shares = [
            blocks(s.start, s.stop, code_bytes, STRIP_BYTES) for s in shares
        ]
        n_max = max(chunk.n_rows for chunk in self._chunks)
        n_codes = n_rows if self._keep else n_max
        self._code = self._workspace("code", n_codes, self.dtype)
        self._delta = self._workspace("delta", n_max, self.dtype)

    def _parameters(self, theta, weights):
        parameters = super()._parameters(theta, weights)
        if self._offsets is not None:
            intercept = (weights.decoder_intercept - self._offsets).astype(self.dtype)
            parameters = parameters._replace(decoder_intercept=intercept)
        self._decoder_intercept = parameters.decoder_intercept
        return parameters

    def _unselected_codes(self, parameters):
        self._sums = []
        for chunk in self._chunks:
            self._encode_chunk(parameters, chunk, select=False)
        return [self._code_of(chunk) for chunk in self._chunks]

    def _encode(self, parameters):
        self._sums = []
        for chunk in self._chunks:
            self._encode_chunk(parameters, chunk)
        return sum(sums.phi for sums in self._sums)

    def _forward(self, parameters):
        dictionary = _Dictionary(parameters, self.team, self._shares)
        self._sums, code_products = [], []
        for chunk in self._chunks:
            self._encode_chunk(parameters, chunk)
            code_products += self._map(chunk, _Part.multiply, dictionary)
        phi = sum(sums.phi for sums in self._sums)
        return self._half_squares(dictionary, *_add_up(code_products)), phi

    def _backward(self, parameters, slope, encoded, revival, gradients):
        dictionary = _Dictionary(parameters, self.team, self._shares)
        is_kept, is_new = encoded and self._keep, self.network.penalty.selects_jointly
        if not is_kept or is_new:
            self._sums = []
        code_products, delta_sums = [], []
        for chunk in self._chunks:
            if not is_kept:
                self._encode_chunk(parameters, chunk)
            elif is_new:
                self._sums += self._map(chunk, _Part.sums, self)
            results = self._map(
                chunk, _Part.backward, self.network, dictionary, slope, revival
            )
            code_products += [result[0] for result in results]
            delta_sums += [result[1] for result in results]
            if not self._is_one_chunk:
                self._add_chunk(gradients, chunk)
        phi = sum(sums.phi for sums in self._sums)
        self._code_products = _add_up(code_products)
        self._delta_sums = _add_up(delta_sums)
        return self._half_squares(dictionary, *self._code_products), phi

    def _add_chunk(self, gradients, chunk):
        """Add the products with the columns of X to the gradient.

        The first chunk sets the gradient to zero before.
        """

        def add(share):
            columns = slice(share[0].start, share[-1].stop)
            outs = [g[columns] for g in self.network.layout.weights(gradients)]
            if chunk is self._chunks[0]:
                for out in outs:
                    out[...] = 0
            self._add_columns(outs, chunk, columns)

        chunk.transpose()
        self.team.map(add, self._shares)

    def _add_columns(self, outs, chunk, columns):
        """Add ``X^T delta`` for the encoder and ``- X^T B`` for the decoder.

        `outs` are the gradients for some columns of X: two arrays, or one with tied
        weights.
        """
        delta, left = self._delta[: chunk.n_rows], self._code_of(chunk)
        add_product(chunk.inputs_columns, delta, outs[0], columns)
        add_product(chunk.minus_X_columns, left, outs[-1], columns)

    def _gradient(self, weights, gradients):
        """Complete the gradient with the terms that do not depend on columns of X."""
        terms = self._dense_terms(weights, gradients)
        if self._is_one_chunk:
            self._chunks[0].transpose()
        layout = self.network.layout
        matrices, gradient_matrices = layout.weights(weights), layout.weights(gradients)

        def finish(share):
            decay = 0.0
            for columns in share:
                outs = [g[columns] for g in gradient_matrices]
                terms.add(weights, outs, columns, begins=self._is_one_chunk)
                if self._is_one_chunk:
                    self._add_columns(outs, self._chunks[0], columns)
                for matrix, weight in zip(matrices, self._decays, strict=True):
                    decay += weight * squared_norm(matrix[columns])
            return decay

        return sum(self.team.map(finish, self._shares))

    def _dense_terms(self, weights, gradients):
        """Return the dense terms; write the gradients of the intercepts."""
        scale = 1 / self._total_weight
        code_gram, code_total, _ = self._code_products
        intercept, gram, total = (scale * sums for sums in self._delta_sums[:3])
        gradients.encoder_intercept[:] = intercept
        written = code_total.astype(self.dtype) @ weights.components
        errors = self._weight * self._decoder_intercept - self._column_sums
        gradients.decoder_intercept[:] = scale * (written + errors)
        gram = scale * code_gram + gram
        total = scale * code_total + total
        shift = None if self._shift is None else self._shift.astype(self.dtype)
        return _DenseTerms(
            self.network.layout,
            self._decays,
            gram,
            total,
            self._decoder_intercept,
            shift,
            intercept,
            self.dtype,
        )

    def _threshold_sums(self):
        return self._delta_sums[3]

    def _n_active(self):
        return sum(sums.n_active for sums in self._sums)

    def _half_squares(self, dictionary, gram, total, overlap):
        """Return ``1/2 ||R||^2`` by the third formula of this module."""
        intercept = dictionary.intercept
        errors = float(
            np.vdot(dictionary.gram, gram)
            + 2 * (dictionary.offset @ total - overlap)
            + intercept @ (self._weight * intercept - 2 * self._column_sums)
            + self._squares
        )
        # Rounding may make it negative, and differences of infinite terms NaN, which
        # stays NaN.
        return 0.5 * float(np.maximum(0.0, errors))

    def _code_of(self, chunk):
        start = chunk.start if self._keep else 0
        return self._code[start : start + chunk.n_rows]

    def _encode_chunk(self, parameters, chunk, select=True):
        self._sums += self._map(chunk, _Part.encode, self, parameters, select)

    def _map(self, chunk, method, *args):
        """Call a method of the parts of a chunk in parallel; return the results."""
        code, delta = self._code_of(chunk), self._delta

        def call(part):
            return method(part, code[part.rows], delta[part.rows], *args)

        return self.team.map(call, chunk.parts)


def _weighted_squares(X, sample_weight):
    """Return the sum of the squares of all entries, weighted by rows."""
    if sample_weight is None:
        return squared_norm(X.data.astype(np.float64))
    squares = X.multiply(X).sum(axis=1, dtype=np.float64)
    return float(sample_weight.astype(np.float64) @ squares)


class _Dictionary:
    """Products of the decoder with itself, computed once for all rows.

    Attributes
    ----------
    transposed : ndarray of shape (n_features, n_components)
        ``W_d^T``.
    intercept : ndarray of shape (n_features,)
        ``b_d``, in float64.
    gram : ndarray of shape (n_components, n_components)
        ``W_d W_d^T``, in float64.
    offset : ndarray of shape (n_components,)
        ``W_d b_d``, in float64.
    """

    def __init__(self, parameters, team, shares):
        self.transposed = parameters.components.T
        intercept = parameters.decoder_intercept
        self.intercept = intercept.astype(np.float64)

        def multiply(share):
            # In float64, since J is a small difference of large terms.
            gram, offset = 0.0, 0.0
            for columns in share:
                part = self.transposed[columns]
                gram += (part.T @ part).astype(np.float64)
                offset += (intercept[columns] @ part).astype(np.float64)
            return gram, offset

        self.gram, self.offset = _add_up(team.map(multiply, shares))


class _DenseTerms:
    """Terms of the gradient of the weights without products with X.

    They are ``W_d^T (A^T B) + b_d (1^T B)`` for the decoder, transposed,
    ``- shift (1^T delta)`` for the encoder if its intercepts are shifted, and the decay
    of both.
    """

    def __init__(
        self, layout, decays, gram, total, decoder_intercept, shift, intercept, dtype
    ):
        self._layout, self._encoder_decay, self._shift = layout, decays[0], shift
        self._decoder_intercept = decoder_intercept
        # A multiple of the identity makes the decay a part of the product.
        self._gram = (gram.T + decays[-1] * np.eye(len(gram))).astype(dtype)
        self._total, self._intercept = total.astype(dtype), intercept.astype(dtype)

    def add(self, weights, outs, columns, begins):
        """Add the terms for some columns of X, or write them if `begins` is set."""
        encoder, decoder = outs[0], outs[-1]
        matrix = weights.components.T[columns].astype(self._gram.dtype, copy=False)
        if begins:
            np.matmul(matrix, self._gram, out=decoder)
        else:
            decoder += matrix @ self._gram
        add_outer(self._decoder_intercept[columns], self._total, decoder)
        if not self._layout.tied_weights:
            if begins:
                np.multiply(
                    weights.encoder_coef[columns], self._encoder_decay, out=encoder
                )
            else:
                encoder += self._encoder_decay * weights.encoder_coef[columns]
        if self._shift is not None:
            add_outer(self._shift[columns], -self._intercept, encoder)
