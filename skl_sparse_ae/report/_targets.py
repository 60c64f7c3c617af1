"""Numeric targets: whether y is one, and the correlation of units with it."""

from numbers import Number
from typing import NamedTuple

import numpy as np
from sklearn.preprocessing import FunctionTransformer

from .._rows._moments import column_moments
from ..inspection import rank_units
from ..inspection._classes import MANY, MANY_OF_ROWS


class Correlations(NamedTuple):
    """Correlations of the activations of units with a numeric target.

    Attributes
    ----------
    pearson, spearman : ndarray of shape (n_components,)
        Of the activations, and of their ranks; 0 for constant units.
    adjusted_pvalues : ndarray of shape (n_components,)
        Of Spearman's, as :func:`~skl_sparse_ae.inspection.rank_units` adjusts them.
    """

    pearson: np.ndarray
    spearman: np.ndarray
    adjusted_pvalues: np.ndarray


def as_numbers(y):
    """Return y as floats if it is a numeric target, or None if it is of classes.

    It is one if it has numbers that are not whole, or as many different ones as
    :func:`~skl_sparse_ae.inspection.label_enrichment` does not take for classes.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
    """
    if y.dtype.kind == "O" and all(isinstance(value, Number) for value in y):
        y = np.array(y.tolist())
    if y.dtype.kind not in "iuf" or not np.isfinite(y).all():
        return None
    n_values = len(np.unique(y))
    is_whole = bool(np.all(y == np.floor(y)))
    if is_whole and n_values <= max(MANY, MANY_OF_ROWS * len(y)):
        return None
    return y.astype(np.float64)


def correlations(code, y):
    """Correlations of the columns of a code with a numeric target.

    Parameters
    ----------
    code : ndarray or csr_array of shape (n_samples, n_components)
    y : ndarray of float, shape (n_samples,)

    Returns
    -------
    correlations : Correlations
    """
    identity = FunctionTransformer().set_output(transform="default")
    ranked = rank_units(identity, code, y, kind="numbers")
    _, variances = column_moments(code)
    # As centred as the code would be: the deviations of y sum to zero.
    deviations = (y - y.mean()) / (y.std() or 1.0)
    products = deviations @ code / len(y)
    spread = np.sqrt(variances)
    pearson = np.divide(products, spread, out=np.zeros_like(spread), where=spread > 0)
    return Correlations(
        pearson.clip(-1, 1), ranked.effect[:, 0], ranked.adjusted_pvalues[:, 0]
    )
