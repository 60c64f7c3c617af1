"""The classes that are frequent among the rows on which each unit is active."""

import numpy as np
from scipy import sparse
from scipy.stats import false_discovery_control, hypergeom
from sklearn.utils import Bunch, check_consistent_length

from .._reading._codes import (
    auto_threshold,
    column_means,
    encode_blocks,
    is_active,
    thresholds_from_means,
)
from .._reading._constraints import THRESHOLD_OR_AUTO
from .._sklearn import HasMethods, validate_params
from ._classes import encode_classes


@validate_params(
    {"estimator": [HasMethods("transform")], "threshold": THRESHOLD_OR_AUTO},
    prefer_skip_nested_validation=True,
)
def label_enrichment(estimator, X, y, *, threshold="auto"):
    """Compare the frequency of each class where a unit is active with that in all rows.

    Parameters
    ----------
    estimator : estimator object
        Fitted, with `transform`: a :class:`SparseAutoencoder`, PCA, NMF, a pipeline.

    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows, or any other input of `transform`. They are encoded in blocks.

    y : array-like of shape (n_samples,)
        Class of each row: strings, whole numbers, or anything else that can be sorted.

    threshold : float, array-like of shape (n_components,), "auto", "mean" or None, \
            default="auto"
        Activations above it count as active. "mean": the unit's mean over the rows,
        which are then encoded twice. None: all activations that are not zero. "auto"
        is "mean" for the logistic, tanh and identity units of a
        :class:`SparseAutoencoder` (also at the end of a pipeline) unless the penalty
        selects the active ones, as top-k does, and None otherwise. Must not be negative
        for sparse codes.

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the attributes

        classes : ndarray of shape (n_classes,)
            The classes, sorted.
        class_counts : ndarray of shape (n_classes,)
            Number of rows of each class.
        n_active : ndarray of shape (n_components,)
            Number of rows on which each unit is active.
        counts : ndarray of shape (n_components, n_classes)
            Number of rows of each class on which the unit is active.
        enrichment : ndarray of shape (n_components, n_classes)
            ``(counts / n_active) / (class_counts / n_samples)``: 1 if the class is as
            frequent as in all rows, at most ``n_samples / class_counts``; nan for units
            that are active on no row.
        pvalues : ndarray of shape (n_components, n_classes)
            Probability of at least as many rows of the class if the active rows were
            drawn at random: the upper tail of the hypergeometric distribution, which is
            Fisher's exact test [1]_ with ``alternative="greater"``.
        adjusted_pvalues : ndarray of shape (n_components, n_classes)
            The p-values adjusted for the number of tests, n_components * n_classes. Of
            those below q, a fraction of at most q is expected to be false discoveries
            [2]_. This holds for dependent tests, which these are: the more rows a unit
            has of one class, the fewer it has of another.

    Raises
    ------
    ValueError
        If X and y differ in length, or if labels are missing, are numbers of a numeric
        target, or cannot be sorted.

    Notes
    -----
    The test assumes independent rows. With many rows, p-values become tiny even for
    enrichments too small to be of interest; rank units by `enrichment` among those
    that are significant. If the estimator was fitted using `y` in any way, use rows
    that were not used for fitting.

    References
    ----------
    .. [1] R. A. Fisher, "The Design of Experiments", 1935, chapter 2.
    .. [2] Y. Benjamini, D. Yekutieli, "The control of the false discovery rate in
       multiple testing under dependency", Annals of Statistics 29, 2001.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.inspection import label_enrichment
    >>> X, y = load_digits(return_X_y=True)
    >>> autoencoder = SparseAutoencoder(32, penalty="topk", random_state=0).fit(X)
    >>> result = label_enrichment(autoencoder, X, y)
    >>> result.enrichment.shape
    (32, 10)
    >>> bool((result.adjusted_pvalues.min(axis=1) < 0.001).mean() > 0.9)
    True
    """
    classes, labels = encode_classes(y)
    check_consistent_length(X, labels)
    if isinstance(threshold, str) and threshold == "auto":
        threshold = auto_threshold(estimator)
    if isinstance(threshold, str):
        threshold = thresholds_from_means(_mean_code(estimator, X))
    n_active, counts = _count_active(estimator, X, labels, threshold)
    class_counts, n_samples = np.bincount(labels), len(labels)
    pvalues = hypergeom.sf(
        counts - 1, len(labels), class_counts, n_active[:, np.newaxis]
    )
    adjusted = false_discovery_control(pvalues, axis=None, method="by")
    return Bunch(
        classes=classes,
        class_counts=class_counts,
        n_active=n_active,
        counts=counts,
        enrichment=_ratio(counts * n_samples, np.outer(n_active, class_counts)),
        pvalues=pvalues,
        adjusted_pvalues=adjusted.reshape(pvalues.shape),
    )


def _mean_code(estimator, X):
    """Mean activation of each unit over the rows, which are encoded in blocks."""
    total = n_samples = 0
    for rows, code in encode_blocks(estimator, X):
        total = total + column_means(code) * code.shape[0]
        n_samples = rows.stop
    return total / n_samples


def _count_active(estimator, X, labels, threshold):
    """Count the rows on which each unit is active.

    Parameters
    ----------
    estimator, X
        As of `label_enrichment`.
    labels : ndarray of int, shape (n_samples,)
        Index of the class of each row.
    threshold : float, array-like of shape (n_components,) or None

    Returns
    -------
    n_active : ndarray of int, shape (n_components,)
    counts : ndarray of int, shape (n_components, n_classes)
        The counts for each class.
    """
    membership = _one_hot(labels)
    n_active, counts = 0, 0
    has_negative = threshold is not None and np.min(threshold) < 0
    for rows, code in encode_blocks(estimator, X):
        if sparse.issparse(code) and has_negative:
            code = code.toarray()  # of few rows
        active = is_active(code, threshold)
        n_active = n_active + np.asarray(active.sum(axis=0))
        of_block = active.T @ membership[rows]
        counts = counts + (of_block.toarray() if sparse.issparse(active) else of_block)
    return n_active, counts


def _one_hot(labels):
    """One-hot encoding of labels: csr_array of shape (n_samples, n_classes)."""
    ones = np.ones(len(labels), dtype=np.intp)
    return sparse.csr_array((ones, (np.arange(len(labels)), labels)))


def _ratio(numerator, denominator):
    """The quotient, nan for 0 / 0."""
    with np.errstate(invalid="ignore"):
        return numerator / denominator
