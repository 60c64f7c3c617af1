"""The estimator `ConvSparseAutoencoder`."""

from numbers import Integral

import numpy as np
from scipy import sparse
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from ._network._convolution import Convolution
from ._network._pooling import POOLINGS, pool, pooled_shape
from ._rows._validation import is_dask
from ._sklearn import Interval, StrOptions
from ._sparse_autoencoder import SparseAutoencoder


class ConvSparseAutoencoder(SparseAutoencoder):
    """Convolutional sparse autoencoder: sparse feature maps of images.

    Each unit is a kernel, used at all positions of an image [1]_. The encoder is a
    convolution, followed by the activation f, and gives a map for each unit; the
    decoder is the transposed convolution, which sums the contributions of all units
    at all positions. Training minimises J of
    :class:`~skl_sparse_ae.SparseAutoencoder` with the squared error of whole images;
    means of a unit's activation are over images and positions.

    Parameters
    ----------
    n_components : int or None, default=16
        Number of units, that is, of kernels and maps. If None, it is the number of
        values of a patch.

    image_shape : (int, int), (int, int, int) or None, default=None
        Height, width and number of channels of the images in the rows of X, with
        channels last; without the last number, one channel. None stands for square
        images of one channel.

    kernel_size : int or (int, int), default=5
        Height and width of the kernels.

    stride : int or (int, int), default=1
        Step between two positions of a kernel.

    padding : {"same", "valid"}, default="same"
        With "same", images are surrounded by zeros such that there are
        ``ceil(size / stride)`` positions along an axis; with "valid", kernels stay
        inside the images.

    pooling : {"max", "mean"} or None, default=None
        With "max" or "mean", :meth:`transform` replaces squares of `pool_size`
        positions by their largest or mean activation. Training is not affected.

    pool_size : int or (int, int), default=2
        Height and width of the squares. Those at the lower and the right border may be
        smaller. Not used without `pooling`.

    train_on : {"auto", "patches", "images"}, default="auto"
        What :meth:`fit` learns the kernels from.

        - "patches": 100000 random patches, as rows of the dense network [2]_; then the
          decoder is fitted to whole images by ridge regression. Much faster, with
          kernels that are easy to read: edges and strokes. Needs
          ``out_activation="identity"`` and ``tied_weights=False``.
        - "images": whole images, for a lower J.
        - "auto": "patches" where these are possible, otherwise "images".

        :meth:`partial_fit` learns from images.

    penalty : {"kl", "l1", "topk", "batch_topk", "winner_take_all", "contractive"}, \
            penalty object or None, default="kl"
        As for :class:`~skl_sparse_ae.SparseAutoencoder`; "topk" keeps the largest
        activations among all maps of an image, or, trained on patches, among the units
        at each position; "winner_take_all" those of each map among all positions of all
        images.

    rho, beta : float or str, default="auto", "scale"
        As for :class:`~skl_sparse_ae.SparseAutoencoder`; "auto" counts distinct
        patches, up to 20000.

    alpha : float, (float, float) or "scale", default="scale"
        As for :class:`~skl_sparse_ae.SparseAutoencoder`; "scale" takes P from patches.
        For training on images it is multiplied by the variance of an image over that of
        a patch, since a kernel is used in all parts of an image. `decay_directions_` is
        None, however few images there are.

    activation, out_activation, tied_weights, sparse_output : object
        As for :class:`~skl_sparse_ae.SparseAutoencoder`.

    corruption, corruption_level : object
        As for :class:`~skl_sparse_ae.SparseAutoencoder`.

    solver, max_iter, tol, batch_size, learning_rate_init : object
        As for :class:`~skl_sparse_ae.SparseAutoencoder`, but "lbfgs" searches for all
        parameters.

    early_stopping, validation_fraction, n_iter_no_change, warm_start : object
        As for :class:`~skl_sparse_ae.SparseAutoencoder`.

    engine, verbose, random_state : object
        As for :class:`~skl_sparse_ae.SparseAutoencoder`.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, kernel height * width * channels)
        The patch that each unit adds to the reconstruction, by row, column and channel.
        Patches of neighbouring positions overlap, so the kernels of `encoder_coef_` are
        easier to read.

    encoder_coef_ : ndarray of shape (kernel height * width * channels, n_components)
        The kernels of the encoder.

    encoder_intercept_ : ndarray of shape (n_components,)
        The encoder intercepts.

    decoder_intercept_ : ndarray of shape (n_channels,)
        The decoder intercept of each channel.

    image_shape_ : (int, int, int)
        Height, width and number of channels of the images.

    kernel_shape_ : (int, int, int)
        Height, width and number of channels of the kernels.

    map_shape_ : (int, int, int)
        Numbers of rows and columns of positions, and of units.

    output_shape_ : (int, int, int)
        Shape of an encoded image: `map_shape_`, or its shape after pooling. It is the
        `image_shape` of a second layer.

    mean_activation_ : ndarray of shape (n_components,)
        Mean of the penalty's phi over images and positions.

    activation_, out_activation_, tied_weights_, penalty_, beta_ : object
        As for :class:`~skl_sparse_ae.SparseAutoencoder`.

    alpha_, decay_directions_ : object
        As for :class:`~skl_sparse_ae.SparseAutoencoder`.

    loss_curve_, loss_terms_, n_iter_ : object
        As for :class:`~skl_sparse_ae.SparseAutoencoder`.

    validation_scores_, best_validation_score_ : object
        As for :class:`~skl_sparse_ae.SparseAutoencoder`.

    n_features_in_, feature_names_in_ : object
        As for :class:`~skl_sparse_ae.SparseAutoencoder`.

    See Also
    --------
    SparseAutoencoder : The same with a weight for each pixel.
    sklearn.feature_extraction.image.PatchExtractor : Patches of images as rows.

    Notes
    -----
    Images are dense arrays in memory. The files of :mod:`skl_sparse_ae.interchange` are
    for :class:`~skl_sparse_ae.SparseAutoencoder`.

    With ``train_on="patches"``, J and its terms in `loss_curve_`, `mean_activation_`
    and `validation_scores_` are those of the patches. :meth:`score` and
    :meth:`objective` are those of images.

    With ``train_on="images"`` and a stride of 1 there are `n_components` units for each
    pixel, which can copy an image by kernels of a single point. A smaller `rho` or a
    larger stride leaves no room for that.

    References
    ----------
    .. [1] J. Masci, U. Meier, D. Ciresan, J. Schmidhuber, "Stacked Convolutional
       Auto-Encoders for Hierarchical Feature Extraction", ICANN 2011.
    .. [2] A. Coates, H. Lee, A. Y. Ng, "An Analysis of Single-Layer Networks in
       Unsupervised Feature Learning", AISTATS 2011.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import ConvSparseAutoencoder
    >>> X = load_digits().data / 16
    >>> autoencoder = ConvSparseAutoencoder(
    ...     8, image_shape=(8, 8), kernel_size=3, pooling="max", random_state=0
    ... ).fit(X)
    >>> autoencoder.map_shape_, autoencoder.output_shape_
    ((8, 8, 8), (4, 4, 8))
    >>> autoencoder.transform(X).shape
    (1797, 128)
    """

    _parameter_constraints = {
        "image_shape": [tuple, list, None],
        "kernel_size": [Interval(Integral, 1, None, closed="left"), tuple, list],
        "stride": [Interval(Integral, 1, None, closed="left"), tuple, list],
        "padding": [StrOptions({"same", "valid"})],
        "train_on": [StrOptions({"auto", "patches", "images"})],
        "pooling": [StrOptions(set(POOLINGS)), None],
        "pool_size": [Interval(Integral, 1, None, closed="left"), tuple, list],
        **SparseAutoencoder._parameter_constraints,
    }
    # Images are complete, and compared by squares.
    for _name in ("loss", "missing_values", "missing_fill"):
        del _parameter_constraints[_name]
    _parameter_constraints["out_activation"] = [
        StrOptions({"auto", "identity", "logistic"})
    ]
    del _parameter_constraints["matryoshka_widths"]

    _takes_images = True

    def __init__(
        self,
        n_components=16,
        *,
        image_shape=None,
        kernel_size=5,
        stride=1,
        padding="same",
        pooling=None,
        pool_size=2,
        train_on="auto",
        penalty="kl",
        rho="auto",
        beta="scale",
        alpha="scale",
        activation="auto",
        out_activation="auto",
        tied_weights=False,
        sparse_output=False,
        corruption=None,
        corruption_level=0.3,
        solver="auto",
        max_iter=200,
        tol=0.001,
        batch_size="auto",
        learning_rate_init=0.003,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        warm_start=False,
        engine=None,
        verbose=0,
        random_state=None,
    ):
        super().__init__(
            n_components,
            penalty=penalty,
            rho=rho,
            beta=beta,
            alpha=alpha,
            activation=activation,
            out_activation=out_activation,
            tied_weights=tied_weights,
            sparse_output=sparse_output,
            corruption=corruption,
            corruption_level=corruption_level,
            solver=solver,
            max_iter=max_iter,
            tol=tol,
            batch_size=batch_size,
            learning_rate_init=learning_rate_init,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            warm_start=warm_start,
            engine=engine,
            verbose=verbose,
            random_state=random_state,
        )
        self.image_shape = image_shape
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.pooling = pooling
        self.pool_size = pool_size
        self.train_on = train_on

    @property
    def output_shape_(self):
        """Shape of an encoded image."""
        check_is_fitted(self, "components_")
        return pooled_shape(self.map_shape_, self.pooling, _pair(self, "pool_size"))

    def transform(self, X):
        """Encode images.

        Parameters
        ----------
        X : array-like of shape (n_samples, height * width * n_channels)
            Images to encode.

        Returns
        -------
        A : {ndarray, CSR} of shape (n_samples, n_features_out)
            The maps, flattened from `output_shape_`; CSR with ``sparse_output=True``.
        """
        return super().transform(X)

    def inverse_transform(self, X):
        """Reconstruct images from their maps.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features_out)
            The maps, as :meth:`transform` returns them without `pooling`.

        Returns
        -------
        X_hat : ndarray of shape (n_samples, height * width * n_channels)
            The reconstruction.

        Raises
        ------
        ValueError
            If maps are pooled, or of another number of columns.
        """
        if self.pooling is not None:
            raise ValueError(
                f"pooling={self.pooling!r} keeps no positions within its squares, so "
                "that images cannot be reconstructed from pooled maps. Use "
                "set_params(pooling=None), for which the fit need not be repeated, "
                "and transform again."
            )
        return super().inverse_transform(X)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns of an encoded image.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Only checked.

        Returns
        -------
        names : ndarray of str of shape (n_features_out,)
            Such as "convsparseautoencoder3_row0_column2", of unit 3.
        """
        check_is_fitted(self, "components_")
        _check_feature_names_in(self, input_features, generate_names=False)
        prefix = type(self).__name__.lower()
        names = [
            f"{prefix}{unit}_row{row}_column{column}"
            for row, column, unit in np.ndindex(self.output_shape_)
        ]
        return np.asarray(names, dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        tags.array_api_support = False
        return tags

    @property
    def _n_features_out(self):
        return int(np.prod(self.output_shape_))

    def _encode(self, network, parameters, X, out):
        if self.pooling is None:
            return super()._encode(network, parameters, X, out)
        pool_size = _pair(self, "pool_size")
        for rows in network.image_blocks(0, len(X), X.itemsize):
            images = X[rows]
            maps = np.empty((len(images), network.n_outputs), X.dtype)
            network.encode(parameters, images, maps)
            maps = maps.reshape(-1, *self.map_shape_)
            pooled = pool(maps, self.pooling, pool_size)
            out[rows] = pooled.reshape(len(images), -1)
        return out

    def _check_rows(self, X, sample_weight=None, *, method, reset=False):
        shape = getattr(X, "shape", ())
        if len(shape) > 2:
            raise ValueError(
                f"X is of shape {shape}. {type(self).__name__} takes one row for each "
                "image: pass X.reshape(len(X), -1) and "
                f"image_shape={tuple(shape[1:])}, with channels last."
            )
        if sparse.issparse(X) or is_dask(X):
            raise TypeError(
                f"{type(self).__name__} takes images as dense arrays in memory, and X "
                f"is a sparse matrix or a Dask collection ({type(X).__name__}). Pass "
                "X.toarray() or X.compute()."
            )
        return super()._check_rows(X, sample_weight, method=method, reset=reset)

    def _may_stay_on_device(self):
        return False

    def _validate_params(self):
        super()._validate_params()
        for name in ("kernel_size", "stride", "pool_size"):
            _pair(self, name)

    def _trains_on_patches(self):
        is_linear = self.out_activation in ("auto", "identity")
        can = is_linear and not self.tied_weights
        if self.train_on == "patches" and not can:
            raise ValueError(
                "train_on='patches' fits the decoder to images by ridge regression, "
                "which needs out_activation='identity' and tied_weights=False, and "
                f"they are {self.out_activation!r} and {self.tied_weights}. Use "
                "train_on='images'."
            )
        return can and self.train_on != "images"

    def _convolution_of(self, n_features):
        return Convolution(
            self._image_shape_of(n_features),
            _pair(self, "kernel_size"),
            _pair(self, "stride"),
            self.padding,
        )

    def _image_shape_of(self, n_features):
        """Return height, width and number of channels."""
        shape = self.image_shape
        if shape is None:
            side = round(n_features**0.5)
            if side**2 != n_features:
                raise ValueError(
                    f"X has {n_features} columns, which are not the pixels of a square "
                    "image of one channel. Pass image_shape=(height, width) or "
                    "(height, width, n_channels)."
                )
            return side, side, 1
        whole = all(isinstance(size, Integral) and size > 0 for size in shape)
        if len(shape) not in (2, 3) or not whole:
            raise ValueError(
                f"image_shape={shape!r} must be (height, width) or (height, width, "
                "n_channels), of whole numbers above zero."
            )
        shape = (*map(int, shape), 1)[:3]
        if np.prod(shape) != n_features:
            raise ValueError(
                f"image_shape={self.image_shape!r} stands for {np.prod(shape)} "
                f"columns, and X has {n_features}."
            )
        return shape


def _pair(estimator, name):
    """Return a parameter that is one number or two of them as two."""
    value = getattr(estimator, name)
    pair = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(pair) != 2 or not all(isinstance(n, Integral) and n > 0 for n in pair):
        raise ValueError(
            f"{name}={value!r} must be a whole number above zero, or two of them."
        )
    return tuple(map(int, pair))
