"""Application of an encoder or a decoder to all rows, by blocks, in parallel."""

import numpy as np
from scipy import sparse

from .._arrays._blocks import blocks, split_evenly


def map_rows(step, X, out, team):
    """Apply an encoder or a decoder to all rows of X.

    Parameters
    ----------
    step : callable
        ``step(X, out)`` writes the results for some rows to `out`.
    X : ndarray or CSR array of shape (n_samples, n_features)
    out : ndarray of shape (n_samples, n_columns)
    team : Team

    Returns
    -------
    out : ndarray of shape (n_samples, n_columns)
    """

    def part(blocks_of_part):
        for block in blocks_of_part:
            step(X[block], out[block])

    team.map(part, _split(X, out.shape[1], out.itemsize, team))
    return out


def map_rows_to_csr(step, X, n_columns, team):
    """As `map_rows`, but return a CSR array; only blocks of the results are dense."""

    def part(blocks_of_part):
        codes = []
        for block in blocks_of_part:
            code = np.empty((block.stop - block.start, n_columns), X.dtype)
            codes.append(sparse.csr_array(step(X[block], code)))
        return codes

    parts = team.map(part, _split(X, n_columns, X.dtype.itemsize, team))
    return sparse.vstack([code for codes in parts for code in codes], format="csr")


def _split(X, n_columns, itemsize, team):
    """Return a list of blocks of rows for each thread."""
    row_bytes = (X.shape[1] + n_columns) * itemsize
    parts = split_evenly(0, X.shape[0], team.n_useful(X.shape[0] * row_bytes))
    return [blocks(part.start, part.stop, row_bytes) for part in parts]
