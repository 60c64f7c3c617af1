"""Encoder and decoder of images: a convolution and a transposed convolution."""

from dataclasses import dataclass

import numpy as np

from .._arrays._blocks import blocks, rows_as_dense, strips
from ._convolution import Convolution
from ._network import Network
from ._parameters import Layout


@dataclass(frozen=True)
class ConvNetwork(Network):
    """A `Network` whose weights are kernels, used at all positions of an image.

    The layout is that of a network for patches, but has one decoder intercept for each
    channel. Codes have a row for each position of each image where the engine computes
    them, and one for each image, by position and unit, where `encode` and `decode`
    return or take them.

    Attributes
    ----------
    convolution : Convolution
    selects_at_positions : bool
        Whether a penalty that selects units does so at each position, as in training on
        patches, instead of among all maps of an image.
    """

    convolution: Convolution = None
    selects_at_positions: bool = False

    @property
    def n_positions(self):
        return self.convolution.n_positions

    @property
    def n_inputs(self):
        return self.convolution.n_pixels

    @property
    def n_outputs(self):
        """Number of columns of a code."""
        return self.n_positions * self.layout.n_components

    def unlike(self, other):
        if self.convolution != other.convolution:
            return ["image_shape, kernel_size, stride or padding"]
        return super().unlike(other)

    def encode(self, parameters, X, out, visit=None, select=True):
        """Write the maps of images to `out`.

        Parameters
        ----------
        parameters : Parameters
        X : ndarray of shape (n_images, n_pixels)
        out : ndarray of shape (n_images, n_positions * n_components)
        visit, select
            As for `Network.encode`.

        Returns
        -------
        out : ndarray of shape (n_images, n_positions * n_components)
        """
        for rows in self.image_blocks(0, len(X), X.itemsize):
            patches = self.convolution.unfold(X[rows])
            self.encode_patches(parameters, patches, out[rows], visit, select)
        return out

    def encode_patches(
        self, parameters, patches, maps, visit=None, select=True, before=None
    ):
        """As `encode`, but for patches; `visit` receives slices of positions.

        `before` has a row for each position.
        """
        code = maps.reshape(-1, self.layout.n_components)
        np.matmul(patches, parameters.encoder_coef, out=code)
        for strip in strips(maps):
            positions = slice(
                strip.start * self.n_positions, strip.stop * self.n_positions
            )
            self.passes.activate(code[positions], parameters.encoder_intercept)
            if before is not None:
                before[positions] = code[positions]
            if select and self.penalty.selects:
                at_positions = self.selects_at_positions
                self.penalty.select(code[positions] if at_positions else maps[strip])
            if visit is not None:
                visit(positions)
        return maps

    def decode(self, parameters, A, out):
        """Write the images of maps to `out` and return it; see `encode`."""
        intercept = self._intercept(parameters)
        for rows in self.image_blocks(0, len(out), out.itemsize):
            out[rows] = self._written(parameters, rows_as_dense(A, rows))
            self.passes.reconstruct(out[rows], intercept)
        return out

    def compare(self, parameters, A, target, weights, out, visit=None):
        """Write the errors of images to `out`, as `Network.compare` does.

        `A` has a row for each image.
        """
        out[...] = self._written(parameters, A)
        return self._compare(self._intercept(parameters), target, weights, out, visit)

    def losses(self, parameters, A, target, out):
        """Write the loss of each pixel to `out`, as `Network.losses` does."""
        intercept = self._intercept(parameters)
        for rows in self.image_blocks(0, len(out), out.itemsize):
            out[rows] = self._written(parameters, rows_as_dense(A, rows))
            self._losses(intercept, target[rows], out[rows])
        return out

    def image_blocks(self, start, stop, itemsize, block_bytes=2**22):
        """Return slices of images whose patches and codes fit `block_bytes`."""
        row_bytes = 2 * self.convolution.patch_size + 2 * self.layout.n_components
        row_bytes *= self.n_positions * itemsize
        return blocks(start, stop, row_bytes, block_bytes)

    def _written(self, parameters, maps):
        """Return what the decoder writes, without intercepts."""
        code = maps.reshape(-1, self.layout.n_components)
        patches = self.convolution.empty_patches(len(maps), code.dtype)
        np.matmul(code, parameters.components, out=patches)
        return self.convolution.fold(patches, len(maps))

    def _intercept(self, parameters):
        """Return the decoder's intercept of each pixel."""
        height, width, _ = self.convolution.image_shape
        return np.tile(parameters.decoder_intercept, height * width)


def network_of(
    sizes,
    activation,
    out_activation,
    penalty,
    engine,
    convolution=None,
    selects_at_positions=False,
    loss="squared_error",
    widths=None,
):
    """Return the network of rows, or that of images if a convolution is given.

    Parameters
    ----------
    sizes : (int, int, bool)
        The first three parameters of `Layout`.
    activation, out_activation, penalty, engine
        As for `Network.from_names`.
    convolution : Convolution, default=None
    selects_at_positions : bool, default=False
    loss : str, default="squared_error"
    widths : tuple of int, default=None
        Those of a network for rows.

    Returns
    -------
    network : Network
    """
    network = Network.from_names(
        Layout(*sizes, has_thresholds=penalty.learns_thresholds),
        activation,
        out_activation,
        penalty,
        engine,
        loss,
        widths=widths,
    )
    if convolution is None:
        return network
    return with_convolution(network, convolution, selects_at_positions)


def with_convolution(network, convolution, selects_at_positions):
    """Return a network of images with the weights of a network of patches."""
    layout = network.layout
    return ConvNetwork(
        Layout(
            layout.n_features,
            layout.n_components,
            layout.tied_weights,
            n_intercepts=convolution.image_shape[2],
            has_thresholds=network.penalty.learns_thresholds,
        ),
        *_parts(network),
        convolution=convolution,
        selects_at_positions=selects_at_positions,
    )


def without_convolution(network):
    """Return the network of the patches of a network of images."""
    layout = network.layout
    sizes = layout.n_features, layout.n_components, layout.tied_weights
    has_thresholds = network.penalty.learns_thresholds
    return Network(Layout(*sizes, has_thresholds=has_thresholds), *_parts(network))


def _parts(network):
    """What networks of images and of patches share."""
    return network.activation, network.out_activation, network.penalty, network.passes
