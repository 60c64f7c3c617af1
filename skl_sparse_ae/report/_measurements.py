"""What there is to say about a fitted estimator and its units, in numbers."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import Bunch

from .. import metrics
from .._arrays._array_api import way_back
from .._arrays._blocks import blocks
from .._reading._codes import check_rows, threshold_of
from .._reading._pipelines import check_units, first_steps, last_step
from .._rows._moments import mean_and_variance
from ..inspection import label_enrichment, top_activating

# What it is given is the code: rows are encoded once, however slow that is.
IDENTITY = FunctionTransformer().set_output(transform="default")


@dataclass(frozen=True)
class Measurements:
    """Numbers about an estimator on the rows of X.

    Attributes
    ----------
    n_samples, n_features : int
        Of the rows that the last step sees.

    variance_explained : float or None
        None where there is no `inverse_transform`.

    pca_scores : dict of int to float
        Fraction of variance that so many principal components explain: as many as
        there are units, and as many as are not zero on a row, on average.

    n_nonzero : float
        Units that are not zero on a row, on average.

    n_active : ndarray of shape (n_samples,)
        Active units of each row.

    hoyer_sparsity : float
        Mean over the rows.

    density, mean_activation : ndarray of shape (n_components,)
    dead, always_on : ndarray of shape (n_components,), dtype bool

    top : Bunch
        As of :func:`~skl_sparse_ae.inspection.top_activating`.

    enrichment : Bunch or None
        As of :func:`~skl_sparse_ae.inspection.label_enrichment`; None without labels.
    """

    n_samples: int
    n_features: int
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


def measure(estimator, X, y, *, threshold, n_top_rows, pca, random_state):
    """The measurements of a fitted estimator; parameters as of `html_report`."""
    fitted = last_step(estimator)
    steps = first_steps(estimator)
    rows = X if steps is None else steps.transform(X)
    code = fitted.transform(rows)
    back = way_back(code)
    rows, code = check_rows(rows, "X"), check_rows(code, "the code of X")
    n_components = fitted.components_.shape[0]
    check_units(code.shape[1], n_components)
    if isinstance(threshold, str) and threshold == "auto":
        threshold = threshold_of(estimator)
    _, variance = mean_and_variance(rows)
    explained = None
    if hasattr(fitted, "inverse_transform"):
        error = _error(rows, code, lambda a: fitted.inverse_transform(back(a)))
        explained = float(1 - error / variance) if variance else float(error == 0)
    n_nonzero = float(metrics.n_active_units(code).mean())
    sizes = {n_components, max(1, round(n_nonzero))}
    return Measurements(
        *rows.shape,
        variance_explained=explained,
        pca_scores=_pca_scores(rows, sizes, random_state) if pca and variance else {},
        n_nonzero=n_nonzero,
        n_active=metrics.n_active_units(code, threshold=threshold),
        hoyer_sparsity=float(metrics.hoyer_sparsity(code).mean()),
        density=metrics.activation_density(code, threshold=threshold),
        mean_activation=metrics.mean_activation(code),
        dead=metrics.dead_units(code, threshold=threshold),
        always_on=metrics.always_on_units(code, threshold=threshold),
        top=top_activating(IDENTITY, code, n=n_top_rows),
        enrichment=None
        if y is None
        else label_enrichment(IDENTITY, code, y, threshold=threshold),
    )


def _error(rows, code, decode):
    """Mean squared norm of the errors of reconstructions, never made as a whole."""
    n_samples, n_features = rows.shape
    return (
        sum(
            metrics.mean_squared_error_per_feature(rows[part], decode(code[part])).sum()
            * (part.stop - part.start)
            for part in blocks(0, n_samples, 8 * n_features)
        )
        / n_samples
    )


def _pca_scores(rows, sizes, random_state):
    """The fraction of variance that so many components explain, by their number.

    No more components than rows or columns are counted: these explain all.
    """
    most = min(rows.shape)
    fitted = [n for n in sizes if n < most]
    scores = {most: 1.0} if len(fitted) < len(sizes) else {}
    if fitted:
        # Of sparse rows, PCA takes its own kind of matrix only.
        table = sparse.csr_matrix(rows) if sparse.issparse(rows) else rows
        pca = PCA(max(fitted), random_state=random_state).fit(table)
        explained = pca.explained_variance_ratio_.cumsum()
        scores |= {n: float(explained[n - 1]) for n in fitted}
    return scores
