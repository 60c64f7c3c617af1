"""What the encoder sees of rows, and missing entries.

Missing entries are NaN, also among the stored entries of CSR.

The encoder sees the mean of the observed entries of a column in place of a missing one,
or what a network makes of it. The mean of such a table is that of the observed entries,
and the variance of a column is that of the observed entries times their fraction: as
much as there is to explain.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import sparse

from .._arrays._array_api import namespace, to_numpy
from .._arrays._blocks import blocks
from .._arrays._device_array import DeviceArray, as_array_like


class View(NamedTuple):
    """What the encoder sees of rows: a function of them.

    Attributes
    ----------
    fill : ndarray of shape (n_features,) or None
        In place of missing entries; None for rows without any.
    function : callable or None
        Acts on each entry of an array of any library by itself; zero remains zero.
    improve : callable or None
        ``improve(X, seen)`` returns rows with better values than those of `fill` in
        place of missing entries, given the rows and the same rows with `fill`.
    """

    fill: np.ndarray | None = None
    function: Callable | None = None
    improve: Callable | None = None

    @property
    def is_plain(self):
        """Whether the encoder sees the rows as they are."""
        return self.fill is None and self.function is None

    def __call__(self, X):
        """Return rows as the encoder sees them, for X as in `filled`."""
        rows, X = X, filled(X, self.fill)
        if self.improve is not None and self.fill is not None:
            X = self.improve(rows, X)
        if self.function is None:
            return X
        if isinstance(X, DeviceArray):
            return DeviceArray(self.function(X.array))
        if sparse.issparse(X):
            return sparse.csr_array(
                (self.function(X.data), X.indices, X.indptr), X.shape
            )
        return self.function(X)


def on_view(step, view, X, out):
    """Return ``step(X, out)`` for rows as the encoder sees them."""
    return step(view(X), out)


def filled(X, fill):
    """Return a copy of rows with the missing entries of each column replaced.

    Parameters
    ----------
    X : {ndarray, array, CSR array, DeviceArray} of shape (n_rows, n_features)
    fill : ndarray of shape (n_features,) or None
        None stands for rows without missing entries, which are returned unchanged.

    Returns
    -------
    X : array like X
    """
    if fill is None:
        return X
    if isinstance(X, DeviceArray):
        return DeviceArray(filled(X.array, fill))
    if sparse.issparse(X):
        values = fill.astype(X.dtype)[X.indices]
        data = np.where(np.isnan(X.data), values, X.data)
        return sparse.csr_array((data, X.indices, X.indptr), X.shape)
    xp = namespace(X)
    return xp.where(xp.isnan(X), as_array_like(fill, X)[None, :], X)


def has_missing(X):
    """Whether an entry of rows is missing, for X as in `filled`."""
    if sparse.issparse(X):
        return bool(np.isnan(X.data).any())
    X = X.array if isinstance(X, DeviceArray) else X
    xp, row_bytes = namespace(X), 8 * X.shape[1]
    parts = blocks(0, X.shape[0], row_bytes)
    return any(bool(xp.any(xp.isnan(X[rows, ...]))) for rows in parts)


def mean_square_change(X, before, after, sample_weight=None):
    """Return the mean squared difference of two guesses of what is missing.

    Parameters
    ----------
    X : {ndarray, array, CSR array, DeviceArray} of shape (n_rows, n_features)
        With missing entries.
    before, after : array like X
        Without missing entries; CSR with the same entries stored.
    sample_weight : ndarray of shape (n_rows,), default=None

    Returns
    -------
    change : float
        The weighted mean over the missing entries of X.
    """
    weights = np.ones(X.shape[0]) if sample_weight is None else sample_weight
    weights = weights.astype(np.float64)
    if sparse.issparse(X):
        weights = np.repeat(weights, np.diff(X.indptr))
        X, before, after = X.data, before.data, after.data
    elif isinstance(X, DeviceArray):
        X, before, after = X.array, before.array, after.array
    xp, weight, total = namespace(X), 0.0, 0.0
    row_bytes = 8 * math.prod(X.shape[1:])
    for rows in blocks(0, X.shape[0], row_bytes):
        is_missing = xp.isnan(X[rows, ...])
        difference = after[rows, ...] - before[rows, ...]
        zeros = xp.zeros_like(difference)
        difference = xp.where(is_missing, difference, zeros)
        is_counted = xp.where(is_missing, zeros + 1, zeros)
        of_rows = weights[rows]
        weight += float(of_rows @ _sums_of_rows(is_counted))
        total += float(of_rows @ _sums_of_rows(difference**2))
    return total / weight if weight else 0.0


def _sums_of_rows(array):
    """Return the sums of rows as an ndarray; the entries of a vector themselves."""
    array = array if array.ndim == 1 else namespace(array).sum(array, axis=1)
    return to_numpy(array).astype(np.float64)


@dataclass
class ObservedMeans:
    """Weighted means of the observed entries of columns.

    Adding two objects gives the means over both sets of rows.

    Attributes
    ----------
    weight : ndarray of shape (n_features,)
        Of the observed entries of each column.
    mean : ndarray of shape (n_features,)
        Zero where there are none.
    """

    weight: np.ndarray
    mean: np.ndarray

    @classmethod
    def of(cls, X, sample_weight=None):
        """Return those of an ndarray or CSR array of shape (n_rows, n_features)."""
        weights = np.ones(X.shape[0]) if sample_weight is None else sample_weight
        weights = weights.astype(np.float64)
        if not sparse.issparse(X):
            parts = blocks(0, X.shape[0], 8 * X.shape[1])
            return sum(cls._of_array(X[rows], weights[rows]) for rows in parts)
        is_missing = np.isnan(X.data)
        missing = sparse.csr_array((1.0 * is_missing, X.indices, X.indptr), X.shape)
        values = sparse.csr_array(
            (np.where(is_missing, 0, X.data), X.indices, X.indptr), X.shape
        )
        return cls._from_sums(weights.sum() - weights @ missing, weights @ values)

    @classmethod
    def _of_array(cls, X, weights):
        observed = ~np.isnan(X)
        values = np.where(observed, X, 0).astype(np.float64)
        first = cls._from_sums(weights @ observed, weights @ values)
        # A second pass takes the rounding error out of a large mean.
        values -= np.where(observed, first.mean, 0)
        rest = cls._from_sums(first.weight, weights @ values)
        return cls(first.weight, first.mean + rest.mean)

    @classmethod
    def _from_sums(cls, weight, sums):
        # The difference of two sums of weights may be a rounding error instead of zero.
        weight = np.where(weight > 1e-12 * weight.max(initial=0), weight, 0)
        return cls(weight, sums / np.where(weight > 0, weight, 1))

    def __add__(self, other):
        weight = self.weight + other.weight
        share = other.weight / np.where(weight > 0, weight, 1)
        return ObservedMeans(weight, self.mean + share * (other.mean - self.mean))

    def __radd__(self, start):  # of `sum`
        return self if start == 0 else NotImplemented

    def or_else(self, fill):
        """Return the means, or other values for columns without observed entries."""
        return np.where(self.weight > 0, self.mean, fill)
