"""scikit-learn's estimator checks, with those that it does not run by default."""

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
from skl_sparse_ae._penalties._registry import PENALTIES

# On the checks' table of 15 x 30, rounding errors alone make two fits differ, by a
# factor that grows with every iteration. Short fits keep the difference small.
SHORT = {"max_iter": 30}

DEFAULT = SparseAutoencoder()
OF_PENALTIES = {
    # KL and no penalty at all are below, with other parameters.
    name: SparseAutoencoder(20, penalty=name, **SHORT)
    for name in PENALTIES
    if name not in ("kl", None)
}
ADAM = SparseAutoencoder(20, solver="adam", **SHORT)
# None has logistic outputs, which refuse the checks' rows: they are not in [0, 1].
ESTIMATORS = [
    DEFAULT,
    *OF_PENALTIES.values(),
    ADAM,
    SparseAutoencoder(20, penalty="l1", beta="adaptive", **SHORT),
    SparseAutoencoder(20, corruption="masking", solver="adam", **SHORT),
    SparseAutoencoder(2, penalty=None, activation="identity", **SHORT),
    SparseAutoencoder(20, penalty=KL(rho=0.2, beta=0.1), **SHORT),
    SparseAutoencoder(20, activation="tanh", **SHORT),
    SparseAutoencoder(20, tied_weights=True, **SHORT),
    SparseAutoencoder(20, penalty="topk", matryoshka_widths="auto", **SHORT),
    SparseAutoencoder(20, matryoshka_widths="auto", **SHORT),
    SparseAutoencoder(None, solver="lbfgs", penalty="l1", **SHORT),
    SparseAutoencoder(20, solver="adam", batch_size=4, **SHORT),
    SparseAutoencoder(20, early_stopping=True, validation_fraction=0.2, **SHORT),
]
if find_spec("numba"):
    ESTIMATORS += [
        SparseAutoencoder(20, solver=solver, engine="numba", **SHORT)
        for solver in ("lbfgs", "adam")
    ]

IN_ARRAY_API_MODE = os.environ.get("SCIPY_ARRAY_API") == "1"
# This file is run twice, without and with SciPy's array API mode. scikit-learn's checks
# check_array_api_* and the tests at the end of this file are skipped without it. All
# other checks pass NumPy arrays, sparse matrices and data frames, for which the
# estimator uses nothing of SciPy but sparse matrices and LAPACK. The mode changes
# neither, so they are repeated only for three estimators that differ in how they are
# trained: on full batches, on mini-batches, and with a selection of active units.
REPEATED_IN_ARRAY_API_MODE = [DEFAULT, ADAM, OF_PENALTIES["topk"]]


def skip_if_run_without_the_mode(estimator, check_name):
    """Skip a check in the array API mode if the run without it is enough."""
    if (
        IN_ARRAY_API_MODE
        and "array_api" not in check_name
        and not any(estimator is each for each in REPEATED_IN_ARRAY_API_MODE)
    ):
        pytest.skip("is run without the array API mode")


WEIGHT_CHECKS = (
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
)


def expected_failures(estimator):
    """Checks of weights as repeated rows, where rows or noise are drawn at random."""
    if estimator.batch_size != "auto":
        return dict.fromkeys(WEIGHT_CHECKS, "mini-batches consist of other rows")
    if estimator.corruption is not None:
        return dict.fromkeys(WEIGHT_CHECKS, "repeated rows get different noise")
    if estimator.early_stopping:
        return dict.fromkeys(WEIGHT_CHECKS, "other rows are held out")
    return {}


pytestmark = pytest.mark.filterwarnings(
    # Short fits warn that they did not converge, which the checks do not test.
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore::sklearn.exceptions.SkipTestWarning",
    "ignore:The reconstruction explains less than 1 %",
    "ignore:beta='adaptive' should make",
    # The checks of set_output mix frames and arrays on purpose.
    "ignore:X (does not have valid|has) feature names:UserWarning",
)


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_estimator(estimator, check, request):
    skip_if_run_without_the_mode(estimator, request.node.name)
    check(estimator)


# Checks that are not part of parametrize_with_checks.
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
    skip_if_run_without_the_mode(estimator, check)
    getattr(estimator_checks, check)("SparseAutoencoder", estimator)


def test_the_default_constructor_passes_without_expected_failures():
    assert expected_failures(DEFAULT) == {}
    assert DEFAULT.get_params() == SparseAutoencoder().get_params()


@pytest.mark.skipif("SCIPY_ARRAY_API" in os.environ, reason="this is the inner run")
def test_all_checks_pass_with_scipys_array_api_mode():
    """Run this file and the tests of device arrays in an interpreter with the mode."""
    pytest.importorskip("scipy", "1.14", reason="earlier ones have no such mode")
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
    not IN_ARRAY_API_MODE, reason="needs SciPy's array API mode"
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
