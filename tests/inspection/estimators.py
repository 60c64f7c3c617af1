"""Fitted estimators and array types that several test files share."""

import numpy as np
from scipy import sparse
from sklearn.preprocessing import FunctionTransformer

from skl_sparse_ae import SparseAutoencoder

# Its input is the code.
IDENTITY = FunctionTransformer(func=None)

CONTAINERS = [np.asarray, sparse.csr_array, sparse.csr_matrix]


def fitted(X, penalty="topk", **parameters):
    return SparseAutoencoder(
        12, penalty=penalty, tol=0.1, random_state=0, **parameters
    ).fit(X)
