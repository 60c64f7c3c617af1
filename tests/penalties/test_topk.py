import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skl_sparse_ae import BatchTopK, SparseAutoencoder, TopK
from skl_sparse_ae._network._activations import ACTIVATIONS
from skl_sparse_ae._penalties._topk import _largest


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("n_components", [1, 7, 100])
def test_topk_keeps_the_k_largest(activation, n_components, rng):
    a = rng.normal(size=(50, n_components))
    ACTIVATIONS[activation]().apply(a)
    penalty = TopK(rho=0.1)
    k = max(1, round(0.1 * n_components))
    assert penalty.n_active(n_components) == k
    expected = np.zeros_like(a)
    largest = np.argsort(-a, axis=1)[:, :k]
    np.put_along_axis(expected, largest, np.take_along_axis(a, largest, 1), axis=1)
    penalty.select(a)
    assert_array_equal(a, expected)


@pytest.mark.parametrize("value", [-0.5, 0.0, 2.0])
def test_topk_keeps_exactly_k_if_all_are_equal(value):
    a = np.full((20, 10), value)
    TopK(rho=0.3).select(a)
    assert_array_equal(np.count_nonzero(a, axis=1), 0 if value == 0 else 3)


def test_topk_keeps_exactly_k_if_some_are_equal(rng):
    a = rng.randint(0, 4, size=(500, 12)).astype(float)
    expected = np.sort(a, axis=1)[:, -3:]
    TopK(rho=0.25).select(a)
    assert np.count_nonzero(a, axis=1).max() <= 3
    assert_array_equal(np.sort(a, axis=1)[:, -3:], expected)


def test_topk_of_all_units_changes_nothing(rng):
    a = rng.normal(size=(5, 4))
    kept = a.copy()
    TopK(rho=0.99).select(kept)
    assert_array_equal(kept, a)


def test_topk_starts_with_more_units_and_encodes_with_more():
    penalty = TopK(rho=0.1, start_rho=0.3, transform_factor=2.0)
    assert penalty.n_active(50) == 5
    n_active = []
    for progress in (0.0, 0.5, 1.0):
        penalty.set_progress(progress)
        n_active.append(penalty.n_active(50))
    assert n_active == [15, 10, 5]
    assert penalty.for_transform().n_active(50) == 10
    assert penalty.for_transform().n_active(7) == 1
    assert TopK(rho=0.5, transform_factor=9.0).for_transform().n_active(50) == 50


@pytest.mark.parametrize(("rho", "n_components"), [(0.025, 60), (0.01, 150), (0.3, 5)])
def test_training_ends_with_as_many_units_as_transform_keeps(rho, n_components):
    # 0.1 + (0.025 - 0.1) is less than 0.025 in floating point, which rounds 1.5 down.
    penalty = TopK(rho=rho)
    penalty.set_progress(1.0)
    expected = max(1, round(rho * n_components))
    assert penalty.n_active(n_components) == expected
    assert penalty.for_transform().n_active(n_components) == expected


def test_topk_never_starts_with_fewer_units():
    penalty = TopK(rho=0.5, start_rho=0.1)
    penalty.set_progress(0.0)
    assert penalty.n_active(10) == 5


def test_a_soft_code_is_what_exceeds_the_largest_that_is_dropped():
    a = np.array([[3.0, 1.0, 2.0, 0.5], [1.0, 1.0, 1.0, 0.0]])
    TopK(rho=0.25, transform_factor=2, transform_soft=True).for_transform().select(a)
    assert_array_equal(a, [[2, 0, 1, 0], [0, 0, 0, 0]])


def test_a_soft_code_of_all_units_is_not_changed(rng):
    a = rng.uniform(0.1, 1, size=(5, 4))
    penalty = TopK(0.99, transform_soft=True).for_transform()
    assert penalty.n_active(4) == 4
    soft = a.copy()
    penalty.select(soft)
    assert_array_equal(soft, a)


def test_a_soft_code_is_continuous(digits):
    steps = {}
    for soft in (False, True):
        penalty = TopK(rho=0.1, transform_soft=soft)
        autoencoder = SparseAutoencoder(50, penalty=penalty, random_state=0)
        autoencoder.fit(digits)
        path = np.linspace(digits[0], digits[5], 2001)
        code = autoencoder.transform(path)
        assert np.count_nonzero(code, axis=1).max() <= 5
        steps[soft] = np.abs(np.diff(code, axis=0)).max()
    assert steps[True] < 0.01 < 0.1 < steps[False]


