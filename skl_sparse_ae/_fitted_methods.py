"""What a fitted autoencoder does with rows: encode, reconstruct, score."""

from dataclasses import replace
from functools import partial

from scipy import sparse
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ._fitting._fitted import (
    fitted_decay,
    fitted_network,
    fitted_parameters,
    fitted_vector,
    missing_mean,
    reconstruction_of,
)
from ._fitting._messages import finite, warn_if_digits_were_lost
from ._fitting._null_loss import explained_fraction, null_deviance
from ._fitting._output_range import check_entries
from ._fitting._problem import Problem
from ._fitting._settings import check_parameters_of_methods
from ._network._row_losses import write_imputed, write_score_samples
from ._penalties import is_built_in
from ._rows import check_code, check_rows
from ._rows._missing import on_view


def _allows_missing(estimator):
    """Return True if an estimator has `impute`; raise AttributeError otherwise."""
    if estimator.missing_values is None:
        raise AttributeError("impute needs missing_values=np.nan, before the fit.")
    return True


class FittedMethods(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """Mixin class with the methods that need a fit.

    They read the fitted attributes of `SparseAutoencoder`, and of its parameters those
    that also matter after `fit`.
    """

    def transform(self, X):
        """Encode the rows of X.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array} of shape (n_samples, n_features)
            Rows to encode.

        Returns
        -------
        A : {ndarray, CSR, Dask array} of shape (n_samples, n_components)
            The code; CSR with ``sparse_output=True``. For a Dask array, a lazy Dask
            array.
        """
        check_is_fitted(self, "components_")
        rows = self._check_rows(X, method="transform")
        self._check_what_encoder_sees(rows)
        network = self._network_for_transform()
        parameters = rows.to_device(fitted_parameters(self, rows.dtype))
        step = partial(self._encode, network, parameters)
        if not rows.view.is_plain:
            step = partial(on_view, step, rows.view)
        return rows.apply(step, self._n_features_out, as_csr=self.sparse_output)

    def inverse_transform(self, X):
        """Reconstruct rows from their code.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array} of shape (n_samples, n_components)
            The code.

        Returns
        -------
        X_hat : {ndarray, Dask array} of shape (n_samples, n_features)
            The reconstruction. For a Dask array, a lazy Dask array.

        Raises
        ------
        ValueError
            If the number of columns of X is not ``n_components``.
        """
        check_is_fitted(self, "components_")
        check_parameters_of_methods(self)
        code = check_code(self, X, may_stay_on_device=self._may_stay_on_device())
        if code.shape[1] != self._n_features_out:
            raise ValueError(
                f"X has {code.shape[1]} columns, but the code of this "
                f"{type(self).__name__} has {self._n_features_out}: inverse_transform "
                "takes what transform returns."
            )
        network = fitted_network(self)
        parameters = code.to_device(fitted_parameters(self, code.dtype))
        return code.apply(partial(network.decode, parameters), network.n_inputs)

    def score(self, X, y=None, sample_weight=None):
        """Return the fraction of the variance of X explained by the reconstruction.

        ``1 - sum_i w_i ||x_i - x_hat_i||^2 / sum_i w_i ||x_i - mean||^2``, with the
        mean of the given X. For PCA on its training rows, this is the sum of
        ``explained_variance_ratio_``. For other losses it is the fraction of the
        deviance, that is, with the loss in place of half the squares; scikit-learn
        calls this D2. Missing entries count in neither sum.

        The penalty is not included, so the score can rank settings of equal sparsity
        only: a search over `rho` or `beta` by it always takes the least sparse. For
        stacked autoencoders in a pipeline, see
        :func:`~skl_sparse_ae.metrics.pipeline_score`.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array} of shape (n_samples, n_features)
            Rows to reconstruct.

        y : Ignored
            Not used, present for API consistency.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        score : float
            At most 1. For X without variance, 1 if the reconstruction is exact and 0
            otherwise.
        """
        check_is_fitted(self, "components_")
        rows = self._check_rows(X, sample_weight, method="score")
        network = replace(fitted_network(self), widths=None)
        reconstruction = self._terms(rows, network).reconstruction
        deviance = null_deviance(network.loss, rows)
        return explained_fraction(reconstruction, deviance)

    def score_samples(self, X):
        """Return minus the loss of each row: lower values are more abnormal.

        ``-1/2 ||x_i - x_hat_i||^2``, or minus another `loss`, over the observed
        entries, with ``x_hat = inverse_transform(transform(X))``. The sign is that of
        scikit-learn's outlier detectors. For the part of each column, see
        :func:`~skl_sparse_ae.metrics.loss_per_entry`.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array} of shape (n_samples, n_features)
            Rows. A sparse matrix is made dense by blocks of rows only.

        Returns
        -------
        scores : {ndarray, Dask array} of shape (n_samples,)
            At most 0, in the precision of X. For a Dask array, a lazy Dask array.
        """
        check_is_fitted(self, "components_")
        rows = self._check_rows(X, method="score_samples")
        step = self._step_on_entries(write_score_samples, rows)
        return rows.apply(step, 1)[:, 0]

    @available_if(_allows_missing)
    def impute(self, X):
        """Return X with its missing entries replaced by their reconstruction.

        Only with ``missing_values=np.nan``. Other entries are unchanged, unlike those
        of ``inverse_transform(transform(X))``.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array} of shape (n_samples, n_features)
            Rows with missing entries.

        Returns
        -------
        X_full : {ndarray, CSR, Dask array} of shape (n_samples, n_features)
            Rows without missing entries; CSR for a sparse matrix, whose absent entries
            are zeros. For a Dask array, a lazy Dask array.

        See Also
        --------
        sklearn.impute.KNNImputer : The mean of the nearest rows.

        Examples
        --------
        >>> import numpy as np
        >>> from skl_sparse_ae import SparseAutoencoder
        >>> X = np.outer(np.arange(20.0), [1, 2, -1])
        >>> X[3, 1] = np.nan
        >>> settings = {"penalty": None, "activation": "identity", "alpha": 1e-4}
        >>> autoencoder = SparseAutoencoder(1, missing_values=np.nan, **settings)
        >>> float(autoencoder.fit(X).impute(X)[3, 1].round())
        6.0
        """
        check_is_fitted(self, "components_")
        rows = self._check_rows(X, method="impute")
        self._check_what_encoder_sees(rows)
        step = self._step_on_entries(write_imputed, rows)
        # Dask's arrays have an empty block that tells of which kind the others are.
        is_sparse = sparse.issparse(getattr(rows.X, "_meta", rows.X))
        return rows.apply(step, rows.shape[1], as_csr=is_sparse)

    def objective(self, X, sample_weight=None):
        """Return the objective J on X at the fitted parameters.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array} of shape (n_samples, n_features)
            Rows.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        objective : float
            Sum of the reconstruction, decay and sparsity terms; see the class.
        """
        check_is_fitted(self, "components_")
        rows = self._check_rows(X, sample_weight, method="objective")
        return self._terms(rows, fitted_network(self)).total

    @property
    def _n_features_out(self):
        return self.components_.shape[0]

    def _step_on_entries(self, write, rows):
        """Return what `Rows.apply` calls, for functions of rows and reconstructions."""
        network = self._network_for_transform().skipping_missing(rows.fill is not None)
        if write is write_score_samples and rows.kind != "dask":
            check_entries(network.loss.name, rows, vars(self).get("feature_names_in_"))
        parameters = rows.to_device(fitted_parameters(self, rows.dtype))
        return partial(write, network, parameters, rows.view)

    def _network_for_transform(self):
        return replace(fitted_network(self), penalty=self.penalty_.for_transform())

    def _encode(self, network, parameters, X, out):
        """Write the output of `transform` for some rows to `out` and return it."""
        return network.encode(parameters, X, out)

    def _check_rows(self, X, sample_weight=None, *, method, reset=False):
        """Validate X and sample_weight and return them as `Rows`."""
        if method not in ("fit", "partial_fit"):
            check_parameters_of_methods(self)
        mean = missing_mean(self)
        rows = check_rows(
            self,
            X,
            sample_weight,
            method=method,
            reset=reset,
            may_stay_on_device=self._may_stay_on_device(),
            allows_missing=(self.missing_values if reset else mean) is not None,
        )
        if method in ("fit", "partial_fit"):
            return rows
        # scikit-learn wraps `transform` alone; images have their own checks.
        stacklevel = 4 + (method == "transform") + self._takes_images
        warn_if_digits_were_lost(self, rows.dtype, stacklevel)
        # Dask's arrays are not computed here.
        if mean is not None and (rows.kind == "dask" or rows.has_missing()):
            rows = rows.with_view(fill=mean, improve=self._reconstruction(rows))
        return rows.with_view(function=fitted_network(self).loss.input_function)

    def _reconstruction(self, rows):
        """Return what improves the means of missing entries, or None."""
        if vars(self).get("missing_fill_") != "reconstruction":
            return None
        parameters = rows.to_device(fitted_parameters(self, rows.dtype))
        return reconstruction_of(fitted_network(self), parameters)

    def _check_what_encoder_sees(self, rows):
        """Raise ValueError for entries that the encoder sees through no function."""
        # Dask's arrays are not computed here.
        if rows.view.function is not None and rows.kind != "dask":
            check_entries(self.loss_, rows, vars(self).get("feature_names_in_"))

    def _may_stay_on_device(self):
        # User-defined penalties are implemented with NumPy.
        return is_built_in(self.penalty)

    def _terms(self, rows, network):
        """Return the terms of J on validated rows, at the fitted parameters."""
        network = network.skipping_missing(rows.fill is not None)
        check_entries(network.loss.name, rows, vars(self).get("feature_names_in_"))
        problem = Problem(network, None, rows, fitted_decay(self))
        theta = fitted_vector(self, problem.network, rows.dtype)
        with rows.team() as team:
            return finite(problem.objective(team), theta)
