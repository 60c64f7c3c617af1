"""Fitted estimators and pipelines: their steps, and the names of their columns."""

from contextlib import suppress

import numpy as np
from sklearn.pipeline import Pipeline, make_pipeline


def _best_estimator(estimator):
    """The best estimator of a fitted parameter search; others unchanged."""
    return getattr(estimator, "best_estimator_", estimator)


def last_step(estimator):
    """The last step of a (nested) pipeline; other estimators unchanged."""
    estimator = _best_estimator(estimator)
    while isinstance(estimator, Pipeline):
        estimator = _best_estimator(estimator[-1])
    return estimator


def first_steps(estimator):
    """The steps before the last one as a fitted pipeline, or None if there are none."""
    steps, estimator = [], _best_estimator(estimator)
    while isinstance(estimator, Pipeline):
        steps += [step for _, step in estimator.steps[:-1]]
        estimator = _best_estimator(estimator[-1])
    return make_pipeline(*steps) if steps else None


def names_of_columns(estimator, n_features, feature_names=None):
    """Names of the columns of `components_`.

    Parameters
    ----------
    estimator : object
        Fitted estimator or pipeline.
    n_features : int
        Number of columns.
    feature_names : array-like of shape (n_features,) or None
        None takes ``feature_names_in_`` of the last step, the output names of the steps
        before it, or else x0, x1, ...

    Returns
    -------
    names : ndarray of shape (n_features,), dtype object
    """
    steps = first_steps(estimator)
    if feature_names is None:
        feature_names = getattr(last_step(estimator), "feature_names_in_", None)
    if feature_names is None and steps is not None:
        # Not all transformers have output names; "passthrough" alone returns None.
        with suppress(AttributeError, ValueError):
            feature_names = steps.get_feature_names_out()
    return check_feature_names(feature_names, n_features)


def check_feature_names(feature_names, n_features):
    """Validate the names of features; return them as an array. None: x0, x1, ..."""
    if feature_names is None:
        feature_names = [f"x{i}" for i in range(n_features)]
    names = np.asarray(feature_names, dtype=object)
    if names.shape != (n_features,):
        raise ValueError(
            f"feature_names has shape {names.shape}, and there are {n_features} "
            "features."
        )
    return names


def check_units(n_columns, n_components):
    """Raise ValueError if a code has not one column for each row of `components_`."""
    if n_columns != n_components:
        raise ValueError(
            f"The code of X has {n_columns} columns, and components_ {n_components}"
            " rows: its columns are not those units. (Dictionary learning with "
            "split_sign=True gives such codes.)"
        )
