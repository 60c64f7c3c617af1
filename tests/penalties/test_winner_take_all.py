import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skl_sparse_ae import ConvSparseAutoencoder, SparseAutoencoder, WinnerTakeAll
from skl_sparse_ae.interchange import load_saelens, save_saelens


def test_each_unit_keeps_its_largest_activations_of_the_batch(rng):
    codes = [rng.normal(size=(7, 4)), rng.normal(size=(5, 4))]
    expected = np.vstack(codes)
    for column in expected.T:
        column[np.argsort(column)[:-3]] = 0  # three of 12 are a quarter
    WinnerTakeAll(rho=0.25).select_jointly(codes, None)
    assert_array_equal(np.vstack(codes), expected)


@pytest.mark.parametrize(
    ("rho", "n_rows", "n_winners"), [(0.05, 100, 5), (0.05, 101, 6), (0.01, 10, 1)]
)
def test_number_of_winners(rho, n_rows, n_winners, rng):
    code = rng.normal(size=(n_rows, 3))
    WinnerTakeAll(rho).select_jointly([code], None)
    assert_array_equal(np.count_nonzero(code, axis=0), n_winners)


def test_by_hand():
    code = np.array(
        [[1.0, 0.0, 7.0], [3.0, 0.0, 6.0], [2.0, 4.0, 5.0], [2.0, 0.0, 3.0]]
    )
    penalty = WinnerTakeAll(rho=0.5)
    penalty.select_jointly([code], None)
    # Two rows of each unit, and what equals the second.
    assert_array_equal(code, [[0, 0, 7], [3, 0, 6], [2, 4, 0], [2, 0, 0]])
    assert_allclose(penalty.threshold_, [1.5, 0, 5.5], atol=1e-300)


@pytest.mark.parametrize("rho", [0.05, 0.2, 0.5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weighted_rows_count_as_repeated_ones(rho, dtype, rng):
    code, weights = rng.normal(size=(9, 10)).astype(dtype), rng.randint(1, 4, 9)
    repeated, weighted = np.repeat(code, weights, axis=0), code.copy()
    # As products of matrices round: not alike at all positions of a mini-batch.
    repeated *= 1 + np.finfo(dtype).eps * rng.randint(-4, 5, repeated.shape)
    penalties = WinnerTakeAll(rho), WinnerTakeAll(rho)
    penalties[0].select_jointly([repeated], None)
    penalties[1].select_jointly([weighted], weights)
    assert_array_equal(repeated != 0, np.repeat(weighted != 0, weights, axis=0))
    assert_allclose(penalties[0].threshold_, penalties[1].threshold_, rtol=1e-5)


def test_learns_the_mean_of_each_units_thresholds():
    penalty = WinnerTakeAll(rho=0.5)
    for first, second in [(2.0, 6.0), (10.0, 14.0)]:
        penalty.select_jointly([np.array([[first, second], [0.0, 0.0]])], None)
    assert_array_equal(penalty.threshold_, [3, 5])
    code = np.array([[3.1, 4.9], [2.9, 5.1]])
    penalty.select(code)
    assert_array_equal(code, [[3.1, 0], [0, 5.1]])


def test_thresholds_are_those_of_each_unit_at_all_positions():
    penalty = WinnerTakeAll(rho=0.5)
    penalty.threshold_ = np.array([1.0, 3.0])
    code = np.array([[2.0, 2.0, 4.0, 4.0, 0.5, 3.5]])  # three positions of two units
    penalty.select(code)
    assert_array_equal(code, [[2, 0, 4, 4, 0, 3.5]])


@pytest.mark.parametrize("by", ["fit", "partial_fit"])
def test_units_are_active_equally_often(by, digits):
    autoencoder = SparseAutoencoder(
        60, penalty="winner_take_all", rho=0.1, random_state=0, max_iter=60, tol=0.08
    )
    if by == "fit":
        autoencoder.fit(digits)
    else:
        for _ in range(90):
            autoencoder.partial_fit(digits)
    frequencies = (autoencoder.transform(digits) > 0).mean(axis=0)
    assert frequencies.min() > 0.07
    assert frequencies.max() < 0.13
    assert autoencoder.score(digits) > 0.7


def test_all_activations_of_transform(digits):
    penalty = WinnerTakeAll(rho=0.1, transform_selects=False)
    autoencoder = SparseAutoencoder(20, penalty=penalty, random_state=0, tol=0.01)
    code = autoencoder.fit_transform(digits)
    z = digits @ autoencoder.encoder_coef_ + autoencoder.encoder_intercept_
    assert_allclose(code, np.maximum(z, 0), rtol=1e-6, atol=1e-9)
    winners = autoencoder.set_params(penalty=WinnerTakeAll(rho=0.1)).fit(digits)
    selected = np.where(code > winners.penalty_.threshold_, code, 0)
    assert_allclose(winners.transform(digits), selected, rtol=1e-6, atol=1e-9)
    assert np.count_nonzero(code) > 2 * np.count_nonzero(selected)
    # `score` selects in both.
    penalty.threshold_ = winners.penalty_.threshold_
    winners.penalty_ = penalty
    errors = digits - winners.inverse_transform(selected)
    explained = 1 - (errors**2).sum() / ((digits - digits.mean(axis=0)) ** 2).sum()
    assert winners.score(digits) == pytest.approx(explained)


def test_images_share_the_threshold_of_a_map(digits):
    X = digits[:200]
    autoencoder = ConvSparseAutoencoder(
        3,
        image_shape=(8, 8),
        kernel_size=3,
        penalty="winner_take_all",
        rho=0.1,
        train_on="images",
        tol=0.02,
        random_state=0,
    ).fit(X)
    assert autoencoder.penalty_.threshold_.shape == (3,)
    maps = autoencoder.transform(X).reshape(200, -1, 3)
    frequencies = (maps > 0).mean(axis=(0, 1))
    assert frequencies == pytest.approx(0.1, abs=0.04)


def test_needs_batches(digits):
    with pytest.raises(ValueError, match="'winner_take_all'.*solver='adam'"):
        SparseAutoencoder(8, penalty="winner_take_all", solver="lbfgs").fit(digits)


def test_files_of_saelens(digits, tmp_path):
    pytest.importorskip("safetensors")
    autoencoder = SparseAutoencoder(
        10, penalty="winner_take_all", rho=0.2, random_state=0, tol=0.01
    ).fit(digits)
    save_saelens(autoencoder, tmp_path)
    loaded = load_saelens(tmp_path)
    assert_allclose(loaded.transform(digits), autoencoder.transform(digits))
    autoencoder.penalty_.set_params(transform_selects=False)
    with pytest.raises(ValueError, match="transform_selects=True"):
        save_saelens(autoencoder, tmp_path)
