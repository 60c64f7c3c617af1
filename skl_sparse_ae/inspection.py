"""What the units of a fitted estimator stand for.

For each unit: the rows that activate it most, the classes that are frequent among the
rows on which it is active, the features that it writes into the reconstruction, and
what becomes of a reconstruction when it is switched off or turned up. The functions use
`transform`, `inverse_transform` and `components_` alone, and so serve PCA, NMF and
dictionary learning as well, pipelines with any of these at their end, and fitted
searches for the parameters of such.
"""

from numbers import Integral, Real

import numpy as np
from scipy import sparse
from scipy.stats import false_discovery_control, hypergeom
from sklearn.utils import Bunch, check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from ._arrays._array_api import to_numpy, way_back
from ._reading._codes import (
    THRESHOLD,
    above,
    check_rows,
    column_means,
    encode_blocks,
    is_active,
    threshold_of,
)
from ._reading._pipelines import last_step, names_of_columns
from ._sklearn import HasMethods, Interval, StrOptions, validate_params

__all__ = ["label_enrichment", "steer", "top_activating", "top_features"]

COUNT = [Interval(Integral, 1, None, closed="left")]


@validate_params(
    {"estimator": [HasMethods("transform")], "n": COUNT},
    prefer_skip_nested_validation=True,
)
def top_activating(estimator, X, n=10):
    """The rows that activate each unit most.

    X is encoded in blocks of rows, so that neither a memory-mapped X nor its code need
    fit in memory. (Encoders that iterate over all rows of a block together, as NMF's
    does, then give codes that are the same within their tolerance.)

    Parameters
    ----------
    estimator : estimator object
        Fitted, with `transform`: a :class:`SparseAutoencoder`, PCA, NMF, a pipeline.

    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows, or whatever `transform` takes.

    n : int, default=10
        How many rows for each unit.

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the attributes

        indices : ndarray of shape (n_components, n)
            Indices of rows of X, the largest activation first; of equal ones, the lower
            index first. Rows on which the unit is exactly zero are not among them.
            Where fewer than `n` rows remain, the rest is ``n_samples``, which is no
            row: using it as an index fails, as it should.
        activations : ndarray of shape (n_components, n)
            The activations on these rows, 0 where there is no row.

    See Also
    --------
    label_enrichment : What these rows have in common, when they have labels.

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

    The rows of a unit that may be active on fewer than `n`:

    >>> X[top.indices[3][top.activations[3] != 0]].shape
    (5, 64)
    """
    largest = None
    for rows, code in encode_blocks(estimator, X):
        unit, row, activation = _largest_of_block(code, n)
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


def _largest_of_block(code, n):
    """Unit, row and activation of at least the `n` largest of each unit that exist."""
    if sparse.issparse(code):
        row, unit = code.nonzero()
        return unit, row, code.data[code.data != 0]
    # The smallest of the negatives: in codes that are mostly zeros, NumPy finds these
    # ten times as fast as the largest.
    negatives = np.where(code != 0, -code, np.inf)
    last = min(n, len(code)) - 1
    # All that are as large as the n-th, so that ties do not depend on the partition.
    bound = np.partition(negatives, last, axis=0)[last]
    row, unit = np.nonzero((negatives <= bound) & (code != 0))
    return unit, row, code[row, unit]


def _keep_largest(unit, row, activation, n):
    """Those among the `n` largest of their unit, and the rank of each, from 0."""
    order = np.lexsort((row, -activation, unit))
    unit = unit[order]
    rank = np.arange(len(unit)) - np.searchsorted(unit, unit)
    kept = rank < n
    order = order[kept]
    return (unit[kept], row[order], activation[order]), rank[kept]


