"""Numbers about a fitted estimator and its units for the report."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import Bunch

from .. import metrics
from .._arrays._array_api import converter_to
from .._network._activations import Identity
from .._network._losses import SquaredError
from .._reading._codes import auto_threshold, check_rows
from .._reading._pipelines import (
    check_units,
    first_layer,
    first_steps,
    last_step,
    stack_of,
)
from .._rows._missing import has_missing
from .._rows._moments import mean_and_variance
from ..inspection import label_enrichment, top_activating
from ..metrics._losses import check_input
from ..metrics._reconstruction import explained_by_code
from ._maps import is_convolutional, per_unit
from ._targets import Correlations, correlations

# An estimator for functions of `inspection` whose input is the code itself, so that
# rows are encoded only once.
IDENTITY = FunctionTransformer().set_output(transform="default")
# Maximum number of pairs of a row and a unit that the search of the page knows, besides
# those that cards show.
MAX_PAIRS = 50_000


@dataclass(frozen=True)
class Measurements:
    """Measurements of an estimator on the rows of X.

    Attributes
    ----------
    n_samples, n_features : int
        Shape of the input of the first layer.

    n_columns : int
        Number of columns of the code: of units, or of all positions of their maps.

    active_where : str
        When a unit counts as active: what is said of its activation.

    variance_explained : float or None
        None without `inverse_transform`.

    pca_scores : dict of int to float
        Fraction of variance explained, by the number of principal components: the
        number of units, and the mean number of units that are not zero on a row. Empty
        for rows with missing entries, which PCA does not take.

    n_nonzero : float
        Mean number of units that are not zero on a row.

    n_active : ndarray of shape (n_samples,)
        Number of active units of each row.

    hoyer_sparsity : float
        Mean over the rows.

    density, mean_activation : ndarray of shape (n_components,)
        Of units with maps, of their largest activations in an image, as all below.
    dead, always_on : ndarray of shape (n_components,), dtype bool

    top : Bunch
        Result of :func:`~skl_sparse_ae.inspection.top_activating`.

    enrichment : Bunch or None
        Result of :func:`~skl_sparse_ae.inspection.label_enrichment`; None without
        classes.

    correlations : Correlations or None
        None without a numeric target.

    rows_of_units : list of list of int
        For each unit the rows that it is among the most active ones on. Empty lists if
        there are very many.
    """

    n_samples: int
    n_features: int
    n_columns: int
    active_where: str
    variance_explained: float | None
    pca_scores: dict
    n_nonzero: float
    n_active: np.ndarray
    hoyer_sparsity: float
    density: np.ndarray
    mean_activation: np.ndarray
    dead: np.ndarray
    always_on: np.ndarray
    top: Bunch
    enrichment: Bunch | None
    correlations: Correlations | None
    rows_of_units: list


def measure(estimator, X, y, target, *, threshold, n_top_rows, pca, random_state):
    """Measure a fitted estimator; the parameters are those of `html_report`.

    `target` is y as numbers if it is numeric, or None.

    Returns
    -------
    measured : Measurements
    """
    steps, stack = first_steps(estimator), stack_of(estimator)
    rows = X if steps is None else steps.transform(X)
    code = stack.transform(rows)
    to_library = converter_to(code)
    rows, code = (
        check_input(first_layer(stack), rows),
        check_rows(code, "the code of X"),
    )
    is_complete = not has_missing(rows)
    fitted = last_step(estimator)
    n_components, n_columns = fitted.components_.shape[0], code.shape[1]
    if not is_convolutional(fitted):
        check_units(n_columns, n_components)
    if isinstance(threshold, str) and threshold == "auto":
        threshold = auto_threshold(estimator)
    explained = None
    if getattr(fitted, "pooling", None) is not None:
        # Pooled maps cannot be decoded, but the estimator knows those before pooling.
        explained = fitted.score(rows) if stack is fitted else None
    elif hasattr(stack, "inverse_transform"):
        explained = explained_by_code(
            rows,
            code,
            lambda part: stack.inverse_transform(to_library(part)),
            np.ones(rows.shape[0]),
            # For any loss, since PCA minimises squares.
            SquaredError(Identity(), skips_missing=not is_complete),
        )
    n_nonzero = float(metrics.n_active_units(code).mean())
    if is_convolutional(fitted):
        code = per_unit(fitted, code)
    enrichment = None
    if y is not None and target is None:
        enrichment = label_enrichment(IDENTITY, code, y, threshold=threshold)
    sizes = {n_columns, max(1, round(n_nonzero))}
    pca = pca and is_complete and mean_and_variance(rows)[1] > 0
    return Measurements(
        *rows.shape,
        n_columns=n_columns,
        active_where=_active_where(threshold),
        variance_explained=explained,
        pca_scores=_pca_scores(rows, sizes, random_state) if pca else {},
        n_nonzero=n_nonzero,
        n_active=metrics.n_active_units(code, threshold=threshold),
        hoyer_sparsity=float(metrics.hoyer_sparsity(code).mean()),
        density=metrics.activation_density(code, threshold=threshold),
        mean_activation=metrics.mean_activation(code),
        dead=metrics.dead_units(code, threshold=threshold),
        always_on=metrics.always_on_units(code, threshold=threshold),
        top=top_activating(IDENTITY, code, n=n_top_rows),
        enrichment=enrichment,
        correlations=None if target is None else correlations(code, target),
        rows_of_units=_rows_of_units(code, n_top_rows),
    )


def _active_where(threshold):
    """What is said of an activation that counts as active."""
    if threshold is None:
        return "is not zero"
    if isinstance(threshold, str):
        return "is above the unit's mean over the rows"
    return "is above the threshold"


def _rows_of_units(code, n):
    """For each unit the rows on which it is among the `n` most active ones."""
    n_samples, n_components = code.shape
    found = [[] for _ in range(n_components)]
    if n_samples * min(n, n_components) <= MAX_PAIRS:
        turned = code.T.tocsr() if sparse.issparse(code) else code.T
        units = top_activating(IDENTITY, turned, n=n)
        for row, rank in zip(*np.nonzero(units.activations), strict=True):
            found[units.indices[row, rank]].append(int(row))
    return found


def _pca_scores(rows, sizes, random_state):
    """Fraction of variance explained by PCA, by the number of components.

    Sizes of at least the number of rows or columns become that number, which explains
    all variance.

    Parameters
    ----------
    rows : {ndarray, csr_array} of shape (n_samples, n_features)
    sizes : set of int
        Numbers of components.
    random_state : int, RandomState instance or None

    Returns
    -------
    scores : dict of int to float
    """
    largest = min(rows.shape)
    fitted = [n for n in sizes if n < largest]
    scores = {largest: 1.0} if len(fitted) < len(sizes) else {}
    if fitted:
        # PCA supports sparse matrices, but not sparse arrays.
        table = sparse.csr_matrix(rows) if sparse.issparse(rows) else rows
        pca = PCA(max(fitted), random_state=random_state).fit(table)
        explained = pca.explained_variance_ratio_.cumsum()
        scores |= {n: float(explained[n - 1]) for n in fitted}
    return scores
