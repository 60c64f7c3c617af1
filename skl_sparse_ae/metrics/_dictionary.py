"""Measures of a dictionary."""

from numbers import Integral

import numpy as np
from scipy import sparse
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, check_scalar

from .._arrays._array_api import to_numpy
from .._arrays._norms import unit_rows
from .._reading._pipelines import last_step
from .._rows._missing import filled, has_missing
from ._losses import check_input


def mutual_coherence(components):
    """Largest absolute cosine between two different atoms of a dictionary [1]_.

    Parameters
    ----------
    components : array-like of shape (n_components, n_features)
        Dictionary, such as `components_` of a fitted estimator. Its rows are the atoms.

    Returns
    -------
    coherence : float
        From 0, for orthogonal atoms, to 1, if two atoms are multiples of each other.
        Atoms of length zero are orthogonal to all others; a single atom has
        coherence 0.

    References
    ----------
    .. [1] D. L. Donoho, M. Elad, "Optimally sparse representation in general
       (nonorthogonal) dictionaries via l1 minimization", PNAS 100, 2003.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.mutual_coherence([[1, 0], [0, 2], [-3, 4]])
    0.8
    """
    components = to_numpy(check_array(components, input_name="components"))
    atoms = unit_rows(components.astype(np.float64))
    cosines = np.abs(atoms @ atoms.T)
    np.fill_diagonal(cosines, 0)
    return min(1.0, float(cosines.max()))


def decoder_projection(estimator, X, n):
    """The n-th largest projection of a row on the units, on average [1]_.

    Projections are the products of the rows, minus the decoder's intercepts, with the
    rows of `components_`, scaled to length 1. Of those of all N rows on all units, the
    result is the one that n N others exceed. It is small if units are features and n is
    above the number of features in a row; units that mix features correlate with most
    rows, which makes it larger. According to [1]_, over fits with different numbers of
    active units it is smallest at the true number.

    Parameters
    ----------
    estimator : estimator object
        Fitted, with `components_`, and with `decoder_intercept_` or `mean_` where it
        has intercepts.

    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows. Missing entries, if the estimator accepts them, are replaced by the mean
        of their column.

    n : int
        More than the number of features that may be in a row, and less than the number
        of units; the authors take up to half of it.

    Returns
    -------
    projection : float
        In the units of X.

    Raises
    ------
    ValueError
        If `n` is not from 0 to the number of units less one, or X has another number
        of columns than `components_`.
    TypeError
        If the estimator is a pipeline.

    See Also
    --------
    skl_sparse_ae.stability_curve : Finds the number from the agreement between seeds.

    Notes
    -----
    The code of the authors takes `components_` as they are, which their training keeps
    at length 1.

    Minima of different n need not agree, and where the features themselves are not
    orthogonal, units that fit them are not either.

    References
    ----------
    .. [1] D. Chanin, A. Garriga-Alonso, "Sparse but Wrong: Incorrect L0 Leads to
       Incorrect Features in Sparse Autoencoders", arXiv:2508.16560, 2025.

    Examples
    --------
    >>> from skl_sparse_ae import SparseAutoencoder, metrics
    >>> from skl_sparse_ae.datasets import make_sparse_features
    >>> X, codes, dictionary = make_sparse_features(
    ...     2000, 24, 32, n_active=3, orthogonal=True, random_state=0
    ... )
    >>> for k in (1, 3, 8):
    ...     fit = SparseAutoencoder(24, penalty="batch_topk", rho=k / 24, tol=0.01)
    ...     fit = fit.set_params(random_state=0).fit(X)
    ...     print(k, f"{metrics.decoder_projection(fit, X, 6):.2f}")
    1 0.12
    3 0.01
    8 0.15
    """
    if last_step(estimator) is not estimator:
        raise TypeError(
            f"estimator is a {type(estimator).__name__}. Pass its last step, and as X "
            "the rows that enter it."
        )
    check_is_fitted(estimator, "components_")
    components = unit_rows(to_numpy(estimator.components_).astype(np.float64))
    check_scalar(n, "n", Integral, min_val=0, max_val=len(components) - 1)
    X = check_input(estimator, X).astype(np.float64)
    if X.shape[1] != components.shape[1]:
        raise ValueError(
            f"X has {X.shape[1]} columns, and components_ {components.shape[1]}."
        )
    if has_missing(X):
        X = filled(X, to_numpy(estimator.mean_).astype(np.float64))
    intercept = _intercept(estimator, X.shape[1])
    if sparse.issparse(X):
        projections = X @ components.T - components @ intercept
    else:
        projections = (X - intercept) @ components.T
    place = projections.size - 1 - n * X.shape[0]
    projections = projections.ravel()
    return float(np.partition(projections, place)[place])


def _intercept(estimator, n_features):
    """The decoder's intercepts, those of a decomposition that centres, or zeros."""
    for name in ("decoder_intercept_", "mean_"):
        if getattr(estimator, name, None) is not None:
            return to_numpy(getattr(estimator, name)).astype(np.float64)
    return np.zeros(n_features)
