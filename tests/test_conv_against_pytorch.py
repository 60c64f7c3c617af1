"""Convolutional autoencoders against PyTorch's convolutions and their gradients."""

import itertools

import pytest
from numpy.testing import assert_allclose

from skl_sparse_ae import ConvSparseAutoencoder
from skl_sparse_ae._network._conv_network import network_of
from skl_sparse_ae._network._convolution import Convolution
from skl_sparse_ae._objective._images import ImageObjective
from skl_sparse_ae._penalties._registry import make_penalty

torch = pytest.importorskip("torch")

N_IMAGES, N_UNITS, KERNEL, RHO, BETA, ALPHA, UNIT = 6, 4, 3, 0.3, 0.7, 0.2, 0.4
CASES = list(
    itertools.product(
        [(7, 7), (8, 6)], [1, 3], [1, 2, 3], ["same", "valid"], ["kl", "l1"]
    )
)


def kernels(matrix, channels):
    """(patch, units) as PyTorch's (units, channels, height, width)."""
    return matrix.T.reshape(-1, KERNEL, KERNEL, channels).permute(0, 3, 1, 2)


def forward(X, convolution, w_e, b_e, activation):
    """The maps of images, with the zeros around them that "same" needs."""
    height, width, channels = convolution.image_shape
    pads = [0, 0, 0, 0]
    if convolution.padding == "same":
        step = convolution.stride[0]
        for axis, size in enumerate((width, height)):
            total = max(0, (-(-size // step) - 1) * step + KERNEL - size)
            pads[2 * axis : 2 * axis + 2] = total // 2, total - total // 2
    images = X.reshape(-1, height, width, channels).permute(0, 3, 1, 2)
    padded = torch.nn.functional.pad(images, pads)
    z = torch.nn.functional.conv2d(
        padded, kernels(w_e, channels), b_e, stride=convolution.stride
    )
    return activation(z), pads, padded.shape


def value(theta, network, X):
    """J on whole arrays, by PyTorch alone but for the order of the parameters."""
    convolution, n = network.convolution, network.layout.n_features * N_UNITS
    height, width, channels = convolution.image_shape
    w_e, b_e = theta[:n].reshape(-1, N_UNITS), theta[n : n + N_UNITS]
    w_d = theta[n + N_UNITS : 2 * n + N_UNITS].reshape(-1, N_UNITS)
    is_kl = network.penalty.default_activation == "logistic"
    activation = torch.sigmoid if is_kl else torch.relu
    a, pads, (_, _, padded_height, padded_width) = forward(
        X, convolution, w_e, b_e, activation
    )
    written = torch.nn.functional.conv_transpose2d(
        a, kernels(w_d, channels), stride=convolution.stride
    )
    canvas = torch.zeros(len(X), channels, padded_height, padded_width).double()
    rows, columns = written.shape[2:]
    canvas[:, :, :rows, :columns] = written
    x_hat = canvas[:, :, pads[2] : pads[2] + height, pads[0] : pads[0] + width]
    x_hat = x_hat + theta[2 * n + N_UNITS :][None, :, None, None]
    errors = x_hat.permute(0, 2, 3, 1).reshape(len(X), -1) - X
    s = a.mean(dim=(0, 2, 3))
    if is_kl:
        sparsity = RHO * torch.log(RHO / s) + (1 - RHO) * torch.log((1 - RHO) / (1 - s))
    else:
        sparsity = s * torch.sqrt((w_d**2).sum(dim=0) + UNIT**2)
    decay = ALPHA / 2 * ((w_e**2).sum() + (w_d**2).sum())
    return 0.5 * (errors**2).sum() / len(X) + decay + BETA * sparsity.sum()


@pytest.mark.parametrize(
    ("size", "channels", "stride", "padding", "penalty"), CASES, ids=str
)
def test_gradient(size, channels, stride, padding, penalty, rng, team):
    convolution = Convolution(
        (*size, channels), (KERNEL, KERNEL), (stride, stride), padding
    )
    penalty = make_penalty(penalty, rho=RHO, beta=BETA)
    penalty.set_dictionary_unit(UNIT)
    sizes = convolution.patch_size, N_UNITS, False
    options = penalty.default_activation, "identity", penalty, None, convolution
    network = network_of(sizes, *options)
    X = rng.uniform(size=(N_IMAGES, convolution.n_pixels))
    theta = rng.normal(size=network.layout.size)
    objective = ImageObjective(network, ALPHA, team=team, dtype=float).use_rows(X)
    found, gradient = objective.value_and_grad(theta)
    variable = torch.tensor(theta, requires_grad=True)
    expected = value(variable, network, torch.tensor(X))
    expected.backward()
    assert_allclose(found, expected.item(), rtol=1e-12)
    assert_allclose(gradient, variable.grad.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_transform(stride, padding, rng):
    X = rng.uniform(size=(20, 7 * 6 * 3))
    autoencoder = ConvSparseAutoencoder(
        N_UNITS,
        image_shape=(7, 6, 3),
        kernel_size=KERNEL,
        stride=stride,
        padding=padding,
        tol=0.1,
        random_state=0,
    ).fit(X)
    w_e, b_e = autoencoder.encoder_coef_, autoencoder.encoder_intercept_
    convolution = Convolution((7, 6, 3), (KERNEL, KERNEL), (stride, stride), padding)
    maps, _, _ = forward(
        *(torch.tensor(X), convolution, torch.tensor(w_e), torch.tensor(b_e)),
        torch.sigmoid,
    )
    expected = maps.permute(0, 2, 3, 1).reshape(20, -1).numpy()
    assert_allclose(autoencoder.transform(X), expected, rtol=1e-10)


def test_pooled_transform(rng):
    X = rng.uniform(size=(20, 64))
    autoencoder = ConvSparseAutoencoder(3, kernel_size=3, tol=0.1, random_state=0)
    maps = torch.tensor(autoencoder.fit(X).transform(X).reshape(20, 8, 8, 3))
    maps = maps.permute(0, 3, 1, 2)
    pools = {
        "max": torch.nn.functional.max_pool2d,
        "mean": torch.nn.functional.avg_pool2d,
    }
    for pooling, pool in pools.items():
        for size in ((2, 4), (3, 3)):
            autoencoder.set_params(pooling=pooling, pool_size=size)
            found = autoencoder.transform(X).reshape(20, *autoencoder.output_shape_)
            expected = pool(maps, size).permute(0, 2, 3, 1).numpy()
            # PyTorch leaves out squares that are not complete.
            rows, columns = expected.shape[1:3]
            assert_allclose(found[:, :rows, :columns], expected, rtol=1e-10)
            assert found.shape[1:3] == (-(-8 // size[0]), -(-8 // size[1]))
