"""Stability of the units: whether fits with other seeds find the same ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from numbers import Integral

import numpy as np
from joblib import Parallel, delayed
from scipy.optimize import linear_sum_assignment
from sklearn.base import clone
from sklearn.utils import check_array, check_random_state

from ._arrays._array_api import to_numpy
from ._arrays._norms import unit_rows

__all__ = [
    "StabilityCurve",
    "StabilityReport",
    "match_components",
    "stability_curve",
    "stability_report",
]


def match_components(components, reference, *, absolute=False):
    """Match the rows of two dictionaries one to one, by their cosines.

    The matching is the one whose cosines have the largest sum [1]_.

    Parameters
    ----------
    components, reference : array-like of shape (n_components, n_features)
        Rows to match, as in `components_` of a fitted estimator.

    absolute : bool, default=False
        Whether to compare absolute cosines, so that a row matches one of opposite sign
        as well. For dictionaries with arbitrary signs, such as those of PCA.

    Returns
    -------
    indices : ndarray of shape (n_components,)
        For each row of `reference`, the index of the matching row of `components`.

    cosines : ndarray of shape (n_components,)
        Cosine between the two, 0 if one of them is zero.

    Raises
    ------
    ValueError
        If the dictionaries differ in shape.

    References
    ----------
    .. [1] H. W. Kuhn, "The Hungarian method for the assignment problem", Naval
       Research Logistics Quarterly 2, 1955.

    Examples
    --------
    >>> from skl_sparse_ae import match_components
    >>> indices, cosines = match_components([[0, 2], [3, 0]], [[1, 0], [0, 1]])
    >>> indices, cosines
    (array([1, 0]), array([1., 1.]))
    """
    components, reference = check_array(components), check_array(reference)
    if components.shape != reference.shape:
        raise ValueError(
            "The dictionaries must have the same shape, and have "
            f"{components.shape} and {reference.shape}."
        )
    cosines = unit_rows(reference) @ unit_rows(components).T
    if absolute:
        cosines = np.abs(cosines)
    rows, indices = linear_sum_assignment(cosines, maximize=True)
    return indices, cosines[rows, indices]


@dataclass(frozen=True)
class StabilityReport:
    """Agreement between the units of several fits. ``print`` shows a summary.

    Attributes
    ----------
    estimators : list
        The fitted estimators.

    cosines : ndarray of shape (n_pairs, n_components)
        Cosines of the matched units for each pair of fits ``(0, 1), (0, 2), ...``, in
        the order of the units of the first fit of the pair.

    unit_cosines : ndarray of shape (n_components,)
        For each unit of the first estimator, its mean cosine with the matching units of
        the others.

    chance_cosines : ndarray of shape (n_components,)
        Cosines of the first estimator's units with those of a fit to independently
        shuffled columns: the agreement to expect by chance.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder, stability_report
    >>> X = load_digits().data / 16
    >>> report = stability_report(SparseAutoencoder(16), X, n_fits=2, random_state=0)
    >>> print(str(report).splitlines()[0])
    2 fits of 16 units
    """

    estimators: list
    cosines: np.ndarray
    unit_cosines: np.ndarray
    chance_cosines: np.ndarray

    def __str__(self):
        lines = [f"{len(self.estimators)} fits of {len(self.unit_cosines)} units"]
        lines.append(f"{'':22}{'between fits':>14}{'by chance':>12}")
        for name, statistic in [
            ("median cosine", np.median),
            ("lowest tenth below", lambda c: np.quantile(c, 0.1)),
            ("units above 0.9", lambda c: np.mean(c > 0.9)),
            ("units above 0.7", lambda c: np.mean(c > 0.7)),
        ]:
            here, chance = statistic(self.cosines), statistic(self.chance_cosines)
            lines.append(f"{name:22}{here:14.2f}{chance:12.2f}")
        return "\n".join(lines)


def stability_report(
    estimator, X, *, n_fits=5, absolute=False, random_state=None, n_jobs=None
):
    """Fit an estimator with different seeds and compare the units of the fits.

    A unit that all fits have in common reflects the data; one that no other fit has
    reflects the seed.

    Parameters
    ----------
    estimator : estimator object
        Estimator with a `random_state` parameter and, when fitted, `components_`: a
        :class:`SparseAutoencoder`, or scikit-learn's NMF or dictionary learning, for
        comparison. It is cloned.

    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Training rows, with missing entries where the estimator takes these.

    n_fits : int, default=5
        Number of fits, at least 2. One additional fit, to shuffled columns, measures
        the agreement by chance.

    absolute : bool, default=False
        Whether to compare absolute cosines, as in :func:`match_components`.

    random_state : int, RandomState instance or None, default=None
        Determines the seeds of the fits and the shuffling of the columns.

    n_jobs : int, default=None
        Number of parallel fits, as in joblib.

    Returns
    -------
    report : StabilityReport
        The fitted estimators and the agreement of their units.

    Raises
    ------
    ValueError
        If `n_fits` is below 2.

    Notes
    -----
    Units are compared by their rows of `components_`. The reference [1]_ matches them
    in the same way, and by the weights of the encoder as well.

    References
    ----------
    .. [1] G. Paulo, N. Belrose, "Sparse Autoencoders Trained on the Same Data Learn
       Different Features", arXiv:2501.16615, 2025.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder, stability_report
    >>> X = load_digits().data / 16
    >>> report = stability_report(
    ...     SparseAutoencoder(16), X, n_fits=3, random_state=0
    ... )
    >>> report.cosines.shape
    (3, 16)
    >>> bool(report.cosines.mean() > report.chance_cosines.mean())
    True
    """
    if not isinstance(n_fits, Integral) or n_fits < 2:
        raise ValueError(f"n_fits={n_fits!r} must be a whole number, and at least 2.")
    if "random_state" not in estimator.get_params():
        raise TypeError(
            f"{type(estimator).__name__} has no parameter random_state, with which its "
            "fits would differ. Of a pipeline, pass the step with the units, and as X "
            "the rows that enter it."
        )
    rng, n_fits = check_random_state(random_state), int(n_fits)
    # Whether entries may be missing is for the estimator to say.
    X = check_array(X, accept_sparse="csr", ensure_all_finite="allow-nan")
    X = to_numpy(X)
    seeds = rng.randint(np.iinfo(np.int32).max, size=n_fits + 1)
    tables = [X] * n_fits + [_shuffle_columns(X, rng)]
    fitted = Parallel(n_jobs=n_jobs)(
        delayed(_fit)(clone(estimator), table, int(seed))
        for table, seed in zip(tables, seeds, strict=True)
    )
    if not hasattr(fitted[0], "components_"):
        raise TypeError(
            f"{type(estimator).__name__} has no components_, which describe units."
        )
    *estimators, by_chance = fitted

    def cosines(first, second):
        components = second.components_, first.components_
        return match_components(*components, absolute=absolute)[1]

    pairs = [cosines(*pair) for pair in combinations(estimators, 2)]
    return StabilityReport(
        estimators=estimators,
        cosines=np.array(pairs),
        # The first pairs are those of the first estimator with each of the others.
        unit_cosines=np.mean(pairs[: n_fits - 1], axis=0),
        chance_cosines=cosines(estimators[0], by_chance),
    )


@dataclass(frozen=True)
class StabilityCurve:
    """Stability of the units over the values of a parameter.

    Attributes
    ----------
    values : ndarray of shape (n_values,)
        The values of the parameter.

    stabilities : ndarray of shape (n_values,)
        Mean cosine of the matched units, over all pairs of fits.

    chances : ndarray of shape (n_values,)
        The same with a fit to shuffled columns.

    best_value : object
        The value with the largest stability, the first one of several.

    reports : list of StabilityReport
        One for each value.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder, stability_curve
    >>> X = load_digits().data / 16
    >>> autoencoder = SparseAutoencoder(16, penalty="topk", tol=0.01)
    >>> curve = stability_curve(autoencoder, X, [0.1, 0.3], n_fits=2, random_state=0)
    >>> curve.stabilities.shape
    (2,)
    """

    values: np.ndarray
    stabilities: np.ndarray
    chances: np.ndarray
    best_value: object
    reports: list


def stability_curve(
    estimator,
    X,
    values,
    *,
    param_name="rho",
    n_fits=3,
    absolute=False,
    random_state=None,
    n_jobs=None,
):
    """Find how sparse a code should be, by the stability of its units.

    Too few or too many active units give units that mix features [1]_. Which features
    are mixed depends on the seed, so that fits with other seeds disagree; they agree
    the most at the true number of active features or somewhat above. Variance explained
    cannot tell, since it rises with the number of active units.

    Parameters
    ----------
    estimator : estimator object
        As of :func:`stability_report`.

    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Training rows.

    values : array-like of shape (n_values,)
        Values of the parameter to compare.

    param_name : str, default="rho"
        Name of the parameter, such as "rho" for penalties that select units.

    n_fits : int, default=3
        Number of fits for each value, at least 2, and one more to shuffled columns.

    absolute : bool, default=False
        Whether to compare absolute cosines, as in :func:`match_components`.

    random_state : int, RandomState instance or None, default=None
        Determines the seeds, which are the same for all values if it is an int.

    n_jobs : int, default=None
        Number of parallel fits, as in joblib.

    Returns
    -------
    curve : StabilityCurve
        The stability for each value, and the value for which it is largest.

    Raises
    ------
    ValueError
        If `n_fits` is below 2, or there are no values.

    Notes
    -----
    The maximum is to be trusted if it lies within the range of values; of values that
    are nearly as stable, the smallest is the better choice. Where a single unit
    is active in most rows, the units are centres of clusters, which may be stable as
    well; and units that all fits agree on may still be wrong together, as where
    parents are absorbed by their children.

    References
    ----------
    .. [1] D. Chanin, A. Garriga-Alonso, "Sparse but Wrong: Incorrect L0 Leads to
       Incorrect Features in Sparse Autoencoders", arXiv:2508.16560, 2025.

    Examples
    --------
    Three of 24 features are active in a row, on average:

    >>> from skl_sparse_ae import SparseAutoencoder, stability_curve
    >>> from skl_sparse_ae.datasets import make_sparse_features
    >>> X, codes, dictionary = make_sparse_features(
    ...     2000, n_components=24, n_features=32, n_active=3, random_state=0
    ... )
    >>> autoencoder = SparseAutoencoder(24, penalty="batch_topk", tol=0.01)
    >>> values = [1 / 24, 3 / 24, 9 / 24]
    >>> curve = stability_curve(autoencoder, X, values, n_fits=2, random_state=0)
    >>> round(24 * curve.best_value)
    3
    """
    values = getattr(values, "tolist", lambda: values)()  # of arrays, and of pandas
    if not isinstance(values, Sequence) or isinstance(values, str) or not values:
        raise ValueError(
            f"values={values!r} must be a list that contains at least one value."
        )
    if param_name not in estimator.get_params():
        raise ValueError(
            f"param_name={param_name!r} is no parameter of {type(estimator).__name__}."
        )
    reports = [
        stability_report(
            clone(estimator).set_params(**{param_name: value}),
            X,
            n_fits=n_fits,
            absolute=absolute,
            random_state=random_state,
            n_jobs=n_jobs,
        )
        for value in values
    ]
    stabilities = np.array([report.cosines.mean() for report in reports])
    return StabilityCurve(
        values=np.asarray(values),
        stabilities=stabilities,
        chances=np.array([report.chance_cosines.mean() for report in reports]),
        best_value=values[int(stabilities.argmax())],
        reports=reports,
    )


def _fit(estimator, X, seed):
    return estimator.set_params(random_state=seed).fit(X)


def _shuffle_columns(X, rng):
    """A copy of X with its columns shuffled independently of each other."""
    if isinstance(X, np.ndarray):
        return np.column_stack([rng.permutation(column) for column in X.T])
    shuffled = X.tocsc(copy=True)
    n_rows = X.shape[0]
    for start, stop in zip(shuffled.indptr[:-1], shuffled.indptr[1:], strict=True):
        shuffled.indices[start:stop] = rng.choice(n_rows, stop - start, replace=False)
    shuffled.has_sorted_indices = False
    return shuffled.tocsr()
