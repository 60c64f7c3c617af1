"""Columns that are lost beside others of a larger unit.

The reconstruction error adds up squares over the columns, so that a table with a few
columns of large unit is reconstructed nearly perfectly by the numbers, while the other
columns are not reconstructed at all. Unequal variances alone are no sign of it: pixels
at the border, rare words and principal components vary less than others in the same
unit.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from .._arrays._array_api import to_numpy
from .._rows._moments import column_moments

# The part of the variance that counts as nearly all. Of pixels, words, genes and
# principal components of any of them, more than half of the columns are needed for it.
NEARLY_ALL = 0.99
# A score below this does not pretend that X is reconstructed.
GOOD_SCORE = 0.9
# How much smaller than that of the dominant columns the scale of a lost one must be.
# Counts and indicators have a common unit, one event, and words differ in frequency by
# some hundred.
RATIO, RATIO_OF_COUNTS = 10, 1000
# Rows on which this is measured; fewer where there are very many columns.
N_SAMPLED, MIN_SAMPLED, MAX_ENTRIES = 500, 50, 2**24


class LostColumns(NamedTuple):
    """Numbers of columns, and what the score hides."""

    n_varying: int
    n_dominant: int
    n_lost: int
    share: float
    score: float


def lost_columns(problem, theta):
    """Return the `LostColumns` of a fit, or None if there are none.

    Parameters
    ----------
    problem : Problem
    theta : array
        The fitted parameters.
    """
    n_features = problem.rows.shape[1]
    n_rows = max(MIN_SAMPLED, min(N_SAMPLED, MAX_ENTRIES // n_features))
    X, weights, _ = problem.rows.sample(n_rows)
    shares = np.ones(X.shape[0]) if weights is None else weights.astype(np.float64)
    shares = shares / shares.sum()
    variances = _column_variances(X.astype(np.float64), shares)
    is_dominant = _dominant_columns(variances)
    is_varying = variances > 0
    if 2 * is_dominant.sum() > is_varying.sum():
        return None
    if _are_principal_components(problem.scaling.mean, variances):
        return None
    X = (X.toarray() if sparse.issparse(X) else X).astype(np.float64)
    errors = shares @ (X - _reconstruction(problem.network, theta, X)) ** 2
    total = variances.sum()
    is_lost = is_varying & ~is_dominant & (errors > variances / 2)
    is_lost &= _are_of_smaller_unit(X, is_dominant)
    score = 1 - errors.sum() / total
    if score < GOOD_SCORE or not is_lost.any():
        return None
    return LostColumns(
        int(is_varying.sum()),
        int(is_dominant.sum()),
        int(is_lost.sum()),
        float(variances[is_dominant].sum() / total),
        float(score),
    )


def _column_variances(X, shares):
    """Return the variance of each column, zero if it may be a rounding error."""
    mean, variances = column_moments(X, shares)
    return np.where(np.sqrt(variances) > 1e-6 * np.abs(mean), variances, 0.0)


def _dominant_columns(variances):
    """Return the mask of the fewest columns that hold nearly all of the variance."""
    order = np.argsort(-variances, kind="stable")
    held = np.cumsum(variances[order])
    n_dominant = np.searchsorted(held, NEARLY_ALL * held[-1]) + 1
    return np.isin(np.arange(len(variances)), order[:n_dominant])


def _are_principal_components(mean, variances):
    """Whether columns are centred and, but for sampling, ordered by their variance.

    The unequal variances of PCA's components are meant. A table hardly ever comes like
    this: its columns have means, and an order of their own.
    """
    varying = np.flatnonzero(variances > 0)
    if np.abs(mean[varying]).max() > 1e-5 * np.sqrt(variances.sum()):
        return False
    ranks = np.argsort(np.argsort(-variances[varying]))
    return np.corrcoef(ranks, varying)[0, 1] > 0.9


def _reconstruction(network, theta, X):
    parameters = network.layout.views(to_numpy(theta).astype(np.float64))
    code = np.empty((X.shape[0], network.layout.n_components))
    network.encode(parameters, X, code)
    return network.decode(parameters, code, np.empty_like(X))


def _are_of_smaller_unit(X, is_dominant):
    """Return the mask of the columns whose unit is smaller than the dominant ones'.

    The scale of a column is the root of the mean square by which it differs from its
    median where it does: a pixel or a word that is rarely on has that of the others.
    """
    deviations = X - np.median(X, axis=0)
    counts = np.count_nonzero(deviations, axis=0)
    squares = np.einsum("ij,ij->j", deviations, deviations) / np.maximum(counts, 1)
    is_count = (X.min(axis=0) == 0) & (np.floor(X) == X).all(axis=0)
    ratio = np.where(is_count, RATIO_OF_COUNTS, RATIO)
    return ratio**2 * squares < squares[is_dominant].mean()
