"""The geometry of convolutions, against SciPy's correlation and by adjointness."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.signal import correlate2d

from skl_sparse_ae._network._convolution import Convolution

CASES = list(
    itertools.product(
        [(5, 7), (6, 4), (1, 3)],  # images
        [1, 3],  # channels
        [(3, 2), (1, 1), (4, 5)],  # kernels
        [(1, 1), (2, 3), (3, 1)],  # strides
        ["same", "valid"],
    )
)


def make(size, channels, kernel, stride, padding):
    if padding == "valid":
        kernel = tuple(map(min, kernel, size))
    return Convolution((*size, channels), kernel, stride, padding)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_products_with_patches_are_a_correlation(case, rng):
    convolution = make(*case)
    height, width, channels = convolution.image_shape
    X = rng.normal(size=(2, height, width, channels))
    kernel = rng.normal(size=(*convolution.kernel_shape, channels))
    maps = convolution.unfold(X.reshape(2, -1)) @ kernel.ravel()
    (down, right), (rows, columns) = convolution.stride, convolution.map_shape
    # Zeros before: half of what the kernel needs beyond the image, rounded down.
    pads = [(0, 0), (0, 0)]
    if convolution.padding == "same":
        for axis in (0, 1):
            size, n = (height, width)[axis], (rows, columns)[axis]
            reach = (n - 1) * convolution.stride[axis] + kernel.shape[axis]
            pads[axis] = ((max(0, reach - size)) // 2, kernel.shape[axis])
    for x, found in zip(X, maps.reshape(2, rows, columns), strict=True):
        expected = sum(
            correlate2d(np.pad(x[..., c], pads), kernel[..., c], "valid")
            for c in range(channels)
        )
        expected = expected[::down, ::right][:rows, :columns]
        assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_fold_is_the_adjoint_of_unfold(case, rng):
    convolution = make(*case)
    X = rng.normal(size=(3, convolution.n_pixels))
    patches = convolution.unfold(X)
    others = rng.normal(size=patches.shape)
    assert patches.shape == (3 * convolution.n_positions, convolution.patch_size)
    assert_allclose(
        np.vdot(patches, others), np.vdot(X, convolution.fold(others, 3)), rtol=1e-12
    )


def test_a_patch_by_hand():
    convolution = Convolution((2, 3, 1), (2, 2), (1, 1), "same")
    patches = convolution.unfold(np.arange(1.0, 7).reshape(1, 6))
    assert_array_equal(patches[0], [1, 2, 4, 5])
    assert_array_equal(patches[-1], [6, 0, 0, 0])  # zeros below and on the right
    ones = np.ones((6, 4))
    assert_array_equal(convolution.fold(ones, 1), [[1, 2, 2, 2, 4, 4]])


def test_channels_are_last():
    convolution = Convolution((1, 2, 2), (1, 2), (1, 1), "valid")
    assert_array_equal(convolution.unfold(np.array([[1.0, 2, 3, 4]])), [[1, 2, 3, 4]])


def test_a_kernel_larger_than_the_image():
    with pytest.raises(ValueError, match="larger than the image"):
        Convolution((3, 3, 1), (4, 3), (1, 1), "valid")
    assert Convolution((3, 3, 1), (4, 3), (1, 1), "same").map_shape == (3, 3)
