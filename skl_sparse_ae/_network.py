"""The two maps of the autoencoder: from rows to codes and from codes to rows."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ._activations import ACTIVATIONS, OUT_ACTIVATIONS
from ._blocks import blocks, split_evenly, strips
from ._parameters import Layout
from ._passes import Passes, passes_class
from ._penalty import Penalty
from ._sparse_products import add_product


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


def map_rows(step, X, out, team):
    """Apply ``step(X, out)``, an encoder or decoder, to all rows of X, side by side."""

    def part(blocks_of_part):
        for block in blocks_of_part:
            step(X[block], out[block])

    team.map(part, _split(X, out.shape[1], out.itemsize, team))
    return out


def map_rows_to_csr(step, X, n_components, team):
    """As `map_rows`, but return CSR; only a block of rows is ever dense."""

    def part(blocks_of_part):
        codes = []
        for block in blocks_of_part:
            code = np.empty((block.stop - block.start, n_components), X.dtype)
            codes.append(sparse.csr_array(step(X[block], code)))
        return codes

    parts = team.map(part, _split(X, n_components, X.dtype.itemsize, team))
    return sparse.vstack([code for codes in parts for code in codes], format="csr")


def _split(X, n_components, itemsize, team):
    """Blocks of rows for each member of the team."""
    row_bytes = (X.shape[1] + n_components) * itemsize
    parts = split_evenly(0, X.shape[0], team.n_useful(X.shape[0] * row_bytes))
    return [blocks(part.start, part.stop, row_bytes) for part in parts]
