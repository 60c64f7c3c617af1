"""Units as detectors of known features: precision, absorption, splitting."""

from numbers import Real

import numpy as np
from scipy import sparse
from sklearn.utils import Bunch

from .._reading._codes import is_active
from .._reading._constraints import THRESHOLD
from .._sklearn import Interval, validate_params
from ._recovery import check_code_pair

_THRESHOLD = {"threshold": THRESHOLD}


@validate_params(_THRESHOLD, prefer_skip_nested_validation=True)
def feature_detection(codes, A, *, threshold=None, units=None):
    """Precision, recall and F1 of units as detectors of true features.

    Parameters
    ----------
    codes : {array-like, sparse matrix} of shape (n_samples, n_true)
        True activations; those that are not zero are present.

    A : {array-like, sparse matrix} of shape (n_samples, n_components)
        Code, the output of `transform`.

    threshold : float, array-like of shape (n_components,), "mean" or None, \
            default=None
        Activations of A above it count as active. None: all that are not zero.

    units : array-like of int of shape (n_true,), default=None
        The unit of each feature. None: the one with the largest F1, which several
        features may share.

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the attributes

        units : ndarray of int of shape (n_true,)
            The unit of each feature.
        precision : ndarray of shape (n_true,)
            Fraction of the rows with the unit active that have the feature; 0 for a
            unit that is never active.
        recall : ndarray of shape (n_true,)
            Fraction of the rows with the feature on which the unit is active; 0 for a
            feature without rows.
        f1 : ndarray of shape (n_true,)
            Their harmonic mean [1]_.

    Raises
    ------
    ValueError
        If the codes differ in their number of rows.

    References
    ----------
    .. [1] C. J. van Rijsbergen, "Information Retrieval", 1979, chapter 7.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> result = metrics.feature_detection([[1], [2], [0]], [[0, 3], [1, 2], [0, 1]])
    >>> result.units, result.precision.round(2), result.recall
    (array([1]), array([0.67]), array([1.]))
    """
    present, active = _masks(codes, A, threshold)
    counts = hits, n_present, n_active = _hits(present, active)
    if units is None:
        units = _best_units(counts)
    units = np.asarray(units)
    hits = hits[np.arange(len(units)), units]
    return Bunch(
        units=units,
        precision=_ratio(hits, n_active[units]),
        recall=_ratio(hits, n_present),
        f1=_f1(hits, n_present, n_active[units]),
    )


@validate_params(_THRESHOLD, prefer_skip_nested_validation=True)
def relative_l0(codes, A, *, threshold=None):
    """Mean number of active units divided by that of true features.

    Parameters
    ----------
    codes : {array-like, sparse matrix} of shape (n_samples, n_true)
        True activations; those that are not zero are present.

    A : {array-like, sparse matrix} of shape (n_samples, n_components)
        Code, the output of `transform`.

    threshold : float, array-like of shape (n_components,), "mean" or None, \
            default=None
        Activations of A above it count as active. None: all that are not zero.

    Returns
    -------
    ratio : float
        1 if as many units are active as features are present; nan if no feature is.

    Raises
    ------
    ValueError
        If the codes differ in their number of rows.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.relative_l0([[1, 0], [0, 2]], [[1, 3, 0], [0, 0, 2]])
    1.5
    """
    present, active = _masks(codes, A, threshold)
    n_present = float(present.sum())
    return float(active.sum()) / n_present if n_present else np.nan


@validate_params(_THRESHOLD, prefer_skip_nested_validation=True)
def absorption_rate(codes, A, parents, *, threshold=None, units=None):
    """Fraction of a child feature's rows in which its parent's unit is inactive.

    The parent of a child feature is present in all rows of the child. In the rows that
    are counted, the child's unit is active and the parent's is not. Sparsity rewards
    this: a child's unit that also adds the parent's direction saves one active unit
    [1]_.

    Parameters
    ----------
    codes : {array-like, sparse matrix} of shape (n_samples, n_true)
        True activations; those that are not zero are present.

    A : {array-like, sparse matrix} of shape (n_samples, n_components)
        Code, the output of `transform`.

    parents : array-like of int of shape (n_true,)
        Index of the parent of each feature, -1 for those without.

    threshold : float, array-like of shape (n_components,), "mean" or None, \
            default=None
        Activations of A above it count as active. None: all that are not zero.

    units : array-like of int of shape (n_true,), default=None
        The unit of each feature. None: the one with the largest F1, as in
        :func:`feature_detection`.

    Returns
    -------
    rates : ndarray of shape (n_true,)
        From 0 to 1; nan for features without a parent, and for children without rows.

    Raises
    ------
    ValueError
        If the codes differ in their number of rows, or `parents` has the wrong length.

    Notes
    -----
    The reference has no true features, and is stricter. A row with a parent, by a
    linear probe, counts as absorbed if all units among which the parent is split are
    inactive (:func:`n_split_units`), and if the most important other unit adds the
    direction of the probe. Its rate is over all rows with the parent instead of those
    with one child. Here, the direction of the child's unit does not matter, and the
    parent has one unit.

    References
    ----------
    .. [1] D. Chanin et al., "A is for Absorption: Studying Feature Splitting and
       Absorption in Sparse Autoencoders", arXiv:2409.14507, 2024.

    Examples
    --------
    The second feature is a child of the first, whose unit is silent on one of two rows:

    >>> from skl_sparse_ae import metrics
    >>> codes = [[1, 0], [1, 0], [1, 1], [1, 1]]
    >>> A = [[1, 0], [1, 0], [0, 1], [1, 1]]
    >>> metrics.absorption_rate(codes, A, parents=[-1, 0])
    array([nan, 0.5])
    """
    present, active = (sparse.csc_array(mask) for mask in _masks(codes, A, threshold))
    parents = np.asarray(parents)
    if parents.shape != (present.shape[1],):
        raise ValueError(f"parents must have {present.shape[1]} entries.")
    if units is None:
        units = _best_units(_hits(present, active))
    rates = np.full(len(parents), np.nan)
    for child in np.flatnonzero(parents >= 0):
        rows = _column(present, child) & _column(present, parents[child])
        own = _column(active, units[child])
        of_parent = _column(active, units[parents[child]])
        if rows.any():
            rates[child] = (own & ~of_parent)[rows].mean()
    return rates


