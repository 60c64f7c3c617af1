"""The function `html_report` and the page that it returns."""

from dataclasses import dataclass, field
from html import escape

from sklearn.utils import check_consistent_length

from .._reading._constraints import COUNT, THRESHOLD_OR_AUTO
from .._reading._pipelines import check_components, last_step
from .._replacing import replacing
from .._sklearn import HasMethods, _num_samples, validate_params
from ..display._checks import check_image_shape
from ..inspection import top_features
from ..inspection._classes import column_of
from ..inspection._unit_weights import unit_weights
from ._cards import card, orders, queries
from ._maps import is_convolutional, kernels, shape_of_images
from ._measurements import measure
from ._page import page
from ._rows import RowLines, RowPictures
from ._sections import scores, settings, sparsity, training
from ._targets import as_numbers
from ._text import escaped
from ._unit_weights import UnitFeatures, UnitPictures


@dataclass(frozen=True)
class HTMLReport:
    """Page about a fitted estimator, which notebooks display as the value of a cell.

    Attributes
    ----------
    title : str
        The title of the page.

    html : str
        The complete page: it includes pictures, style and script, and nothing is
        fetched from elsewhere.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.report import html_report
    >>> X = load_digits().data / 16
    >>> autoencoder = SparseAutoencoder(8, random_state=0).fit(X)
    >>> report = html_report(autoencoder, X, title="Digits")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report.save(Path(folder) / "digits.html")
    >>> report.title
    'Digits'
    """

    title: str
    html: str = field(repr=False)

    def save(self, path):
        """Write the page to a file, in UTF-8.

        Parameters
        ----------
        path : str or path-like
            Path of the file. An existing file is replaced once all is written.
        """
        with replacing(path) as (new,):
            new.write_bytes(self.html.encode(errors="backslashreplace"))

    def _repr_html_(self):
        """The page in a frame, which separates its style and script from others."""
        return (
            f'<iframe srcdoc="{escape(self.html)}" title="{escaped(self.title)}" '
            'sandbox="allow-scripts" '
            'style="width: 100%; height: 45rem; border: 1px solid gray"></iframe>'
        )


