"""The features with the largest weights of each unit."""

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from .._arrays._array_api import to_numpy
from .._reading._constraints import COUNT
from .._reading._pipelines import last_step, names_of_columns
from .._sklearn import validate_params


@validate_params({"n": COUNT}, prefer_skip_nested_validation=True)
def top_features(estimator, n=10, *, feature_names=None):
    """Find the features with the largest weights in each unit's row of `components_`.

    Parameters
    ----------
    estimator : estimator object
        Fitted, with `components_`: a :class:`SparseAutoencoder`, PCA, NMF, or a
        pipeline that ends with one.

    n : int, default=10
        Number of features for each unit; all if there are fewer.

    feature_names : array-like of shape (n_features,), default=None
        Names of the features. None takes ``feature_names_in_``, the output names of the
        preceding steps of a pipeline, or else ``"x0"``, ``"x1"`` and so on.

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the attributes

        names : ndarray of shape (n_components, n), dtype object
            Names, by decreasing absolute weight; of equal ones, in the order of the
            features.
        weights : ndarray of shape (n_components, n)
            The weights, with their signs: the amount that an activation of 1 adds to
            the feature's reconstruction (before the output's activation).
        indices : ndarray of shape (n_components, n)
            Indices of the features.

    Raises
    ------
    NotFittedError
        If the estimator has no `components_`.
    ValueError
        If the number of names is not the number of features.

    Notes
    -----
    Weights have the units of the features, so features of large scale come first; scale
    features before fitting to make their weights comparable.

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
