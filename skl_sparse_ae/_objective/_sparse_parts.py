"""Chunks of sparse rows, and the part of a chunk that one thread works on."""

import numpy as np

from .._arrays._blocks import split_evenly, strips
from .._arrays._sparse_products import add_product, csr_rows
from ._sums import CodeSums, finish_delta, sum_rows


def _add_up(results):
    """Sums of several results of the same kind, item by item."""
    return [sum(items) for items in zip(*results, strict=True)]


class _Chunk:
    """Consecutive rows, with a part for each member of the team.

    `scale` is what the columns of X are multiplied by on their way to the gradient.
    """

    def __init__(self, X, inputs, sample_weight, rows, n_parts, scale):
        self.start, self.n_rows = rows.start, rows.stop - rows.start
        self._scale = scale
        self._X = csr_rows(X, rows)
        self._inputs = self._X if inputs is X else csr_rows(inputs, rows)
        self.inputs_columns = self.minus_X_columns = None
        weights = None if sample_weight is None else sample_weight[rows]
        self.parts = [
            _Part(self._X, self._inputs, weights, part)
            for part in split_evenly(0, self.n_rows, min(n_parts, self.n_rows))
        ]

    def transpose(self):
        """Have the columns of the inputs and of -X, times the scale, as rows of CSR."""
        if self.inputs_columns is not None:
            return
        X = self._X.T.tocsr()  # new arrays
        inputs = X if self._inputs is self._X else self._inputs.T.tocsr()
        self.inputs_columns = inputs * self._scale
        X.data *= -self._scale
        self.minus_X_columns = X


class _Part:
    """Some rows of a chunk, and what one thread does with them.

    Its methods get the rows' codes, and room for as many numbers, `back`.
    """

    def __init__(self, X, inputs, weights, rows):
        self.rows = rows
        self._X = csr_rows(X, rows)
        self._inputs = self._X if inputs is X else csr_rows(inputs, rows)
        self._weights = None if weights is None else weights[rows]

    def encode(self, code, back, objective, parameters, select):
        """Write the code; returns its sums."""
        del back
        sums = CodeSums(objective.network, objective.counts_active)

        def add(strip):
            sums.add(code[strip], self._weights_of(strip))

        visit = add if select else None
        objective.network.encode(parameters, self._inputs, code, visit, select)
        return sums

    def sums(self, code, back, objective):
        """The sums of a code that has been written already."""
        del back
        sums = CodeSums(objective.network, objective.counts_active)
        sums.add(code, self._weights)
        return sums

    def compare(self, code, back, dictionary):
        """Write ``X W_d^T`` to `back`.

        Returns ``A^T P A``, ``A^T p`` and ``<P A, X W_d^T>`` with the weights P.
        """
        back[...] = 0
        add_product(self._X, dictionary.transposed, back)
        gram, total, overlap = 0.0, 0.0, 0.0
        for strip in strips(back):
            a = code[strip]
            w = self._weights_of(strip)
            weighted = a if w is None else a * w[:, None]
            gram += (a.T @ weighted).astype(np.float64)
            total += sum_rows(weighted).astype(np.float64)
            overlap += float(np.vdot(weighted, back[strip]))
        return gram, total, overlap

    def backward(self, code, back, network, dictionary, slope, revival):
        """Both of the following, one after the other."""
        compared = self.compare(code, back, dictionary)
        return compared, self.pull_back(code, back, network, dictionary, slope, revival)

    def pull_back(self, code, back, network, dictionary, slope, revival):
        """Turn `back` into the error at the pre-activation, the code into B.

        Returns the sum of the errors, and what ``B^T P A`` and ``B^T p`` are more than
        with A in the place of B, because of units that are revived.
        """
        gram = dictionary.gram.astype(code.dtype)
        offset = dictionary.offset.astype(code.dtype)
        intercept, more = 0.0, (0.0, 0.0)
        for strip in strips(back):
            a, delta, w = code[strip], back[strip], self._weights_of(strip)
            np.subtract(offset, delta, out=delta)
            delta += a @ gram
            revived = None
            if w is not None:
                delta *= w[:, None]
            if revival is not None:
                revived = _Revived(revival, csr_rows(self._inputs, strip), a, delta, w)
                more = _add_up([more, revived.more])
            finish_delta(network, delta, a, slope, w)
            if w is not None:
                a *= w[:, None]
            if revived is not None:
                revived.add(a, delta)
            intercept += sum_rows(delta).astype(np.float64)
        return intercept, *more

    def _weights_of(self, strip):
        return None if self._weights is None else self._weights[strip]


class _Revived:
    """The auxiliary term of idle units on a strip of rows.

    With C the units' code, it makes B what it is more than A, ``beta C``, and adds
    ``beta C^T P C`` to the product with A, since C is reconstructed as well.
    """

    def __init__(self, revival, inputs, a, delta, weights):
        units, beta = revival.units, revival.beta
        code = revival.encode(inputs)
        weighted = code if weights is None else code * weights[:, None]
        self._units, self._code = units, beta * weighted
        self._delta = revival.delta(code, weighted, delta[:, units])
        gram, total = np.zeros((a.shape[1],) * 2), np.zeros(a.shape[1])
        gram[units] = self._code.T @ a
        gram[np.ix_(units, units)] += self._code.T @ code
        total[units] = sum_rows(self._code)
        self.more = gram, total

    def add(self, left, delta):
        """Add the units' part to B and to the error at the pre-activation."""
        left[:, self._units] += self._code
        delta[:, self._units] += self._delta
