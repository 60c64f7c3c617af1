"""Display of rows and their reconstructions."""

import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_is_fitted

from .._reading._pipelines import check_feature_names
from ._checks import check_image_shape, check_positive, drawable_names
from ._drawing import grid_of_axes, import_pyplot, one_axes
from ._mosaic import mosaic, mosaic_size
from ._reading import dense, limits_of, table

# Names of more features than this would overlap.
MAX_NAMES = 40


class ReconstructionDisplay:
    """Rows and their reconstructions, as images or as lines over the features.

    It is recommended to use :meth:`from_estimator` to create one. All parameters are
    stored as attributes.

    Parameters
    ----------
    originals, reconstructions : ndarray of shape (n_rows, n_features)
        Rows of data and their reconstructions.

    image_shape : tuple of int, default=None
        ``(height, width)``, or ``(height, width, 3)`` for colours, if the rows are
        images.

    feature_names : ndarray of shape (n_features,), default=None
        Names of the features, which are stored as they are drawn. Not used for images.

    Attributes
    ----------
    image_ : matplotlib AxesImage
        The mosaic of all images. Only with `image_shape`.

    lines_ : list of (Line2D, Line2D)
        The lines of each row and its reconstruction. Only without `image_shape`.

    axes_ : ndarray of matplotlib Axes, shape (1,) or (n_rows,)
        The Axes of the mosaic, or of each row.

    figure_ : matplotlib Figure
        Figure containing them.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.display import ReconstructionDisplay
    >>> X = load_digits().data / 16
    >>> autoencoder = SparseAutoencoder(20, random_state=0).fit(X)
    >>> display = ReconstructionDisplay.from_estimator(
    ...     autoencoder, X, image_shape=(8, 8)
    ... )
    >>> display.reconstructions.shape
    (8, 64)
    """

    def __init__(
        self, *, originals, reconstructions, image_shape=None, feature_names=None
    ):
        self.originals = originals
        self.reconstructions = reconstructions
        self.image_shape = image_shape
        self.feature_names = None
        if feature_names is not None:
            self.feature_names = drawable_names(feature_names)

    def plot(self, ax=None, *, n_columns=None, cmap="gray"):
        """Draw each reconstruction: images below the row, lines on top of it.

        Images and their reconstructions are drawn on the scale of the images.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of them, default=None
            Axes to draw in. Lines require one for each row; a single one is replaced by
            a grid. None creates a new figure.

        n_columns : int, default=None
            Number of rows of data side by side. None is equivalent to 10 for images and
            2 for lines.

        cmap : str or matplotlib Colormap, default="gray"
            Colour map of grey images.

        Returns
        -------
        display : ReconstructionDisplay
            The display itself.
        """
        plt = import_pyplot()
        if n_columns is None:
            n_columns = 2 if self.image_shape is None else 10
        check_positive("n_columns", n_columns)
        n_columns = min(n_columns, len(self.originals))
        if self.image_shape is None:
            self._plot_lines(ax, plt, n_columns)
        else:
            self._plot_images(ax, plt, n_columns, cmap)
        self.figure_ = self.axes_[0].figure
        return self

    def _plot_images(self, ax, plt, n_columns, cmap):
        low, high = limits_of(self.originals)
        stacked = [
            self._strips(rows, n_columns)
            for rows in (self.originals, self.reconstructions)
        ]
        # Strips of originals and of reconstructions alternate.
        images = np.stack(stacked, axis=1).reshape(-1, *self.image_shape)
        if images.ndim == 4:
            images = np.clip((images - low) / ((high - low) or 1.0), 0, 1)
        tiles = mosaic(images, n_columns)
        ax = one_axes(ax, plt, mosaic_size(tiles.pixels, (1.0, 0.3)))
        self.image_ = ax.imshow(tiles.pixels, cmap=cmap, vmin=low, vmax=high)
        middles = tiles.tops[::n_columns] + (self.image_shape[0] - 1) / 2
        names = ["original", "reconstruction"] * (len(middles) // 2)
        ax.set_yticks(middles, names)
        ax.set_xticks([])
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        self.axes_ = np.array([ax])

    def _strips(self, rows, n_columns):
        """Images in strips, the last of which is padded with NaN.

        Returns
        -------
        strips : ndarray of shape (n_strips, n_columns, *image_shape)
        """
        n_strips = -(-len(rows) // n_columns)
        images = np.full((n_strips * n_columns, rows.shape[1]), np.nan)
        images[: len(rows)] = rows
        return images.reshape(n_strips, n_columns, *self.image_shape)

    def _plot_lines(self, ax, plt, n_columns):
        n_rows, n_features = self.originals.shape
        names = self.feature_names if n_features <= MAX_NAMES else None
        label_height = 0.5
        if names is not None:
            label_height = 0.08 * max(len(str(name)) for name in names)
        cell_size = 4.5, 1.5
        self.axes_ = grid_of_axes(ax, plt, n_rows, n_columns, cell_size, label_height)
        self.lines_ = []
        last_line = (n_rows - 1) // n_columns
        for i, axes in enumerate(self.axes_):
            (original,) = axes.plot(self.originals[i], "k.-")
            (reconstruction,) = axes.plot(self.reconstructions[i], ".-", c="tab:orange")
            self.lines_.append((original, reconstruction))
            axes.set_title(f"row {i}", loc="right", fontsize="small")
            axes.margins(x=0.02)
            if i // n_columns < last_line:
                axes.tick_params(labelbottom=False)
            if names is not None:
                axes.set_xticks(np.arange(n_features), names, parse_math=False)
                axes.tick_params(axis="x", labelrotation=90, labelsize="small")
            elif i // n_columns == last_line:
                axes.set_xlabel("Feature")
        self.axes_[0].legend(
            self.lines_[0],
            ["original", "reconstruction"],
            loc="lower left",
            bbox_to_anchor=(0, 1),
            borderaxespad=0,
            ncols=2,
            frameon=False,
            fontsize="small",
        )

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        *,
        image_shape=None,
        feature_names=None,
        n_rows=8,
        ax=None,
        **plot_params,
    ):
        """Draw rows and their reconstructions by a fitted estimator.

        Parameters
        ----------
        estimator : object
            Fitted estimator with `transform` and `inverse_transform`.

        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows, of which the first `n_rows` are drawn.

        image_shape : tuple of int, default=None
            ``(height, width)``, or ``(height, width, 3)`` for colours, if the rows are
            images. None draws lines.

        feature_names : array-like of shape (n_features,), default=None
            Names of the features. None takes `feature_names_in_` if there is one, or
            x0, x1, ... Not used for images.

        n_rows : int, default=8
            Number of rows to draw.

        ax : matplotlib Axes or sequence of them, default=None
            Axes to draw in, as in :meth:`plot`. None creates a new figure.

        **plot_params : dict
            Additional parameters of :meth:`plot`.

        Returns
        -------
        display : ReconstructionDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If `image_shape` or `feature_names` does not match the features, or if a
            parameter is invalid.
        """
        import_pyplot()
        check_is_fitted(estimator)
        check_positive("n_rows", n_rows)
        rows = X.tocsr()[:n_rows] if sparse.issparse(X) else X[:n_rows]
        originals = table(rows)
        n_features = originals.shape[1]
        if image_shape is not None:
            check_image_shape(image_shape, n_features)
        if feature_names is None:
            feature_names = getattr(estimator, "feature_names_in_", None)
        reconstructions = dense(estimator.inverse_transform(estimator.transform(rows)))
        display = cls(
            originals=originals,
            reconstructions=reconstructions,
            image_shape=image_shape,
            feature_names=check_feature_names(feature_names, n_features),
        )
        return display.plot(ax=ax, **plot_params)
