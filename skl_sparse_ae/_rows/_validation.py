"""Checks of what callers pass as rows: the one place that asks where these are."""

import sys

import numpy as np
from scipy import sparse
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from .._arrays._array_api import (
    canonical_csr,
    float_dtypes,
    is_on_device,
    to_numpy,
    way_back,
)
from .._arrays._device_array import DeviceArray
from .._sklearn import _check_sample_weight, check_same_namespace
from ._in_memory import InMemory
from ._on_device import OnDevice


def check_rows(
    estimator, X, sample_weight=None, *, method, reset=False, may_stay_on_device=True
):
    """Check X and sample_weight of a call of an estimator's method.

    Parameters
    ----------
    estimator : SparseAutoencoder
    X : {array-like, sparse matrix, Dask array} of shape (n_samples, n_features)
    sample_weight : array-like of shape (n_samples,), default=None
    method : str
        Name of the method that was called.
    reset : bool, default=False
        Whether to set `n_features_in_` and `feature_names_in_`, rather than to compare
        with them.
    may_stay_on_device : bool, default=True
        Whether rows on a device are worked on there, rather than moved to NumPy.

    Returns
    -------
    rows : Rows
    """
    if _is_dask(X):
        from ._on_dask import check_rows

        return check_rows(estimator, X, sample_weight, reset, method)
    X = validate_data(
        estimator,
        X,
        accept_sparse="csr",
        dtype=float_dtypes(X),
        order="C",
        reset=reset,
    )
    if not reset:
        check_same_namespace(X, estimator, attribute="components_", method=method)
    rows = _as_rows(estimator, X, may_stay_on_device)
    if sparse.issparse(rows.X):
        rows.X = canonical_csr(rows.X)
    if sample_weight is not None:
        rows.sample_weight = _checked_weights(sample_weight, rows)
    return rows


def check_code(estimator, X, *, may_stay_on_device=True):
    """Check the code that is passed to `inverse_transform`.

    Parameters and what is returned are those of `check_rows`.
    """
    if _is_dask(X):
        from ._on_dask import check_code

        return check_code(X)
    X = check_array(X, accept_sparse="csr", dtype=float_dtypes(X), order="C")
    # CSR is what any kind of rows may have been encoded to.
    if not sparse.issparse(X):
        check_same_namespace(
            X, estimator, attribute="components_", method="inverse_transform"
        )
    return _as_rows(estimator, X, may_stay_on_device)


def _is_dask(X):
    """Whether X is Dask's. Dask is imported only where X comes from it."""
    dask = sys.modules.get("dask")
    return dask is not None and dask.is_dask_collection(X)


def _as_rows(estimator, X, may_stay_on_device):
    """Rows where the work on them is done: on their device, or as NumPy's."""
    if not (may_stay_on_device and is_on_device(X)):
        return InMemory(to_numpy(X), to_caller=way_back(X))
    if estimator.engine is not None:
        raise ValueError(
            f"engine={estimator.engine!r} works on arrays in the CPU's memory, and "
            "these rows are on a device. Use engine=None, with which the library that "
            "they belong to does all the work."
        )
    return OnDevice(DeviceArray(X), to_caller=way_back(X))


def _checked_weights(sample_weight, rows):
    """Weights as a NumPy array, of which the largest is one."""
    shape_only = np.empty((rows.shape[0], 0), rows.dtype)  # no other data is needed
    sample_weight = _check_sample_weight(
        to_numpy(sample_weight), shape_only, dtype=rows.dtype, ensure_non_negative=True
    )
    # Only ratios matter, and sums of large weights could overflow.
    return sample_weight / sample_weight.max()
