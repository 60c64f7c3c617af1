"""What the units are: as images, or by the names of their largest features."""

import numpy as np

from .._reading._pipelines import names_of_columns
from ._checks import check_image_shape, check_limits, check_positive
from ._drawing import (
    grid_of_axes,
    import_pyplot,
    limit_of,
    mosaic,
    mosaic_size,
    near_square,
    one_axes,
)
from ._reading import choose_units, unit_weights

# Of an image's height: the room that its title takes.
TITLE_ROOM = 0.3


class UnitImageDisplay:
    """The units of an estimator of images, as images.

    It is recommended to use :meth:`from_estimator` to create one. All parameters are
    stored as attributes.

    Parameters
    ----------
    images : ndarray of shape (n_units, height, width) or (n_units, height, width, 3)
        The image of each unit, in the order in which they are drawn.

    units : array-like of shape (n_units,), default=None
        The units' indices, for titles. None stands for 0, 1, ...

    Attributes
    ----------
    image_ : matplotlib AxesImage
        The mosaic of all images.

    titles_ : list of matplotlib Text
        The titles, if there are any.

    ax_ : matplotlib Axes
        Axes with the mosaic.

    figure_ : matplotlib Figure
        Figure containing the mosaic.

    See Also
    --------
    UnitFeatureDisplay : For tables whose columns have names.

    References
    ----------
    .. [1] A. Ng, J. Ngiam, C. Y. Foo, Y. Mai, C. Suen, "UFLDL Tutorial", section
       "Visualizing a Trained Autoencoder", Stanford University, 2011.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.display import UnitImageDisplay
    >>> X = load_digits().data / 16
    >>> autoencoder = SparseAutoencoder(20, random_state=0).fit(X)
    >>> display = UnitImageDisplay.from_estimator(autoencoder, image_shape=(8, 8))
    >>> display.images.shape
    (20, 8, 8)
    """

    def __init__(self, *, images, units=None):
        self.images = images
        self.units = units

    def plot(
        self, ax=None, *, n_columns=None, limits="unit", titles=False, cmap="gray"
    ):
        """Draw the images as one mosaic.

        Zero is the middle of the colours: grey with the default colour map. Colours of
        colour images are drawn around grey in the same way.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in. None makes a new figure.

        n_columns : int, default=None
            Number of images side by side. None makes the mosaic about square.

        limits : {"unit", "shared"} or float, default="unit"
            The absolute value that has the strongest colour: the largest of each
            image, the largest of all of them, or a number.

        titles : bool or sequence of str of shape (n_units,), default=False
            Whether to write each unit's index above its image; or what to write.

        cmap : str or matplotlib Colormap, default="gray"
            Colours of grey images.

        Returns
        -------
        display : UnitImageDisplay
            Drawn.
        """
        plt = import_pyplot()
        check_limits(limits)
        n_units, height, width = self.images.shape[:3]
        if n_columns is None:
            n_columns = near_square(n_units, height, width)
        check_positive("n_columns", n_columns)
        texts = self._titles(titles)
        pixel_axes = tuple(range(1, self.images.ndim))
        images = self.images / np.expand_dims(limit_of(self.images, limits), pixel_axes)
        if images.ndim == 4:
            images = np.clip(0.5 + 0.5 * images, 0, 1)
        top_gap = 1 + int(np.ceil(TITLE_ROOM * height)) if texts else None
        tiles = mosaic(images, n_columns, top_gap=top_gap)
        ax = one_axes(ax, plt, mosaic_size(tiles.pixels))
        self.image_ = ax.imshow(tiles.pixels, cmap=cmap, vmin=-1, vmax=1)
        ax.set_axis_off()
        points = _points_per_pixel(ax, tiles.pixels)
        self.titles_ = [
            ax.text(
                left + (width - 1) / 2,
                top - 1,
                text,
                ha="center",
                va="bottom",
                fontsize=min(10, 0.7 * TITLE_ROOM * height * points),
            )
            for text, top, left in zip(texts, tiles.tops, tiles.lefts, strict=False)
        ]
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _titles(self, titles):
        n_units = len(self.images)
        if isinstance(titles, bool):
            units = range(n_units) if self.units is None else self.units
            return [str(unit) for unit in units] if titles else []
        if len(titles) != n_units:
            raise ValueError(
                f"titles has {len(titles)} entries, and there are {n_units} units."
            )
        return list(titles)

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X=None,
        *,
        image_shape,
        weights="components",
        order=None,
        n_units=None,
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
            Rows over which ``order="activation"`` averages. None stands for the
            estimator's `mean_activation_`, where it has one.

        image_shape : tuple of int
            ``(height, width)``, or ``(height, width, 3)`` for colours.

        weights : {"components", "encoder"}, default="components"
            - "components": `components_`, what a unit writes into the reconstruction.
            - "encoder": of all inputs of norm 1, the one that activates the unit most:
              ``W_j / ||W_j||``, with ``W_j`` the unit's column of `encoder_coef_` [1]_.
              With "l1" and the penalties that select it often looks like noise, since
              little holds the encoder back where rows do not vary.

        order : {"activation"}, array-like of int or None, default=None
            None draws the units as they are ordered, "activation" begins with the
            largest mean activation; indices choose units and their order.

        n_units : int, default=None
            How many units to draw, the first in this order. None draws all.

        ax : matplotlib Axes, default=None
            Axes to draw in. None makes a new figure.

        **plot_params : dict
            Further parameters of :meth:`plot`.

        Returns
        -------
        display : UnitImageDisplay
            Drawn.

        Raises
        ------
        TypeError
            When the estimator has no such weights.
        ValueError
            When `image_shape` does not match the features, or a parameter has no
            possible value.

        References
        ----------
        .. [1] A. Ng, J. Ngiam, C. Y. Foo, Y. Mai, C. Suen, "UFLDL Tutorial", section
           "Visualizing a Trained Autoencoder", Stanford University, 2011.
        """
        import_pyplot()
        rows = unit_weights(estimator, weights)
        check_image_shape(image_shape, rows.shape[1])
        units = choose_units(estimator, X, order, n_units)
        display = cls(images=rows[units].reshape(-1, *image_shape), units=units)
        return display.plot(ax=ax, **plot_params)


def _points_per_pixel(ax, pixels):
    """Points of type that a pixel of an image takes in an Axes."""
    height, width = pixels.shape[:2]
    box = ax.bbox
    return min(box.width / width, box.height / height) * 72 / ax.figure.dpi


class UnitFeatureDisplay:
    """The features with the largest weights of each unit, by name.

    It is recommended to use :meth:`from_estimator` to create one. All parameters are
    stored as attributes.

    Parameters
    ----------
    weights : ndarray of shape (n_units, n_features)
        The weights of each unit, in the order in which they are drawn.

    feature_names : ndarray of shape (n_features,)
        Names of the features.

    units : array-like of shape (n_units,), default=None
        The units' indices, for titles. None stands for 0, 1, ...

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
        self.feature_names = feature_names
        self.units = units

    def plot(self, ax=None, *, n_features=8, n_columns=3, limits="unit"):
        """Draw the largest weights of each unit as bars, positive and negative.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of n_units of them, default=None
            Axes to draw in; a single one is replaced by a grid. None makes a new
            figure.

        n_features : int, default=8
            Number of bars for a unit: those that are the largest without their signs.

        n_columns : int, default=3
            Number of units side by side.

        limits : {"unit", "shared"} or float, default="unit"
            The absolute value at which an axis ends, at least: the largest of each
            unit, the largest of all of them, or a number.

        Returns
        -------
        display : UnitFeatureDisplay
            Drawn.
        """
        plt = import_pyplot()
        check_limits(limits)
        check_positive("n_features", n_features)
        check_positive("n_columns", n_columns)
        n_units = len(self.weights)
        n_bars = min(n_features, self.weights.shape[1])
        cell = 3.2, 0.7 + 0.22 * n_bars
        self.axes_ = grid_of_axes(ax, plt, n_units, min(n_units, n_columns), cell)
        self.figure_ = self.axes_[0].figure
        units = range(n_units) if self.units is None else self.units
        self.bars_ = []
        largest = limit_of(self.weights, limits)
        for axes, row, unit, limit in zip(
            self.axes_, self.weights, units, largest, strict=True
        ):
            self.bars_.append(self._draw(axes, row, n_bars))
            axes.set_title(f"unit {unit}", fontsize="medium")
            if limits != "unit":
                axes.set_xlim(-1.05 * limit, 1.05 * limit)
        return self

    def _draw(self, ax, row, n_bars):
        top = np.argsort(-np.abs(row), kind="stable")[:n_bars]
        colors = np.where(row[top] < 0, "tab:red", "tab:blue")
        bars = ax.barh(np.arange(n_bars), row[top], color=colors)
        ax.set_yticks(np.arange(n_bars), self.feature_names[top], parse_math=False)
        ax.tick_params(labelsize="small")
        ax.tick_params(axis="y", length=0)
        ax.invert_yaxis()
        ax.axvline(0, color="black", linewidth=0.8)
        ax.spines[["top", "right", "left"]].set_visible(False)
        return bars

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
            Rows over which ``order="activation"`` averages. None stands for the
            estimator's `mean_activation_`, where it has one.

        feature_names : array-like of shape (n_features,), default=None
            Names of the columns of `components_`. None stands for those that the last
            step has seen, those that the steps before give, or x0, x1, ...

        weights : {"components", "encoder"}, default="components"
            What a unit writes into the reconstruction, or the input of norm 1 that
            activates it most, as in :meth:`UnitImageDisplay.from_estimator`.

        order : {"activation"}, array-like of int or None, default=None
            None draws the units as they are ordered, "activation" begins with the
            largest mean activation; indices choose units and their order.

        n_units : int or None, default=9
            How many units to draw, the first in this order. None draws all.

        ax : matplotlib Axes or sequence of n_units of them, default=None
            Axes to draw in; a single one is replaced by a grid. None makes a new
            figure.

        **plot_params : dict
            Further parameters of :meth:`plot`.

        Returns
        -------
        display : UnitFeatureDisplay
            Drawn.

        Raises
        ------
        TypeError
            When the estimator has no such weights.
        ValueError
            When `feature_names` does not match the features, or a parameter has no
            possible value.
        """
        import_pyplot()
        rows = unit_weights(estimator, weights)
        names = names_of_columns(estimator, rows.shape[1], feature_names)
        units = choose_units(estimator, X, order, n_units)
        display = cls(weights=rows[units], feature_names=names, units=units)
        return display.plot(ax=ax, **plot_params)
