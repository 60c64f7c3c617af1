"""Functions of one block of a Dask array, apart from the objective."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.utils import check_array

from .._arrays._array_api import canonical_csr
from .._arrays._team import Team
from ._distinct import distinct_rows
from ._limits import column_limits
from ._mapping import map_rows, map_rows_to_csr
from ._missing import ObservedMeans, has_missing
from ._moments import column_means, column_moments


def as_rows(block, dtype, number, check_finite=True):
    """Check a block as rows in memory are checked.

    Parameters
    ----------
    block : {array-like, sparse matrix} of shape (n_rows, n_features)
    dtype : dtype
    number : int
        Index of the block, for the error message.
    check_finite : bool or "allow-nan", default=True

    Returns
    -------
    X : ndarray or CSR array of shape (n_rows, n_features)
    """
    try:
        block = check_array(
            block,
            accept_sparse="csr",
            dtype=dtype,
            order="C",
            ensure_all_finite=check_finite,
            ensure_min_samples=0,
            input_name="X",
            estimator="SparseAutoencoder",
        )
    except ValueError as error:
        raise ValueError(f"X.blocks[{number}] cannot be used. {error}") from error
    return canonical_csr(block) if sparse.issparse(block) else block


@dataclass
class Moments:
    """Sum of weights, weighted mean and variance of each column of some rows.

    Adding two objects gives the moments of both sets of rows, without cancellation if
    the means are large [1]_.

    Attributes
    ----------
    weight : float
    mean, variances : ndarray of shape (n_features,)

    References
    ----------
    .. [1] T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for Computing the Sample
       Variance: Analysis and Recommendations", The American Statistician 37, 1983.
    """

    weight: float
    mean: np.ndarray
    variances: np.ndarray

    @classmethod
    def of_block(cls, number, X, sample_weight, *, dtype):
        """Return the moments of a block, after a check of its values."""
        X = as_rows(X, dtype, number)
        if sample_weight is None:
            return cls(float(X.shape[0]), *column_moments(X))
        weight = float(np.sum(sample_weight, dtype=np.float64))
        if weight == 0:
            return cls(0.0, *np.zeros((2, X.shape[1])))
        return cls(weight, *column_moments(X, np.asarray(sample_weight)))

    def __add__(self, other):
        weight = self.weight + other.weight
        if weight == 0:
            return self
        share = other.weight / weight
        step = other.mean - self.mean
        between = share * (1 - share) * step**2
        within = (1 - share) * self.variances + share * other.variances
        return Moments(weight, self.mean + share * step, within + between)


def observed_of_block(number, X, sample_weight, *, dtype):
    """Return the `ObservedMeans` of a block, after a check of its values."""
    X = as_rows(X, dtype, number, check_finite="allow-nan")
    if X.shape[0] == 0:
        return ObservedMeans(*np.zeros((2, X.shape[1])))
    return ObservedMeans.of(X, sample_weight)


@dataclass
class Missing:
    """Whether an entry of some rows is missing; adding two objects joins the rows."""

    found: bool

    @classmethod
    def of_block(cls, number, X, *, dtype):
        """Return that of a block, after a check of its values."""
        return cls(has_missing(as_rows(X, dtype, number, check_finite="allow-nan")))

    def __add__(self, other):
        return Missing(self.found or other.found)


@dataclass
class MeansOf:
    """Weighted sums of a function of entries, and the weight of the rows.

    Adding two objects gives the sums over both sets of rows.
    """

    weight: float
    sums: np.ndarray

    @classmethod
    def of_block(cls, number, X, sample_weight, *, dtype, function):
        """Return those of a block, after a check of its values."""
        X = as_rows(X, dtype, number)
        weights = np.ones(X.shape[0]) if sample_weight is None else sample_weight
        weight = float(np.sum(weights, dtype=np.float64))
        if weight == 0:
            return cls(0.0, np.zeros(X.shape[1]))
        return cls(weight, weight * column_means(X, sample_weight, function))

    def __add__(self, other):
        return MeansOf(self.weight + other.weight, self.sums + other.sums)


def seen_block(block, view):
    """Return a block as an encoder with a `View` sees it."""
    return view(canonical_csr(block) if sparse.issparse(block) else block)


@dataclass
class Distinct:
    """Digests of the distinct rows of positive weight.

    Adding two objects gives those of both sets of rows.

    Attributes
    ----------
    digests : set of bytes
    """

    digests: set

    @classmethod
    def of_block(cls, number, X, sample_weight, *, dtype, enough):
        """Return the digests of a block, of `enough` rows at most."""
        X = as_rows(X, dtype, number)
        if sample_weight is not None:
            X = X[np.asarray(sample_weight) > 0]
        return cls(distinct_rows([X], enough))

    def __add__(self, other):
        return Distinct(self.digests | other.digests)


@dataclass
class Limits:
    """The smallest and the largest value of each column of some rows.

    Adding two objects gives the limits of both sets of rows.

    Attributes
    ----------
    ends : ndarray of shape (2, n_features)
        Infinite without rows.
    """

    ends: np.ndarray

    @classmethod
    def of_block(cls, number, X, sample_weight, *, dtype):
        """Return the limits of the rows of positive weight, after a check of them."""
        X = as_rows(X, dtype, number)
        if sample_weight is not None:
            X = X[np.asarray(sample_weight) > 0]
        if X.shape[0] == 0:
            return cls(np.tile([[np.inf], [-np.inf]], X.shape[1]))
        return cls(column_limits(X))

    def __add__(self, other):
        return Limits(
            np.stack(
                [
                    np.minimum(self.ends[0], other.ends[0]),
                    np.maximum(self.ends[1], other.ends[1]),
                ]
            )
        )


def apply_block(block, step, n_columns, as_csr, has_missing, block_info):
    """Return the results of ``step(X, out)`` for the rows of a block, by one thread.

    `block_info` is passed by `dask.array.map_blocks`, here and below; the entry of None
    describes the result.
    """
    dtype = block_info[None]["dtype"]
    check = "allow-nan" if has_missing else True
    X = as_rows(block, dtype, _block_number(block_info), check)
    with Team(1) as team:
        if as_csr:
            return map_rows_to_csr(step, X, n_columns, team)
        return map_rows(step, X, np.empty((X.shape[0], n_columns), dtype), team)


def part_of_block(block, seed, held_out, block_info):
    """Return the rows of a block that are held out, or the others, in their order.

    Their number is given by the chunks of the result, which Dask knows.
    """
    n_rows, n_taken = block.shape[0], block_info[None]["chunk-shape"][0]
    n_held_out = n_taken if held_out else n_rows - n_taken
    order = _rng(seed, block_info).permutation(n_rows)
    is_held_out = np.arange(n_rows) < n_held_out
    return block[np.sort(order[is_held_out == held_out])]


def corrupt_block(block, corrupt, seed, block_info):
    """Return a corrupted copy of a block."""
    return corrupt(block, _rng(seed, block_info))


def _rng(seed, block_info):
    """Return a random state for a block, the same one on any worker."""
    return np.random.RandomState([seed, _block_number(block_info)])


def _block_number(block_info):
    return block_info[None]["chunk-location"][0]
