"""Sums over rows for an autoencoder whose decoder is solved: two passes over the rows.

The first pass encodes the rows and sums what determines the best decoder; the second
one, given this decoder, sums the gradient of the encoder. With an identity output, the
errors ``R = A W_d + 1 b_d^T - X`` are needed in the product with ``W_d^T`` only, which
is ``A (W_d W_d^T) + 1 (W_d b_d)^T - X W_d^T``. They are formed only where this takes
fewer multiply-adds: for dense rows of fewer columns than there are units.
"""

import operator
from dataclasses import dataclass, fields
from functools import reduce
from typing import NamedTuple

import numpy as np
from scipy import sparse

from .._arrays._array_api import namespace, to_numpy
from .._arrays._blocks import BLOCK_BYTES, blocks, split_evenly, strips
from .._arrays._device_array import as_array_like
from .._arrays._sparse_products import add_product, csr_rows, less_offsets, row_work
from ._sums import CodeSums, finish_delta, sum_rows

# The smallest size of a block's workspaces, in sizes of a weight matrix: products of
# larger blocks are faster, and their sums are added up less often.
BLOCK_PER_WEIGHTS = 6
# A larger table is not copied to subtract its mean, which takes some 5 % of a fit when
# it is done block by block.
KEPT_BYTES = 2**28
# Of a block's workspaces on a device.
DEVICE_BLOCK_BYTES = 2**28


class _Sums:
    """Sums over rows, which can be added to those over other rows."""

    def __add__(self, other):
        pairs = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return type(self)(*(a + b for a, b in pairs))

    def __sizeof__(self):  # which Dask asks for
        return sum(np.asarray(value).nbytes for value in vars(self).values())


@dataclass
class EncodedSums(_Sums):
    """Weighted sums of the first pass, in float64.

    Attributes
    ----------
    weight : float
        Of the rows' weights.
    phi : ndarray of shape (n_components,)
        Of the penalty's phi.
    n_active : float
        Number of activations that are not zero.
    code : ndarray of shape (n_components,)
        Of the codes.
    gram : ndarray of shape (n_components, n_components)
        ``A^T P A``.
    cross : ndarray of shape (n_components, n_features)
        ``A^T P (X - mean)``, stored column by column, as all arrays of the decoder: so
        that its transpose is ready for products with CSR.
    row : ndarray of shape (n_features,)
        Of ``X - mean``, where they are wanted.
    square : float
        Of the squared norms of these, where they are wanted.
    """

    weight: float
    phi: np.ndarray
    n_active: float
    code: np.ndarray | float = 0.0
    gram: np.ndarray | float = 0.0
    cross: np.ndarray | float = 0.0
    row: np.ndarray | float = 0.0
    square: float = 0.0


@dataclass
class GradientSums(_Sums):
    """Weighted sums of the second pass: the gradient of the encoder.

    Attributes
    ----------
    coef : array of shape (n_features, n_components)
        In the rows' precision, on their device.
    intercept : ndarray of shape (n_components,)
        In float64.
    """

    coef: np.ndarray
    intercept: np.ndarray


class Kept(NamedTuple):
    """What is kept from one pass to the next: codes, and rows less their mean."""

    codes: bool
    rows: bool

    @classmethod
    def within(cls, memory_budget, X, network):
        """What a budget of bytes allows for some rows."""
        n_rows, n_features = X.shape
        code_bytes = X.dtype.itemsize * n_rows * network.layout.n_components
        row_bytes = X.dtype.itemsize * n_rows * n_features
        return cls(
            code_bytes <= memory_budget, row_bytes <= min(KEPT_BYTES, memory_budget)
        )


