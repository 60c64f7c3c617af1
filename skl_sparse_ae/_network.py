"""The two maps of the autoencoder: from rows to codes and from codes to rows."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ._activations import ACTIVATIONS, OUT_ACTIVATIONS
from ._blocks import blocks, split_evenly, strips
from ._parameters import Layout
from ._penalty import Penalty
from ._sparse_products import add_product


@dataclass(frozen=True)
class Network:
    """What the autoencoder computes, apart from the values of its parameters."""

    layout: Layout
    activation: object
    out_activation: object
    penalty: Penalty

    @classmethod
    def from_names(cls, layout, activation, out_activation, penalty):
        """Look the activations up; check that the penalty can be used with them."""
        activation = ACTIVATIONS[activation]()
        penalty.check(activation)
        return cls(layout, activation, OUT_ACTIVATIONS[out_activation](), penalty)

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
            a += parameters.encoder_intercept
            self.activation.apply(a)
            if select and self.penalty.selects:
                self.penalty.select(a)
            if visit is not None:
                visit(strip)
        return out

    def decode(self, parameters, A, out, visit=None):
        """Write ``g(A W_d + b_d)`` to `out`; `visit` as in `encode`."""
        _product(A, parameters.components, out)
        for strip in strips(out):
            x_hat = out[strip, :]
            x_hat += parameters.decoder_intercept
            self.out_activation.apply(x_hat)
            if visit is not None:
                visit(strip)
        return out


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
