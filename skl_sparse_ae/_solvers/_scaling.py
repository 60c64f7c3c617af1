"""Scaling of parameters and objective for the solvers.

The size of suitable weights and steps depends on the scale of X. Solvers therefore work
on parameters divided by their units and on J divided by the variance of X, so that
learning rates and tolerances have the same effect for pixels in [0, 1], for
standardised columns and for values in the millions. In addition, encoder intercepts are
centred, that is, relative to the mean row of X: the encoder then receives centred rows,
which is known to speed up gradient descent [1]_.

Both are linear changes of variables. They change the path of the solver, but not J.

.. [1] Y. LeCun, L. Bottou, G. Orr, K.-R. Mueller, "Efficient BackProp", 1998.
"""

import numpy as np

# The unit of an output's pre-activations in their standard deviations. On image patches
# in [0.1, 0.9], searches end at a lower J with two than with one.
N_DEVIATIONS = 2


class Scaling:
    """Conversion between parameters and the solver's variables.

    Parameters
    ----------
    network : Network
    mean : ndarray of shape (n_features,)
    variance : float
        Sum of the variances of the columns.
    deviance : float, default=None
        Twice the loss of a reconstruction by the mean of each column, which is the unit
        of J. None stands for the variance, with which it is equal for squared errors.
    output_mean : ndarray of shape (n_features,), default=None
        Mean of the rows that are to be reconstructed, where the encoder sees a function
        of them. None stands for `mean`.
    """

    def __init__(self, network, mean, variance, deviance=None, output_mean=None):
        layout = network.layout
        self._layout = layout
        self.mean = mean
        self.output_mean = mean if output_mean is None else output_mean
        self.variance = variance
        self.deviance = variance if deviance is None else deviance
        self.value = self.deviance or 1.0
        spread = np.sqrt((variance or 1.0) / network.n_inputs)
        bounded = np.isfinite(network.activation.range).all()
        out = spread
        if network.out_activation.name != "identity":
            out = self._unit_of_pre_activations(network)
        # Typical size of an activation. Unbounded activations get the scale of X, so
        # that both weight matrices are of order one and decay equally.
        self.code_unit = unit = 1.0 if bounded else spread
        self.dictionary_unit = out / unit
        if layout.tied_weights:
            units = (1.0, unit, out)
        else:
            # Correlated columns make J steeper in the encoder weights; bounded
            # activations make it flatter in the decoder weights. The factors were
            # chosen on image patches, digits and MNIST.
            decoder = (3.0 if bounded else 1.0) * self.dictionary_unit
            units = (0.3 * unit / spread, unit, decoder, out)
        self.spread = spread
        if layout.thresholds is not None:  # with one unit, they take twice the epochs
            units = (*units, 2 * unit)
        self._units = units

    @property
    def moments(self):
        """The moments of X that it was made of, in the order of its arguments."""
        return self.mean, self.variance, self.deviance, self.output_mean

    def _unit_of_pre_activations(self, network):
        """Return two standard deviations of ``g^-1(x)`` of entries, about, at most one.

        The deviance of entries near their mean is that of their pre-activations
        squared, times the curvature of the loss. It is one for zeros and ones, for
        pixels and for most counts, but small for large counts that hardly vary.
        """
        curvature = network.out_activation.derivative(self.output_mean)
        if not network.loss.is_canonical:
            curvature = curvature**2
        curvature = network.n_inputs * float(np.mean(curvature))
        if not (self.deviance > 0 and curvature > 0):
            return 1.0
        return min(1.0, N_DEVIATIONS * (self.deviance / curvature) ** 0.5)

    @property
    def groups(self):
        """List of slices of the parameter vector and the unit of their parameters."""
        return list(zip(self._layout.slices, self._units, strict=True))

    def centre(self, theta):
        """Centre the encoder intercepts in place; return theta."""
        views = self._layout.views(theta)
        mean = self.mean.astype(theta.dtype, copy=False)
        views.encoder_intercept[...] += mean @ views.encoder_coef
        return theta

    def uncentre(self, theta):
        """Undo `centre` in place; return theta."""
        views = self._layout.views(theta)
        mean = self.mean.astype(theta.dtype, copy=False)
        views.encoder_intercept[...] -= mean @ views.encoder_coef
        return theta
