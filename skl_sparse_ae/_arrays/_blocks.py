"""Rows and vectors cut into blocks, strips and pieces.

Matrix products are made on *blocks* of rows, large enough that adding up their partial
sums costs nothing; element-wise work inside a block is done on *strips* that stay in a
cache from one operation to the next. Strips are no shorter than they are because the
interpreter's lock is taken again between two operations, and waking the thread that had
to wait for it costs more than an operation of a few microseconds.
"""

from itertools import pairwise

import numpy as np
from scipy import sparse

BLOCK_BYTES = 2**22


STRIP_BYTES = 2**20


# Elements of a piece of the parameters: as long as a strip, for the same reason.
PIECE = 2**18


# Elements of a vector that is taken in one piece: more calls would cost more.
SHORT = 2**14


def split_evenly(start, stop, n_parts):
    """Consecutive slices of nearly equal length that cover ``start:stop``."""
    n = stop - start
    bounds = [start + n * i // n_parts for i in range(n_parts + 1)]
    return [slice(a, b) for a, b in pairwise(bounds)]


def blocks(start, stop, row_bytes, block_bytes=BLOCK_BYTES):
    """Slices of ``start:stop``, nearly equal, of at most `block_bytes` each."""
    max_rows = max(1, block_bytes // max(1, row_bytes))
    n_blocks = max(1, -(-(stop - start) // max_rows))
    return split_evenly(start, stop, n_blocks)


def strips(array):
    """Slices over the rows of a C-contiguous array that fit a core's own cache."""
    if not isinstance(array, np.ndarray):
        return [slice(None)]  # on a device, whose caches are not ours to use
    n_rows, row_bytes = array.shape[0], array.strides[0]
    if n_rows * row_bytes <= STRIP_BYTES:  # as most batches
        return [slice(0, n_rows)]
    step = max(1, STRIP_BYTES // max(1, row_bytes))
    return [slice(i, min(i + step, n_rows)) for i in range(0, n_rows, step)]


def pieces(parts, n_shares, length=None):
    """Cut parts of a vector into pieces, in equal shares.

    Parameters
    ----------
    parts : list of slice
        Consecutive.
    n_shares : int
    length : int, default=None
        Of a piece at most; None stands for as much as stays in a cache.

    Returns
    -------
    shares : list of list of (int, slice)
        Index of a part and a slice of it.
    """
    length = PIECE if length is None else length
    shares = split_evenly(parts[0].start, parts[-1].stop, n_shares)
    return [
        [
            (i, slice(start, min(start + length, share.stop, part.stop)))
            for i, part in enumerate(parts)
            for start in range(
                max(share.start, part.start), min(share.stop, part.stop), length
            )
        ]
        for share in shares
    ]


def vector_shares(vector, parts, team, work, length=None):
    """Cut parts of a vector into pieces, in a share for each thread worth waking.

    `work` is what an element costs, in multiply-adds; the rest is as for `pieces`. On a
    device, whose owner divides the work, there is one share, of whole parts.
    """
    size, n_shares = vector.shape[0], 1
    if isinstance(vector, np.ndarray):
        n_shares = team.n_useful(work * size)
    else:
        length = size
    return pieces(parts, n_shares, length)


def rows_as_dense(X, rows):
    """The rows of X in a slice as an ndarray; a view when X is one itself."""
    block = X[rows]
    return block.toarray() if sparse.issparse(block) else np.asarray(block)
