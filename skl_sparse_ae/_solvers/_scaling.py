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

from .._arrays._array_api import into, namespace, to_numpy
from .._arrays._blocks import vector_shares

# A standard deviation that is a smaller fraction of the mean than this is rounding.
ROUNDING = 1000 * np.finfo(np.float64).eps


# What the multiplication of a parameter costs, in multiply-adds of a product.
SCALE_WORK = 16


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
        self.variance = variance
        is_rounding = variance <= np.sum((ROUNDING * mean) ** 2)
        self.value = 1.0 if is_rounding else variance
        spread = np.sqrt(self.value / layout.n_features)
        bounded = np.isfinite(network.activation.range).all()
        out = spread if network.out_activation.name == "identity" else 1.0
        # What a unit's activation is of the order of: unbounded ones have X's scale,
        # so that both weight matrices are of order one and the decay treats them alike.
        self.code_unit = unit = 1.0 if bounded else spread
        self.dictionary_unit = out / unit
        if layout.tied_weights:
            units = (1.0, unit, out)
        else:
            # Columns are correlated, which makes J steeper in the encoder; activations
            # in a small range make it flatter in the decoder. The factors are measured
            # on image patches, digits and MNIST.
            decoder = (3.0 if bounded else 1.0) * self.dictionary_unit
            units = (0.3 * unit / spread, unit, decoder, out)
        self.spread = spread
        self._units = units

    @property
    def groups(self):
        """Slices of the parameter vector and the unit of their parameters."""
        return list(zip(self._layout.slices, self._units, strict=True))

    def centre(self, theta):
        """Count the encoder's intercepts from the mean row, in place; returns theta."""
        views = self._layout.views(theta)
        mean = self.mean.astype(theta.dtype, copy=False)
        views.encoder_intercept[...] += mean @ views.encoder_coef
        return theta

    def uncentre(self, theta):
        """Count the encoder's intercepts from zero again, in place; returns theta."""
        views = self._layout.views(theta)
        mean = self.mean.astype(theta.dtype, copy=False)
        views.encoder_intercept[...] -= mean @ views.encoder_coef
        return theta

    def to_solver(self, theta):
        """What a full-batch solver sees of a parameter vector, which it becomes."""
        point = self.centre(theta)
        for part, unit in self.groups:
            point[part] /= unit
        return point

    def to_centred(self, point):
        """A parameter vector with intercepts counted from the mean, in float64."""
        theta = to_numpy(point).astype(np.float64)
        for part, unit in self.groups:
            theta[part] *= unit
        return theta

    def from_solver(self, point):
        """A parameter vector, in float64."""
        return self.uncentre(self.to_centred(point))

    def wrap(self, value_and_grad, team):
        """J of centred parameters as a full-batch solver sees it."""
        parts, units = zip(*self.groups, strict=True)
        to_theta = [float(unit) for unit in units]
        to_slope = [unit / float(self.value) for unit in to_theta]
        theta = shares = None

        def multiply(vector, factors, out):
            def work(share):
                for i, piece in share:
                    into(out[piece], "multiply", vector[piece], factors[i])

            team.map(work, shares)

        def scaled(point, gradient):
            nonlocal theta, shares
            if theta is None:
                theta = namespace(point).empty_like(point)
                shares = vector_shares(point, parts, team, SCALE_WORK, point.shape[0])
            multiply(point, to_theta, out=theta)
            value, _ = value_and_grad(theta, gradient)
            multiply(gradient, to_slope, out=gradient)
            return value / float(self.value)

        return scaled
