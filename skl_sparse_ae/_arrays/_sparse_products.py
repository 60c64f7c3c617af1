"""Products of CSR and dense matrices, their cost, and rows of CSR."""

import numpy as np
from scipy import sparse

try:
    # The private function behind SciPy's ``X @ B`` adds to its last argument. ``@``
    # itself returns a new array, which would have to be added in another pass.
    from scipy.sparse._sparsetools import csr_matvecs
except ImportError:
    csr_matvecs = None

# What a multiply-add with a non-zero of CSR costs, in those of dense products: 5 to 6
# with 100 columns on the other side.
SPARSE_WORK = 6


def row_work(X):
    """Return the cost of a product of a row with one column, in multiply-adds."""
    if not sparse.issparse(X):
        return X.shape[1]
    return SPARSE_WORK * X.nnz / X.shape[0]


def csr_rows(X, rows):
    """Return the rows of a CSR matrix in a slice.

    Entries are a view, or a copy if they are less than half of those in X.
    """
    if rows.start == 0 and rows.stop == X.shape[0]:
        return X
    start, stop = X.indptr[rows.start], X.indptr[rows.stop]
    indptr = X.indptr[rows.start : rows.stop + 1] - start
    return sparse.csr_array(
        (X.data[start:stop], X.indices[start:stop], indptr),
        shape=(rows.stop - rows.start, X.shape[1]),
    )


def less_offsets(X, offsets=None):
    """Return CSR rows less the means of the columns that have no zeros.

    Such a column may hardly vary compared with its mean, and sums of its squares then
    lose the digits of the variance. In other columns the zeros vary as much as the
    mean.

    Parameters
    ----------
    X : CSR array of shape (n_rows, n_columns)
        Without duplicate entries.
    offsets : ndarray of shape (n_columns,), default=None
        To subtract these from the entries, instead of the means.

    Returns
    -------
    X : CSR array of shape (n_rows, n_columns)
        Itself if every column has zeros.
    offsets : ndarray of shape (n_columns,) or None
        What is subtracted, zero for columns with zeros; None if nothing is.
    """
    n_rows, n_columns = X.shape
    if offsets is None:
        is_full = np.bincount(X.indices, minlength=n_columns) == n_rows
        if n_rows == 0 or not is_full.any():
            return X, None
        sums = np.bincount(X.indices, X.data, n_columns)
        offsets = np.where(is_full, sums / n_rows, 0).astype(X.dtype)
    data = X.data - offsets[X.indices]
    return sparse.csr_array((data, X.indices, X.indptr), X.shape), offsets


def add_product(X, B, out, rows=None):
    """Add ``X[rows] @ B`` to `out`.

    Parameters
    ----------
    X : CSR of shape (n_rows, n_inner)
    B : ndarray of shape (n_inner, n_columns)
    out : ndarray of shape (n_rows or length of the slice, n_columns)
    rows : slice, default=None
        None stands for all rows.
    """
    rows = slice(0, X.shape[0]) if rows is None else rows
    if _adds_to(out, X, B):
        # The offsets in indptr count from the first stored entry of all rows.
        matrix = X.indptr[rows.start : rows.stop + 1], X.indices, X.data
        sizes = rows.stop - rows.start, *B.shape
        csr_matvecs(*sizes, *matrix, B.ravel(), out.ravel())
    else:
        out += csr_rows(X, rows) @ B


def add_outer(column, row, out):
    """Add the outer product of two vectors to `out`, in one pass.

    The column is a CSR matrix with one entry in each row.

    Parameters
    ----------
    column : ndarray of shape (n_rows,)
    row : ndarray of shape (n_columns,)
    out : ndarray of shape (n_rows, n_columns)
    """
    if _adds_to(out, column, row):
        n = len(column)
        indptr, indices = np.arange(n + 1, dtype=np.int32), np.zeros(n, np.int32)
        csr_matvecs(n, 1, len(row), indptr, indices, column, row, out.ravel())
    else:
        out += np.outer(column, row)


def _adds_to(out, *factors):
    """Whether SciPy's private function can add a product to `out`."""
    same_dtype = all(factor.dtype == out.dtype for factor in factors)
    return csr_matvecs is not None and same_dtype and out.flags.c_contiguous
