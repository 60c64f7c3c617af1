"""Products of CSR matrices with dense ones."""

import numpy as np
from scipy import sparse

from ._blocks import split_evenly

# The part of the dense matrix that is in use at a time, of which every non-zero reads
# some row: what a processor's last cache holds. At 100000 rows products are twice as
# fast as with all columns at once.
SLAB_BYTES = 2**24
# Fewer columns than a cache line is long would waste what is read.
MIN_SLAB_COLUMNS = 16


def csr_rows(X, rows):
    """The rows of a CSR matrix in a slice, without copying its non-zeros."""
    start, stop = X.indptr[rows.start], X.indptr[rows.stop]
    indptr = X.indptr[rows.start : rows.stop + 1] - start
    return sparse.csr_array(
        (X.data[start:stop], X.indices[start:stop], indptr),
        shape=(rows.stop - rows.start, X.shape[1]),
    )


def products(X, B):
    """``X @ B``, some columns after the other.

    Parameters
    ----------
    X : CSR of shape (n_rows, n_inner)
    B : ndarray of shape (n_inner, n_columns)

    Yields
    ------
    columns : slice
    product : ndarray of shape (n_rows, columns.stop - columns.start)
    """
    n_inner, n_columns = B.shape
    width = max(MIN_SLAB_COLUMNS, SLAB_BYTES // (n_inner * B.itemsize))
    for columns in split_evenly(0, n_columns, -(-n_columns // width)):
        yield columns, X @ np.ascontiguousarray(B[:, columns])
