"""How well a few units predict a target."""

import warnings
from numbers import Integral

import numpy as np
from sklearn.base import is_classifier
from sklearn.feature_selection import SelectKBest, f_classif, f_regression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Bunch, check_consistent_length

from .._reading._codes import encode_all
from .._sklearn import HasMethods, Interval, validate_params
from ._classes import column_of, encode_classes, plain_labels, refuse_one_class

DEFAULT_NUMBERS = 1, 2, 5, 10


@validate_params(
    {
        "estimator": [HasMethods("transform")],
        "n_units": [Interval(Integral, 1, None, closed="left"), "array-like", None],
        "probe": [HasMethods(["fit", "predict"]), None],
    },
    prefer_skip_nested_validation=True,
)
def sparse_probing(estimator, X, y, *, n_units=None, probe=None, scoring=None, cv=5):
    """Score of a linear model that sees only the best k units: k-sparse probing [1]_.

    Where one unit predicts a target as well as all do, it may be called the unit of
    this target; where many are needed, the target is distributed over them.

    Parameters
    ----------
    estimator : estimator object
        Fitted, with `transform`: a :class:`SparseAutoencoder`, PCA, NMF, a pipeline.

    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows, or any other input of `transform`. They are encoded in blocks.

    y : array-like of shape (n_samples,)
        Target: classes, or numbers if the probe is a regressor.

    n_units : int or array-like of int, default=None
        Numbers of units k; those above the number of units are an error. None: 1, 2, 5
        and 10, as far as there are as many units.

    probe : estimator object, default=None
        Classifier or regressor that is fitted to the units, which are divided by their
        standard deviations. None: logistic regression.

    scoring : str or callable, default=None
        As in :func:`~sklearn.model_selection.cross_val_score`. None: the score of the
        probe, accuracy for classifiers.

    cv : int, cross-validation generator or iterable, default=5
        As in :func:`~sklearn.model_selection.cross_val_score`. Units are selected
        within each training part, by the F test of the analysis of variance or, for
        regressors, of the linear regression on the unit, so that test parts have no
        influence on which units are used.

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the attributes

        n_units : ndarray of shape (n_numbers,)
            The numbers k.
        scores : ndarray of shape (n_numbers, n_splits)
            Score on each test part.
        mean_scores : ndarray of shape (n_numbers,)
            Their means.

    Raises
    ------
    ValueError
        If X and y differ in length, y has missing values or, for a classifier, only
        one class, a number of units is not within 1 and the number that there are, or
        the probe cannot be scored on each test part.

    Notes
    -----
    SAEBench [2]_ selects units by the absolute difference between their means on the
    rows with and without a label, and balances these; the F test divides by the spread
    within them, so that the scale of a unit does not count.

    References
    ----------
    .. [1] W. Gurnee et al., "Finding Neurons in a Haystack: Case Studies with Sparse
       Probing", arXiv:2305.01610, 2023.
    .. [2] A. Karvonen et al., "SAEBench: A Comprehensive Benchmark for Sparse
       Autoencoders in Language Model Interpretability", arXiv:2503.09532, 2025.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.inspection import sparse_probing
    >>> X, y = load_digits(return_X_y=True)
    >>> autoencoder = SparseAutoencoder(64, penalty="topk", random_state=0).fit(X)
    >>> result = sparse_probing(autoencoder, X, y == 0, n_units=[1, 5])
    >>> result.scores.shape
    (2, 5)
    >>> bool((result.mean_scores > 0.93).all())
    True
    """
    check_consistent_length(X, column_of(y))
    probe = LogisticRegression(max_iter=1000) if probe is None else probe
    y = _target_of(probe, y)
    code = encode_all(estimator, X)
    if n_units is None:
        n_units = [k for k in DEFAULT_NUMBERS if k <= code.shape[1]]
    numbers = np.atleast_1d(n_units)
    if numbers.dtype.kind not in "iu" or numbers.ndim != 1:
        raise ValueError(f"n_units={n_units!r} must be whole numbers, one at least.")
    if numbers.min() < 1 or numbers.max() > code.shape[1]:
        raise ValueError(
            f"n_units must be within 1 and the number of units, {code.shape[1]}."
        )
    test = _f_classes if is_classifier(probe) else _f_numbers
    scale = StandardScaler(with_mean=False)
    scores = np.array(
        [
            cross_val_score(
                make_pipeline(SelectKBest(test, k=int(k)), scale, probe),
                code,
                y,
                scoring=scoring,
                cv=cv,
            )
            for k in numbers
        ]
    )
    if np.isnan(scores).any():
        raise ValueError(
            "The probe has no score on some test parts, as the warnings say. Each "
            "training part needs rows of at least two classes: fewer parts (cv) or "
            "more rows of rare classes may help."
        )
    return Bunch(n_units=numbers, scores=scores, mean_scores=scores.mean(axis=1))


def _target_of(probe, y):
    """Return the target in a form that scikit-learn takes; check it."""
    plain = plain_labels(y)
    if not is_classifier(probe):
        return plain
    classes, labels = encode_classes(
        y, " Or pass a regressor as probe, such as Ridge()."
    )
    refuse_one_class(classes)
    # Names stay as they are, since `scoring` may refer to them.
    is_known = plain.dtype.kind in "biufU" or all(isinstance(c, str) for c in classes)
    return plain if is_known else labels


def _f_classes(code, y):
    return _without_warnings(f_classif, code, y)


def _f_numbers(code, y):
    return _without_warnings(f_regression, code, y)


def _without_warnings(test, code, y):
    """A test's results, 0 for units that are constant, of which it would warn."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        scores, pvalues = test(code, y)
    return np.nan_to_num(scores, nan=0.0, posinf=np.inf), pvalues
