"""The smallest and the largest value of each column, dense or sparse."""

import numpy as np
from scipy import sparse

from .._arrays._blocks import blocks


def column_limits(X):
    """Return the smallest and the largest value of each column.

    Parameters
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
        At least one row.

    Returns
    -------
    limits : ndarray of shape (2, n_features)
    """
    if sparse.issparse(X):
        ends = X.min(axis=0), X.max(axis=0)
        return np.stack([end.toarray().ravel() for end in ends])
    parts = [X[rows] for rows in blocks(0, X.shape[0], X.itemsize * X.shape[1])]
    lows = np.min([part.min(axis=0) for part in parts], axis=0)
    return np.stack([lows, np.max([part.max(axis=0) for part in parts], axis=0)])
