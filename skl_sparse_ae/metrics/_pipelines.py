"""Measures of the reconstruction by a fitted estimator or a whole pipeline."""

import numpy as np

from .._arrays._array_api import converter_to
from .._reading._codes import check_rows
from .._reading._pipelines import first_layer, first_steps, stack_of
from .._rows._weights import checked_weights
from .._sklearn import HasMethods, validate_params
from ._losses import rows_and_loss
from ._reconstruction import explained_by_code, losses_by_code


@validate_params(
    {"estimator": [HasMethods("transform")], "sample_weight": ["array-like", None]},
    prefer_skip_nested_validation=True,
)
def pipeline_score(estimator, X, *, sample_weight=None):
    """Fraction of the variance that a whole pipeline of layers explains.

    If the `loss` of the first layer is not the squared error, it is the fraction of the
    deviance.

    ``pipeline.score`` is the last step's score on its own input: of stacked
    autoencoders, how well the code of the layer before is reconstructed. This function
    goes through all layers, forwards by `transform` and back by `inverse_transform`,
    and compares with the input of the first one.

    Parameters
    ----------
    estimator : estimator object
        A fitted pipeline, a parameter search over one, or a single estimator. A layer
        is a step with `components_`: a :class:`SparseAutoencoder`, PCA, NMF.

    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows, or any other input of the pipeline.

    sample_weight : array-like of shape (n_samples,), default=None
        Non-negative weights of the rows.

    Returns
    -------
    score : float
        :func:`variance_explained` of the rows that enter the first layer. Steps before
        it, such as a scaler, are applied to X and not undone, so that columns count as
        they did in training, and a single layer has the score that ``pipeline.score``
        returns (unless `transform` selects other units than `score`, as a
        :class:`TopK` can). For the columns of X itself use
        ``variance_explained(X, pipeline.inverse_transform(pipeline.transform(X)))``.

    Raises
    ------
    ValueError
        If the last step, or one between two layers, has no `inverse_transform`.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.pipeline import make_pipeline
    >>> from skl_sparse_ae import SparseAutoencoder, metrics
    >>> X = load_digits().data / 16
    >>> layers = SparseAutoencoder(64, random_state=0), SparseAutoencoder(16)
    >>> stack = make_pipeline(*layers).fit(X)
    >>> bool(metrics.pipeline_score(stack, X) < metrics.pipeline_score(stack[:1], X))
    True
    >>> abs(metrics.pipeline_score(stack[:1], X) - stack[:1].score(X)) < 1e-9
    True
    """
    rows, code, decode, loss = _rows_and_code(estimator, X)
    weights = checked_weights(sample_weight, rows.shape[0])
    return explained_by_code(rows, code, decode, weights, loss)


@validate_params(
    {"estimator": [HasMethods("transform")]}, prefer_skip_nested_validation=True
)
def loss_per_entry(estimator, X):
    """Loss of each entry of X: the part of each column in the loss of each row.

    ``1/2 (x_ij - x_hat_ij)^2``, or another `loss` of the autoencoder that sees the
    columns; zero for missing entries. The sums over the columns are the losses of the
    rows, ``-score_samples(X)`` of a :class:`SparseAutoencoder`, and the mean of these
    sums is the reconstruction term of its objective (unless `transform` selects other
    units than training, as a :class:`TopK` can).

    Parameters
    ----------
    estimator : estimator object
        A fitted estimator with `transform` and `inverse_transform`, such as a
        :class:`SparseAutoencoder`, PCA or NMF; a pipeline that ends with one; or a
        parameter search over one.

    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows, or any other input of the pipeline.

    Returns
    -------
    losses : ndarray of shape (n_samples, n_features)
        Dense also for sparse rows, in float64. Of a pipeline, for the columns that
        enter the first layer, as for :func:`pipeline_score`; behind a
        :class:`~sklearn.preprocessing.StandardScaler`, they count alike.

    Raises
    ------
    ValueError
        If the last step, or one between two layers, has no `inverse_transform`.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skl_sparse_ae import SparseAutoencoder, metrics
    >>> wine = load_wine(as_frame=True)
    >>> pipeline = make_pipeline(StandardScaler(), SparseAutoencoder(8, random_state=0))
    >>> pipeline = pipeline.fit(wine.data)
    >>> row = wine.data.iloc[[5]].assign(ash=9.0)
    >>> losses = metrics.loss_per_entry(pipeline, row)
    >>> wine.feature_names[losses[0].argmax()]
    'ash'
    >>> abs(float(losses.sum() + pipeline.score_samples(row)[0])) < 1e-9
    True
    """
    rows, code, decode, loss = _rows_and_code(estimator, X)
    losses = np.empty(rows.shape)
    for part, losses_of_part in losses_by_code(rows, code, decode, loss):
        losses[part] = losses_of_part
    return losses


def _rows_and_code(estimator, X):
    """Return the rows that enter the first layer, their code, and how to decode it.

    Returns
    -------
    rows : ndarray or csr_array of shape (n_samples, n_features)
    code : ndarray or csr_array of shape (n_samples, n_components)
    decode : callable
        Reconstructs rows from their code.
    loss : Loss
        That of the first layer, or the squared error.
    """
    steps, stack = first_steps(estimator), stack_of(estimator)
    if not hasattr(stack, "inverse_transform"):
        raise ValueError(f"{stack} has no inverse_transform, and so no reconstruction.")
    rows = X if steps is None else steps.transform(X)
    code = stack.transform(rows)
    to_library = converter_to(code)

    def decode(part):
        return stack.inverse_transform(to_library(part))

    rows, loss = rows_and_loss(first_layer(stack), rows)
    return rows, check_rows(code, "the code of X"), decode, loss
