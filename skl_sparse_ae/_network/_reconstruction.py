"""Missing entries as the encoder sees them: as their own reconstruction.

Of a row with missing entries, the reconstruction is the expectation of what is missing,
given the code, for each of the losses: they are deviances of normal, Bernoulli and
Poisson variables, whose mean the output is. Reconstructing and encoding by turns is
expectation-maximisation [1] with the encoder in place of the most likely code; for
linear networks it is iterative principal component analysis [2].

References
----------
.. [1] A. P. Dempster, N. M. Laird, D. B. Rubin, "Maximum Likelihood from Incomplete
   Data via the EM Algorithm", JRSS B 39, 1977.
.. [2] H. A. L. Kiers, "Weighted Least Squares Fitting Using Ordinary Least Squares
   Algorithms", Psychometrika 62, 1997.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from .._arrays._array_api import namespace, zeros
from .._arrays._blocks import blocks, rows_as_dense
from .._arrays._device_array import DeviceArray
from ._network import Network
from ._parameters import Parameters
from ._row_losses import BLOCK_BYTES

#: Maximum number of times that the entries of a row are reconstructed; that of
#: scikit-learn's IterativeImputer.
MAX_STEPS = 10
#: Smallest relative decrease of a row's loss that is worth a further step.
MIN_DECREASE = 1e-3


@dataclass(frozen=True)
class Reconstruction:
    """A network that reconstructs the missing entries of rows.

    Parameters
    ----------
    network : Network
    parameters : Parameters
    function : callable or None
        What the encoder sees of entries; see `View`.
    """

    network: Network
    parameters: Parameters
    function: Callable | None = None

    def __call__(self, X, seen):
        """Return rows with their missing entries reconstructed, from a first guess.

        Of each row, entries are reconstructed until those that are observed are no
        longer reconstructed better, at most `MAX_STEPS` times.

        Parameters
        ----------
        X : {ndarray, array, CSR array, DeviceArray} of shape (n_rows, n_features)
            Rows with missing entries.
        seen : array like X
            The same rows with a guess in place of what is missing; in CSR, with the
            same entries stored.

        Returns
        -------
        seen : array like X
        """
        return _by_blocks(self._refined, X, seen, self._row_bytes)

    def once(self, X, seen):
        """Return rows with their missing entries reconstructed from `seen`, once."""
        return _by_blocks(self._updated, X, seen, self._row_bytes)

    @property
    def _row_bytes(self):
        return 8 * (3 * self.network.n_inputs + self.network.n_outputs)

    def _refined(self, X, seen):
        xp, network = namespace(X), self.network.skipping_missing(True)
        X_hat, losses = zeros(X.shape, X), zeros(X.shape, X)
        is_missing = xp.isnan(X)
        last = zeros((X.shape[0], 1), X) + xp.inf
        is_active = _is_partly_observed(is_missing)
        for _ in range(MAX_STEPS):
            code = self._encode(seen)
            network.decode_and_compare(self.parameters, code, X, X_hat, losses)
            loss = xp.sum(losses, axis=1, keepdims=True)
            is_active = is_active & (loss < (1 - MIN_DECREASE) * last)
            if not bool(xp.any(is_active)):
                break
            seen = xp.where(is_active & is_missing, X_hat, seen)
            last = loss
        return seen

    def _updated(self, X, seen):
        xp, code = namespace(X), self._encode(seen)
        X_hat = self.network.decode(self.parameters, code, zeros(X.shape, X))
        is_missing = xp.isnan(X)
        return xp.where(is_missing & _is_partly_observed(is_missing), X_hat, seen)

    def _encode(self, seen):
        """Return the code of complete rows."""
        visible = seen if self.function is None else self.function(seen)
        code = zeros((seen.shape[0], self.network.n_outputs), seen)
        return self.network.encode(self.parameters, visible, code)


def _is_partly_observed(is_missing):
    """Return a column that tells which rows have entries of both kinds.

    Of a row without any observed entry nothing but the means is known.
    """
    xp = namespace(is_missing)
    some = xp.any(is_missing, axis=1, keepdims=True)
    return some & ~xp.all(is_missing, axis=1, keepdims=True)


def _by_blocks(function, X, seen, row_bytes):
    """Return ``function(X, seen)`` of dense rows, for rows in any container."""
    if isinstance(X, DeviceArray):
        return DeviceArray(_by_blocks(function, X.array, seen.array, row_bytes))
    is_sparse = sparse.issparse(X)
    out = seen.copy() if is_sparse else zeros(seen.shape, seen)
    for rows in blocks(0, X.shape[0], row_bytes, BLOCK_BYTES):
        if not is_sparse:
            out[rows, :] = function(X[rows, :], seen[rows, :])
            continue
        stored = slice(X.indptr[rows.start], X.indptr[rows.stop])
        n_stored = np.diff(X.indptr[rows.start : rows.stop + 1])
        numbers = np.repeat(np.arange(len(n_stored)), n_stored)
        dense = function(rows_as_dense(X, rows), rows_as_dense(seen, rows))
        out.data[stored] = dense[numbers, X.indices[stored]]
    return out
