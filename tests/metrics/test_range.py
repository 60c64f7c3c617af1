"""Measures of codes and rows whose squares overflow or underflow."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from skl_sparse_ae import match_components, metrics
from skl_sparse_ae._arrays._norms import row_norms, unit_rows

CONTAINERS = [np.asarray, sparse.csr_array]
SCALES = [1e-300, 1e-170, 1e170, 1e300]


@pytest.fixture
def rows(rng):
    return rng.normal(size=(20, 4)) * (rng.uniform(size=(20, 4)) < 0.7)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("centered", [False, True])
def test_ratios_do_not_depend_on_the_scale(centered, container, scale, rows, rng):
    X_hat = rows + 0.1 * rng.normal(size=rows.shape)
    pair, scaled = (rows, X_hat), (container(scale * rows), container(scale * X_hat))
    assert_allclose(
        metrics.variance_explained(*scaled), metrics.variance_explained(*pair)
    )
    assert_allclose(
        metrics.relative_reconstruction_bias(*scaled, centered=centered),
        metrics.relative_reconstruction_bias(*pair, centered=centered),
    )


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("axis", [0, 1])
def test_hoyer_sparsity(axis, container, scale, rows):
    rows[3], rows[:, 2] = 0, 0
    expected = metrics.hoyer_sparsity(rows, axis=axis)
    actual = metrics.hoyer_sparsity(container(scale * rows), axis=axis)
    assert_allclose(actual, expected)


@pytest.mark.parametrize("scale", SCALES)
def test_cosines(scale, rows):
    assert_allclose(
        metrics.mutual_coherence(scale * rows), metrics.mutual_coherence(rows)
    )
    _, cosines = match_components(scale * rows[::-1], rows)
    assert_allclose(cosines, row_norms(rows)[:, 0] > 0)


def test_norms_by_hand():
    array = np.array([[3e200, 4e200], [0, 0], [3e-200, -4e-200], [0, 7]])
    assert_allclose(row_norms(array), [[5e200], [0], [5e-200], [7]])
    assert_allclose(unit_rows(array), [[0.6, 0.8], [0, 0], [0.6, -0.8], [0, 1]])