def test_batch_topk_keeps_the_largest_of_the_whole_batch(rng):
    codes = [rng.normal(size=(7, 10)), rng.normal(size=(5, 10))]
    expected = np.vstack(codes)
    threshold = np.sort(expected, axis=None)[-24]
    expected[expected < threshold] = 0
    BatchTopK(rho=0.2).select_jointly(codes, None)
    assert_array_equal(np.vstack(codes), expected)
    assert len(set(np.count_nonzero(expected, axis=1))) > 1


def test_batch_topk_keeps_none_of_equal_ones_at_the_threshold():
    code = np.array([[1.0, 1.0, 2.0, 0.5]])
    BatchTopK(rho=0.5).select_jointly([code], None)
    assert_array_equal(code, [[0, 0, 2, 0]])


@pytest.mark.parametrize("rho", [0.1, 0.2, 0.5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_batch_topk_counts_weighted_rows_as_repeated_ones(rho, dtype, rng):
    code, weights = rng.normal(size=(9, 10)).astype(dtype), rng.randint(1, 4, 9)
    repeated, weighted = np.repeat(code, weights, axis=0), code.copy()
    # As products of matrices round: not alike at all positions of a mini-batch.
    repeated *= 1 + np.finfo(dtype).eps * rng.randint(-4, 5, repeated.shape)
    penalties = BatchTopK(rho), BatchTopK(rho)
    penalties[0].select_jointly([repeated], None)
    penalties[1].select_jointly([weighted], weights)
    assert_array_equal(repeated != 0, np.repeat(weighted != 0, weights, axis=0))
    assert penalties[0].threshold_ == pytest.approx(penalties[1].threshold_, rel=1e-5)
    assert 0 < np.count_nonzero(repeated) <= rho * repeated.size


def test_batch_topk_of_equal_rows_selects_none():
    code = np.ones((3, 4)) * (1 + 1e-15 * np.arange(4))
    BatchTopK(rho=0.5).select_jointly([code], None)
    assert_array_equal(code, 0)


def test_batch_topk_of_all_units_changes_nothing(rng):
    code = rng.normal(size=(4, 3))
    kept = code.copy()
    penalty = BatchTopK(rho=0.99)
    penalty.select_jointly([kept], None)
    penalty.select(kept)
    assert_array_equal(kept, code)


def test_batch_topk_learns_the_mean_of_the_thresholds():
    penalty = BatchTopK(rho=0.5)
    for low, high in [(1.0, 3.0), (5.0, 7.0)]:
        penalty.select_jointly([np.array([[low, high]])], None)
    assert penalty.threshold_ == 4.0
    code = np.array([[3.9, 4.1]])
    penalty.select(code)
    assert_array_equal(code, [[0, 4.1]])


@pytest.mark.parametrize("by", ["fit", "partial_fit"])
def test_batch_topk_rows_use_k_units_on_average(by, digits):
    autoencoder = SparseAutoencoder(
        60, penalty="batch_topk", rho=0.1, random_state=0, max_iter=60, tol=0.08
    )
    if by == "fit":
        autoencoder.fit(digits)
    else:
        for _ in range(90):
            autoencoder.partial_fit(digits)
    n_active = np.count_nonzero(autoencoder.transform(digits), axis=1)
    assert n_active.mean() == pytest.approx(6, rel=0.05)
    assert n_active.std() > 0.5
    assert autoencoder.score(digits) > 0.75


def test_batch_topk_needs_batches(digits):
    with pytest.raises(ValueError, match="'batch_topk'.*solver='adam'"):
        SparseAutoencoder(8, penalty="batch_topk", solver="lbfgs").fit(digits)


def test_of_equal_activations_on_a_device_the_first_are_kept():
    xp = pytest.importorskip("array_api_strict")
    a = np.array([[1.0, 3.0, 3.0, 3.0, 2.0], [5.0, 0.0, 1.0, 0.0, 0.0]])
    for k, expected in [
        (1, [[0, 1, 0, 0, 0], [1, 0, 0, 0, 0]]),
        (2, [[0, 1, 1, 0, 0], [1, 0, 1, 0, 0]]),
        (4, [[0, 1, 1, 1, 1], [1, 1, 1, 1, 0]]),
    ]:
        assert_array_equal(np.asarray(_largest(xp.asarray(a), k)), expected)


def test_soft_codes_on_a_device_are_those_of_numpy(rng):
    xp = pytest.importorskip("array_api_strict")
    a = rng.normal(size=(6, 5))
    penalty = TopK(0.4, transform_soft=True).for_transform()
    expected, on_device = a.copy(), xp.asarray(a)
    penalty.select(expected)
    penalty.select(on_device)
    assert_array_equal(np.asarray(on_device), expected)
    assert np.count_nonzero(expected) == 12  # what exceeds the third of each row
