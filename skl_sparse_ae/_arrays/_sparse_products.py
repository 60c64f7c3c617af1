"""Products of CSR matrices with dense ones, added to what there is."""

import numpy as np
from scipy import sparse

try:
    # What SciPy's ``X @ B`` calls for CSR. It adds to its last argument, but there is
    # no public way to give it one: ``@`` takes new memory, which then has to be added.
    from scipy.sparse._sparsetools import csr_matvecs
except ImportError:
    csr_matvecs = None


def csr_rows(X, rows):
    """The rows of a CSR matrix in a slice, which SciPy copies only if they are few."""
    if rows.start == 0 and rows.stop == X.shape[0]:
        return X
    start, stop = X.indptr[rows.start], X.indptr[rows.stop]
    indptr = X.indptr[rows.start : rows.stop + 1] - start
    return sparse.csr_array(
        (X.data[start:stop], X.indices[start:stop], indptr),
        shape=(rows.stop - rows.start, X.shape[1]),
    )


def add_product(X, B, out, rows=None):
    """Add ``X[rows] @ B`` to `out`.

    Parameters
    ----------
    X : CSR of shape (n_rows, n_inner)
    B : ndarray of shape (n_inner, n_columns)
    out : ndarray of shape (n_rows or length of the slice, n_columns)
    rows : slice, default=None
        None stands for all of them.
    """
    rows = slice(0, X.shape[0]) if rows is None else rows
    if _adds_to(out, X, B):
        # Offsets are from the beginning of what is stored, whichever rows are used.
        matrix = X.indptr[rows.start : rows.stop + 1], X.indices, X.data
        sizes = rows.stop - rows.start, *B.shape
        csr_matvecs(*sizes, *matrix, B.ravel(), out.ravel())
    else:
        out += csr_rows(X, rows) @ B


def add_outer(column, row, out):
    """Add the outer product of two vectors to `out`, in one pass.

    It is the product of a CSR matrix with one entry in each row, and one column.
    """
    if _adds_to(out, column, row):
        n = len(column)
        one_a_row = np.arange(n + 1, dtype=np.int32), np.zeros(n, np.int32)
        csr_matvecs(n, 1, len(row), *one_a_row, column, row, out.ravel())
    else:
        out += np.outer(column, row)


def _adds_to(out, *factors):
    """Whether SciPy's product can write there."""
    same = all(factor.dtype == out.dtype for factor in factors)
    return csr_matvecs is not None and same and out.flags.c_contiguous
