"""Units in the order of what they tell about a target."""

import numpy as np
from scipy import sparse, stats
from sklearn.utils import Bunch, check_consistent_length

from .._arrays._blocks import blocks
from .._reading._codes import encode_all
from .._sklearn import HasMethods, StrOptions, validate_params
from ._classes import (
    column_of,
    encode_classes,
    is_continuous,
    plain_labels,
    refuse_one_class,
)

#: Memory for the ranks of some units, in bytes.
RANK_BYTES = 2**26


@validate_params(
    {
        "estimator": [HasMethods("transform")],
        "kind": [StrOptions({"auto", "classes", "numbers"})],
    },
    prefer_skip_nested_validation=True,
)
def rank_units(estimator, X, y, *, kind="auto"):
    """Order units by what the activation of each alone tells about a target.

    Only the ranks of activations count, so that neither their scale nor a few large
    ones matter, and neither do the kinds of units.

    Parameters
    ----------
    estimator : estimator object
        Fitted, with `transform`: a :class:`SparseAutoencoder`, PCA, NMF, a pipeline.

    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows, or any other input of `transform`. They are encoded in blocks.

    y : array-like of shape (n_samples,)
        Target: classes or numbers.

    kind : {"auto", "classes", "numbers"}, default="auto"
        What y is. "auto": numbers if it has values that are not whole.

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the attributes

        units : ndarray of shape (n_components,)
            Indices of the units, by decreasing largest absolute effect.
        classes : ndarray of shape (n_targets,) or None
            The classes, sorted, one for each column; None for numbers, which have one
            column.
        effect : ndarray of shape (n_components, n_targets)
            From -1 to 1, 0 for units that tell nothing and for constant ones. For a
            class, the rank-biserial correlation [1]_ of "is of this class": the
            probability that the unit is more active on a row of the class than on one
            of the others, minus that of the opposite. ``(effect + 1) / 2`` is the area
            under the ROC curve. For numbers, Spearman's rank correlation.
        pvalues : ndarray of shape (n_components, n_targets)
            Two-sided, of the Mann-Whitney test with correction for ties and continuity
            [2]_, or of the t test of Spearman's correlation. 1 for constant units.
        adjusted_pvalues : ndarray of shape (n_components, n_targets)
            Adjusted for the number of tests as in :func:`label_enrichment`.

    Raises
    ------
    ValueError
        If X and y differ in length, y has missing values, or only one class.

    Notes
    -----
    The tests assume independent rows, which were not used to fit the estimator if y
    was. With many rows tiny effects are significant; the order is by effect.

    References
    ----------
    .. [1] D. S. Kerby, "The simple difference formula: an approach to teaching
       nonparametric correlation", Comprehensive Psychology 3, 2014.
    .. [2] H. B. Mann, D. R. Whitney, "On a test of whether one of two random variables
       is stochastically larger than the other", Annals of Mathematical Statistics 18,
       1947.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.inspection import rank_units
    >>> X, y = load_digits(return_X_y=True)
    >>> autoencoder = SparseAutoencoder(64, penalty="topk", random_state=0).fit(X)
    >>> result = rank_units(autoencoder, X, y == 0)
    >>> best = result.units[0]
    >>> bool(result.effect[best].max() > 0.5)
    True
    """
    check_consistent_length(X, column_of(y))
    y = plain_labels(y)
    if kind == "auto":
        kind = "numbers" if is_continuous(y) else "classes"
    classes, targets = _targets(y, kind)
    code = encode_all(estimator, X)
    code = code.tocsc() if sparse.issparse(code) else code
    test = _spearman if classes is None else _mann_whitney
    n_samples, n_components = code.shape
    effect, pvalues = np.empty((2, n_components, targets.shape[1]))
    for units in blocks(0, n_components, 8 * n_samples, RANK_BYTES):
        part = code[:, units]
        part = part.toarray() if sparse.issparse(part) else part
        effect[units], pvalues[units] = test(stats.rankdata(part, axis=0), targets)
    adjusted = stats.false_discovery_control(pvalues, axis=None, method="by")
    return Bunch(
        units=np.argsort(-np.abs(effect).max(axis=1), kind="stable"),
        classes=classes,
        effect=effect,
        pvalues=pvalues,
        adjusted_pvalues=adjusted.reshape(pvalues.shape),
    )


def _targets(y, kind):
    """The classes and an indicator of each; or None and the ranks of numbers."""
    if kind == "numbers":
        return None, stats.rankdata(_numbers(y))[:, None]
    classes, labels = encode_classes(y)
    refuse_one_class(classes)
    return classes, (labels[:, None] == np.arange(len(classes))).astype(np.float64)


def _numbers(y):
    """A target as float64."""
    try:
        return y.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"kind='numbers' needs numbers, and y has others ({error}). Use "
            "kind='classes' or 'auto'."
        ) from error


def _mann_whitney(ranks, indicators):
    """Rank-biserial correlations of columns of ranks with classes, and p-values."""
    n = len(ranks)
    n_in = indicators.sum(axis=0)
    pairs = n_in * (n - n_in)
    # U minus its mean under the hypothesis, for each unit and class.
    excess = ranks.T @ indicators - n_in * (n + 1) / 2
    # The variance of the ranks is (n^2 - 1) / 12 without ties; the test's variance of U
    # is in proportion to it, which is the correction for ties.
    variance = ranks.var(axis=0, ddof=1)[:, None] * pairs / n
    spread = np.sqrt(variance)
    distance = np.maximum(np.abs(excess) - 0.5, 0)
    z = np.divide(distance, spread, out=np.zeros_like(distance), where=spread > 0)
    return 2 * excess / pairs, 2 * stats.norm.sf(z)


def _spearman(ranks, target):
    """Spearman's correlations of columns of ranks with one of numbers, and p-values."""
    n = len(ranks)
    ranks, target = (a - (n + 1) / 2 for a in (ranks, target))
    scale = np.sqrt((ranks**2).sum(axis=0)[:, None] * (target**2).sum(axis=0))
    products = ranks.T @ target
    r = np.divide(products, scale, out=np.zeros_like(products), where=scale > 0)
    r = np.clip(r, -1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(r) * np.sqrt((n - 2) / (1 - r**2))
    pvalues = 2 * stats.t.sf(t, max(n - 2, 1))
    return r, np.where(np.isnan(pvalues), 1.0, pvalues)
