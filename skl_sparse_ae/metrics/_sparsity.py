"""Sparsity of a code without a threshold."""

import numpy as np
from scipy import sparse

from .._reading._codes import check_rows
from ._checks import validate_parameters


@validate_parameters
def hoyer_sparsity(A, *, axis=1):
    """Sparsity of each row or of each unit as defined by Hoyer, from 0 to 1.

    ``(sqrt(n) - ||a||_1 / ||a||_2) / (sqrt(n) - 1)`` for a vector of n activations
    [1]_: 1 if only one is not zero, 0 if all have the same absolute value. It needs no
    threshold.

    Parameters
    ----------
    A : {array-like, sparse matrix} of shape (n_samples, n_components)
        Code.

    axis : {0, 1}, default=1
        1 for the sparsity of each row over the units (population sparsity), 0 for that
        of each unit over the rows (lifetime sparsity).

    Returns
    -------
    sparsity : ndarray of shape (n_samples,) or (n_components,)
        The formula is undefined for vectors of zeros and for vectors of length 1.
        Vectors of zeros are given 1, since fewer active entries mean larger values;
        :func:`n_active_units` and :func:`dead_units` find them. Other vectors of length
        1 are given 0, since all of their entries are active.

    References
    ----------
    .. [1] P. O. Hoyer, "Non-negative Matrix Factorization with Sparseness
       Constraints", Journal of Machine Learning Research 5, 2004.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.hoyer_sparsity([[0, 3, 0, 0], [1, 1, 1, 1]])
    array([1., 0.])
    """
    A = abs(check_rows(A, "A").astype(np.float64, copy=False))
    A = _divided_by_largest(A, axis)
    squares = A.multiply(A) if sparse.issparse(A) else A * A
    l1 = np.asarray(A.sum(axis=axis))
    l2 = np.sqrt(np.asarray(squares.sum(axis=axis)))
    root = np.sqrt(A.shape[axis])
    if root == 1:
        return (l2 == 0).astype(np.float64)
    # Vectors of zeros have the ratio of vectors with a single entry.
    ratio = np.divide(l1, l2, out=np.ones_like(l1), where=l2 > 0)
    return np.clip((root - ratio) / (root - 1), 0, 1)


def _divided_by_largest(A, axis):
    """Vectors divided by their largest entries, so that squares stay in range."""
    if sparse.issparse(A):
        # SciPy before 1.14 keeps two dimensions.
        largest = A.max(axis=axis).toarray().ravel()
        factors = 1 / np.where(largest > 0, largest, 1)
        return A.multiply(factors[:, None] if axis == 1 else factors[None]).tocsr()
    largest = A.max(axis=axis, keepdims=True)
    return A / np.where(largest > 0, largest, 1)
