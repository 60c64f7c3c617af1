"""Rows and vectors cut into blocks, strips and pieces.

Matrix products are computed on *blocks* of rows, large enough that the cost of adding
up their partial sums is negligible. Element-wise operations inside a block are applied
to *strips*, which stay in a core's cache from one operation to the next. Strips are not
shorter because the interpreter's lock is acquired again between two operations, and
waking a thread that waits for it takes longer than an operation of a few microseconds.
"""

from itertools import pairwise

import numpy as np
from scipy import sparse

BLOCK_BYTES = 2**22
STRIP_BYTES = 2**20
# Elements of a piece of the parameters: the size of a strip, for the same reason.
PIECE = 2**18
# Elements of a vector up to which it is not divided: more calls would cost more.
SHORT = 2**14


def split_evenly(start, stop, n_parts):
    """Return consecutive slices of nearly equal length that cover ``start:stop``."""
    n = stop - start
    bounds = [start + n * i // n_parts for i in range(n_parts + 1)]
    return [slice(a, b) for a, b in pairwise(bounds)]


def blocks(start, stop, row_bytes, block_bytes=BLOCK_BYTES):
    """Return consecutive slices of rows that cover ``start:stop``.

    Parameters
    ----------
    start, stop : int
    row_bytes : int
        Size of a row.
    block_bytes : int
        Maximum size of the rows in a slice, unless a single row is larger.

    Returns
    -------
    slices : list of slice
        Of nearly equal length.
    """
    max_rows = max(1, block_bytes // max(1, row_bytes))
    n_blocks = max(1, -(-(stop - start) // max_rows))
    return split_evenly(start, stop, n_blocks)


def strips(array):
    """Return slices over the rows of a C-contiguous array that fit a core's cache."""
    if not isinstance(array, np.ndarray):
        return [slice(None)]  # on a device, whose library manages its caches
    n_rows, row_bytes = array.shape[0], array.strides[0]
    if n_rows * row_bytes <= STRIP_BYTES:  # usual for mini-batches
        return [slice(0, n_rows)]
    step = max(1, STRIP_BYTES // max(1, row_bytes))
    return [slice(i, min(i + step, n_rows)) for i in range(0, n_rows, step)]


def pieces(parts, n_shares, length=None):
    """Divide consecutive parts of a vector into equal shares of short pieces.

    Parameters
    ----------
    parts : list of slice
        Consecutive slices of the vector.
    n_shares : int
        Number of shares, such as one for each thread.
    length : int, default=None
        Maximum length of a piece; by default one that stays in a core's cache.

    Returns
    -------
    shares : list of list of (int, slice)
        For each piece of a share, the index of its part and its slice of the vector.
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
    """Divide parts of a vector into pieces, with a share for each useful thread.

    Parameters
    ----------
    vector : array of shape (size,)
        An array on a device is not divided among threads, nor its parts into pieces.
    parts, length
        As for `pieces`.
    team : Team
    work : float
        Cost of the work on an element, in multiply-adds.

    Returns
    -------
    shares : list of list of (int, slice)
        As for `pieces`.
    """
    size, n_shares = vector.shape[0], 1
    if isinstance(vector, np.ndarray):
        n_shares = team.n_useful(work * size)
    else:
        length = size
    return pieces(parts, n_shares, length)


def rows_as_dense(X, rows):
    """Return the rows of X in a slice as an ndarray, a view if X is an ndarray."""
    block = X[rows]
    return block.toarray() if sparse.issparse(block) else np.asarray(block)
