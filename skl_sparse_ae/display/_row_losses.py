"""Display of the rows that do not fit in, and of their columns that do not."""

import numpy as np

from .._reading._pipelines import names_of_columns
from ..metrics import loss_per_entry
from ._checks import check_positive, drawable_names
from ._drawing import import_pyplot, one_axes
from ._names import shortened_names

#: Width of the bars, and of a character of a name, in inches.
BARS_WIDTH, CHARACTER_WIDTH = 3.6, 0.066
#: Legend of the parts; any further ones are only drawn.
PART_LABELS = "largest part", "2nd", "3rd", "4th", "5th"


class RowLossDisplay:
    """Rows with the largest losses, and the columns that make them large, by name.

    A bar for each row is divided into the parts of its columns. The largest parts are
    drawn from the left in darker colours, and their columns are named beside the bar in
    the same order, with their percentages of the row's loss.

    It is recommended to use :meth:`from_estimator` to create one. All parameters are
    stored as attributes.

    Parameters
    ----------
    losses : ndarray of shape (n_rows, n_features)
        The part of each column in the loss of each row that is drawn, from the top.

    feature_names : array-like of shape (n_features,)
        Names of the columns, which are stored as they are drawn.

    row_names : array-like of shape (n_rows,), default=None
        Names of the rows, which are stored as they are drawn. None is equivalent to
        `rows`.

    rows : array-like of shape (n_rows,), default=None
        Indices of the rows. None is equivalent to 0, 1, ...

    median_loss : float, default=None
        Loss of a usual row, at which a line is drawn. None draws no line.

    Attributes
    ----------
    bars_ : list of matplotlib BarContainer
        The largest parts of all rows, the second largest, ..., and the remaining ones.

    texts_ : list of matplotlib Text
        Names of the columns beside each row.

    ax_ : matplotlib Axes
        Axes with the bars.

    figure_ : matplotlib Figure
        Figure containing them.

    See Also
    --------
    skl_sparse_ae.metrics.loss_per_entry : The values that are drawn.
    ReconstructionDisplay : All values of a row beside its reconstruction.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.display import RowLossDisplay
    >>> X = load_wine(as_frame=True).data
    >>> pipeline = make_pipeline(StandardScaler(), SparseAutoencoder(8, random_state=0))
    >>> pipeline = pipeline.fit(X)
    >>> X.loc[5, "ash"] = 9.0
    >>> display = RowLossDisplay.from_estimator(pipeline, X, n_rows=3)
    >>> int(display.rows[0])
    5
    >>> display.texts_[0].get_text().split()[0]
    'ash'
    """

    def __init__(
        self, *, losses, feature_names, row_names=None, rows=None, median_loss=None
    ):
        self.losses = losses
        self.feature_names = drawable_names(feature_names)
        self.rows = np.arange(len(losses)) if rows is None else rows
        self.row_names = drawable_names(self.rows if row_names is None else row_names)
        self.median_loss = median_loss

    def plot(self, ax=None, *, n_features=3, cmap="Blues", name_length=32):
        """Draw the bars.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in. None creates a new figure.

        n_features : int, default=3
            Number of columns that are named for each row, those with the largest parts.
            Columns without any part in the loss are not named.

        cmap : str or matplotlib Colormap, default="Blues"
            Colour map of the parts, of which the largest has the last colours.

        name_length : int, default=32
            Names with more characters are drawn without their middle. A new figure is
            as wide as the drawn names need; for small Axes of your own, choose less.

        Returns
        -------
        display : RowLossDisplay
            The display itself.

        Raises
        ------
        ValueError
            If a parameter is invalid.
        """
        plt = import_pyplot()
        check_positive("n_features", n_features)
        check_positive("name_length", name_length)
        losses = np.asarray(self.losses)
        n_rows = len(losses)
        top = np.argsort(-losses, axis=1, kind="stable")[:, :n_features]
        columns = shortened_names(self.feature_names, name_length)
        rows = shortened_names(self.row_names, name_length)
        texts = [_text(*row, columns) for row in zip(losses, top, strict=True)]
        n_characters = max(map(len, texts)) + max(map(len, rows))
        figsize = BARS_WIDTH + CHARACTER_WIDTH * n_characters, 1.2 + 0.3 * n_rows
        self.ax_ = ax = one_axes(ax, plt, figsize)
        self.figure_ = ax.figure
        self.bars_ = _draw_bars(ax, losses, top, plt.get_cmap(cmap))
        # Beside the axis, in its coordinates: room is made for them as for its ticks.
        self.texts_ = [
            ax.text(
                1.02,
                place,
                text,
                transform=ax.get_yaxis_transform(),
                va="center",
                fontsize="small",
                parse_math=False,
            )
            for place, text in enumerate(texts)
        ]
        if self.median_loss is not None:
            label = f"median of all rows = {self.median_loss:.3g}"
            ax.axvline(self.median_loss, color="black", linestyle="--", label=label)
        ax.set_yticks(range(n_rows), rows, parse_math=False)
        ax.tick_params(labelsize="small")
        ax.tick_params(axis="y", length=0)
        ax.set(xlabel="Loss", ylabel="Row", ylim=(n_rows - 0.5, -0.5))
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=len(ax.get_legend_handles_labels()[0]),
            frameon=False,
            fontsize="small",
            borderaxespad=0,
            handlelength=1.2,
        )
        return self

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        *,
        n_rows=10,
        row_names=None,
        feature_names=None,
        ax=None,
        **plot_params,
    ):
        """Draw the rows that a fitted estimator reconstructs worst.

        Parameters
        ----------
        estimator : object
            Fitted estimator with `transform` and `inverse_transform`, such as
            :class:`SparseAutoencoder`, PCA or NMF; a pipeline that ends with one; or a
            parameter search over one.

        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows, or any other input of the pipeline.

        n_rows : int, default=10
            Number of rows to draw, those with the largest losses.

        row_names : array-like of shape (n_samples,), default=None
            Names of the rows. None takes the index of a pandas data frame, or the
            numbers of the rows from 0.

        feature_names : array-like of shape (n_features,), default=None
            Names of the columns of the first layer. None takes the names that it has
            seen in `fit`, the output names of the steps before it, or x0, x1, ...

        ax : matplotlib Axes, default=None
            Axes to draw in. None creates a new figure.

        **plot_params : dict
            Additional parameters of :meth:`plot`.

        Returns
        -------
        display : RowLossDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If `row_names` or `feature_names` do not match the rows or columns, if a
            step has no `inverse_transform`, or if a parameter is invalid.

        Notes
        -----
        The losses are those of :func:`~skl_sparse_ae.metrics.loss_per_entry`: half the
        squared errors, or the `loss` of the autoencoder; none for missing entries. They
        take the memory of X as a dense array in float64.
        """
        import_pyplot()
        check_positive("n_rows", n_rows)
        losses = loss_per_entry(estimator, X)
        names = names_of_columns(estimator, losses.shape[1], feature_names)
        row_names = _names_of_rows(X, len(losses), row_names)
        of_rows = losses.sum(axis=1)
        rows = np.argsort(-of_rows, kind="stable")[:n_rows]
        display = cls(
            losses=losses[rows],
            feature_names=names,
            row_names=row_names[rows],
            rows=rows,
            median_loss=float(np.median(of_rows)),
        )
        return display.plot(ax=ax, **plot_params)


