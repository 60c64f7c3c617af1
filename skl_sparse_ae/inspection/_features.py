"""The features with the largest weights of each unit."""

import numpy as np
from sklearn.utils import Bunch

from .._reading._constraints import COUNT
from .._reading._pipelines import check_components, names_of_columns
from .._sklearn import validate_params
from ._unit_weights import unit_weights


@validate_params({"n": COUNT}, prefer_skip_nested_validation=True)
def top_features(estimator, n=10, *, feature_names=None):
    """Find the features with the largest weights in each unit's row of `components_`.

    For a pipeline with several layers, they are led back through all of them to the
    columns of the first one.

    Parameters
    ----------
    estimator : estimator object
        Fitted, with `components_`: a :class:`SparseAutoencoder`, PCA, NMF, or a
        pipeline that ends with one.

    n : int, default=10
        Number of features for each unit; all if there are fewer.

    feature_names : array-like of shape (n_features,), default=None
        Names of the features. None takes ``feature_names_in_`` of the first layer, the
        output names of the steps before it, or else ``"x0"``, ``"x1"`` and so on.

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the attributes

        names : ndarray of shape (n_components, n), dtype object
            Names, by decreasing absolute weight; of equal ones, in the order of the
            features.
        weights : ndarray of shape (n_components, n)
            The weights, with their signs: the amount that an activation of 1 adds to
            the feature's reconstruction (before the output's activation). With several
            layers, the change of the reconstruction by ``inverse_transform`` through
            them when the activation rises by 1 from the unit's mean, and the other
            units stay at theirs.
        indices : ndarray of shape (n_components, n)
            Indices of the features.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If it has no `components_`.
    ValueError
        If the number of names is not the number of features, or if a step between two
        layers has no `inverse_transform`.

    Notes
    -----
    A layer is a step with `components_`, so PCA in front of an autoencoder is one, and
    the features are its input's. A last step that is passed without its pipeline has
    weights over its own input, be it the code of another layer.

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
    check_components(estimator)
    weights = unit_weights(estimator)
    feature_names = names_of_columns(estimator, weights.shape[1], feature_names)
    indices = np.argsort(-np.abs(weights), axis=1, kind="stable")[:, :n]
    return Bunch(
        names=feature_names[indices],
        weights=np.take_along_axis(weights, indices, axis=1),
        indices=indices,
    )
