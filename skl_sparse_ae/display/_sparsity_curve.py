"""Display of the variance explained against the number of active units."""

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.decomposition import PCA

from .._reading._codes import auto_threshold
from ..metrics import variance_explained
from ._checks import check_choice
from ._drawing import import_pyplot, one_axes
from ._reading import dense, mean_n_active, table

COUNT = "Mean number of active units per row"
SUM = "Mean sum of the activations of a row"


class SparsityCurveDisplay:
    """Variance explained against the number of active units per row.

    The curve of PCA shows the variance explained by as many components, the same ones
    for all rows. A sparse code may choose other units for each row, and so its curve
    may be higher.

    It is recommended to use :meth:`from_estimator` or :meth:`from_estimators` to create
    one. All parameters are stored as attributes.

    Parameters
    ----------
    n_active : array-like of shape (n_points,)
        Mean number of active units per row, or the quantity named by `xlabel`: for
        units that are never zero, the mean sum of the activations of a row.

    scores : array-like of shape (n_points,)
        Fraction of variance explained.

    labels : sequence of str of shape (n_points,), default=None
        Labels of the points.

    name : str, default=None
        Name of the curve.

    pca_scores : array-like of shape (n_pca_components,), default=None
        Fraction of variance explained by 1, 2, ... principal components.

    xlabel : str, default="Mean number of active units per row"
        Label of the axis of `n_active`.

    Attributes
    ----------
    line_ : matplotlib Line2D
        The curve.

    labels_ : list of matplotlib Annotation
        The labels of the points; empty if there are none.

    pca_line_ : matplotlib Line2D or None
        The curve of PCA.

    ax_ : matplotlib Axes
        Axes with the curves.

    figure_ : matplotlib Figure
        Figure containing the curves.

    See Also
    --------
    sklearn.model_selection.ValidationCurveDisplay : Scores on held-out rows against a
        parameter.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.display import SparsityCurveDisplay
    >>> X = load_digits().data / 16
    >>> display = SparsityCurveDisplay.from_estimator(
    ...     SparseAutoencoder(50, penalty="topk", random_state=0),
    ...     X,
    ...     param_name="rho",
    ...     param_range=[0.04, 0.1, 0.2],
    ... )
    >>> display.n_active.round()
    array([ 2.,  5., 10.])
    """

    def __init__(
        self,
        *,
        n_active,
        scores,
        labels=None,
        name=None,
        pca_scores=None,
        xlabel=COUNT,
    ):
        self.n_active = n_active
        self.scores = scores
        self.labels = labels
        self.name = name
        self.pca_scores = pca_scores
        self.xlabel = xlabel

    def plot(self, ax=None, *, show_labels=True, **line_params):
        """Draw the curve, and that of PCA.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in. None creates a new figure.

        show_labels : bool, default=True
            Whether to write the labels next to the points.

        **line_params : dict
            Additional parameters of :func:`matplotlib.pyplot.plot` for the curve.

        Returns
        -------
        display : SparsityCurveDisplay
            The display itself.

        Raises
        ------
        ValueError
            If `ax` has a curve over another quantity: counts and sums of activations
            have no common axis.
        """
        plt = import_pyplot()
        ax = one_axes(ax, plt)
        self._check_same_quantity(ax)
        params = {"marker": "o", "label": self.name, **line_params}
        (self.line_,) = ax.plot(self.n_active, self.scores, **params)
        self.labels_ = self._draw_labels(ax) if show_labels else []
        self.pca_line_ = None
        if self.pca_scores is not None:
            numbers = np.arange(1, len(self.pca_scores) + 1)
            (self.pca_line_,) = ax.plot(
                numbers, self.pca_scores, color="grey", label="PCA, as many components"
            )
        ax.set(xlabel=self.xlabel, ylabel="Variance explained")
        ax.margins(x=0.08)
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _check_same_quantity(self, ax):
        quantity = ax.get_xlabel()
        if {quantity, self.xlabel} == {COUNT, SUM}:
            raise ValueError(
                f"ax has a curve over the {quantity.lower()}, and this one is over the "
                f"{self.xlabel.lower()}. Draw it in other Axes."
            )

    def _draw_labels(self, ax):
        if self.labels is None:
            return []
        return [
            ax.annotate(
                label,
                (x, y),
                xytext=(5, -4),
                textcoords="offset points",
                va="top",
                fontsize="small",
                color=self.line_.get_color(),
            )
            for label, x, y in zip(self.labels, self.n_active, self.scores, strict=True)
        ]

    @classmethod
    def from_estimators(
        cls,
        estimators,
        X,
        *,
        labels=None,
        name=None,
        threshold="auto",
        pca=True,
        ax=None,
        **plot_params,
    ):
        """Draw a point for each of several fitted estimators.

        Parameters
        ----------
        estimators : sequence of object
            Fitted estimators with `transform` and `inverse_transform`.

        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to evaluate on, from training or new. Sparse matrices are made dense,
            so give only some rows of a large one.

        labels : sequence of str of shape (n_estimators,), default=None
            Labels of the estimators, written next to the points.

        name : str, default=None
            Name of the curve. None takes the class name of the first estimator.

        threshold : float, None or "auto", default="auto"
            - A number: the absolute activation above which a unit counts as active;
              activations of tanh are mapped to (0, 1) first.
            - None: the activations are summed, instead of counting units. This sum is
              what `rho` of "kl" controls.
            - "auto": 0.0, for rectified units, top-k codes and other estimators; None
              for units that are never zero, such as those of "kl". All of these would
              count as active on each row, whatever the parameters.

        pca : bool, default=True
            Whether to draw the curve of a PCA fitted to X. It is not drawn if
            activations are summed, since their sum is not a number of components, nor
            if entries of X are missing.

        ax : matplotlib Axes, default=None
            Axes to draw in. None creates a new figure.

        **plot_params : dict
            Additional parameters of :meth:`plot`.

        Returns
        -------
        display : SparsityCurveDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the number of labels is not the number of estimators; if "auto" would
            count units of some estimators and sum those of others; or if `ax` has a
            curve over another quantity.
        """
        import_pyplot()
        if labels is not None and len(labels) != len(estimators):
            raise ValueError(
                f"labels has {len(labels)} entries, and there are {len(estimators)} "
                "estimators."
            )
        threshold = _checked_threshold(threshold, estimators)
        n_active = [mean_n_active(estimator, X, threshold) for estimator in estimators]
        scores = [_variance_explained(estimator, X) for estimator in estimators]
        is_count = threshold is not None
        display = cls(
            n_active=np.array(n_active),
            scores=np.array(scores),
            labels=labels,
            name=type(estimators[0]).__name__ if name is None else name,
            pca_scores=_pca_scores(X, max(n_active)) if pca and is_count else None,
            xlabel=COUNT if is_count else SUM,
        )
        return display.plot(ax=ax, **plot_params)

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        *,
        param_name,
        param_range,
        threshold="auto",
        pca=True,
        n_jobs=None,
        ax=None,
        **plot_params,
    ):
        """Fit an estimator with several values of a parameter; draw a point for each.

        Parameters
        ----------
        estimator : object
            Estimator with `transform` and `inverse_transform`. It is cloned.

        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to fit and to evaluate on.

        param_name : str
            Name of the parameter, such as "rho" or "penalty__beta".

        param_range : sequence of shape (n_points,)
            Values of the parameter, written next to the points.

        threshold : float, None or "auto", default="auto"
            The activation above which a unit counts as active, or None for sums of
            activations, as in :meth:`from_estimators`.

        pca : bool, default=True
            Whether to draw the curve of PCA, if units are counted and no entries of X
            are missing.

        n_jobs : int, default=None
            Number of parallel fits, as in joblib.

        ax : matplotlib Axes, default=None
            Axes to draw in. None creates a new figure.

        **plot_params : dict
            Additional parameters of :meth:`plot`.

        Returns
        -------
        display : SparsityCurveDisplay
            The display, drawn.
        """
        import_pyplot()
        estimators = Parallel(n_jobs=n_jobs)(
            delayed(_fit)(clone(estimator), X, {param_name: value})
            for value in param_range
        )
        return cls.from_estimators(
            estimators,
            X,
            labels=[str(value) for value in param_range],
            name=f"{type(estimator).__name__}, {param_name}",
            threshold=threshold,
            pca=pca,
            ax=ax,
            **plot_params,
        )


