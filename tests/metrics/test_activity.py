import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.decomposition import NMF

from skl_sparse_ae import SparseAutoencoder, metrics

from .containers import CONTAINERS

# Active units of the rows: one, two of the same absolute value, none, three. The last
# unit is dead, the second is negative, none is always on.
CODE = np.array(
    [
        [3.0, 0.0, 0.0, 0.0],
        [2.0, -2.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0],
        [0.5, -1.0, 0.25, 0.0],
    ]
)


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_code_by_hand(container):
    code = container(CODE)
    assert_array_equal(metrics.n_active_units(code), [1, 2, 0, 3])
    assert_array_equal(metrics.activation_density(code), [0.75, 0.5, 0.25, 0])
    assert_array_equal(metrics.mean_activation(code), [5.5 / 4, -0.75, 0.0625, 0])
    assert_array_equal(metrics.dead_units(code), [False, False, False, True])
    assert_array_equal(metrics.always_on_units(code), np.zeros(4, bool))


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_code_by_hand_with_a_threshold(container):
    # Strictly above: neither the 0.5 nor the negative activations count.
    code = container(CODE)
    assert_array_equal(metrics.n_active_units(code, threshold=0.5), [1, 1, 0, 0])
    density = metrics.activation_density(code, threshold=0.5)
    assert_array_equal(density, [0.5, 0, 0, 0])
    dead = metrics.dead_units(code, threshold=0.5)
    assert_array_equal(dead, [False, True, True, True])
    assert_array_equal(
        metrics.always_on_units(container(CODE[:2]), threshold=0), [True] + [False] * 3
    )


def test_entries_that_a_sparse_code_repeats_or_stores_as_zeros():
    # Row 0: unit 0 is 1 - 1, unit 1 is 2; row 1: unit 1 is a stored zero.
    code = sparse.csr_matrix(
        ([1.0, -1.0, 2.0, 0.0], [0, 0, 1, 1], [0, 3, 4]), shape=(2, 2)
    )
    assert_array_equal(metrics.n_active_units(code), [1, 0])
    assert_array_equal(metrics.dead_units(code), [True, False])
    assert_array_equal(metrics.hoyer_sparsity(code), [1, 1])
    assert code.nnz == 4  # the input is unchanged


def test_sparse_codes_are_never_dense():
    # Dense, this would take 800 GB.
    shape = (1_000_000, 100_000)
    code = sparse.csr_array(([2.0, 3.0], ([0, 5], [7, 7])), shape=shape)
    assert metrics.n_active_units(code, threshold=2.5).sum() == 1
    assert_allclose(metrics.activation_density(code)[7], 2e-6)
    assert_allclose(metrics.mean_activation(code).sum(), 5e-6)
    assert metrics.dead_units(code).sum() == shape[1] - 1
    assert not metrics.always_on_units(code).any()
    assert_array_equal(metrics.hoyer_sparsity(code), 1)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize(
    "measure", [metrics.mean_activation, metrics.activation_density]
)
def test_weights_repeat_rows(measure, container):
    weight = np.array([2, 0, 1, 3])
    repeated = measure(container(np.repeat(CODE, weight, axis=0)))
    weighted = measure(container(CODE), sample_weight=5e307 * weight)
    assert_allclose(weighted, repeated)


def test_density_and_active_units_count_the_same(rng):
    code = sparse.csr_array(
        rng.uniform(size=(50, 9)) * (rng.uniform(size=(50, 9)) < 0.2)
    )
    density = metrics.activation_density(code)
    assert_allclose(density.sum(), metrics.n_active_units(code).mean())


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_a_logistic_code_by_hand(container):
    # The first unit is above its mean of 0.3 on one row, the second, of 0.2, on two;
    # the third is constant.
    code = container([[0.1, 0.3, 0.6], [0.1, 0.3, 0.6], [0.7, 0.0, 0.6]])
    assert_array_equal(metrics.n_active_units(code, threshold="mean"), [1, 1, 1])
    density = metrics.activation_density(code, threshold="mean")
    assert_allclose(density, [1 / 3, 2 / 3, 0])
    dead = metrics.dead_units(code, threshold="mean")
    assert_array_equal(dead, [False, False, True])
    by_unit = metrics.activation_density(code, threshold=[0.05, 0.5, 0.5])
    assert_array_equal(by_unit, [1, 0, 1])
    # On the first two rows, the mean of the first unit is 0.1 and it is constant.
    density = metrics.activation_density(
        code, threshold="mean", sample_weight=[1, 1, 0]
    )
    assert_array_equal(density, [0, 0, 0])


def test_no_default_unit_is_dead_though_few_have_positive_pre_activations(digits):
    autoencoder = SparseAutoencoder(random_state=0).fit(digits)
    code = autoencoder.transform(digits)
    z = digits @ autoencoder.encoder_coef_ + autoencoder.encoder_intercept_
    by_half = metrics.n_active_units(code, threshold=0.5)
    assert_array_equal(by_half, (z > 0).sum(axis=1))
    assert metrics.dead_units(code, threshold=0.5).mean() > 0.3
    assert not metrics.dead_units(code, threshold="mean").any()
    assert not metrics.always_on_units(code, threshold="mean").any()
    assert metrics.always_on_units(code).all()


@pytest.mark.parametrize("penalty", ["kl", "l1"])
def test_mean_activation_is_that_of_the_fit(penalty, digits):
    autoencoder = SparseAutoencoder(8, penalty=penalty, tol=0.05, random_state=0)
    code = autoencoder.fit_transform(digits)
    assert_allclose(metrics.mean_activation(code), autoencoder.mean_activation_)


def test_active_units_of_topk_and_nmf(digits):
    code = SparseAutoencoder(
        20, penalty="topk", rho=0.2, tol=0.1, random_state=0, sparse_output=True
    ).fit_transform(digits)
    assert metrics.n_active_units(code).max() == 4
    code = NMF(6, max_iter=1000, tol=1e-2).fit_transform(digits)
    assert_array_equal(metrics.n_active_units(code), np.count_nonzero(code, axis=1))
