"""The units in which solvers see the parameters and the objective.

The encoder multiplies X and the decoder produces it, so the size of a sensible weight,
and with it that of a sensible step, depends on the scale of X. Solvers therefore work
on parameters divided by their units and on J divided by the variance of X, where
learning rates and tolerances mean the same for pixels in [0, 1], for standardised
columns and for values in the millions. Encoder intercepts are counted from the mean of
X: the encoder then sees centred rows, which is known to speed up descent [1]_.

Both are linear changes of variables. They change the path, never J.

.. [1] Y. LeCun, L. Bottou, G. Orr, K.-R. Mueller, "Efficient BackProp", 1998.
"""

import numpy as np


class Scaling:
    """Maps between parameters and what the solver sees.

    Parameters
    ----------
    network : Network
    mean : ndarray of shape (n_features,)
    variance : float
        Sum of the variances of the columns.
    """

    def __init__(self, network, mean, variance):
        layout = network.layout
        self._layout = layout
        self.mean = mean
        self.value = variance if variance > 0 else 1.0
        spread = np.sqrt(self.value / layout.n_features)
        bounded = np.isfinite(network.activation.range).all()
        out = spread if network.out_activation.name == "identity" else 1.0
        if layout.tied_weights:
            # One matrix reads X and writes it; unbounded units then have X's scale.
            units = (1.0, 1.0 if bounded else spread, out)
        else:
            # Columns are correlated, which makes J steeper in the encoder; activations
            # in a small range make it flatter in the decoder. The factors are measured
            # on image patches, digits and MNIST.
            units = (0.3 / spread, 1.0, (3.0 if bounded else 1.0) * out, out)
        self.spread = spread
        self._units = units

    @property
    def groups(self):
        """Slices of the parameter vector and the unit of their parameters."""
        return list(zip(self._layout.slices, self._units, strict=True))

    def to_solver(self, theta):
        """What the solver sees of a parameter vector, in float64."""
        point = theta.astype(np.float64)
        views = self._layout.views(point)
        views.encoder_intercept[...] += self.mean @ views.encoder_coef
        for group, unit in self.groups:
            point[group] /= unit
        return point

    def from_solver(self, point):
        """The parameter vector, in float64."""
        theta = point.copy()
        for group, unit in self.groups:
            theta[group] *= unit
        views = self._layout.views(theta)
        views.encoder_intercept[...] -= self.mean @ views.encoder_coef
        return theta

    def wrap(self, value_and_grad):
        """The objective as the solver sees it."""

        def scaled(point):
            value, gradient = value_and_grad(self.from_solver(point))
            views = self._layout.views(gradient)
            views.encoder_coef[...] -= np.outer(self.mean, views.encoder_intercept)
            for group, unit in self.groups:
                gradient[group] *= unit / self.value
            return value / self.value, gradient

        return scaled
