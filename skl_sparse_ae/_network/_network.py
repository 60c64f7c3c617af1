"""Encoder and decoder: the maps from rows to codes and from codes to rows."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy import sparse

from .._arrays._blocks import strips
from .._arrays._sparse_products import add_product
from .._penalties._base import Penalty
from ._activations import ACTIVATIONS, OUT_ACTIVATIONS
from ._engines import passes_class
from ._losses import make_loss
from ._parameters import Layout
from ._passes import Passes


@dataclass(frozen=True)
class Network:
    """Architecture of an autoencoder, without the values of its parameters.

    Attributes
    ----------
    layout : Layout
        Sizes of the parameter arrays and their place in the parameter vector.
    activation, out_activation : object
        Activation functions of the units and of the output.
    penalty : Penalty
    passes : Passes
        Element-wise operations of the engine, with the loss.
    widths : tuple of int or None
        Numbers of units whose reconstructions are compared with the rows in training,
        each from the first units; the last is that of all. None: only that of all.
    """

    layout: Layout
    activation: object
    out_activation: object
    penalty: Penalty
    passes: Passes
    widths: tuple | None = None

    #: The `Convolution` of a network for images.
    convolution = None
    #: Number of rows of codes for each row of X.
    n_positions = 1

    @classmethod
    def from_names(
        cls,
        layout,
        activation,
        out_activation,
        penalty,
        engine=None,
        loss="squared_error",
        **others,
    ):
        """Return the network with activation functions, engine and loss given by name.

        `others` are further attributes, such as those of a subclass.

        Raises
        ------
        ValueError
            If the penalty cannot be used with the activation function of the units.
        """
        activation = ACTIVATIONS[activation]()
        out_activation = OUT_ACTIVATIONS[out_activation]()
        penalty.check(activation)
        loss = make_loss(loss, out_activation)
        passes = passes_class(engine)(activation, loss)
        return cls(layout, activation, out_activation, penalty, passes, **others)

    @property
    def loss(self):
        """The `Loss` of the output."""
        return self.passes.loss

    def skipping_missing(self, skips_missing):
        """Return the network for rows with missing entries, or for complete ones."""
        if self.loss.skips_missing == skips_missing:
            return self
        loss = self.loss.skipping_missing(skips_missing)
        return replace(self, passes=type(self.passes)(self.activation, loss))

    @property
    def is_least_squares(self):
        """Whether a ridge regression with one Gram matrix finds the best decoder.

        With missing entries each column has a Gram matrix of its own, of the codes of
        the rows where it is observed: as many systems as columns, in each evaluation,
        cost more than forming the errors and searching for the decoder, too.
        """
        return (
            self.loss.name == "squared_error"
            and self.out_activation.name == "identity"
            and not self.loss.skips_missing
        )

    @property
    def n_inputs(self):
        """Number of columns of X."""
        return self.layout.n_features

    @property
    def groups(self):
        """Slices of the units between successive widths; one of all without widths."""
        widths = self.widths or (self.layout.n_components,)
        return [slice(start, stop) for start, stop in pairwise((0, *widths))]

    def unlike(self, other):
        """Return why parameters of this network cannot be used in another one.

        Parameters
        ----------
        other : Network

        Returns
        -------
        names : list of str
            Parameters of an estimator that differ; empty if they can be used.
        """
        mine, others = self._what_fits(), other._what_fits()
        return [name for name, value in mine.items() if value != others[name]]

    def _what_fits(self):
        """What the parameters of a network depend on, by name."""
        layout = self.layout
        return {
            "n_features": layout.n_features,
            "n_components": layout.n_components,
            "tied_weights": layout.tied_weights,
            "penalty": layout.thresholds is None,  # learned thresholds, or none
            "activation": self.activation.name,
            "out_activation": self.out_activation.name,
            "loss": self.loss.name,
        }

    @property
    def n_outputs(self):
        """Number of columns of a code."""
        return self.layout.n_components

    def encode(self, parameters, X, out, visit=None, select=True, before=None):
        """Write the code ``f(X W_e + b_e)`` to `out`, with the penalty's selection.

        Parameters
        ----------
        parameters : Parameters
        X : array or sparse matrix of shape (n_rows, n_features)
        out : array of shape (n_rows, n_components)
        visit : callable, default=None
            Called as ``visit(strip)`` for each slice of rows of `out` as soon as it is
            written, while it is still in the cache.
        select : bool, default=True
            Whether to apply the `select` of the penalty, if it has one.
        before : array like out, default=None
            Where to write the activations before selection.

        Returns
        -------
        out : array of shape (n_rows, n_components)
        """
        _product(X, parameters.encoder_coef, out)
        for strip in strips(out):
            a = out[strip, :]
            self.passes.activate(a, parameters.encoder_intercept)
            if before is not None:
                before[strip, :] = a
            if select and self.penalty.selects:
                self.penalty.select(a)
            if visit is not None:
                visit(strip)
        return out

    def decode(self, parameters, A, out):
        """Write the reconstruction ``g(A W_d + b_d)`` to `out` and return it."""
        _product(A, parameters.components, out)
        return self._reconstruct(parameters.decoder_intercept, out)

    def _reconstruct(self, intercept, out):
        """As `decode`, given the products of the code with the decoder in `out`."""
        for strip in strips(out):
            self.passes.reconstruct(out[strip, :], intercept)
        return out

    def decode_and_compare(self, parameters, A, target, out, losses):
        """Write the reconstruction to `out` and the loss of each entry to `losses`.

        As `decode` and `losses` do, with one product for both. Only of rows: entries of
        images are not missing.
        """
        _product(A, parameters.components, out)
        losses[...] = out
        self._losses(parameters.decoder_intercept, target, losses)
        self._reconstruct(parameters.decoder_intercept, out)

    def compare(self, parameters, A, target, weights, out, visit=None):
        """Write the gradient of the loss at the output's pre-activation to `out`.

        This is the one place where rows are compared with their reconstruction in
        training, but for least squares, where the errors need not be formed.

        Parameters
        ----------
        parameters : Parameters
        A : array of shape (n_rows, n_components)
            The code.
        target : array of shape (n_rows, n_features)
            The rows to reconstruct.
        weights : array of shape (n_rows,) or None
            Weights of the rows.
        out : array of shape (n_rows, n_features)
        visit : callable, default=None
            Called as in `encode`.

        Returns
        -------
        loss : float
            Weighted sum of the losses of all entries.
        """
        _product(A, parameters.components, out)
        return self._compare(parameters.decoder_intercept, target, weights, out, visit)

    def _compare(self, intercept, target, weights, out, visit):
        """As `compare`, given the products of the code with the decoder in `out`."""
        loss = 0.0
        for strip in strips(out):
            w = None if weights is None else weights[strip]
            loss += self.passes.compare(out[strip, :], intercept, target[strip, :], w)
            if visit is not None:
                visit(strip)
        return loss

    def losses(self, parameters, A, target, out):
        """Write the loss of each entry to `out` and return it.

        Parameters are those of `compare`.
        """
        _product(A, parameters.components, out)
        return self._losses(parameters.decoder_intercept, target, out)

    def _losses(self, intercept, target, out):
        """As `losses`, given the products of the code with the decoder in `out`."""
        for strip in strips(out):
            z = out[strip, :]
            z += intercept
            z[...] = self.loss.entries(z, target[strip, :])
        return out


def _product(X, weights, out):
    """Write ``X @ weights`` to `out`; X may be sparse."""
    if sparse.issparse(X):
        out[...] = 0
        add_product(X, weights, out)
    elif not isinstance(out, np.ndarray):
        out[...] = X @ weights
    else:
        np.matmul(X, weights, out=out)
