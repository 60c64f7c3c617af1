"""Checks of X and sample_weight, and the choice of the kind of rows."""

import sys
from copy import copy

from scipy import sparse
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from .._arrays._array_api import (
    canonical_csr,
    converter_to,
    float_dtypes,
    is_on_device,
    to_numpy,
)
from .._arrays._device_array import DeviceArray
from .._sklearn import check_same_namespace
from ._in_memory import InMemory
from ._notations import with_nan
from ._on_device import OnDevice
from ._refused import explained
from ._weights import checked_weights


def check_rows(
    estimator,
    X,
    sample_weight=None,
    *,
    method,
    reset=False,
    may_stay_on_device=True,
    allows_missing=False,
):
    """Check X and sample_weight of a call of an estimator's method.

    Parameters
    ----------
    estimator : SparseAutoencoder
    X : {array-like, sparse matrix, Dask array} of shape (n_samples, n_features)
    sample_weight : array-like of shape (n_samples,), default=None
        None stands for equal weights.
    method : str
        Name of the method that was called.
    reset : bool, default=False
        Whether to return `n_features_in_` and `feature_names_in_` as `Rows.columns`
        instead of comparing X with those of the estimator.
    may_stay_on_device : bool, default=True
        Whether rows on a device stay there instead of being moved to NumPy.
    allows_missing : bool, default=False
        Whether X may contain NaN.

    Returns
    -------
    rows : Rows
        With sample weights divided by the largest one.

    Raises
    ------
    TypeError
        If X is a Dask collection but not an array, or is passed to `partial_fit`.
    ValueError
        If X or sample_weight cannot be used, or X has other columns or belongs to
        another library than the rows that the estimator was fitted to.
    """
    options = may_stay_on_device, allows_missing
    if reset:
        # A copy, so that an error or an interrupt leaves the estimator as it is.
        estimator = copy(estimator)
        rows = _checked(estimator, X, sample_weight, method, True, *options)
        rows.columns = columns_of(estimator)
        return rows
    return _checked(estimator, X, sample_weight, method, False, *options)


def columns_of(estimator):
    """Return the fitted attributes that describe the columns of X, as a dict."""
    names = "n_features_in_", "feature_names_in_"
    return {name: vars(estimator)[name] for name in names if name in vars(estimator)}


def _checked(
    estimator, X, sample_weight, method, reset, may_stay_on_device, allows_missing
):
    """As `check_rows`, but set the attributes of the estimator with `reset`."""
    if is_dask(X):
        from ._dask_validation import check_rows

        return check_rows(estimator, X, sample_weight, reset, method)
    try:
        X = validate_data(
            estimator,
            with_nan(X),
            accept_sparse="csr",
            dtype=float_dtypes(X),
            order="C",
            reset=reset,
            ensure_all_finite="allow-nan" if allows_missing else True,
        )
    except (TypeError, ValueError) as error:
        better = explained(error, X, estimator._takes_images)
        if better is error:
            raise
        raise better from error
    if not reset:
        check_same_namespace(X, estimator, attribute="components_", method=method)
    rows = _make_rows(estimator, X, may_stay_on_device)
    if sample_weight is not None:
        weights = checked_weights(sample_weight, rows.shape[0])
        rows.sample_weight = weights.astype(rows.dtype)
    return rows


def check_code(estimator, X, *, may_stay_on_device=True):
    """Check the code that is passed to `inverse_transform`.

    Parameters
    ----------
    estimator : SparseAutoencoder
    X : {array-like, sparse matrix, Dask array} of shape (n_samples, n_components)
    may_stay_on_device : bool, default=True
        As for `check_rows`.

    Returns
    -------
    rows : Rows

    Raises
    ------
    TypeError, ValueError
        As by `check_rows`. The number of columns is not checked.
    """
    if is_dask(X):
        from ._dask_validation import check_code

        return check_code(X)
    X = check_array(X, accept_sparse="csr", dtype=float_dtypes(X), order="C")
    # Rows of any kind may have been encoded to a CSR array.
    if not sparse.issparse(X):
        check_same_namespace(
            X, estimator, attribute="components_", method="inverse_transform"
        )
    return _make_rows(estimator, X, may_stay_on_device)


def is_dask(X):
    """Whether X is a Dask collection; Dask is not imported if it is not yet."""
    dask = sys.modules.get("dask")
    return dask is not None and dask.is_dask_collection(X)


def _make_rows(estimator, X, may_stay_on_device):
    """Return rows on their device, or in memory as NumPy or CSR arrays."""
    if sparse.issparse(X):
        return InMemory(canonical_csr(X))
    if not (may_stay_on_device and is_on_device(X)):
        return InMemory(to_numpy(X), to_caller=converter_to(X))
    if estimator.engine is not None:
        raise ValueError(
            f"engine={estimator.engine!r} works on arrays in the CPU's memory, and "
            "these rows are on a device. Use engine=None, with which the library that "
            "they belong to does all the work."
        )
    return OnDevice(DeviceArray(X), to_caller=converter_to(X))
