"""Imports from scikit-learn's private modules, and what versions before 1.9 lack.

Also the names that subpackages without imports of scikit-learn use; see
tests/test_imports.py.
"""
# ruff: noqa: F401

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, _fit_context
from sklearn.externals.array_api_compat import array_namespace
from sklearn.externals.array_api_compat import device as get_device
from sklearn.utils import _safe_indexing
from sklearn.utils._array_api import get_namespace_and_device
from sklearn.utils._missing import is_pandas_na
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    InvalidParameterError,
    Options,
    StrOptions,
    validate_parameter_constraints,
    validate_params,
)
from sklearn.utils.validation import _check_sample_weight, _num_samples

try:
    from sklearn.callback import CallbackSupportMixin
    from sklearn.utils import _align_api_if_sparse
    from sklearn.utils._array_api import check_same_namespace
except ImportError:  # scikit-learn 1.7 and 1.8

    class _NoCallbacks:
        """Context of a fit that runs no callback."""

        def subcontext(self, **kwargs):
            return self

        def call_on_fit_task_begin(self, **kwargs):
            return False

        call_on_fit_task_end = call_on_fit_task_begin

    class CallbackSupportMixin:
        def _init_callback_context(self, **kwargs):
            return _NoCallbacks()

    def _align_api_if_sparse(X):
        return X if not sparse.issparse(X) else sparse.csr_matrix(X)

    def check_same_namespace(X, estimator, *, attribute, method):
        fitted = get_namespace_and_device(getattr(estimator, attribute))
        given = get_namespace_and_device(X)
        if given[1] and given != fitted:
            raise ValueError(
                f"Inputs must use the same namespace and the same device in {method} "
                f"({given[0].__name__}, {given[2]}) as in fit "
                f"({fitted[0].__name__}, {fitted[2]})."
            )


try:
    from sklearn.utils._array_api import move_to, supported_float_dtypes
except ImportError:  # scikit-learn 1.7
    from sklearn.utils._array_api import _convert_to_numpy

    def move_to(*arrays, xp, device):
        if len(arrays) > 1:
            return [move_to(array, xp=xp, device=device) for array in arrays]
        if arrays[0] is None or sparse.issparse(arrays[0]):
            return arrays[0]
        if xp is np:
            given = array_namespace(*arrays) if hasattr(arrays[0], "__dlpack__") else np
            return _convert_to_numpy(*arrays, given)
        return xp.asarray(*arrays, device=device)

    def supported_float_dtypes(xp, device):
        return xp.float64, xp.float32
