"""Element-wise work between matrix products, on strips of rows or parts of vectors.

Here it is made of operations of NumPy, or of the library that rows on a device belong
to, each a pass over the data. `_compiled_passes` has loops of a single pass each.
"""

import numpy as np

from .._arrays._array_api import into


class Passes:
    """What is done element by element, for a pair of activations.

    Attributes
    ----------
    activation, out_activation : object
        Of the units and of the output.
    """

    def __init__(self, activation, out_activation):
        self.activation = activation
        self.out_activation = out_activation

    def activate(self, z, intercept):
        """Turn a product with the encoder into activations, in place."""
        z += intercept
        self.activation.apply(z)

    def reconstruct(self, z, intercept):
        """Turn a product with the decoder into rows, in place."""
        z += intercept
        self.out_activation.apply(z)

    def compare(self, z, intercept, target, weights):
        """Turn a product with the decoder into errors at the output's pre-activation.

        Parameters
        ----------
        z : ndarray of shape (n_rows, n_features)
            Changed in place.
        intercept : ndarray of shape (n_features,)
        target : ndarray of shape (n_rows, n_features)
            The rows themselves.
        weights : ndarray of shape (n_rows,) or None
            By which the errors are multiplied.

        Returns
        -------
        squared_errors : float
            Their weighted sum.
        """
        self.reconstruct(z, intercept)
        # In place where nobody needs the reconstruction afterwards.
        is_linear = self.out_activation.name == "identity"
        error = np.subtract(z, target, out=z if is_linear else None)
        weighted = error if weights is None else error * weights[:, None]
        squared_errors = float(np.vdot(error, weighted))
        self.out_activation.multiply_derivative(z, weighted)
        if weighted is not z:
            z[...] = weighted
        return squared_errors

    def pull_back(self, delta, code, push, weights):
        """Turn the error at the code into that at its pre-activation, in place.

        Parameters
        ----------
        delta : ndarray of shape (n_rows, n_components)
            The errors of the reconstruction, times the weights, times ``W_d^T``.
        code : ndarray of shape (n_rows, n_components)
        push : ndarray of shape (n_components,) or (n_rows, n_components), or None
            The penalty's derivative, where it has a term.
        weights : ndarray of shape (n_rows,) or None
            By which that is multiplied.
        """
        if push is not None:
            delta += push if weights is None else weights[:, None] * push
        self.activation.multiply_derivative(code, delta)

    def finish_gradient(self, sums, scale, decay, weights, out):
        """Write ``scale * sum(sums) + decay * weights``.

        Parameters
        ----------
        sums : list of ndarray of shape (n_rows, n_columns)
            The first may be `out` itself.
        scale, decay : float
        weights, out : ndarray of shape (n_rows, n_columns)

        Returns
        -------
        squares : float
            The sum of the squares of the weights.
        """
        scaled_sum(sums, scale, out)
        if decay:
            out += decay * weights
        return float(np.vdot(weights, weights))

    @staticmethod
    def adam_step(theta, g, first, second, betas, rate, factor, epsilon):
        """A step of Adam, in place: of the parameters, and of both moments as sums.

        Parameters
        ----------
        theta, g, first, second : ndarray of shape (n,)
            Parameters, gradient, which is lost, and moments.
        betas : (float, float)
            By which the moments decay.
        rate, factor : float or ndarray of shape (n,)
            By which the step and the gradient are multiplied.
        epsilon : float
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
    """The sum of one or more arrays times a number, in as few passes as possible."""
    first, *others = arrays
    if not others:
        np.multiply(first, scale, out=out, casting="same_kind")
        return
    np.add(first, others[0], out=out, casting="same_kind")
    for other in others[1:]:
        out += other
    out *= scale
