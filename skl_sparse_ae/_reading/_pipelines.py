"""Fitted estimators and pipelines: their steps, and the names of their columns."""

from contextlib import suppress

import numpy as np
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.validation import check_is_fitted


def _best_estimator(estimator):
    """The best estimator of a fitted parameter search; others unchanged."""
    return getattr(estimator, "best_estimator_", estimator)


def _steps(estimator):
    """The fitted steps of a (nested) pipeline that `transform` uses."""
    estimator = _best_estimator(estimator)
    if not isinstance(estimator, Pipeline):
        return [estimator]
    steps = [step for _, step in estimator.steps if _is_used(step)]
    return [inner for step in steps for inner in _steps(step)] or [estimator]


def _is_used(step):
    """Whether `transform` uses a step; imbalanced-learn's samplers work in `fit`."""
    return step not in (None, "passthrough") and not hasattr(step, "fit_resample")


def last_step(estimator):
    """The last step of a (nested) pipeline; other estimators unchanged."""
    return _steps(estimator)[-1]


def stack_of(estimator):
    """The layers of a pipeline as one fitted estimator.

    A layer is a step with `components_`. The stack begins with the first one and ends
    with the last step; without other layers before it, it is the last step.

    Raises
    ------
    ValueError
        If a step between two layers has no `inverse_transform`.
    """
    steps = _steps(estimator)
    layers = [i for i, step in enumerate(steps[:-1]) if hasattr(step, "components_")]
    if not layers:
        return steps[-1]
    for step in steps[layers[0] :]:
        if not hasattr(step, "inverse_transform"):
            raise ValueError(
                f"{type(step).__name__} has no inverse_transform, which leads from the "
                "units of the last step back to the columns of the first layer, "
                f"{type(steps[layers[0]]).__name__}. Pass the last step alone for its "
                "units over its own input."
            )
    return make_pipeline(*steps[layers[0] :])


def first_layer(estimator):
    """The first step of the `stack_of` an estimator."""
    return _steps(stack_of(estimator))[0]


def first_steps(estimator):
    """The steps before the `stack_of` an estimator as a fitted pipeline, or None."""
    steps = _steps(estimator)
    steps = steps[: len(steps) - len(_steps(stack_of(estimator)))]
    return make_pipeline(*steps) if steps else None


def check_components(estimator):
    """Raise an error unless the last step is fitted and has `components_`."""
    fitted = last_step(estimator)
    check_is_fitted(fitted)
    if not hasattr(fitted, "components_"):
        raise TypeError(
            f"{type(fitted).__name__} has no components_, which describe units. If "
            "steps of a pipeline follow those with the units, pass the pipeline "
            "without them, such as pipeline[:-1]."
        )


def names_of_columns(estimator, n_features, feature_names=None):
    """Names of the columns of the first layer.

    Parameters
    ----------
    estimator : object
        Fitted estimator or pipeline.
    n_features : int
        Number of columns.
    feature_names : array-like of shape (n_features,) or None
        None takes ``feature_names_in_`` of the first layer, the output names of the
        steps before it, or else x0, x1, ...

    Returns
    -------
    names : ndarray of shape (n_features,), dtype object
    """
    steps = first_steps(estimator)
    if feature_names is None:
        first_layer = _steps(stack_of(estimator))[0]
        feature_names = getattr(first_layer, "feature_names_in_", None)
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
