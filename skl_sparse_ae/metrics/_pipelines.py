"""The score of a whole pipeline."""

from .._arrays._array_api import converter_to
from .._reading._codes import check_rows
from .._reading._pipelines import first_steps, stack_of
from .._rows._weights import checked_weights
from .._sklearn import HasMethods, validate_params
from ._reconstruction import variance_explained_by_code


@validate_params(
    {"estimator": [HasMethods("transform")], "sample_weight": ["array-like", None]},
    prefer_skip_nested_validation=True,
)
def pipeline_score(estimator, X, *, sample_weight=None):
    """Fraction of the variance that a whole pipeline of layers explains.

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
    steps, stack = first_steps(estimator), stack_of(estimator)
    if not hasattr(stack, "inverse_transform"):
        raise ValueError(f"{stack} has no inverse_transform, and so no reconstruction.")
    rows = X if steps is None else steps.transform(X)
    code = stack.transform(rows)
    to_library = converter_to(code)
    rows, code = check_rows(rows, "X"), check_rows(code, "the code of X")
    weights = checked_weights(sample_weight, rows.shape[0])
    return variance_explained_by_code(
        rows, code, lambda part: stack.inverse_transform(to_library(part)), weights
    )