def _names_of_rows(X, n_samples, row_names):
    """Validate the names of rows. None: the index of a data frame, or numbers."""
    if row_names is None:
        row_names = X.index if hasattr(X, "iloc") else range(n_samples)
    # As text, since a name can be a tuple, from an index of several levels.
    names = np.array([str(name) for name in row_names], dtype=object)
    if len(names) != n_samples:
        raise ValueError(
            f"row_names has {len(names)} names, and there are {n_samples} rows."
        )
    return names


def _text(losses, top, names):
    """The columns with the largest parts of a row's loss, with percentages."""
    total = losses.sum()
    return ", ".join(
        f"{names[i]} {100 * losses[i] / total:.0f} %" for i in top if losses[i] > 0
    )


def _draw_bars(ax, losses, top, cmap):
    """Draw the largest parts of each row side by side, and the remaining ones."""
    places = np.arange(len(losses))
    parts = np.take_along_axis(losses, top, axis=1)
    ends = parts.cumsum(axis=1)
    bars = []
    for k, color in enumerate(cmap(np.linspace(0.85, 0.3, parts.shape[1]))):
        label = PART_LABELS[k] if k < len(PART_LABELS) else None
        left = ends[:, k] - parts[:, k]
        bars.append(ax.barh(places, parts[:, k], left=left, color=color, label=label))
    rest = losses.sum(axis=1) - ends[:, -1]
    if parts.shape[1] < losses.shape[1]:
        bars.append(
            ax.barh(places, rest, left=ends[:, -1], color="0.88", label="other columns")
        )
    return bars