@validate_params(
    {
        "estimator": [HasMethods("transform")],
        "threshold": [*THRESHOLD, StrOptions({"auto"})],
    },
    prefer_skip_nested_validation=True,
)
def label_enrichment(estimator, X, y, *, threshold="auto"):
    """How much more frequent each class is where a unit is active than in all rows.

    Parameters
    ----------
    estimator : estimator object
        Fitted, with `transform`: a :class:`SparseAutoencoder`, PCA, NMF, a pipeline.

    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows, or whatever `transform` takes. They are encoded in blocks.

    y : array-like of shape (n_samples,)
        Class of each row.

    threshold : float, array-like of shape (n_components,), "auto", "mean" or None, \
            default="auto"
        What activations must exceed to count as active. None: not be zero. "mean": the
        unit's mean over the rows, for which they are encoded twice. "auto" is "mean"
        for the logistic, tanh and identity units of a :class:`SparseAutoencoder` (or
        of one at the end of a pipeline) unless the penalty selects the active ones, as
        top-k does, and None otherwise. Not negative for sparse codes.

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
            ``(counts / n_active) / (class_counts / n_samples)``: 1 where the class is
            as frequent as elsewhere, up to ``n_samples / class_counts``; nan for units
            that are active on no row.
        pvalues : ndarray of shape (n_components, n_classes)
            Probability of as many rows of the class or more, were the active rows drawn
            at random: the upper tail of the hypergeometric distribution, which is
            Fisher's exact test [1]_ with ``alternative="greater"``.
        adjusted_pvalues : ndarray of shape (n_components, n_classes)
            The p-values adjusted for their number, n_components * n_classes. Of those
            below q, a fraction of at most q is expected to be false discoveries [2]_,
            however the tests depend on each other (the more rows a unit has of one
            class, the fewer of another).

    Raises
    ------
    ValueError
        When X and y differ in length, or y is continuous or cannot be sorted.

    Notes
    -----
    The test takes rows as independent of each other. With many rows, p-values become
    tiny for enrichments that matter to nobody; rank units by `enrichment` among those
    that are significant. When the estimator has been fitted to `y` in any way, use rows
    that it has not seen.

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
    y = column_or_1d(to_numpy(y))
    classes, labels = _classes(y)
    check_consistent_length(X, y)
    if isinstance(threshold, str) and threshold == "auto":
        threshold = threshold_of(estimator)
    if isinstance(threshold, str):
        threshold = above(_mean_code(estimator, X))
    membership = _one_hot(labels)
    n_active, counts = 0, 0
    for rows, code in encode_blocks(estimator, X):
        active = is_active(code, threshold)
        n_active = n_active + np.asarray(active.sum(axis=0))
        of_block = active.T @ membership[rows]
        counts = counts + (of_block.toarray() if sparse.issparse(active) else of_block)
    class_counts = np.bincount(labels)
    pvalues = hypergeom.sf(counts - 1, len(y), class_counts, n_active[:, np.newaxis])
    adjusted = false_discovery_control(pvalues, axis=None, method="by")
    return Bunch(
        classes=classes,
        class_counts=class_counts,
        n_active=n_active,
        counts=counts,
        enrichment=_ratio(counts * len(y), np.outer(n_active, class_counts)),
        pvalues=pvalues,
        adjusted_pvalues=adjusted.reshape(pvalues.shape),
    )


def _classes(y):
    """The classes, sorted, and which one each label is."""
    try:
        check_classification_targets(y)
        return np.unique(y, return_inverse=True)
    except TypeError as error:
        raise ValueError(
            "y has labels that cannot be sorted, such as strings beside missing ones. "
            "Use rows that have labels, or one kind of label."
        ) from error


def _mean_code(estimator, X):
    total = n_samples = 0
    for rows, code in encode_blocks(estimator, X):
        total = total + column_means(code) * code.shape[0]
        n_samples = rows.stop
    return total / n_samples


def _one_hot(labels):
    """Sparse indicators of the labels 0, 1, ..., a row for each."""
    ones = np.ones(len(labels), dtype=np.intp)
    return sparse.csr_array((ones, (np.arange(len(labels)), labels)))


def _ratio(numerator, denominator):
    """The quotient, nan where it is 0 / 0."""
    with np.errstate(invalid="ignore"):
        return numerator / denominator


@validate_params(
    {
        "estimator": [HasMethods(["transform", "inverse_transform"])],
        "factor": ["array-like", Real, None],
        "value": ["array-like", Real, None],
    },
    prefer_skip_nested_validation=True,
)
def steer(estimator, X, units, *, factor=None, value=None):
    """Reconstruct rows with the activations of some units changed.

    Parameters
    ----------
    estimator : estimator object
        Fitted, with `transform` and `inverse_transform`: a
        :class:`SparseAutoencoder`, PCA, NMF, a pipeline of such.

    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows, or whatever `transform` takes.

    units : int, array-like of int or of bool, or slice
        The units to change: indices, or a mask of shape (n_components,).

    factor : float or array-like of shape (n_units,), default=None
        What their activations are multiplied with, on each row.

    value : float or array-like of shape (n_units,), default=None
        What their activations are set to, the same on all rows [1]_. Exactly one of
        `factor` and `value` is to be given.

    Returns
    -------
    X_hat : ndarray of shape (n_samples, n_features)
        The reconstruction from the changed code. The other units stay as they are; a
        penalty that selects, as top-k does, does not select anew.

    Raises
    ------
    ValueError
        When there is no such unit, or not exactly one of `factor` and `value`.

    Notes
    -----
    - ``factor=0`` switches units off: rectified and logistic units are at rest at 0
      (tanh units with "kl" at -1: ``value=-1``). What X_hat loses by it is what the
      units write into the reconstruction.
    - ``value=metrics.mean_activation(A)[units]``, A being the code of many rows, leaves
      the units active, but makes them tell nothing about the row.
    - ``factor=1`` changes nothing: ``X + steer(..., factor=2) - steer(..., factor=1)``
      applies the change to the rows themselves and keeps what the estimator does not
      reconstruct.

    References
    ----------
    .. [1] A. Templeton et al., "Scaling Monosemanticity: Extracting Interpretable
       Features from Claude 3 Sonnet", Transformer Circuits Thread, 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.inspection import steer
    >>> X = load_digits().data / 16
    >>> autoencoder = SparseAutoencoder(32, penalty="topk", random_state=0).fit(X)
    >>> unit = autoencoder.transform(X[:1]).argmax()
    >>> off, on = (steer(autoencoder, X[:1], unit, factor=f) for f in (0, 1))
    >>> written = autoencoder.transform(X[:1])[0, unit] * autoencoder.components_[unit]
    >>> bool(np.allclose(on - off, written))
    True
    """
    if (factor is None) == (value is None):
        raise ValueError(
            f"Exactly one of factor={factor} and value={value} must be given: factor "
            "multiplies activations, value replaces them."
        )
    code = estimator.transform(X)
    back, code = way_back(code), check_rows(code, "the code of X")
    units = _unit_indices(units, code.shape[1])
    scale, shift = np.ones(code.shape[1]), np.zeros(code.shape[1])
    if value is None:
        scale[units] = _per_unit(factor, units, "factor")
    else:
        scale[units], shift[units] = 0, _per_unit(value, units, "value")
    return estimator.inverse_transform(back(_affine(code, scale, shift)))


def _unit_indices(units, n_components):
    try:
        chosen = units if isinstance(units, slice) else np.asarray(units)
        return np.atleast_1d(np.arange(n_components)[chosen])
    except IndexError as error:
        raise ValueError(
            f"units={units} must be indices below n_components={n_components} or a "
            "mask of that length."
        ) from error


def _per_unit(setting, units, name):
    setting = np.asarray(setting, dtype=np.float64)
    if setting.ndim and setting.shape != units.shape:
        raise ValueError(
            f"{name} has shape {setting.shape}, but must be a number or have one for "
            f"each of the {len(units)} units."
        )
    return setting


def _affine(code, scale, shift):
    """``code * scale + shift`` in the dtype of the code, CSR staying CSR."""
    scale, shift = scale.astype(code.dtype), shift.astype(code.dtype)
    if not sparse.issparse(code):
        return code * scale + shift
    ones = np.ones((code.shape[0], 1), code.dtype)
    shifts = sparse.csr_array(ones) @ sparse.csr_array(shift[np.newaxis])
    return code @ sparse.dia_array((scale[np.newaxis], [0]), [len(scale)] * 2) + shifts


@validate_params({"n": COUNT}, prefer_skip_nested_validation=True)
def top_features(estimator, n=10, *, feature_names=None):
    """The features with the largest weights in each unit's row of `components_`.

    Parameters
    ----------
    estimator : estimator object
        Fitted, with `components_`: a :class:`SparseAutoencoder`, PCA, NMF, or a
        pipeline that ends with one.

    n : int, default=10
        How many features for each unit; all of them where there are fewer.

    feature_names : array-like of shape (n_features,), default=None
        Names of the features. None stands for ``feature_names_in_``, the names that the
        steps before in a pipeline give, or else ``"x0"``, ``"x1"`` and so on.

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the attributes

        names : ndarray of shape (n_components, n), dtype object
            Names, the largest absolute weight first; of equal ones, the first feature
            first.
        weights : ndarray of shape (n_components, n)
            The weights, with their signs: what the unit adds to the feature's
            reconstruction (before the output's activation) when it is active by 1.
        indices : ndarray of shape (n_components, n)
            Indices of the features.

    Raises
    ------
    NotFittedError
        When the estimator has no `components_`.
    ValueError
        When there are not as many names as features.

    Notes
    -----
    Weights are in the units of the features, so that features of large scale come
    first; scale them before fitting to compare them.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.inspection import top_features
    >>> wine = load_wine(as_frame=True)
    >>> pipeline = make_pipeline(StandardScaler(), SparseAutoencoder(4, random_state=0))
    >>> top = top_features(pipeline.fit(wine.data), n=3)
    >>> top.names.shape
    (4, 3)
    >>> set(top.names.flat) <= set(wine.feature_names)
    True
    """
    check_is_fitted(last_step(estimator), "components_")
    weights = to_numpy(last_step(estimator).components_)
    feature_names = names_of_columns(estimator, weights.shape[1], feature_names)
    indices = np.argsort(-np.abs(weights), axis=1, kind="stable")[:, :n]
    return Bunch(
        names=feature_names[indices],
        weights=np.take_along_axis(weights, indices, axis=1),
        indices=indices,
    )