def _checked_threshold(threshold, estimators):
    """The threshold, or for "auto" the one that suits all of the estimators."""
    if not isinstance(threshold, str):
        return threshold
    check_choice("threshold", threshold, ["auto"])
    never_zero = {auto_threshold(estimator) == "mean" for estimator in estimators}
    if len(never_zero) > 1:
        raise ValueError(
            "threshold='auto': some estimators have units that are never zero, whose "
            "activations are summed, and others have units to count. Draw them in "
            "different Axes, or give a threshold for all."
        )
    return None if True in never_zero else 0.0


def _fit(estimator, X, params):
    return estimator.set_params(**params).fit(X)


def _variance_explained(estimator, X):
    """Fraction of the variance of X explained; X may be of any type."""
    X_hat = estimator.inverse_transform(estimator.transform(X))
    return variance_explained(table(X), dense(X_hat))


def _pca_scores(X, n_active):
    """Variance explained by 1, 2, ... components, up to the number of active units.

    None for rows with missing entries, which PCA does not take.
    """
    rows = table(X)
    if np.isnan(rows).any():
        return None
    n_components = min(*rows.shape, max(1, int(np.ceil(n_active))))
    if rows.var(axis=0).sum() == 0:
        return np.ones(n_components)
    pca = PCA(n_components, random_state=0).fit(rows)
    return pca.explained_variance_ratio_.cumsum()
