"""The estimator: its parameters, their documentation, and methods of a few lines."""

from dataclasses import replace
from functools import partial
from numbers import Integral, Real

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.callback import CallbackSupportMixin
from sklearn.utils.validation import check_is_fitted

from ._fitting._callbacks import FitCallbacks
from ._fitting._fit import fitted_by
from ._fitting._fitted import fitted_network, fitted_parameters, remove_fit
from ._fitting._monitor import report
from ._fitting._partial_fit import partially_fitted_by
from ._fitting._problem import Problem
from ._network._activations import ACTIVATIONS, OUT_ACTIVATIONS
from ._network._engines import ENGINES
from ._objective._sums import explained_variance
from ._penalties import PENALTIES, Penalty, is_built_in
from ._rows import check_code, check_rows
from ._rows._corruption import CORRUPTIONS
from ._sklearn import Interval, StrOptions, _fit_context


class SparseAutoencoder(
    ClassNamePrefixFeaturesOutMixin,
    CallbackSupportMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Sparse autoencoder: a sparse, non-linear code of the rows of X.

    One hidden layer of units learns to reproduce X from few active units [1]_. With
    activation f and output g,

    - the code is ``A = f(X W_e + b_e)``, given by :meth:`transform`,
    - the reconstruction is ``X_hat = g(A W_d + b_d)``, given by
      :meth:`inverse_transform`,

    and the parameters minimise, with weights ``p_i`` that sum to one over the rows,

    ``J = sum_i p_i 1/2 ||x_hat_i - x_i||^2 + alpha/2 (||W_e||^2 + ||W_d||^2)
    + sum_j psi(sum_i p_i phi(a_ij))``

    where the last term is the sparsity penalty.

    Parameters
    ----------
    n_components : int or None, default=100
        Number of hidden units. None stands for ``n_features``.

    penalty : {"kl", "l1", "topk", "batch_topk", "contractive"}, penalty object or \
            None, default="kl"
        What makes the code sparse:

        - "kl": the Kullback-Leibler divergence between `rho` and each unit's mean
          activation, times `beta`. For logistic and tanh units.
        - "l1": the mean absolute activation of each unit, in units of what it writes
          into the reconstruction, times `beta`. See :class:`L1` for plain values.
        - "topk": each row keeps its ``max(1, round(rho * n_components))`` largest
          activations, the others are exactly zero [2]_. `beta` is the weight of an
          auxiliary term that gives unused units something to do in training with
          "adam". :class:`TopK` has further parameters.
        - "batch_topk": the same for a whole mini-batch, so that rows may differ in how
          many units they use; see :class:`BatchTopK`.
        - "contractive": the mean squared norm of the Jacobian of the code with respect
          to the row, times `beta` [3]_.
        - None: nothing. With fewer units than features and
          ``activation="identity"`` the code spans the subspace of PCA, once `tol` is
          small (1e-7) and `alpha` zero; ``tied_weights=True`` reaches it soonest.

        An object such as :class:`KL` carries its own `rho` and `beta`; those given
        here, "scale" among them, are then not used.

    rho : float, default=0.1
        How active units should be, in (0, 1): the target of "kl", the fraction of
        units that "topk" and "batch_topk" keep, and that of "l1" with
        ``beta="adaptive"``. Not used by "l1" otherwise, nor by "contractive".

    beta : float, "scale" or "adaptive", default="scale"
        How much sparsity matters; the value used is `beta_`.

        - "scale" follows the total variance V of X, so that the penalty is weighed
          against the fraction of variance that is not reconstructed, whatever the
          scale of X. With K units it is V / K for "kl", 0.03 sqrt(V / K) for "l1" and
          V / K times the mean variance of a column for "contractive", whose Jacobian
          has units.
        - "adaptive", for "l1" with rectified units, is a weight that training adjusts
          until rows have the fraction `rho` of the units active, on average; a warning
          says where this level is missed by more than 5 %.

    alpha : float or "scale", default="scale"
        Weight of the squared norm of both weight matrices. Intercepts are not decayed.
        The smaller X, the larger the encoder's weights must be, and the more a given
        alpha weighs. "scale" is 0.003 (1e-4 for "topk" and "batch_topk") down to a
        principal variance of 0.17 (the mean variance along the principal directions,
        weighed by these variances) and falls with its square below. The value used is
        `alpha_`.

    activation : {"auto", "logistic", "tanh", "relu", "identity"}, default="auto"
        Of the hidden units. "auto" is "relu" for "l1" and "topk", "logistic"
        otherwise.

    out_activation : {"identity", "logistic"}, default="identity"
        Of the output. "logistic" is for data in [0, 1].

    tied_weights : bool, default=False
        Whether ``W_d`` is the transpose of ``W_e``, which then counts twice in the
        decay.

    sparse_output : bool, default=False
        Whether `transform` returns CSR instead of an array. Worth it where most
        activations are exactly zero: with "topk", "batch_topk" and a strong "l1".
        Linear models and another autoencoder take it as it is.

    corruption : {"masking", "gaussian"} or None, default=None
        Noise on the rows that the encoder sees in training, while the reconstruction
        is compared with the clean rows [4]_. "adam" draws it anew for each batch;
        "lbfgs" draws it once, so that the objective stays the same. `transform`,
        `score` and `objective` see clean rows.

        - "masking": each entry is set to zero with probability `corruption_level`.
        - "gaussian": normal noise with standard deviation `corruption_level`, in the
          units of X. Not for sparse matrices.

    corruption_level : float, default=0.3
        How much noise. Not used where `corruption` is None.

    solver : {"auto", "lbfgs", "adam"}, default="auto"
        - "lbfgs": exact gradients over all rows. Best up to some thousands of rows.
        - "adam": mini-batches, for many rows. The learning rate is constant until the
          objective hardly falls any more or half of `max_iter` has passed, and then
          decreases linearly to zero.
        - "auto": "adam" for more than 10000 rows or five million parameters, and for
          "topk", whose objective is not smooth; "lbfgs" otherwise. Always "lbfgs" for
          Dask arrays, which "adam" does not take: each step would wait for the workers.

    max_iter : int, default=200
        Largest number of iterations ("lbfgs") or epochs ("adam").

    tol : float, default=0.005
        Training ends (with "adam": begins to end) when J falls by less than this
        fraction of itself per iteration, over the last `n_iter_no_change` iterations.
        "lbfgs" also ends when rounding in the dtype of X hides any further fall, and
        takes a hundredth of `tol` as long as the reconstruction explains less than 5 %
        of the variance: units that are still alike can be slow to part. With early
        stopping, also what counts as an improvement of the validation score.

    batch_size : int or "auto", default="auto"
        Rows in a mini-batch of "adam". "auto" is a sixteenth of the rows, but at least
        64 and at most 256 (4096 where X is sparse and the output the identity: the
        time for a step then hardly depends on the number of rows). Not used by "lbfgs".

    learning_rate_init : float, default=0.003
        Learning rate of "adam", for columns of unit variance: it is scaled to the
        variance of X. Not used by "lbfgs".

    early_stopping : bool, default=False
        Whether to hold out rows, stop when their :meth:`score` does not improve, and
        return to the best parameters.

    validation_fraction : float, default=0.1
        Fraction of the rows to hold out for early stopping.

    n_iter_no_change : int, default=10
        Number of iterations over which `tol` is judged.

    warm_start : bool, default=False
        Whether `fit` starts from the parameters of the last fit.

    engine : {"numba"} or None, default=None
        What does the work between matrix products. None stands for NumPy, or the
        library to which rows on a device belong. With "numba", loops compiled by
        Numba take its place: an epoch of "adam" then takes some 15 % less, and the
        first fit in each process half a second more (the first on a machine, more than
        one). Results are the same but for rounding. Needs
        ``pip install "skl-sparse-ae[numba]"``.

    verbose : int, default=0
        0 is silent; n prints J at every n-th iteration.

    random_state : int, RandomState instance or None, default=None
        For the initial weights, the order of rows and the validation split.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        The dictionary ``W_d``: what each unit writes into the reconstruction.

    encoder_coef_ : ndarray of shape (n_features, n_components)
        The encoder's weights ``W_e``.

    encoder_intercept_ : ndarray of shape (n_components,)
        The encoder's intercepts ``b_e``.

    decoder_intercept_ : ndarray of shape (n_features,)
        The decoder's intercepts ``b_d``.

    mean_activation_ : ndarray of shape (n_components,)
        Mean of phi over the training rows: the mean activation of each unit (mapped
        to (0, 1) for "kl", absolute for "l1"). After `partial_fit`, a running mean.

    activation_ : str
        The activation of the hidden units.

    out_activation_ : str
        The activation of the output.

    tied_weights_ : bool
        Whether `components_` is the transpose of `encoder_coef_`.

    penalty_ : penalty object
        The penalty, with the weight that was used.

    alpha_ : float
        The weight of the decay that was used.

    beta_ : float
        The weight of the penalty that was used; 0 where there is no term.

    loss_curve_ : list of float
        J after each iteration; with "adam", the mean of J over the epoch's batches.

    loss_terms_ : list of (reconstruction, decay, sparsity)
        The three terms of each value of `loss_curve_`, as tuples of floats.

    n_iter_ : int
        Number of iterations or epochs.

    validation_scores_ : list of float
        Score on the held-out rows after each iteration. Only with early stopping.

    best_validation_score_ : float
        The largest of `validation_scores_`. Only with early stopping.

    n_features_in_ : int
        Number of features seen during fit.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during fit, when they are all strings.

    See Also
    --------
    sklearn.decomposition.PCA : Linear components, by variance. Better when the code
        need not be sparse or non-linear, and much faster.
    sklearn.decomposition.MiniBatchDictionaryLearning : Sparse codes that are found by
        solving a problem for each row, rather than by an encoder.
    sklearn.neural_network.BernoulliRBM : Another one-layer feature learner.

    Notes
    -----
    joblib and pickle save fitted estimators, and so does skops, whose files run no code
    when they are loaded. It is to be told the two classes that they hold, this one and
    that of `penalty_`: ``skops.io.load(path, trusted=[SparseAutoencoder, KL])``. For
    ``penalty=None`` the second is "skl_sparse_ae._penalties.NoPenalty".
    :mod:`skl_sparse_ae.interchange` writes files for other tools.

    References
    ----------
    .. [1] A. Ng, "Sparse autoencoder", CS294A lecture notes, Stanford University, 2011.
    .. [2] A. Makhzani, B. Frey, "k-Sparse Autoencoders", arXiv:1312.5663, 2013.
    .. [3] S. Rifai, P. Vincent, X. Muller, X. Glorot, Y. Bengio, "Contractive
       Auto-Encoders: Explicit Invariance During Feature Extraction", ICML 2011.
    .. [4] P. Vincent, H. Larochelle, Y. Bengio, P.-A. Manzagol, "Extracting and
       Composing Robust Features with Denoising Autoencoders", ICML 2008.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> X = load_digits().data / 16
    >>> autoencoder = SparseAutoencoder(32, random_state=0).fit(X)
    >>> autoencoder.transform(X).shape
    (1797, 32)
    >>> bool(autoencoder.score(X) > 0.8)
    True
    """

    _parameter_constraints = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "penalty": [StrOptions({name for name in PENALTIES if name}), Penalty, None],
        "rho": [Interval(Real, 0, 1, closed="neither")],
        "beta": [
            StrOptions({"scale", "adaptive"}),
            Interval(Real, 0, None, closed="left"),
        ],
        "alpha": [StrOptions({"scale"}), Interval(Real, 0, None, closed="left")],
        "activation": [StrOptions({"auto", *ACTIVATIONS})],
        "out_activation": [StrOptions(set(OUT_ACTIVATIONS))],
        "tied_weights": ["boolean"],
        "sparse_output": ["boolean"],
        "corruption": [StrOptions(set(CORRUPTIONS)), None],
        "corruption_level": [Interval(Real, 0, None, closed="left")],
        "solver": [StrOptions({"auto", "lbfgs", "adam"})],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "batch_size": [
            StrOptions({"auto"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "warm_start": ["boolean"],
        "engine": [StrOptions({name for name in ENGINES if name}), None],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_components=100,
        *,
        penalty="kl",
        rho=0.1,
        beta="scale",
        alpha="scale",
        activation="auto",
        out_activation="identity",
        tied_weights=False,
        sparse_output=False,
        corruption=None,
        corruption_level=0.3,
        solver="auto",
        max_iter=200,
        tol=0.005,
        batch_size="auto",
        learning_rate_init=0.003,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        warm_start=False,
        engine=None,
        verbose=0,
        random_state=None,
    ):
        self.n_components = n_components
        self.penalty = penalty
        self.rho = rho
        self.beta = beta
        self.alpha = alpha
        self.activation = activation
        self.out_activation = out_activation
        self.tied_weights = tied_weights
        self.sparse_output = sparse_output
        self.corruption = corruption
        self.corruption_level = corruption_level
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.engine = engine
        self.verbose = verbose
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None):
        """Learn the code from X.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array} of shape (n_samples, n_features)
            Training rows. Sparse matrices are converted to CSR. The blocks of a Dask
            array are kept in the workers' memory; only parameters and sums travel.

        y : Ignored
            Not used, present for API consistency.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative. Only their ratios matter.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            When the data or a combination of parameters cannot be used, or when
            training diverges.
        """
        rows = self._check_rows(X, sample_weight, method="fit", reset=True)
        previous = remove_fit(self)
        context = self._init_callback_context(max_subtasks=self.max_iter)
        call = {
            "estimator": self,
            "X": rows.X,
            "y": y,
            "metadata": {"sample_weight": rows.sample_weight},
        }
        context.call_on_fit_task_begin(**call)
        callbacks = FitCallbacks(context, call)
        self._set_fitted(rows, fitted_by(self, rows, previous, callbacks))
        context.call_on_fit_task_end(reconstruction_attributes={}, **call)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Update the parameters by one pass over X in mini-batches of "adam".

        The first call, when there was no `fit` before, takes the initial parameters
        and the scale of the data from its rows, so these should be typical ones; it
        also settles the network, the penalty and the decay for the whole stream. The
        learning rate stays at `learning_rate_init`; lowering it with `set_params`
        towards the end of a stream gives a more exact result.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows.

        y : Ignored
            Not used, present for API consistency.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative. Only their ratios within one call
            matter.

        Returns
        -------
        self : object
            The updated estimator.

        Raises
        ------
        ValueError
            As `fit` does.
        """
        is_first = not hasattr(self, "components_")
        rows = self._check_rows(X, sample_weight, method="partial_fit", reset=is_first)
        attributes = partially_fitted_by(self, rows)
        for name in ("validation_scores_", "best_validation_score_"):
            self.__dict__.pop(name, None)  # of an earlier fit, no longer true
        # All at once, at the end: an interrupted call changes nothing.
        self._set_fitted(rows, attributes)
        report(self.verbose, self.n_iter_, self.loss_curve_[-1])
        return self

    def transform(self, X):
        """Encode the rows of X.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array} of shape (n_samples, n_features)
            Rows to encode.

        Returns
        -------
        A : {ndarray, CSR, Dask array} of shape (n_samples, n_components)
            The code; CSR with ``sparse_output=True``. For a Dask array another one,
            yet to be computed.
        """
        check_is_fitted(self, "components_")
        rows = self._check_rows(X, method="transform")
        network = replace(fitted_network(self), penalty=self.penalty_.for_transform())
        parameters = rows.to_device(fitted_parameters(self, rows.dtype))
        step = partial(network.encode, parameters)
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
            The reconstruction; for a Dask array another one, yet to be computed.

        Raises
        ------
        ValueError
            When X has not as many columns as there are components.
        """
        check_is_fitted(self, "components_")
        code = check_code(self, X, may_stay_on_device=is_built_in(self.penalty))
        n_components, n_features = self.components_.shape
        if code.shape[1] != n_components:
            raise ValueError(
                f"X has {code.shape[1]} columns, but the code of this "
                f"{type(self).__name__} has {n_components}: inverse_transform takes "
                "what transform returns."
            )
        parameters = code.to_device(fitted_parameters(self, code.dtype))
        step = partial(fitted_network(self).decode, parameters)
        return code.apply(step, n_features)

    def score(self, X, y=None, sample_weight=None):
        """Fraction of the variance of X that the reconstruction explains.

        ``1 - sum_i w_i ||x_i - x_hat_i||^2 / sum_i w_i ||x_i - mean||^2``, with the
        mean of the X given. Where PCA is scored on its own training rows, this is the
        sum of its ``explained_variance_ratio_``. The penalty has no part in it, so
        that a grid search can choose `beta`.

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
            At most 1. Where X has no variance, 1 if it is reconstructed exactly and 0
            if not.
        """
        check_is_fitted(self, "components_")
        rows = self._check_rows(X, sample_weight, method="score")
        _, variance = rows.moments()
        return explained_variance(self._terms(rows).reconstruction, variance)

    def objective(self, X, sample_weight=None):
        """J on the rows of X at the fitted parameters.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array} of shape (n_samples, n_features)
            Rows.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        objective : float
            Reconstruction, decay and sparsity terms, as in the class's description.
        """
        check_is_fitted(self, "components_")
        rows = self._check_rows(X, sample_weight, method="objective")
        return self._terms(rows).total

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        # Compiled loops work on the CPU's memory only.
        tags.array_api_support = self.engine is None
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @property
    def _n_features_out(self):
        return self.components_.shape[0]

    def _check_rows(self, X, sample_weight=None, *, method, reset=False):
        """X and sample_weight, checked, as `Rows`."""
        return check_rows(
            self,
            X,
            sample_weight,
            method=method,
            reset=reset,
            # A user's own penalty is written for NumPy.
            may_stay_on_device=is_built_in(self.penalty),
        )

    def _set_fitted(self, rows, attributes):
        """Set fitted attributes, arrays in the library of the training rows."""
        for name, value in attributes.items():
            is_array = isinstance(value, np.ndarray)
            setattr(self, name, rows.to_caller(value) if is_array else value)

    def _terms(self, rows):
        """The terms of J on checked rows, at the fitted parameters."""
        problem = Problem(fitted_network(self), None, rows, self.alpha_)
        theta = problem.network.layout.flatten(fitted_parameters(self), rows.dtype)
        with rows.team() as team:
            return problem.objective(team).terms(theta)


def check_autoencoder(estimator):
    """Raise TypeError unless it is a `SparseAutoencoder`, which must be fitted."""
    if not isinstance(estimator, SparseAutoencoder):
        raise TypeError(
            f"estimator={estimator!r} must be a SparseAutoencoder. Of a pipeline, pass "
            "that step."
        )
    check_is_fitted(estimator, "components_")