class RowPasses:
    """The two passes over some rows in memory, by one thread.

    Parameters
    ----------
    network : Network
        With an identity output.
    X, inputs : ndarray or CSR array of shape (n_rows, n_features)
        The rows, and what the encoder receives, which may be the same.
    sample_weight : ndarray of shape (n_rows,) or None
    mean : ndarray of shape (n_features,)
        Of X; subtracted from both. The encoder's intercepts are those for centred rows.
    kept : Kept
    counts_active : bool
        Whether to count the activations that are not zero.
    sums_rows : bool, default=False
        Whether to sum the rows, which must be in memory, and their squared norms.
    """

    block_bytes = BLOCK_BYTES

    def __init__(
        self,
        network,
        X,
        inputs,
        sample_weight,
        mean,
        kept,
        counts_active,
        sums_rows=False,
    ):
        self._network, self._counts_active = network, counts_active
        self._sums_rows = sums_rows
        self._keep = kept.codes
        self._weights, self._weight = sample_weight, float(X.shape[0])
        if sample_weight is not None:
            self._weight = float(np.sum(sample_weight, dtype=np.float64))
        self._dtype, self._is_sparse = X.dtype, sparse.issparse(X)
        self._is_same = inputs is X
        if self._is_sparse:
            X, offsets = less_offsets(X)
            if offsets is not None:
                inputs = X if self._is_same else less_offsets(inputs, offsets)[0]
                mean = mean - offsets
            self._set_rest(mean)
        else:
            self._mean = self._as_array(mean.astype(X.dtype))
            self._set_rest(mean - mean.astype(X.dtype))
        self._X, self._inputs = self._raw(X), self._raw(inputs)
        self._is_centred = kept.rows and not self._is_sparse
        if self._is_centred:
            self._X = self._X - self._mean
            self._inputs = self._X if self._is_same else self._inputs - self._mean
        n_rows, n_features = X.shape
        n_components, itemsize = network.layout.n_components, X.dtype.itemsize
        weight_bytes = n_features * n_components * itemsize
        self._blocks = blocks(
            0,
            n_rows,
            itemsize * (n_features + 3 * n_components),
            max(self.block_bytes, BLOCK_PER_WEIGHTS * weight_bytes),
        )
        n_max = max(rows.stop - rows.start for rows in self._blocks)
        self._code = self._empty(X, n_rows if self._keep else n_max, n_components)
        self._forms_errors = n_components > n_features and not self._is_sparse
        width = n_features if self._forms_errors else n_components
        self._delta = self._empty(X, n_max, n_components)
        self._scratch = self._empty(X, n_max, width)

    def encode(self, parameters, is_solved=True):
        """The first pass; returns `EncodedSums`.

        With ``is_solved=False``, only `phi` and `n_active` are summed.
        """
        parameters = self._encoder(parameters)
        sums = CodeSums(self._network, self._counts_active)
        total, gram, cross, row, square = 0.0, 0.0, None, 0.0, 0.0
        for rows in self._blocks:
            X, inputs = self._pair(rows)
            code = self._encode_block(parameters, inputs, rows, sums)
            if is_solved:
                weighted = self._times_weights(code, rows)
                total = total + _float64(sum_rows(weighted))
                gram = gram + _float64(code.T @ weighted)
                # Large, so that it is not added to zeros.
                product = _float64(X.T @ weighted).T
                cross = product if cross is None else cross + product
            if self._sums_rows:
                weights = self._weights_of(rows)
                row = row + _float64(sum_rows(X, weights))
                square += float(sum_rows(_squares(X), weights)[0])
        if is_solved and self._has_rest:
            cross -= np.outer(self._exact_rest, total).T
            if self._sums_rows:
                twice = 2 * row - self._weight * self._exact_rest
                square -= float(self._exact_rest @ twice)
                row = row - self._weight * self._exact_rest
        cross = 0.0 if cross is None else cross
        codes = self._weight, sums.phi, sums.n_active, total, gram, cross
        return EncodedSums(*codes, row, square)

    def pull_back(self, parameters, decoder, slope):
        """The second pass; returns `GradientSums`.

        Parameters
        ----------
        parameters : Parameters
            Those of the first pass. Only the encoder's are used.
        decoder : Decoder
            In the precision of the rows, on their device.
        slope : ndarray of shape (n_components,) or None
            psi' of each unit, or None without a term.
        """
        parameters = self._encoder(parameters)
        if self._has_rest:
            decoder = decoder.less(self._rest)
        transposed = decoder.components.T
        if self._is_sparse:
            transposed = np.ascontiguousarray(transposed)
        if slope is not None:
            slope = self._as_array(slope.astype(self._dtype))
        coef, intercept = None, 0.0
        for rows in self._blocks:
            X, inputs = self._pair(rows)
            code = self._code_of(rows)
            if not self._keep:
                self._encode_block(parameters, inputs, rows)
            delta = self._error_at_code(X, code, decoder, transposed)
            self._pull_back_block(delta, code, slope, rows)
            intercept = intercept + _float64(sum_rows(delta))
            part = inputs.T @ delta
            coef = part if coef is None else coef + part
        if self._has_rest:
            coef -= self._rest[:, None] * as_array_like(intercept, coef)
        return GradientSums(coef, intercept)

    def _error_at_code(self, X, code, decoder, transposed):
        """``R W_d^T`` for a block of rows, given the decoder and ``W_d^T``."""
        delta, scratch = self._delta[: len(code)], self._scratch[: len(code)]
        if self._forms_errors:
            np.matmul(code, decoder.components, out=scratch)
            for strip in strips(scratch):
                scratch[strip] -= X[strip]
                scratch[strip] += decoder.intercept
            return np.matmul(scratch, transposed, out=delta)
        if self._is_sparse:
            delta[...] = 0
            add_product(X, transposed, delta)
        else:
            np.matmul(X, transposed, out=delta)
        np.matmul(code, decoder.gram, out=scratch)
        for strip in strips(delta):
            np.subtract(decoder.offset, delta[strip], out=delta[strip])
            delta[strip] += scratch[strip]
        return delta

    def _pull_back_block(self, delta, code, slope, rows):
        """Convert the error at the code to that at its pre-activation, in place."""
        for strip in strips(delta):
            weights = None if self._weights is None else self._weights[rows][strip]
            d, a = delta[strip, ...], code[strip, ...]
            if weights is not None:
                d *= weights[:, None]
            finish_delta(self._network, d, a, slope, weights)

    def _encode_block(self, parameters, inputs, rows, sums=None):
        code = self._code_of(rows)

        def add(strip):
            weights = None if self._weights is None else self._weights[rows][strip]
            sums.add(code[strip, ...], weights)

        self._network.encode(parameters, inputs, code, None if sums is None else add)
        return code

    def _pair(self, rows):
        """A block of X and of the encoder's inputs, centred where they are dense."""
        X = self._block(self._X, rows)
        return X, X if self._is_same else self._block(self._inputs, rows)

    def _block(self, array, rows):
        if self._is_sparse:
            return csr_rows(array, rows)
        block = array[rows, ...]
        return block if self._is_centred else block - self._mean

    def _encoder(self, parameters):
        """Parameters for the rows as they are given to the encoder."""
        if not self._has_rest:
            return parameters
        intercept = parameters.encoder_intercept - self._rest @ parameters.encoder_coef
        return parameters._replace(encoder_intercept=intercept)

    def _set_rest(self, rest):
        """Set what products of rows contain of the mean: all of it, or its rounding."""
        self._exact_rest, self._has_rest = rest, bool(rest.any())
        self._rest = self._as_array(rest.astype(self._dtype))

    def _code_of(self, rows):
        start = rows.start if self._keep else 0
        return self._code[start : start + rows.stop - rows.start, ...]

    def _weights_of(self, rows):
        return None if self._weights is None else self._weights[rows]

    def _times_weights(self, code, rows):
        return code if self._weights is None else code * self._weights[rows][:, None]

    def _empty(self, X, n_rows, width):
        return np.empty((n_rows, width), X.dtype)

    @staticmethod
    def _raw(X):
        return X

    def _as_array(self, array):
        return array


