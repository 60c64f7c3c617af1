"""The public face: one function, and the page that it returns."""

from dataclasses import dataclass, field
from html import escape
from numbers import Integral
from pathlib import Path

from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.validation import check_is_fitted

from .._arrays._array_api import to_numpy
from .._reading._codes import THRESHOLD
from .._reading._pipelines import last_step
from .._sklearn import (
    HasMethods,
    Interval,
    StrOptions,
    _num_samples,
    validate_params,
)
from ..display._checks import check_image_shape
from ..inspection import top_features
from ._cards import card, orders, queries
from ._looks import UnitFeatures, UnitPictures
from ._measurements import measure
from ._page import page
from ._rows import RowLines, RowPictures
from ._sections import scores, settings, sparsity, training

COUNT = [Interval(Integral, 1, None, closed="left")]


@dataclass(frozen=True)
class HTMLReport:
    """A page about a fitted estimator. A notebook shows it as the value of a cell.

    Attributes
    ----------
    title : str
        The title of the page.

    html : str
        The page, complete: pictures, style and script are in it, and nothing is
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
            Where to. A file that is there is replaced.
        """
        Path(path).write_bytes(self.html.encode())

    def _repr_html_(self):
        """The page in a frame of its own: its style and script are its own too."""
        return (
            f'<iframe srcdoc="{escape(self.html)}" title="{escape(self.title)}" '
            'sandbox="allow-scripts" '
            'style="width: 100%; height: 45rem; border: 1px solid gray"></iframe>'
        )


@validate_params(
    {
        "estimator": [HasMethods("transform")],
        "threshold": [*THRESHOLD, StrOptions({"auto"})],
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
    """Describe a fitted estimator and each of its units in a page of HTML.

    The page has the scores beside PCA's, how sparse the code is, the curve of the
    objective and its terms, all settings, and a card for each unit with its weights as
    a picture or as names of features, how active it is, the rows that activate it most
    and the classes that are frequent among those. Cards can be searched and put in
    order.

    Parameters
    ----------
    estimator : estimator object
        Fitted, with `transform` and `components_`: a :class:`SparseAutoencoder`, PCA,
        NMF, dictionary learning, or a pipeline that ends with one. What else the page
        tells depends on the attributes that there are, such as `inverse_transform` and
        `loss_curve_`.

    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows on which to describe it, those of training or others. Their code is held in
        memory as a whole, so of very many rows a part should be given.

    y : array-like of shape (n_samples,), default=None
        Class of each row. It is not used for anything but to name the classes that are
        frequent where a unit is active.

    image_shape : tuple of int, default=None
        ``(height, width)``, or ``(height, width, 3)`` for colours, where the rows of X
        are images. None names features instead.

    feature_names : array-like of shape (n_features,), default=None
        Names of the columns of `components_`. None stands for those that
        :func:`~skl_sparse_ae.inspection.top_features` finds. Not used for images.

    row_labels : array-like of shape (n_samples,), default=None
        Names of the rows. None stands for the index of a pandas data frame, and for
        their numbers, from 0, otherwise.

    threshold : float, array-like of shape (n_components,), "auto", "mean" or None, \
            default="auto"
        What activations must exceed to count as active, as in
        :func:`~skl_sparse_ae.inspection.label_enrichment`.

    n_top_rows : int, default=8
        How many of the rows that activate a unit most to show.

    n_top_features : int, default=8
        How many of its features to name.

    pca : bool, default=True
        Whether to fit a PCA to X, with which to compare the variance explained.

    title : str, default=None
        Title of the page. None stands for the estimator's class and number of units.

    random_state : int, RandomState instance or None, default=None
        For the solver that PCA may choose for large tables. The same arguments and an
        int give the same page.

    Returns
    -------
    report : HTMLReport
        With ``save(path)``; notebooks show it by themselves.

    Raises
    ------
    NotFittedError
        When the estimator has no `components_`.
    ValueError
        When lengths or shapes do not fit X, or y is continuous.

    See Also
    --------
    skl_sparse_ae.display : Pictures of the same, one by one, with matplotlib.
    skl_sparse_ae.inspection : The numbers behind the cards.
    skl_sparse_ae.metrics : The numbers on the whole.

    Notes
    -----
    - The variance explained is measured where the last step of a pipeline works, as
      `score` does. PCA is fitted to the same rows that it is measured on.
    - Classes are named whose enrichment has an adjusted p-value below 0.05.
    - Pictures of units have zero as middle grey and their own largest weight as black
      or white; pictures of rows share their limits. Both are shrunk by whole factors
      where they are larger than on the page.
    - The search takes what is typed as one phrase, and a number as a whole.
    - A unit takes some 3 kilobytes, its pictures included.
    - Where scripts are switched off, as in notebooks that are not trusted, all is shown
      but cannot be searched.

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
    fitted = last_step(estimator)
    check_is_fitted(fitted, "components_")
    components = to_numpy(fitted.components_)
    if y is not None:
        y = column_or_1d(to_numpy(y))
        check_consistent_length(X, y)
    row_names = _row_names(X, row_labels)
    if image_shape is None:
        top = top_features(estimator, n_top_features, feature_names=feature_names)
        looks = UnitFeatures(top)
    else:
        check_image_shape(image_shape, components.shape[1])
        looks = UnitPictures(components, image_shape)
    measured = measure(
        estimator,
        X,
        y,
        threshold=threshold,
        n_top_rows=n_top_rows,
        pca=pca,
        random_state=random_state,
    )
    if image_shape is None:
        rows = RowLines(measured.top, row_names, y)
    else:
        rows = RowPictures(X, image_shape, measured.top, row_names, y)
    if title is None:
        title = f"{type(fitted).__name__}: {len(components)} units"
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
        cards=[card(unit, measured, looks, rows) for unit in range(len(components))],
        orders=orders(measured),
        queries=queries(measured),
        sprites=looks.sprites | rows.sprites,
    )
    return HTMLReport(title, html)


def _row_names(X, row_labels):
    """A text for each row: its label, or what it is the number of."""
    n_samples = _num_samples(X)
    if row_labels is None:
        row_labels = X.index if hasattr(X, "iloc") else range(n_samples)
    if len(row_labels) != n_samples:
        raise ValueError(
            f"row_labels has {len(row_labels)} entries, but X has {n_samples} rows."
        )
    return [label if isinstance(label, str) else f"row {label}" for label in row_labels]
