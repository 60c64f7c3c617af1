import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse

from skl_sparse_ae import metrics


@pytest.mark.parametrize(
    "measure",
    [
        metrics.variance_explained,
        metrics.mean_squared_error_per_feature,
        metrics.relative_reconstruction_bias,
    ],
)
def test_shapes_must_agree(measure):
    with pytest.raises(ValueError, match=r"X and X_hat .* \(3, 2\) and \(3, 1\)"):
        measure(np.ones((3, 2)), np.ones((3, 1)))
    with pytest.raises(ValueError, match="X_hat contains NaN"):
        measure(np.ones((1, 2)), [[1, np.nan]])
    with pytest.raises(ValueError, match="egative"):
        measure(np.eye(2), np.eye(2), sample_weight=[1, -1])


@pytest.mark.parametrize(
    "measure",
    [
        metrics.n_active_units,
        metrics.activation_density,
        metrics.dead_units,
        metrics.always_on_units,
    ],
)
def test_invalid_thresholds(measure):
    with pytest.raises(ValueError, match="threshold=-0.1 is below zero"):
        measure(sparse.csr_array(np.eye(2)), threshold=-0.1)
    with pytest.raises(ValueError, match="'threshold' parameter .* Got 'median'"):
        measure(np.eye(2), threshold="median")
    with pytest.raises(ValueError, match="Expected 2D array"):
        measure(np.ones(2))


def test_axis_is_0_or_1():
    with pytest.raises(ValueError, match="'axis' parameter .* Got 2"):
        metrics.hoyer_sparsity(np.eye(2), axis=2)


def test_the_module_is_imported_with_the_package():
    command = "from skl_sparse_ae import metrics; metrics.variance_explained"
    subprocess.run([sys.executable, "-c", command], check=True)