class PassesOnDevice(RowPasses):
    """The two passes over the rows of a `DeviceArray`, in whole-block operations.

    Parameters are those of `PassesInMemory`, of which the team is not used: the library
    that the array belongs to works in parallel.
    """

    block_bytes = DEVICE_BLOCK_BYTES

    def __init__(
        self,
        network,
        X,
        inputs,
        sample_weight,
        mean,
        *,
        team,
        memory_budget,
        counts_active,
        sums_rows=False,
    ):
        del team
        self._device = X
        kept = Kept.within(memory_budget, X, network)
        inputs = X if inputs is None else inputs
        given = network, X, inputs, sample_weight, mean
        super().__init__(*given, kept, counts_active, sums_rows)
        if sample_weight is not None:
            self._weights = X.from_numpy(sample_weight, X.dtype)

    def _error_at_code(self, X, code, decoder, transposed):
        if self._forms_errors:
            return (code @ decoder.components + decoder.intercept - X) @ transposed
        return code @ decoder.gram + decoder.offset - X @ transposed

    def _empty(self, X, n_rows, width):
        return X[slice(0, n_rows)].empty(width)

    @staticmethod
    def _raw(X):
        return X.array

    def _as_array(self, array):
        return self._device.from_numpy(array)


def _float64(array):
    """An array of any kind as NumPy's, in double precision."""
    return to_numpy(array).astype(np.float64)


class PassesInMemory:
    """The two passes over rows in memory, divided between the threads of a team.

    Parameters
    ----------
    team : Team
    memory_budget : float
        Bytes that may be used to keep codes between the passes.

    The other parameters are those of `RowPasses`.
    """

    def __init__(
        self,
        network,
        X,
        inputs,
        sample_weight,
        mean,
        *,
        team,
        memory_budget,
        counts_active,
        sums_rows=False,
    ):
        self._team = team
        n_rows = X.shape[0]
        n_components, itemsize = network.layout.n_components, X.dtype.itemsize
        kept = Kept.within(memory_budget, X, network)
        work = n_rows * n_components * (2 * row_work(X) + n_components) * itemsize / 4

        def passes(part):
            rows = _slice(X, part)
            return RowPasses(
                network,
                rows,
                rows if inputs is None else _slice(inputs, part),
                None if sample_weight is None else sample_weight[part],
                mean,
                kept,
                counts_active,
                sums_rows,
            )

        n_parts = min(n_rows, team.n_useful(work))
        self._parts = [passes(part) for part in split_evenly(0, n_rows, n_parts)]

    def encode(self, parameters, is_solved=True):
        return self._sum(lambda part: part.encode(parameters, is_solved))

    def pull_back(self, parameters, decoder, slope):
        return self._sum(lambda part: part.pull_back(parameters, decoder, slope))

    def _sum(self, function):
        return reduce(operator.add, self._team.map(function, self._parts))


def _squares(X):
    """Return the squared norm of each row, of shape (n_rows, 1)."""
    if sparse.issparse(X):
        return np.asarray(X.power(2).sum(axis=1)).reshape(-1, 1)
    return namespace(X).sum(X * X, axis=1)[:, None]


def _slice(X, rows):
    return csr_rows(X, rows) if sparse.issparse(X) else X[rows]
