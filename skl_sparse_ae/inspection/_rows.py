"""The rows that activate each unit most."""

import numpy as np
from scipy import sparse
from sklearn.utils import Bunch

from .._reading._codes import encode_blocks
from .._reading._constraints import COUNT
from .._sklearn import HasMethods, validate_params


@validate_params(
    {"estimator": [HasMethods("transform")], "n": COUNT},
    prefer_skip_nested_validation=True,
)
def top_activating(estimator, X, n=10):
    """Find the rows that activate each unit most.

    X is encoded in blocks of rows, so neither a memory-mapped X nor its code must fit
    in memory. (Encoders that iterate over all given rows together, such as NMF's, then
    give codes that differ from those of the whole X within their tolerance.)

    Parameters
    ----------
    estimator : estimator object
        Fitted, with `transform`: a :class:`SparseAutoencoder`, PCA, NMF, a pipeline.

    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows, or any other input of `transform`.

    n : int, default=10
        Number of rows for each unit.

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the attributes

        indices : ndarray of shape (n_components, n)
            Indices of rows of X, by decreasing activation; of equal activations, the
            lower index comes first. Rows on which the unit is exactly zero are left
            out. If fewer than `n` rows remain, the other entries are ``n_samples``,
            which is not a valid index, so that using it raises an error.
        activations : ndarray of shape (n_components, n)
            The activations on these rows, 0 where there is no row.

    See Also
    --------
    label_enrichment : The classes of the rows on which units are active.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.inspection import top_activating
    >>> X = load_digits().data / 16
    >>> autoencoder = SparseAutoencoder(32, penalty="topk", random_state=0).fit(X)
    >>> top = top_activating(autoencoder, X, n=5)
    >>> top.indices.shape
    (32, 5)
    >>> code = autoencoder.transform(X)
    >>> bool(code[top.indices[3, 0], 3] == code[:, 3].max() == top.activations[3, 0])
    True

    The rows of a unit, which may be fewer than `n`:

    >>> X[top.indices[3][top.activations[3] != 0]].shape
    (5, 64)
    """
    largest = None
    for rows, code in encode_blocks(estimator, X):
        unit, row, activation = _candidates(code, n)
        found = unit, row + rows.start, activation
        if largest is not None:
            found = map(np.concatenate, zip(largest, found, strict=True))
        largest, rank = _keep_largest(*found, n)
    unit, row, activation = largest
    n_samples = rows.stop
    indices = np.full((code.shape[1], n), n_samples)
    activations = np.zeros(indices.shape, code.dtype)
    indices[unit, rank] = row
    activations[unit, rank] = activation
    return Bunch(indices=indices, activations=activations)


def _candidates(code, n):
    """Non-zero activations of a block, among them the `n` largest of each unit.

    Returns
    -------
    unit, row : ndarray of int, shape (n_found,)
    activation : ndarray of shape (n_found,)
    """
    if sparse.issparse(code):
        row, unit = code.nonzero()
        return unit, row, code.data[code.data != 0]
    # The smallest of the negatives: in codes that are mostly zeros, NumPy finds these
    # ten times as fast as the largest.
    negatives = np.where(code != 0, -code, np.inf)
    last = min(n, len(code)) - 1
    # Includes all ties with the n-th, so that the partition does not choose among them.
    bound = np.partition(negatives, last, axis=0)[last]
    row, unit = np.nonzero((negatives <= bound) & (code != 0))
    return unit, row, code[row, unit]


def _keep_largest(unit, row, activation, n):
    """Keep the `n` largest activations of each unit.

    Parameters
    ----------
    unit, row : ndarray of int, shape (n_found,)
    activation : ndarray of shape (n_found,)
    n : int

    Returns
    -------
    kept : tuple of ndarray, each of shape (n_kept,)
        The units, rows and activations.
    rank : ndarray of int, shape (n_kept,)
        The rank of each among the activations of its unit, from 0.
    """
    order = np.lexsort((row, -activation, unit))
    unit = unit[order]
    rank = np.arange(len(unit)) - np.searchsorted(unit, unit)
    is_kept = rank < n
    order = order[is_kept]
    return (unit[is_kept], row[order], activation[order]), rank[is_kept]
