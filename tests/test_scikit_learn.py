"""scikit-learn's own checks, also those that it does not run by itself."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from sklearn import config_context
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

from skl_sparse_ae import KL, SparseAutoencoder

# On the checks' 15 x 30 table, rounding alone drives two fits apart, by a factor that
# grows with every iteration; training that is ended early compares like with like.
SHORT = {"max_iter": 30}

ESTIMATORS = [
    SparseAutoencoder(),
    SparseAutoencoder(20, penalty="l1", **SHORT),
    SparseAutoencoder(20, penalty="topk", **SHORT),
    SparseAutoencoder(20, penalty="batch_topk", **SHORT),
    SparseAutoencoder(20, penalty="l1", beta="adaptive", **SHORT),
    SparseAutoencoder(20, penalty="contractive", **SHORT),
    SparseAutoencoder(20, corruption="masking", solver="adam", **SHORT),
    SparseAutoencoder(2, penalty=None, activation="identity", **SHORT),
    SparseAutoencoder(20, penalty=KL(rho=0.2, beta=0.1), **SHORT),
    SparseAutoencoder(20, activation="tanh", **SHORT),
    SparseAutoencoder(20, tied_weights=True, **SHORT),
    SparseAutoencoder(20, out_activation="logistic", **SHORT),
    SparseAutoencoder(20, solver="adam", **SHORT),
    SparseAutoencoder(None, solver="lbfgs", penalty="l1", **SHORT),
    SparseAutoencoder(20, solver="adam", batch_size=4, **SHORT),
    SparseAutoencoder(20, early_stopping=True, validation_fraction=0.2, **SHORT),
]
if find_spec("numba"):
    ESTIMATORS += [
        SparseAutoencoder(20, solver=solver, engine="numba", **SHORT)
        for solver in ("lbfgs", "adam")
    ]

WEIGHT_CHECKS = (
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
)


def expected_failures(estimator):
    """Weights cannot equal repetition where rows are drawn at random."""
    if estimator.batch_size != "auto":
        return dict.fromkeys(WEIGHT_CHECKS, "mini-batches hold other rows")
    if estimator.corruption is not None:
        return dict.fromkeys(WEIGHT_CHECKS, "rows get noise of their own")
    if estimator.early_stopping:
        return dict.fromkeys(WEIGHT_CHECKS, "other rows are held out")
    return {}


pytestmark = pytest.mark.filterwarnings(
    # Short fits warn that they are short; the checks are not about that.
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore::sklearn.exceptions.SkipTestWarning",
    "ignore:The reconstruction explains less than 1 %",
    "ignore:beta='adaptive' was to make",
    # The checks of set_output mix frames and arrays on purpose.
    "ignore:X (does not have valid|has) feature names:UserWarning",
)


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_estimator(estimator, check):
    check(estimator)


# Not part of parametrize_with_checks.
FURTHER_CHECKS = [
    "check_param_validation",
    "check_transformer_get_feature_names_out",
    "check_transformer_get_feature_names_out_pandas",
    "check_get_feature_names_out_error",
    "check_dataframe_column_names_consistency",
    "check_set_output_transform",
    "check_set_output_transform_pandas",
    "check_set_output_transform_polars",
    "check_global_output_transform_pandas",
    "check_global_set_output_transform_polars",
    "check_estimators_partial_fit_n_features",
]


@pytest.mark.parametrize("check", FURTHER_CHECKS)
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
def test_further_checks(estimator, check):
    getattr(estimator_checks, check)("SparseAutoencoder", estimator)


def test_the_default_constructor_passes_without_expected_failures():
    assert expected_failures(ESTIMATORS[0]) == {}
    assert ESTIMATORS[0].get_params() == SparseAutoencoder().get_params()


@pytest.mark.skipif("SCIPY_ARRAY_API" in os.environ, reason="this is the inner run")
def test_all_checks_pass_with_scipys_array_api_mode():
    """It must be chosen before SciPy is imported, hence another interpreter."""
    files = [
        __file__,
        str(Path(__file__).with_name("objective") / "test_device_objective.py"),
    ]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    environment = {**os.environ, "SCIPY_ARRAY_API": "1"}
    run = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[-5000:]


needs_array_api = pytest.mark.skipif(
    os.environ.get("SCIPY_ARRAY_API") != "1", reason="needs SciPy's array API mode"
)


@needs_array_api
@pytest.mark.parametrize("namespace", ["numpy", "array_api_strict", "torch"])
@pytest.mark.parametrize("dtype_name", ["float32", "float64"])
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
def test_arrays_of_other_libraries(estimator, namespace, dtype_name):
    pytest.importorskip(namespace)
    estimator_checks.check_array_api_input_and_values(
        "SparseAutoencoder", estimator, namespace, dtype_name=dtype_name
    )


@needs_array_api
@pytest.mark.parametrize("method", ["transform", "inverse_transform", "score"])
def test_another_library_than_in_fit_is_refused(method, digits):
    xp = pytest.importorskip("array_api_strict")
    autoencoder = SparseAutoencoder(64, max_iter=5).fit(digits)
    with (
        config_context(array_api_dispatch=True),
        pytest.raises(ValueError, match=f"must use the same namespace.*{method}"),
    ):
        getattr(autoencoder, method)(xp.asarray(digits))
