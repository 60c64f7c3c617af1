"""Display of the units by the names of their largest features."""

import numpy as np

from .._reading._pipelines import names_of_columns
from ._checks import check_limits, check_positive, drawable_names
from ._drawing import absolute_limits, grid_of_axes, import_pyplot
from ._names import shortened_names
from ._reading import choose_units, unit_weights

#: Width of the bars of a unit, and of a character of a name, in inches.
BARS_WIDTH, CHARACTER_WIDTH = 2.0, 0.078


class UnitFeatureDisplay:
    """Features with the largest weights of each unit, by name.

    It is recommended to use :meth:`from_estimator` to create one. All parameters are
    stored as attributes.

    Parameters
    ----------
    weights : ndarray of shape (n_units, n_features)
        The weights of each unit, in the order in which they are drawn.

    feature_names : ndarray of shape (n_features,)
        Names of the features, which are stored as they are drawn.

    units : array-like of shape (n_units,), default=None
        Indices of the units, for titles. None is equivalent to 0, 1, ...

    Attributes
    ----------
    bars_ : list of matplotlib BarContainer
        The bars of each unit.

    axes_ : ndarray of matplotlib Axes, shape (n_units,)
        The Axes of each unit.

    figure_ : matplotlib Figure
        Figure containing them.

    See Also
    --------
    UnitImageDisplay : For rows that are images.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.display import UnitFeatureDisplay
    >>> X = load_wine(as_frame=True).data
    >>> X = StandardScaler().set_output(transform="pandas").fit_transform(X)
    >>> autoencoder = SparseAutoencoder(12, random_state=0).fit(X)
    >>> display = UnitFeatureDisplay.from_estimator(autoencoder, n_features=5)
    >>> display.axes_.shape
    (9,)
    """

    def __init__(self, *, weights, feature_names, units=None):
        self.weights = weights
        self.feature_names = drawable_names(feature_names)
        self.units = units

    def plot(
        self, ax=None, *, n_features=8, n_columns=3, limits="unit", name_length=32
    ):
        """Draw the largest weights of each unit as bars, positive and negative.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of n_units of them, default=None
            Axes to draw in; a single one is replaced by a grid. None creates a new
            figure.

        n_features : int, default=8
            Number of bars for each unit: the weights of largest absolute value.

        n_columns : int, default=3
            Number of units side by side.

        limits : {"unit", "shared"} or float, default="unit"
            The absolute value that an axis includes: the largest of each unit, the
            largest of all units, or a number.

        name_length : int, default=32
            Names with more characters are drawn without their middle. A new figure is
            as wide as the drawn names need; for small Axes of your own, choose less.

        Returns
        -------
        display : UnitFeatureDisplay
            The display itself.

        Raises
        ------
        ValueError
            If a parameter is invalid.
        """
        plt = import_pyplot()
        check_limits(limits)
        check_positive("n_features", n_features)
        check_positive("n_columns", n_columns)
        check_positive("name_length", name_length)
        n_units = len(self.weights)
        n_bars = min(n_features, self.weights.shape[1])
        top = np.argsort(-np.abs(self.weights), axis=1, kind="stable")[:, :n_bars]
        names = np.array(shortened_names(self.feature_names, name_length), dtype=object)
        longest = max(len(name) for name in names[np.unique(top)])
        width = max(3.2, BARS_WIDTH + CHARACTER_WIDTH * longest)
        cell_size = width, 0.7 + 0.22 * n_bars
        n_columns = min(n_units, n_columns)
        self.axes_ = grid_of_axes(ax, plt, n_units, n_columns, cell_size)
        self.figure_ = self.axes_[0].figure
        units = range(n_units) if self.units is None else self.units
        self.bars_ = []
        for axes, row, largest, unit, limit in zip(
            self.axes_,
            self.weights,
            top,
            units,
            absolute_limits(self.weights, limits),
            strict=True,
        ):
            self.bars_.append(_draw_bars(axes, row[largest], names[largest]))
            axes.set_title(f"unit {unit}", fontsize="medium")
            if limits != "unit":
                axes.set_xlim(-1.05 * limit, 1.05 * limit)
        return self

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X=None,
        *,
        feature_names=None,
        weights="components",
        order=None,
        n_units=9,
        ax=None,
        **plot_params,
    ):
        """Draw the units of a fitted estimator.

        Parameters
        ----------
        estimator : object
            Fitted estimator with `components_`, such as :class:`SparseAutoencoder`,
            PCA, NMF or dictionary learning, or a pipeline that ends with one.

        X : {array-like, sparse matrix} of shape (n_samples, n_features), default=None
            Rows over which ``order="activation"`` averages. None uses the estimator's
            `mean_activation_`, if it has one.

        feature_names : array-like of shape (n_features,), default=None
            Names of the columns of the first layer. None takes the names that it has
            seen in `fit`, the output names of the steps before it, or x0, x1, ...

        weights : {"components", "encoder"}, default="components"
            The unit's contribution to a reconstruction, or the input of norm 1 that
            activates it most, as in :meth:`UnitImageDisplay.from_estimator`.

        order : {"activation"}, array-like of int or None, default=None
            None keeps the order of the units; "activation" sorts them by decreasing
            mean activation; indices choose units and their order.

        n_units : int or None, default=9
            Number of units to draw, the first ones in this order. None draws all.

        ax : matplotlib Axes or sequence of n_units of them, default=None
            Axes to draw in; a single one is replaced by a grid. None creates a new
            figure.

        **plot_params : dict
            Additional parameters of :meth:`plot`.

        Returns
        -------
        display : UnitFeatureDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the estimator has no such weights.
        ValueError
            If `feature_names` does not match the features, if a step between layers
            has no `inverse_transform`, or if a parameter is invalid.
        """
        import_pyplot()
        rows = unit_weights(estimator, weights)
        names = names_of_columns(estimator, rows.shape[1], feature_names)
        units = choose_units(estimator, X, order, n_units)
        display = cls(weights=rows[units], feature_names=names, units=units)
        return display.plot(ax=ax, **plot_params)


def _draw_bars(ax, weights, names):
    """Draw bars from the top to the bottom, red for negative weights."""
    places = np.arange(len(weights))
    colors = np.where(weights < 0, "tab:red", "tab:blue")
    bars = ax.barh(places, weights, color=colors)
    ax.set_yticks(places, names, parse_math=False)
    ax.tick_params(labelsize="small")
    ax.tick_params(axis="y", length=0)
    ax.invert_yaxis()
    ax.axvline(0, color="black", linewidth=0.8)
    ax.spines[["top", "right", "left"]].set_visible(False)
    return bars
