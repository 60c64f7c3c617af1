"""Training of a convolution on random patches of its images.

The encoder learns patches as rows, as the dense network does [1]_. What it learns is
then used at all positions, and the decoder is fitted to whole images.

.. [1] A. Coates, H. Lee, A. Y. Ng, "An Analysis of Single-Layer Networks in
   Unsupervised Feature Learning", AISTATS 2011.
"""

import numpy as np

from .._network._conv_network import with_convolution, without_convolution
from .._solvers._scaling import Scaling
from ._image_decoder import image_decoder
from ._patches import N_TRAINING, patches_of
from ._problem import Problem


class PatchTraining:
    """The images, and the conversion of fits between them and their patches.

    Parameters
    ----------
    images : Rows
        Images in memory.
    convolution : Convolution
    rng : numpy.random.RandomState

    Attributes
    ----------
    convolution : Convolution
    reconstruction, variance : float
        The first term of J of images in the last `image_fit`, and their variance.
    """

    def __init__(self, images, convolution, rng):
        self._images, self.convolution = images, convolution
        # What is drawn afterwards does not depend on the number of images.
        self._seed = rng.randint(2**31)

    def draw(self, images):
        """Return patches of images as `Rows`; None for None."""
        if images is None:
            return None
        return patches_of(images, self.convolution, N_TRAINING, self._seed)

    def start(self, previous):
        """Return the network and the parameter vector of patches of an earlier fit.

        Parameters
        ----------
        previous : (Network, ndarray) or None
            Those of images. With another convolution they are returned as they are, and
            cannot be used.
        """
        if previous is None or previous[0].convolution != self.convolution:
            return previous
        network, theta = previous
        parameters = network.layout.views(theta)
        n_pixels = np.prod(self.convolution.kernel_shape)
        intercept = np.tile(parameters.decoder_intercept, n_pixels)
        parameters = parameters._replace(decoder_intercept=intercept)
        thresholds = network.layout.thresholds_of(theta)
        network = without_convolution(network)
        return network, network.layout.flatten(parameters, thresholds=thresholds)

    def image_fit(self, problem, theta, team):
        """Return the problem of images and the parameter vector that fits them.

        Parameters
        ----------
        problem : Problem
            That of the patches.
        theta : ndarray
            Its parameter vector.
        team : Team

        Returns
        -------
        problem : Problem
        theta : ndarray
        """
        network = with_convolution(
            problem.network, self.convolution, selects_at_positions=True
        )
        theta = theta.astype(self._images.dtype)
        parameters = problem.network.layout.views(theta)
        thresholds = problem.network.layout.thresholds_of(theta)
        if thresholds is not None:
            network.penalty.threshold_ = thresholds
        n_channels = network.layout.n_intercepts
        intercept = parameters.decoder_intercept.reshape(-1, n_channels)
        parameters = parameters._replace(
            # Where patches overlap, all of them write the same.
            components=parameters.components / self.convolution.overlap,
            decoder_intercept=intercept.mean(axis=0),
        )
        fitted, self.reconstruction = image_decoder(
            network, parameters, self._images, problem.alpha.decoder, team
        )
        self.variance = self._images.moments()[1]
        scaling = Scaling(network, problem.scaling.mean, self.variance)
        images = Problem(network, scaling, self._images, problem.alpha)
        return images, network.layout.flatten(fitted, thresholds=thresholds)
