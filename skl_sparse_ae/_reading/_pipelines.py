"""Fitted estimators and pipelines: their steps, and the names of their columns."""

from contextlib import suppress

import numpy as np
from sklearn.pipeline import Pipeline, make_pipeline


def _found(estimator):
    """The estimator itself, or the one that a search for parameters has chosen."""
    return getattr(estimator, "best_estimator_", estimator)


def last_step(estimator):
    """The estimator itself, or that at the end of a pipeline (of pipelines)."""
    estimator = _found(estimator)
    while isinstance(estimator, Pipeline):
        estimator = _found(estimator[-1])
    return estimator


def first_steps(estimator):
    """The steps before the last one, as a fitted pipeline, or None without any."""
    steps, estimator = [], _found(estimator)
    while isinstance(estimator, Pipeline):
        steps += [step for _, step in estimator.steps[:-1]]
        estimator = _found(estimator[-1])
    return make_pipeline(*steps) if steps else None


def names_of_columns(estimator, n_features, feature_names=None):
    """Names of what the columns of `components_` are, an array; None looks for them."""
    steps = first_steps(estimator)
    if feature_names is None:
        feature_names = getattr(last_step(estimator), "feature_names_in_", None)
    if feature_names is None and steps is not None:
        # Some transformers cannot tell, and "passthrough" alone gives None.
        with suppress(AttributeError, ValueError):
            feature_names = steps.get_feature_names_out()
    return checked_names(feature_names, n_features)


def checked_names(feature_names, n_features):
    """Names of so many features as an array; None stands for x0, x1, ..."""
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
    """Raise ValueError when the columns of a code are not the rows of `components_`."""
    if n_columns != n_components:
        raise ValueError(
            f"The code of X has {n_columns} columns, and components_ {n_components}"
            " rows: its units cannot be told. (Dictionary learning with "
            "split_sign=True gives such codes.)"
        )
