"""What the tests of Dask arrays share. Without Dask, their files are skipped."""

import pytest
from numpy.testing import assert_allclose

from skl_sparse_ae import SparseAutoencoder

REASON = 'needs pip install "skl-sparse-ae[dask]"'
dask = pytest.importorskip("dask", reason=REASON)
da = pytest.importorskip("dask.array", reason=REASON)
distributed = pytest.importorskip("distributed", reason=REASON)

from skl_sparse_ae._rows._dask_sums import (  # noqa: E402
    Crew,
    RowBlocks,
    keep_in_memory,
)
from skl_sparse_ae._rows._on_dask import OnDask  # noqa: E402

__all__ = [
    "Crew",
    "OnDask",
    "Recorder",
    "RowBlocks",
    "assert_same_fit",
    "blocks_of",
    "da",
    "dask",
    "distributed",
    "keep_in_memory",
    "make",
    "short",
]

#: Marks fits that are stopped long before they have converged.
short = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:The reconstruction",
    "ignore:beta='adaptive'",
)


def blocks_of(array, n_rows=31):
    """A Dask array in blocks of so many rows."""
    return da.from_array(array, chunks=(n_rows, *array.shape[1:]))


def make(**parameters):
    """A small autoencoder that is fitted by a few iterations."""
    parameters = {"max_iter": 8, "tol": 0, "random_state": 0, **parameters}
    return SparseAutoencoder(5, solver="lbfgs", **parameters)


def assert_same_fit(actual, expected, rtol=1e-9):
    """Compare the fitted attributes of two estimators."""
    for name in ("components_", "encoder_coef_", "mean_activation_"):
        assert_allclose(
            getattr(actual, name), getattr(expected, name), rtol=rtol, atol=rtol
        )
        assert getattr(actual, name).dtype == getattr(expected, name).dtype
    assert_allclose(actual.loss_curve_, expected.loss_curve_, rtol=rtol)
    assert_allclose(actual.beta_, expected.beta_, rtol=rtol)
    assert_allclose(actual.alpha_, expected.alpha_, rtol=rtol)
    assert actual.n_iter_ == expected.n_iter_
    assert actual.n_features_in_ == expected.n_features_in_


class Recorder:
    """A callback that records scores, and calls `action` after `n_iter` iterations."""

    def __init__(self, n_iter, action=lambda X: False):
        self.n_iter, self.action, self.scores = n_iter, action, []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        if context.task_name != "iteration" or fitted_estimator is None:
            return False
        self.scores.append(fitted_estimator.score(X))
        return len(self.scores) == self.n_iter and self.action(X)
