"""The two maps of the autoencoder: from rows to codes and from codes to rows."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from .._arrays._blocks import strips
from .._arrays._sparse_products import add_product
from .._penalties._base import Penalty
from ._activations import ACTIVATIONS, OUT_ACTIVATIONS
from ._engines import passes_class
from ._parameters import Layout
from ._passes import Passes


@dataclass(frozen=True)
class Network:
    """What the autoencoder computes, apart from the values of its parameters."""

    layout: Layout
    activation: object
    out_activation: object
    penalty: Penalty
    passes: Passes

    @classmethod
    def from_names(cls, layout, activation, out_activation, penalty, engine=None):
        """Look the activations up; check that the penalty can be used with them."""
        activation = ACTIVATIONS[activation]()
        out_activation = OUT_ACTIVATIONS[out_activation]()
        penalty.check(activation)
        passes = passes_class(engine)(activation, out_activation)
        return cls(layout, activation, out_activation, penalty, passes)

    def shares_parameters_with(self, other):
        """Whether the parameters of one mean the same in the other."""
        mine, others = self.layout, other.layout
        return (
            mine.n_features == others.n_features
            and mine.n_components == others.n_components
            and mine.tied_weights == others.tied_weights
            and self.activation.name == other.activation.name
            and self.out_activation.name == other.out_activation.name
        )

    def encode(self, parameters, X, out, visit=None, select=True):
        """Write ``f(X W_e + b_e)``, less what the penalty removes, to `out`.

        `visit` is called with each strip of rows while it is still in the cache.
        With ``select=False`` nothing is removed.
        """
        _product(X, parameters.encoder_coef, out)
        for strip in strips(out):
            a = out[strip, :]
            self.passes.activate(a, parameters.encoder_intercept)
            if select and self.penalty.selects:
                self.penalty.select(a)
            if visit is not None:
                visit(strip)
        return out

    def decode(self, parameters, A, out):
        """Write ``g(A W_d + b_d)`` to `out`."""
        _product(A, parameters.components, out)
        for strip in strips(out):
            self.passes.reconstruct(out[strip, :], parameters.decoder_intercept)
        return out

    def compare(self, parameters, A, target, weights, out, visit):
        """Write the errors of ``g(A W_d + b_d)``, as `Passes.compare` has them.

        `visit` is called as in `encode`. Returns the sum of the squared errors.
        """
        _product(A, parameters.components, out)
        squared_errors = 0.0
        for strip in strips(out):
            w = None if weights is None else weights[strip]
            squared_errors += self.passes.compare(
                out[strip], parameters.decoder_intercept, target[strip], w
            )
            visit(strip)
        return squared_errors


def _product(X, weights, out):
    if sparse.issparse(X):
        out[...] = 0
        add_product(X, weights, out)
    elif not isinstance(out, np.ndarray):
        out[...] = X @ weights
    else:
        np.matmul(X, weights, out=out)
