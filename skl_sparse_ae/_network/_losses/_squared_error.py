"""Half the squared error."""

import numpy as np

from ._base import Loss, clear_missing, inner_product


class SquaredError(Loss):
    """``1/2 (x_hat - x)^2``, for columns of any numbers.

    With phi(x) = x^2 / 2.
    """

    name = "squared_error"
    out_activations = ("identity", "logistic")

    def compare(self, z, target, weights):
        self.out_activation.apply(z)
        error = self._error(z, target)
        weighted = error if weights is None else error * weights[:, None]
        squares = inner_product(error, weighted)
        self.out_activation.multiply_derivative(z, weighted)
        if weighted is not z:
            z[...] = weighted
        return 0.5 * squares

    def entries(self, z, target):
        self.out_activation.apply(z)
        return self.entries_of(z, target)

    def entries_of(self, x_hat, target):
        error = self._error(x_hat, target)
        error *= error
        error *= 0.5
        return error

    def _error(self, x_hat, target):
        if isinstance(x_hat, np.ndarray):
            # In place if the derivative of the output needs no reconstruction.
            is_linear = self.out_activation.name == "identity"
            error = np.subtract(x_hat, target, out=x_hat if is_linear else None)
        else:
            error = x_hat - target
        if self.skips_missing:
            clear_missing(error, target)
        return error
