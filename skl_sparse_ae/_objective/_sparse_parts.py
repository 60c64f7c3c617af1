"""Chunks of sparse rows, and parts of a chunk, one for each thread."""

import numpy as np

from .._arrays._blocks import split_evenly, strips
from .._arrays._sparse_products import add_product, csr_rows
from ._sums import CodeSums, finish_delta, sum_rows, threshold_sums


def _add_up(results):
    """Return the item-wise sums of several tuples."""
    return [sum(items) for items in zip(*results, strict=True)]


class _Chunk:
    """Consecutive rows, divided into a part for each thread.

    `scale` is the factor of the columns of X in the gradient.
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
        """Compute the columns of the inputs and of -X, times the scale, as CSR rows."""
        if self.inputs_columns is not None:
            return
        X = self._X.T.tocsr()  # a copy, modified below
        inputs = X if self._inputs is self._X else self._inputs.T.tocsr()
        self.inputs_columns = inputs * self._scale
        X.data *= -self._scale
        self.minus_X_columns = X


class _Part:
    """Rows of a chunk for one thread.

    Methods receive `code` and `buffer`, arrays of shape (n_rows, n_components). The
    first contains the codes, the second is a workspace.
    """

    def __init__(self, X, inputs, weights, rows):
        self.rows = rows
        self._X = csr_rows(X, rows)
        self._inputs = self._X if inputs is X else csr_rows(inputs, rows)
        self._weights = None if weights is None else weights[rows]
        self._before = None

    def encode(self, code, buffer, objective, parameters, select):
        """Write the code and return its sums."""
        del buffer
        sums = CodeSums(objective.network, objective.counts_active)

        def add(strip):
            sums.add(code[strip], self._weights_of(strip))

        visit = add if select else None
        network = objective.network
        if network.penalty.learns_thresholds:
            self._before = np.empty_like(code)
        network.encode(parameters, self._inputs, code, visit, select, self._before)
        return sums

    def sums(self, code, buffer, objective):
        """Return the sums of a code that has been computed before."""
        del buffer
        sums = CodeSums(objective.network, objective.counts_active)
        sums.add(code, self._weights)
        return sums

    def multiply(self, code, buffer, dictionary):
        """Write ``X W_d^T`` to `buffer`.

        Returns
        -------
        gram : ndarray of shape (n_components, n_components)
            ``A^T P A``, where P is the diagonal matrix of the sample weights p.
        total : ndarray of shape (n_components,)
            ``A^T p``.
        overlap : float
            ``<P A, X W_d^T>``.
        """
        buffer[...] = 0
        add_product(self._X, dictionary.transposed, buffer)
        gram, total, overlap = 0.0, 0.0, 0.0
        for strip in strips(buffer):
            a = code[strip]
            w = self._weights_of(strip)
            weighted = a if w is None else a * w[:, None]
            gram += (a.T @ weighted).astype(np.float64)
            total += sum_rows(weighted).astype(np.float64)
            overlap += float(np.vdot(weighted, buffer[strip]))
        return gram, total, overlap

    def backward(self, code, buffer, network, dictionary, slope, revival):
        """Return the results of `multiply` and `backward_errors`."""
        code_products = self.multiply(code, buffer, dictionary)
        return code_products, self.backward_errors(
            code, buffer, network, dictionary, slope, revival
        )

    def backward_errors(self, code, buffer, network, dictionary, slope, revival):
        """Overwrite `buffer` with the error at the pre-activation, and the code with B.

        B is the weighted code, plus the code of revived units.

        Returns
        -------
        intercept : ndarray of shape (n_components,)
            Sum of the errors.
        gram, total : ndarray or float
            Contribution of revived units to ``B^T A`` and ``B^T 1``.
        thresholds : ndarray of shape (n_components,) or float
            Sum of the gradient of the penalty's thresholds.
        """
        gram = dictionary.gram.astype(code.dtype)
        offset = dictionary.offset.astype(code.dtype)
        intercept, added, thresholds = 0.0, (0.0, 0.0), 0.0
        for strip in strips(buffer):
            a, delta, w = code[strip], buffer[strip], self._weights_of(strip)
            np.subtract(offset, delta, out=delta)
            delta += a @ gram
            revived = None
            if w is not None:
                delta *= w[:, None]
            if revival is not None:
                revived = _Revived(revival, csr_rows(self._inputs, strip), a, delta, w)
                added = _add_up([added, revived.added])
            if self._before is not None:
                thresholds += threshold_sums(
                    network, self._before[strip], delta, slope, w
                )
            finish_delta(network, delta, a, slope, w)
            if w is not None:
                a *= w[:, None]
            if revived is not None:
                revived.add(a, delta)
            intercept += sum_rows(delta).astype(np.float64)
        return intercept, *added, thresholds

    def _weights_of(self, strip):
        return None if self._weights is None else self._weights[strip]


class _Revived:
    """The auxiliary term of idle units on a strip of rows.

    With C the code of the idle units, it adds ``beta P C`` to B, and ``beta C^T P C``
    to ``B^T A``, since C is reconstructed as well. `added` contains the contributions
    to ``B^T A`` and ``B^T 1``.
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
        self.added = gram, total

    def add(self, left, delta):
        """Add the contribution of idle units to B (`left`) and to `delta`."""
        left[:, self._units] += self._code
        delta[:, self._units] += self._delta