@validate_params(
    {
        "estimator": [HasMethods("transform")],
        "row_labels": ["array-like", None],
        "threshold": THRESHOLD_OR_AUTO,
        "n_top_rows": COUNT,
        "n_top_features": COUNT,
        "pca": ["boolean"],
        "title": [str, None],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def html_report(
    estimator,
    X,
    y=None,
    *,
    image_shape=None,
    feature_names=None,
    row_labels=None,
    threshold="auto",
    n_top_rows=8,
    n_top_features=8,
    pca=True,
    title=None,
    random_state=None,
):
    """Describe a fitted estimator and each of its units in an HTML page.

    The page shows the variance explained compared with PCA, the sparsity of the code,
    the loss curve and its terms, all settings, and a card for each unit: its weights as
    a picture or as names of features, its activity, the rows that activate it most, and
    the classes that are frequent where it is active or its correlation with a numeric
    y. Cards can be searched and sorted.

    Parameters
    ----------
    estimator : estimator object
        Fitted, with `transform` and `components_`: a :class:`SparseAutoencoder` or
        :class:`ConvSparseAutoencoder`, PCA, NMF, dictionary learning, or a pipeline
        that ends with one. Parts of the page
        require further methods and attributes, such as `inverse_transform` and
        `loss_curve_`, and are left out without them.

    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows to evaluate on, from training or new. Their whole code is held in memory,
        so give only some of very many rows.

    y : array-like of shape (n_samples,), default=None
        Class of each row, or a numeric target: numbers that are not whole, or more than
        20 different ones that are more than a tenth of the rows. Strings are always
        classes. It is used only to show the classes or numbers of the rows, and the
        classes that are frequent where a unit is active or its correlation with y.

    image_shape : tuple of int, default=None
        ``(height, width)``, or ``(height, width, 3)`` for colours, if the rows of X are
        images. None takes that of a :class:`ConvSparseAutoencoder`, and otherwise shows
        names of features instead.

    feature_names : array-like of shape (n_features,), default=None
        Names of the columns of the first layer. None takes the same names as
        :func:`~skl_sparse_ae.inspection.top_features`. Not used for images.

    row_labels : array-like of shape (n_samples,), default=None
        Names of the rows. None takes the index of a pandas data frame, or numbers from
        0.

    threshold : float, array-like of shape (n_components,), "auto", "mean" or None, \
            default="auto"
        Activations above it count as active, as in
        :func:`~skl_sparse_ae.inspection.label_enrichment`.

    n_top_rows : int, default=8
        Number of rows that activate a unit most to show.

    n_top_features : int, default=8
        Number of features with the largest weights of a unit to show.

    pca : bool, default=True
        Whether to fit a PCA to X, to compare the variance explained. There is none if
        entries of X are missing.

    title : str, default=None
        Title of the page. None takes the estimator's class and number of units.

    random_state : int, RandomState instance or None, default=None
        Used by the randomized solver that PCA may choose for large tables. Pass an int
        for a reproducible page.

    Returns
    -------
    report : HTMLReport
        The page. ``report.save(path)`` writes it to a file; notebooks display it.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If it has no `components_`.
    ValueError
        If lengths or shapes do not match X, or y has missing values.

    See Also
    --------
    skl_sparse_ae.display : Single plots, with matplotlib.
    skl_sparse_ae.inspection : The numbers on the cards of the units.
    skl_sparse_ae.metrics : The numbers on the estimator.

    Notes
    -----
    - Of a pipeline with several layers, such as stacked autoencoders, the variance
      explained is that of the input of the first one, through all of them, as in
      :func:`~skl_sparse_ae.metrics.pipeline_score`, and the weights of units are over
      its columns. PCA is fitted to and evaluated on the same rows.
    - With missing entries, the variance explained is that of the others, and there is
      no PCA.
    - Classes are shown if their enrichment has an adjusted p-value below 0.05, and
      correlations if that of Spearman's has.
    - Of a convolutional unit the kernel is shown, and its largest activation in each
      image: a unit is active on a row if it is so anywhere in the image.
    - In pictures of units, zero is middle grey and the unit's largest absolute weight
      is black or white; pictures of rows share one scale. Images larger than their
      place on the page are shrunk by whole factors.
    - The search finds units for which all words of the query are found, such as
      ``unit 12 class 3``, or phrases in double quotes. Numbers match whole numbers
      only. A row is found with the `n_top_rows` units that are most active on it and
      those that show it; of more than 50 000 such pairs, only the latter are known.
    - A unit takes about 3 kilobytes, including its pictures.
    - Without scripts, as in notebooks that are not trusted, everything is shown but
      cannot be searched or sorted.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.report import html_report
    >>> cancer = load_breast_cancer(as_frame=True)
    >>> names = cancer.target_names[cancer.target]
    >>> autoencoder = SparseAutoencoder(20, random_state=0)
    >>> pipeline = make_pipeline(StandardScaler(), autoencoder).fit(cancer.data)
    >>> report = html_report(pipeline, cancer.data, names)
    >>> report
    HTMLReport(title='SparseAutoencoder: 20 units')

    ``report.save("units.html")`` writes the page to a file.
    """
    check_components(estimator)
    fitted = last_step(estimator)
    n_components = fitted.components_.shape[0]
    if y is not None:
        y = column_of(y)
        check_consistent_length(X, y)
    target = None if y is None else as_numbers(y)
    row_names = _row_names(X, row_labels)
    if is_convolutional(fitted):
        weights = UnitPictures(*kernels(fitted))
        image_shape = image_shape or shape_of_images(fitted)
    else:
        weights = _weights(estimator, image_shape, n_top_features, feature_names)
    measured = measure(
        estimator,
        X,
        y,
        target,
        threshold=threshold,
        n_top_rows=n_top_rows,
        pca=pca,
        random_state=random_state,
    )
    options = {"is_numeric": target is not None, "found": measured.rows_of_units}
    if image_shape is None:
        rows = RowLines(measured.top, row_names, y, **options)
    else:
        rows = RowPictures(X, image_shape, measured.top, row_names, y, **options)
    if title is None:
        title = f"{type(fitted).__name__}: {n_components} units"
    html = page(
        title=title,
        description=repr(estimator),
        subtitle=f"{measured.n_samples} rows of {measured.n_features} features",
        sections=[
            scores(estimator, measured),
            training(estimator),
            sparsity(estimator, measured),
            settings(estimator),
        ],
        cards=[card(unit, measured, weights, rows) for unit in range(n_components)],
        orders=orders(measured),
        queries=queries(measured),
        sprites=weights.sprites | rows.sprites,
    )
    return HTMLReport(title, html)


def _weights(estimator, image_shape, n_top_features, feature_names):
    """The weights of the units, as pictures or as lists of features."""
    if image_shape is None:
        top = top_features(estimator, n_top_features, feature_names=feature_names)
        return UnitFeatures(top)
    components = unit_weights(estimator)
    check_image_shape(image_shape, components.shape[1])
    return UnitPictures(components, image_shape)


def _row_names(X, row_labels):
    """Names of the rows: labels that are strings, or "row" and the label or number."""
    n_samples = _num_samples(X)
    if row_labels is None:
        row_labels = X.index if hasattr(X, "iloc") else range(n_samples)
    if len(row_labels) != n_samples:
        raise ValueError(
            f"row_labels has {len(row_labels)} entries, but X has {n_samples} rows."
        )
    return [label if isinstance(label, str) else f"row {label}" for label in row_labels]
