"""Element-wise operations between matrix products.

They work on slices of rows or of vectors, in place, so that data stay in the cache.
Here they consist of operations of NumPy, or of the array API library of rows on a
device, each of which is a pass over the data. `_compiled_passes` has compiled loops
that need only one pass.
"""

import numpy as np

from .._arrays._array_api import into


class Passes:
    """Element-wise operations for a pair of activation functions and a loss.

    Parameters
    ----------
    activation : object
        Activation function of the units.
    loss : Loss
        With the activation function of the output.
    """

    def __init__(self, activation, loss):
        self.activation = activation
        self.loss = loss
        self.out_activation = loss.out_activation

    def activate(self, z, intercept):
        """Replace the products ``X W_e`` by activations, in place."""
        z += intercept
        self.activation.apply(z)

    def reconstruct(self, z, intercept):
        """Replace the products ``A W_d`` by reconstructed rows, in place."""
        z += intercept
        self.out_activation.apply(z)

    def compare(self, z, intercept, target, weights):
        """Replace the products ``A W_d`` by the gradient of the loss, in place.

        The gradient is that of the weighted loss with respect to `z`. For squared
        errors of the reconstruction ``x_hat = g(z + intercept)`` it is
        ``weights * (x_hat - target) * g'(z + intercept)``.

        Parameters
        ----------
        z : ndarray of shape (n_rows, n_features)
            The products ``A W_d``, modified in place.
        intercept : ndarray of shape (n_features,)
            The decoder intercepts.
        target : ndarray of shape (n_rows, n_features)
            The rows to reconstruct.
        weights : ndarray of shape (n_rows,) or None
            Weights of the rows.

        Returns
        -------
        loss : float
            Weighted sum of the losses of all entries.
        """
        z += intercept
        return self.loss.compare(z, target, weights)

    def pull_back(self, delta, code, penalty_slope, weights):
        """Backpropagate through the activation function of the units, in place.

        Parameters
        ----------
        delta : ndarray of shape (n_rows, n_components)
            Gradient of the weighted loss with respect to the code, without the
            penalty. Replaced by the gradient with respect to the pre-activations.
        code : ndarray of shape (n_rows, n_components)
        penalty_slope : ndarray or None
            Derivative of the penalty with respect to the code, if it has a term. Of
            the shape (n_components,) if it is the same for all rows, otherwise of the
            shape of `code`.
        weights : ndarray of shape (n_rows,) or None
            Weights of the rows, by which `penalty_slope` is multiplied.
        """
        if penalty_slope is not None:
            if weights is not None:
                penalty_slope = weights[:, None] * penalty_slope
            delta += penalty_slope
        self.activation.multiply_derivative(code, delta)

    def finish_gradient(self, sums, scale, decay, weights, out):
        """Write ``scale * sum(sums) + decay * weights`` to `out`.

        Parameters
        ----------
        sums : list of ndarray of shape (n_rows, n_columns)
            Sums over blocks of rows. The first may be `out` itself.
        scale, decay : float
        weights, out : ndarray of shape (n_rows, n_columns)
            Slices of a weight matrix and of its gradient.

        Returns
        -------
        squares : float
            Sum of the squared weights.
        """
        scaled_sum(sums, scale, out)
        if decay:
            out += decay * weights
        return float(np.vdot(weights, weights))

    @staticmethod
    def adam_step(theta, g, first, second, betas, rate, factor, epsilon):
        """Do a step of Adam, in place.

        The moments are sums, ``first = beta_1 * first + factor * g`` and likewise for
        the squares; `rate` and `epsilon` contain the factors that make them means.

        Parameters
        ----------
        theta, g, first, second : ndarray of shape (n,)
            Parameters, gradient, and first and second moment. The gradient is
            overwritten.
        betas : (float, float)
            Decay rates of the moments.
        rate, factor : float or ndarray of shape (n,)
            Factors of the step and of the gradient.
        epsilon : float
            Added to the square root of the second moment.
        """
        beta_1, beta_2 = betas
        g *= factor
        first *= beta_1
        first += g
        second *= beta_2
        g *= g
        second += g
        into(g, "sqrt", second)
        g += epsilon
        into(g, "divide", first, g)
        g *= rate
        theta -= g


def scaled_sum(arrays, scale, out):
    """Write ``scale * sum(arrays)`` to `out`, with as few passes as possible."""
    first, *others = arrays
    if not others:
        np.multiply(first, scale, out=out, casting="same_kind")
        return
    np.add(first, others[0], out=out, casting="same_kind")
    for other in others[1:]:
        out += other
    out *= scale
