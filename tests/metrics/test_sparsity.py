import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skl_sparse_ae import metrics

from .containers import CONTAINERS


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("n_active", [1, 2, 5, 9])
def test_hoyer_sparsity_of_equal_activations(n_active, container):
    row = np.zeros((1, 9))
    row[0, :n_active] = -0.3
    expected = (3 - np.sqrt(n_active)) / (3 - 1)
    assert_allclose(metrics.hoyer_sparsity(container(row)), [expected], atol=1e-6)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_hoyer_sparsity_by_hand_of_rows_and_units(container):
    # (2 - 7 / 5) / (2 - 1) for 3, 4, 0, 0.
    code = np.array([[3.0, -4.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    assert_allclose(metrics.hoyer_sparsity(container(code)), [0.6, 1])
    assert_allclose(metrics.hoyer_sparsity(container(1e9 * code)), [0.6, 1])
    by_unit = metrics.hoyer_sparsity(container(code.T), axis=0)
    assert_allclose(by_unit, [0.6, 1])


@pytest.mark.parametrize("n_active", [1, 7])
def test_rounding_does_not_take_hoyer_sparsity_beyond_its_bounds(n_active, rng):
    code = np.zeros((200, 7))
    code[:, :n_active] = rng.normal(size=(200, 1))
    sparsity = metrics.hoyer_sparsity(code)
    assert_allclose(sparsity, {1: 1, 7: 0}[n_active], atol=1e-12)
    assert 0 <= sparsity.min() <= sparsity.max() <= 1


def test_hoyer_sparsity_of_one_unit():
    assert_array_equal(metrics.hoyer_sparsity([[2.0], [0.0]]), [0, 1])
    assert_array_equal(metrics.hoyer_sparsity([[2.0, 0.0]], axis=0), [0, 1])
