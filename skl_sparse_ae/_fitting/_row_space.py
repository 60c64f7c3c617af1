"""Fits in the space that rows span, where it is much smaller than that of the columns.

With an identity output, J depends on the encoder and on the decoder through scalar
products and norms only, apart from components outside the span of the centred rows,
which the decay makes zero. A search in an orthonormal basis of the span is thus the
same search with fewer columns, as kernel methods and PCA of wide tables do it.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from .._network._parameters import Layout, Parameters
from .._rows._in_memory import InMemory

# Least number of columns for each distinct row. With 2.5 to 10 of them, fits to faces,
# digits and genes take from a third to three quarters of the time; with 100, a fifth.
COLUMNS_PER_ROW = 2
# The basis of n rows takes the time of some 20 n^3 multiply-adds, and saves 100 n K for
# each column less, with K units: five products in each of some twenty iterations.
SAVED_WORK = 5
# The part of the total variance below which a direction is rounding.
LEAST_VARIANCE = 1e-12


class RowSpace(NamedTuple):
    """An orthonormal basis, and rows in it.

    Attributes
    ----------
    basis : ndarray of shape (n_features, n_directions)
    mean : ndarray of shape (n_features,)
        Of the rows.
    rows : InMemory
        Centred rows, of shape (n_samples, n_directions).
    """

    basis: np.ndarray
    mean: np.ndarray
    rows: InMemory

    def network(self, network):
        """The same network for rows in the basis."""
        n_components = network.layout.n_components
        return replace(network, layout=Layout(self.basis.shape[1], n_components))

    def lift(self, parameters):
        """Return parameters for the columns of X, given those for rows in the basis."""
        coef = self.basis @ parameters.encoder_coef
        return Parameters(
            coef,
            parameters.encoder_intercept - self.mean @ coef,
            parameters.components @ self.basis.T,
            self.mean + parameters.decoder_intercept @ self.basis.T,
        )


def row_space(rows, mean, variance, n_components):
    """Return the `RowSpace` of rows, or None where it is not much smaller.

    Parameters
    ----------
    rows : Rows
    mean : ndarray of shape (n_features,)
    variance : float
        Sum of the variances of the columns.
    n_components : int

    Returns
    -------
    space : RowSpace or None
    """
    if rows.kind != "memory" or not isinstance(rows.X, np.ndarray) or variance == 0:
        return None
    # Distinct ones, since repeated rows and weights lead to the same fit.
    most = _most_rows(rows.shape[1], n_components)
    if rows.n_distinct(most + 1) > most:
        return None
    spectrum = rows.spectrum(rows.shape[0])
    directions, _ = spectrum.principal_directions(LEAST_VARIANCE * variance)
    basis = _orthonormal(directions)
    X = ((rows.X - mean) @ basis).astype(rows.dtype)
    return RowSpace(basis, mean, InMemory(X, rows.sample_weight))


def _orthonormal(directions):
    """Return an orthonormal basis of nearly orthonormal columns.

    By a Cholesky decomposition, which takes a quarter to two thirds of the time of
    `numpy.linalg.qr` and is as exact where the columns are well conditioned.
    """
    factor = np.linalg.cholesky(directions.T @ directions)
    return directions @ np.linalg.inv(factor).T


def _most_rows(n_features, n_components):
    """Return the largest number of distinct rows for which the basis saves time."""
    # The n for which n^2 is the work that is saved: s K (n_features - n).
    half = SAVED_WORK * n_components / 2
    by_work = (half**2 + 2 * half * n_features) ** 0.5 - half
    return min(n_features // COLUMNS_PER_ROW, int(by_work))
