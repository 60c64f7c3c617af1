"""An encoder or decoder applied to all rows, by blocks, in parallel."""

import numpy as np
from scipy import sparse

from .._arrays._blocks import blocks, split_evenly


def map_rows(step, X, out, team):
    """Apply ``step(X, out)``, an encoder or decoder, to all rows of X, side by side."""

    def part(blocks_of_part):
        for block in blocks_of_part:
            step(X[block], out[block])

    team.map(part, _split(X, out.shape[1], out.itemsize, team))
    return out


def map_rows_to_csr(step, X, n_components, team):
    """As `map_rows`, but return CSR; only a block of rows is ever dense."""

    def part(blocks_of_part):
        codes = []
        for block in blocks_of_part:
            code = np.empty((block.stop - block.start, n_components), X.dtype)
            codes.append(sparse.csr_array(step(X[block], code)))
        return codes

    parts = team.map(part, _split(X, n_components, X.dtype.itemsize, team))
    return sparse.vstack([code for codes in parts for code in codes], format="csr")


def _split(X, n_components, itemsize, team):
    """Blocks of rows for each member of the team."""
    row_bytes = (X.shape[1] + n_components) * itemsize
    parts = split_evenly(0, X.shape[0], team.n_useful(X.shape[0] * row_bytes))
    return [blocks(part.start, part.stop, row_bytes) for part in parts]
