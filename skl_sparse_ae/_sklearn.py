"""Imports from scikit-learn's private modules, all in this file.

Also the names that subpackages without imports of scikit-learn use; see
tests/test_imports.py.
"""

from sklearn.base import BaseEstimator, _fit_context
from sklearn.externals.array_api_compat import array_namespace
from sklearn.externals.array_api_compat import device as get_device
from sklearn.utils import _align_api_if_sparse, _safe_indexing
from sklearn.utils._array_api import (
    check_same_namespace,
    get_namespace_and_device,
    move_to,
    supported_float_dtypes,
)
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

__all__ = [
    "BaseEstimator",
    "HasMethods",
    "Interval",
    "InvalidParameterError",
    "Options",
    "StrOptions",
    "_align_api_if_sparse",
    "_check_sample_weight",
    "_fit_context",
    "_num_samples",
    "_safe_indexing",
    "array_namespace",
    "check_same_namespace",
    "get_device",
    "get_namespace_and_device",
    "is_pandas_na",
    "move_to",
    "supported_float_dtypes",
    "validate_parameter_constraints",
    "validate_params",
]
