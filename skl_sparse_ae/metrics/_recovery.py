"""Measures of how much of a known dictionary has been found."""

import numpy as np
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from sklearn.utils import check_array

from .._arrays._array_api import to_numpy
from .._arrays._norms import unit_rows
from .._reading._codes import check_rows


def mean_max_cosine(dictionary, components, *, absolute=False):
    """Mean over the true features of the largest cosine with a unit, MMCS [1]_.

    Parameters
    ----------
    dictionary : array-like of shape (n_true, n_features)
        True features.

    components : array-like of shape (n_components, n_features)
        Found ones, such as `components_` of a fitted estimator.

    absolute : bool, default=False
        Whether to take absolute cosines, for methods without signs, such as PCA.

    Returns
    -------
    cosine : float
        1 if each true feature is a positive multiple of a unit. Several features may
        have the same unit; :func:`mean_matched_cosine` does not allow this.

    Raises
    ------
    ValueError
        If the dictionaries differ in their number of columns.

    References
    ----------
    .. [1] L. Sharkey, D. Braun, B. Millidge, "Taking features out of superposition with
       sparse autoencoders", AI Alignment Forum, 2022.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.mean_max_cosine([[1, 0], [0, 1]], [[2, 0], [3, 4], [0, -1]])
    0.9
    """
    return float(_cosines(dictionary, components, absolute).max(axis=1).mean())


def mean_matched_cosine(dictionary, components, *, absolute=False):
    """Mean cosine between true features and units that are matched one to one.

    The matching is the one with the largest sum of cosines. With ``absolute=True`` this
    is the mean correlation coefficient (MCC) of work on sparse autoencoders with known
    features [1]_, which compares the rows of the decoder;
    :func:`mean_matched_correlation` compares codes.

    Parameters
    ----------
    dictionary : array-like of shape (n_true, n_features)
        True features.

    components : array-like of shape (n_components, n_features)
        Found ones, such as `components_` of a fitted estimator.

    absolute : bool, default=False
        Whether to take absolute cosines, for methods without signs, such as PCA.

    Returns
    -------
    cosine : float
        Mean over the true features; those that have no unit, if there are fewer units
        than features, count as 0.

    Raises
    ------
    ValueError
        If the dictionaries differ in their number of columns.

    References
    ----------
    .. [1] D. Chanin, A. Garriga-Alonso, "Sparse but Wrong: Incorrect L0 Leads to
       Incorrect Features in Sparse Autoencoders", arXiv:2508.16560, 2025.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.mean_matched_cosine([[1, 0], [0, 1]], [[2, 0], [3, 4], [0, -1]])
    0.9
    >>> metrics.mean_matched_cosine([[1, 0], [0, 1]], [[2, 0]])
    0.5
    """
    return _mean_of_matched(_cosines(dictionary, components, absolute))


def mean_matched_correlation(codes, A, *, absolute=False):
    """Mean correlation of true activations with those of units matched one to one.

    The mean correlation coefficient (MCC) of independent component analysis [1]_.

    Parameters
    ----------
    codes : {array-like, sparse matrix} of shape (n_samples, n_true)
        True activations.

    A : {array-like, sparse matrix} of shape (n_samples, n_components)
        Code, the output of `transform`.

    absolute : bool, default=False
        Whether to take absolute correlations, as in the reference, whose components
        have no signs.

    Returns
    -------
    correlation : float
        Mean over the true features, of Pearson's correlation. Constant columns have
        correlation 0 with all others; features without a unit count as 0.

    Raises
    ------
    ValueError
        If the codes differ in their number of rows.

    References
    ----------
    .. [1] A. Hyvarinen, H. Morioka, "Unsupervised Feature Extraction by
       Time-Contrastive Learning and Nonlinear ICA", NeurIPS 2016.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> codes = [[0, 1], [1, 0], [0, 0]]
    >>> metrics.mean_matched_correlation(codes, [[2, 1], [0, 3], [0, 1]])
    1.0
    """
    codes, A = check_code_pair(codes, A)
    n_samples = codes.shape[0]
    (mean, std), (mean_A, std_A) = _moments(codes), _moments(A)
    products = codes.T @ A
    products = products.toarray() if sparse.issparse(products) else products
    covariance = products / n_samples - np.outer(mean, mean_A)
    scale = np.outer(std, std_A)
    r = np.divide(covariance, scale, out=np.zeros_like(covariance), where=scale > 0)
    r = np.clip(r, -1, 1)
    return _mean_of_matched(np.abs(r) if absolute else r)


def uniqueness(dictionary, components, *, absolute=False):
    """Fraction of the units whose most similar true feature they alone stand for.

    The number of true features that are the most similar one, by the cosine, of at
    least one unit, divided by the number of units: below 1, units are doubled.

    Parameters
    ----------
    dictionary : array-like of shape (n_true, n_features)
        True features.

    components : array-like of shape (n_components, n_features)
        Found ones, such as `components_` of a fitted estimator.

    absolute : bool, default=False
        Whether to take absolute cosines, for methods without signs, such as PCA.

    Returns
    -------
    uniqueness : float
        At most 1, and at most ``n_true / n_components``. Units of length zero resemble
        no feature.

    Raises
    ------
    ValueError
        If the dictionaries differ in their number of columns.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.uniqueness([[1, 0], [0, 1]], [[2, 0], [4, 3]])
    0.5
    """
    cosines = _cosines(dictionary, components, absolute)
    is_unit = np.any(np.asarray(components) != 0, axis=1)
    nearest = np.unique(cosines.argmax(axis=0)[is_unit])
    return len(nearest) / cosines.shape[1]


def check_code_pair(codes, A):
    """Validate true and found codes; return them in float64, with as many rows."""
    codes, A = check_rows(codes, "codes"), check_rows(A, "A")
    if codes.shape[0] != A.shape[0]:
        raise ValueError(
            f"codes and A must have the same number of rows, and have {codes.shape[0]} "
            f"and {A.shape[0]}."
        )
    return codes.astype(np.float64), A.astype(np.float64)


def _cosines(dictionary, components, absolute):
    """Cosines between true features, in rows, and units, in columns."""
    dictionary, components = (
        unit_rows(to_numpy(check_array(rows, input_name=name)).astype(np.float64))
        for rows, name in ((dictionary, "dictionary"), (components, "components"))
    )
    if dictionary.shape[1] != components.shape[1]:
        raise ValueError(
            "dictionary and components must have the same number of columns, and have "
            f"{dictionary.shape[1]} and {components.shape[1]}."
        )
    cosines = np.clip(dictionary @ components.T, -1, 1)
    return np.abs(cosines) if absolute else cosines


def _mean_of_matched(similarities):
    """Mean over the rows of the similarities in the matching with the largest sum."""
    matched = linear_sum_assignment(similarities, maximize=True)
    return float(similarities[matched].sum() / similarities.shape[0])


def _moments(code):
    """Mean and standard deviation of each column; 0 for constant columns."""
    mean = np.asarray(code.mean(axis=0))
    squares = code.multiply(code) if sparse.issparse(code) else code**2
    second = np.asarray(squares.mean(axis=0))
    variance = second - mean**2
    # Differences below this are rounding errors of a constant column.
    return mean, np.sqrt(np.where(variance > 1e-12 * second, variance, 0))