@validate_params(
    {**_THRESHOLD, "min_gain": [Interval(Real, 0, 1, closed="neither")]},
    prefer_skip_nested_validation=True,
)
def n_split_units(codes, A, *, threshold=None, min_gain=0.03):
    """Number of units among which each true feature is split.

    Units are added one by one, each time the one with which "at least one of them is
    active" has the largest F1 as a detector of the feature, as long as F1 rises by more
    than `min_gain`. The criterion and its value are those of [1]_, where logistic
    regressions on 1, 2, ... up to 5 units take the place of "at least one of them is
    active", in the order of their weights in one with an L1 penalty.

    Parameters
    ----------
    codes : {array-like, sparse matrix} of shape (n_samples, n_true)
        True activations; those that are not zero are present.

    A : {array-like, sparse matrix} of shape (n_samples, n_components)
        Code, the output of `transform`.

    threshold : float, array-like of shape (n_components,), "mean" or None, \
            default=None
        Activations of A above it count as active. None: all that are not zero.

    min_gain : float, default=0.03
        By how much F1 must rise with a further unit.

    Returns
    -------
    counts : ndarray of int of shape (n_true,)
        1 for features with one unit; 0 for those that no unit detects. The reference
        gives the number of splits, which is one less. A parent that
        its children absorb (:func:`absorption_rate`) is split too in this sense.

    Raises
    ------
    ValueError
        If the codes differ in their number of rows.

    References
    ----------
    .. [1] D. Chanin et al., "A is for Absorption: Studying Feature Splitting and
       Absorption in Sparse Autoencoders", arXiv:2409.14507, 2024.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> codes = [[1, 0], [1, 0], [0, 1]]
    >>> metrics.n_split_units(codes, [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    array([2, 1])
    """
    present, active = _masks(codes, A, threshold)
    present = sparse.csc_array(present)
    by_unit = active.T.astype(np.float64)
    columns = (_column(present, j) for j in range(present.shape[1]))
    return np.array([_n_units_of(column, by_unit, min_gain) for column in columns])


def _n_units_of(present, by_unit, min_gain):
    """Number of units that are added, for one feature.

    Parameters
    ----------
    present : ndarray of bool, shape (n_samples,)
    by_unit : {ndarray, sparse array} of shape (n_components, n_samples)
        Ones where a unit is active.
    min_gain : float
    """
    covered, best, count = np.zeros(len(present), bool), 0.0, 0
    while True:
        hits = (covered & present).sum() + by_unit @ (~covered & present)
        n_covered = covered.sum() + by_unit @ ~covered
        scores = _f1(hits, present.sum(), n_covered)
        unit = scores.argmax()
        if scores[unit] <= best + min_gain:
            return count
        best, count = scores[unit], count + 1
        row = by_unit[[unit]]
        row = row.toarray() if sparse.issparse(row) else row
        covered |= row[0] > 0


def _masks(codes, A, threshold):
    """Which features are present, and which units active, in each row."""
    codes, A = check_code_pair(codes, A)
    masks = codes != 0, is_active(A, threshold)
    # Counts are products of the masks, which whole numbers in float64 keep exact.
    return tuple(sparse.csr_array(mask, dtype=np.float64) for mask in masks)


def _hits(present, active):
    """Rows with a feature and a unit, with a feature, and with a unit, as counts."""
    totals = (_counts(mask.sum(axis=0)) for mask in (present, active))
    return _counts(present.T @ active), *totals


def _best_units(counts):
    """The unit with the largest F1 as a detector of each feature, from `_hits`."""
    hits, n_present, n_active = counts
    return _f1(hits, n_present[:, None], n_active).argmax(axis=1)


def _column(mask, j):
    """Column of a CSC mask, as a vector of bool."""
    return mask[:, [j]].toarray()[:, 0] > 0


def _counts(array):
    return array.toarray() if sparse.issparse(array) else np.asarray(array)


def _ratio(numerator, denominator):
    """Quotient of counts, 0 where the denominator is 0."""
    zeros = np.zeros(np.broadcast_shapes(np.shape(numerator), np.shape(denominator)))
    return np.divide(numerator, denominator, out=zeros, where=denominator > 0)


def _f1(hits, n_present, n_active):
    """2 * precision * recall / (precision + recall), from counts."""
    return _ratio(2 * hits, n_present + n_active)
