"""J of images and its gradient, against loops over positions and differences."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skl_sparse_ae._network._conv_network import network_of
from skl_sparse_ae._network._convolution import Convolution
from skl_sparse_ae._objective._images import ImageObjective
from skl_sparse_ae._penalties._registry import PENALTIES, make_penalty

from .. import numeric

ALPHA = 0.1, 0.3
N_IMAGES, N_COMPONENTS = 7, 4
GEOMETRIES = [
    Convolution((height, width, channels), kernel, (stride, stride), padding)
    for (height, width), kernel, channels, stride, padding in itertools.product(
        [(5, 4)], [(3, 2)], [1, 3], [1, 2, 3], ["same", "valid"]
    )
]
FAST = Convolution((4, 3, 2), (2, 2), (1, 2), "same")


def make(convolution, penalty="kl", out="identity", tied=False):
    penalty = make_penalty(penalty, rho=0.4, beta=0.7)
    sizes = convolution.patch_size, N_COMPONENTS, tied
    return network_of(
        sizes, penalty.default_activation, out, penalty, None, convolution
    )


def direct_value(network, X, weights, theta):
    """J by its definition, with a loop over the positions of each image."""
    p, convolution = network.layout.views(theta), network.convolution
    share = np.ones(len(X)) if weights is None else weights
    share = share / share.sum()
    height, width, channels = convolution.image_shape
    (k_h, k_w), (down, right) = convolution.kernel_shape, convolution.stride
    rows, columns = convolution.map_shape
    top = left = 0
    if convolution.padding == "same":
        top = max(0, (rows - 1) * down + k_h - height) // 2
        left = max(0, (columns - 1) * right + k_w - width) // 2
    places = [
        (slice(i * down, i * down + k_h), slice(j * right, j * right + k_w))
        for i in range(rows)
        for j in range(columns)
    ]
    inside = slice(top, top + height), slice(left, left + width)
    codes, errors = [], 0.0
    for x, p_i in zip(X, share, strict=True):
        image = np.zeros((height + 2 * k_h, width + 2 * k_w, channels))
        image[inside] = x.reshape(height, width, channels)
        z = np.array([image[place].ravel() for place in places]) @ p.encoder_coef
        a = z + p.encoder_intercept
        network.activation.apply(a)
        network.penalty.select(a.reshape(1, -1))
        written = np.zeros_like(image)
        for place, patch in zip(places, a @ p.components, strict=True):
            written[place] += patch.reshape(k_h, k_w, channels)
        x_hat = written[inside] + p.decoder_intercept
        network.out_activation.apply(x_hat)
        errors += p_i * 0.5 * ((x_hat.ravel() - x) ** 2).sum()
        codes.append(a)
    phi = network.penalty.phi(np.array(codes), network.activation).mean(axis=1)
    decay = 0.5 * ALPHA[0] * (p.encoder_coef**2).sum()
    decay += 0.5 * ALPHA[1] * (p.components**2).sum()
    sparsity = network.penalty.psi(share @ phi)
    unit_weights = network.penalty.unit_weights(p)
    factor = 1.0 if unit_weights is None else unit_weights
    return errors + decay + np.sum(sparsity * factor)


def check(network, rng, team, weighted=False, **options):
    X = rng.uniform(size=(N_IMAGES, network.convolution.n_pixels))
    weights = rng.uniform(0.1, 2, size=N_IMAGES) if weighted else None
    objective = ImageObjective(network, ALPHA, team=team, dtype=float, **options)
    objective.use_rows(X, weights)
    theta = rng.normal(size=network.layout.size)
    value, gradient = objective.value_and_grad(theta)
    expected = direct_value(network, X, weights, theta)
    assert_allclose(value, expected, rtol=1e-12)
    assert_allclose(objective.terms(theta).total, expected, rtol=1e-12)
    differences = numeric.gradient(
        lambda t: direct_value(network, X, weights, t), theta
    )
    thresholds = network.layout.thresholds
    if thresholds is not None:  # J is constant between the activations
        assert not differences[thresholds].any()
        gradient[thresholds] = 0
    assert numeric.relative_error(gradient, differences) < 1e-6


@pytest.mark.parametrize("penalty", ["kl", "l1"])
@pytest.mark.parametrize("convolution", GEOMETRIES, ids=str)
def test_geometries(convolution, penalty, rng, team):
    check(make(convolution, penalty), rng, team)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("out", ["identity", "logistic"])
# Joint selections are over all images, not for each of them.
@pytest.mark.parametrize(
    "penalty", [name for name, cls in PENALTIES.items() if not cls.selects_jointly]
)
def test_penalties(penalty, out, tied, weighted, rng, team):
    check(make(FAST, penalty, out, tied), rng, team, weighted)


def test_blocks_of_images(rng, team):
    # A block of one image each.
    check(make(FAST), rng, team, block_bytes=1)
    check(make(FAST), rng, team, block_bytes=1, memory_budget=0)


def test_kernels_as_large_as_the_image_are_a_network_for_rows(rng, team):
    from skl_sparse_ae._objective._dense import DenseObjective

    convolution = Convolution((3, 2, 1), (3, 2), (1, 1), "valid")
    network = make(convolution)
    X = rng.uniform(size=(N_IMAGES, 6))
    theta = rng.normal(size=network.layout.size)
    images = ImageObjective(network, ALPHA, team=team, dtype=float).use_rows(X)
    sizes = convolution.patch_size, N_COMPONENTS, False
    dense = network_of(sizes, "logistic", "identity", network.penalty, None)
    rows = DenseObjective(dense, ALPHA, team=team, dtype=float).use_rows(X)
    # A network for rows has an intercept for each pixel.
    repeated = np.append(theta, np.repeat(theta[-1], 5))
    value, gradient = images.value_and_grad(theta)
    expected, expected_gradient = rows.value_and_grad(repeated)
    assert_allclose(value, expected, rtol=1e-12)
    assert_allclose(gradient[:-1], expected_gradient[:-6], atol=1e-12)
    assert_allclose(gradient[-1], expected_gradient[-6:].sum(), atol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_idle_units_learn_the_errors_of_patches(weighted, rng, team):
    network, idle = make(FAST, "topk"), np.array([1, 3])
    X = rng.uniform(size=(N_IMAGES, FAST.n_pixels))
    weights = rng.uniform(0.1, 2, size=N_IMAGES) if weighted else None
    share = np.full(N_IMAGES, 1 / N_IMAGES)
    if weighted:
        share = weights / weights.sum()
    theta = rng.normal(size=network.layout.size)
    plain, revived = (
        ImageObjective(network, ALPHA, team=team, dtype=float, **options)
        .use_rows(X, weights)
        .value_and_grad(theta)[1]
        for options in ({}, {"idle_units": lambda: idle})
    )
    start = network.layout.views(theta)
    maps = network.encode(start, X, np.empty((N_IMAGES, network.n_outputs)))
    errors = FAST.unfold(network.decode(start, maps, np.empty_like(X)) - X)
    patches, share = FAST.unfold(X), np.repeat(share, FAST.n_positions)

    def auxiliary(values):
        # The errors that are left, of the idle unit that is most active on a patch.
        p = network.layout.views(values)
        z = patches @ p.encoder_coef[:, idle] + p.encoder_intercept[idle]
        best = z.argmax(axis=1)
        a = np.maximum(z[np.arange(len(z)), best], 0)[:, None]
        left = errors + a * p.components[idle[best]]
        return network.penalty.beta * 0.5 * share @ (left**2).sum(axis=1)

    expected = numeric.gradient(auxiliary, theta)
    assert numeric.relative_error(revived - plain, expected) < 1e-6


@pytest.mark.parametrize("n_kept", [0, 1])
def test_codes_of_all_positions_are_kept_within_the_budget(n_kept, rng, team):
    network = make(FAST)
    size = N_IMAGES * FAST.n_positions * N_COMPONENTS * 8
    objective = ImageObjective(
        network,
        ALPHA,
        team=team,
        dtype=float,
        block_bytes=1,
        memory_budget=size - 1 + n_kept,
    )
    X = rng.uniform(size=(N_IMAGES, FAST.n_pixels))
    objective.use_rows(X).means(np.zeros(network.layout.size))
    n_codes = sum(len(row_range.kept) for row_range in objective._ranges)
    assert (n_codes == N_IMAGES * FAST.n_positions) == n_kept
