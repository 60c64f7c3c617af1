"""Display of the units of an estimator of images."""

import numpy as np

from .._reading._pipelines import last_step
from ._checks import check_image_shape, check_limits, check_positive
from ._drawing import absolute_limits, import_pyplot, one_axes
from ._mosaic import mosaic, mosaic_size, near_square
from ._reading import choose_units, unit_weights

# Height of a title, relative to the height of its image.
TITLE_HEIGHT = 0.3


class UnitImageDisplay:
    """Weights of the units of an estimator of images, as images.

    It is recommended to use :meth:`from_estimator` to create one. All parameters are
    stored as attributes.

    Parameters
    ----------
    images : ndarray of shape (n_units, height, width) or (n_units, height, width, 3)
        The image of each unit, in the order in which they are drawn.

    units : array-like of shape (n_units,), default=None
        Indices of the units, for titles. None is equivalent to 0, 1, ...

    Attributes
    ----------
    image_ : matplotlib AxesImage
        The mosaic of all images.

    titles_ : list of matplotlib Text
        The titles; empty if there are none.

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

        Zero is the middle of the colour map: grey by default. Colour images are also
        drawn with grey as zero.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in. None creates a new figure.

        n_columns : int, default=None
            Number of images side by side. None makes the mosaic about square.

        limits : {"unit", "shared"} or float, default="unit"
            The absolute value at the ends of the colour map: the largest of each image,
            the largest of all images, or a number.

        titles : bool or sequence of str of shape (n_units,), default=False
            Whether to write each unit's index above its image; or the texts to write.

        cmap : str or matplotlib Colormap, default="gray"
            Colour map of grey images.

        Returns
        -------
        display : UnitImageDisplay
            The display itself.
        """
        plt = import_pyplot()
        check_limits(limits)
        n_units, height, width = self.images.shape[:3]
        if n_columns is None:
            n_columns = near_square(n_units, height, width)
        check_positive("n_columns", n_columns)
        texts = self._title_texts(titles)
        top_gap = 1 + int(np.ceil(TITLE_HEIGHT * height)) if texts else None
        tiles = mosaic(self._scaled_images(limits), n_columns, top_gap=top_gap)
        ax = one_axes(ax, plt, mosaic_size(tiles.pixels))
        self.image_ = ax.imshow(tiles.pixels, cmap=cmap, vmin=-1, vmax=1)
        ax.set_axis_off()
        self.titles_ = self._draw_titles(ax, texts, tiles)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _title_texts(self, titles):
        n_units = len(self.images)
        if isinstance(titles, bool):
            units = range(n_units) if self.units is None else self.units
            return [str(unit) for unit in units] if titles else []
        if len(titles) != n_units:
            raise ValueError(
                f"titles has {len(titles)} entries, and there are {n_units} units."
            )
        return list(titles)

    def _scaled_images(self, limits):
        """Grey values in units of the limits, or colours in [0, 1]."""
        pixel_axes = tuple(range(1, self.images.ndim))
        ends = np.expand_dims(absolute_limits(self.images, limits), pixel_axes)
        images = self.images / ends
        return np.clip(0.5 + 0.5 * images, 0, 1) if images.ndim == 4 else images

    def _draw_titles(self, ax, texts, tiles):
        height, width = self.images.shape[1:3]
        points = _points_per_pixel(ax, tiles.pixels)
        return [
            ax.text(
                left + (width - 1) / 2,
                top - 1,
                text,
                ha="center",
                va="bottom",
                fontsize=min(10, 0.7 * TITLE_HEIGHT * height * points),
            )
            for text, top, left in zip(texts, tiles.tops, tiles.lefts, strict=False)
        ]

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X=None,
        *,
        image_shape=None,
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
            Rows over which ``order="activation"`` averages. None uses the estimator's
            `mean_activation_`, if it has one.

        image_shape : tuple of int, default=None
            ``(height, width)``, or ``(height, width, 3)`` for colours. None stands for
            the `kernel_shape_` of an estimator whose units are kernels, such as
            :class:`~skl_sparse_ae.ConvSparseAutoencoder`.

        weights : {"components", "encoder"}, default="components"
            - "components": `components_`, the unit's contribution to a reconstruction.
              Of a pipeline with several layers, the change of the reconstruction in the
              columns of the first one, as in
              :func:`~skl_sparse_ae.inspection.top_features`. (A second layer that is
              passed alone is drawn over the units of the first, which is no image.)
            - "encoder": the input of norm 1 that activates the unit most:
              ``W_j / ||W_j||``, with ``W_j`` the unit's column of `encoder_coef_` [1]_.
              With "l1" and the penalties that select units it often looks like noise,
              since directions in which the rows do not vary hardly affect the
              objective. Only for a single layer.

        order : {"activation"}, array-like of int or None, default=None
            None keeps the order of the units; "activation" sorts them by decreasing
            mean activation; indices choose units and their order.

        n_units : int, default=None
            Number of units to draw, the first ones in this order. None draws all.

        ax : matplotlib Axes, default=None
            Axes to draw in. None creates a new figure.

        **plot_params : dict
            Additional parameters of :meth:`plot`.

        Returns
        -------
        display : UnitImageDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the estimator has no such weights.
        ValueError
            If `image_shape` does not match the features of the first layer, if a step
            between layers has no `inverse_transform`, or if a parameter is invalid.

        References
        ----------
        .. [1] A. Ng, J. Ngiam, C. Y. Foo, Y. Mai, C. Suen, "UFLDL Tutorial", section
           "Visualizing a Trained Autoencoder", Stanford University, 2011.
        """
        import_pyplot()
        rows = unit_weights(estimator, weights)
        if image_shape is None:
            image_shape = _kernel_shape(last_step(estimator))
        check_image_shape(image_shape, rows.shape[1])
        units = choose_units(estimator, X, order, n_units)
        display = cls(images=rows[units].reshape(-1, *image_shape), units=units)
        return display.plot(ax=ax, **plot_params)


def _kernel_shape(estimator):
    """Return the shape in which to draw kernels; those of one channel are grey."""
    shape = getattr(estimator, "kernel_shape_", None)
    if shape is None:
        raise ValueError(
            "image_shape=None is for estimators with kernels. Pass the (height, width) "
            "of the images that the rows hold."
        )
    return shape[:2] if shape[2] == 1 else shape


def _points_per_pixel(ax, pixels):
    """Size of an image pixel drawn in an Axes, in typographic points."""
    height, width = pixels.shape[:2]
    box = ax.bbox
    return min(box.width / width, box.height / height) * 72 / ax.figure.dpi
