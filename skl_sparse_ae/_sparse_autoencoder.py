"""The estimator: parameters, validation, fit, transform and score."""

import warnings
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from functools import partial
from numbers import Integral, Real

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    clone,
)
from sklearn.callback import CallbackSupportMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ._activations import ACTIVATIONS, OUT_ACTIVATIONS
from ._corruption import CORRUPTIONS
from ._moments import principal_variance
from ._monitor import FitCallbacks, Monitor, Validation, report
from ._network import Network
from ._parameters import Layout, Parameters, initial_parameters
from ._penalties import PENALTIES, make_penalty
from ._penalty import Penalty
from ._penalty_check import check_penalty
from ._progress import Diverged
from ._rows import place_of
from ._scaling import Scaling
from ._sklearn import Interval, StrOptions, _fit_context, move_to
from ._sparsity_target import SparsityTarget
from ._training import Problem, Stream, train_adam, train_lbfgs

LBFGS_MAX_ROWS = 10_000
# It keeps some 110 bytes for each in float32, twice as many in float64.
LBFGS_MAX_PARAMETERS = 5_000_000
# The principal variance of X below which alpha="scale" falls, and of how many rows it
# is taken; see doc/defaults.md.
SMALL_VARIANCE = 0.17
N_SAMPLED = 500
# What rounding may be, as a part of the variance, in sums over sparse rows.
LOST = 1e-3


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
        "engine": [StrOptions({"numba"}), None],
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
        X, sample_weight, back = self._check_rows(X, sample_weight, reset=True)
        previous = self._forget_fit()
        context = self._init_callback_context(max_subtasks=self.max_iter)
        call = {
            "estimator": self,
            "X": X,
            "y": y,
            "metadata": {"sample_weight": sample_weight},
        }
        context.call_on_fit_task_begin(**call)
        callbacks = FitCallbacks(context, call)
        self._set_fitted(back, **self._train(X, sample_weight, previous, callbacks))
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
        first = not hasattr(self, "components_")
        X, sample_weight, back = self._check_rows(
            X, sample_weight, reset=first, method="partial_fit"
        )
        X, sample_weight = place_of(X).with_weight(X, sample_weight)
        stream, theta = self._open_stream(X, sample_weight)
        with (
            place_of(X).Team() as team,
            self._explain_divergence(),
            _unless_interrupted(stream.rng),
        ):
            X = X.astype(theta.dtype, copy=False)
            theta, value = stream.train(self, theta, X, sample_weight, team)
        for name in ("validation_scores_", "best_validation_score_"):
            self.__dict__.pop(name, None)  # of an earlier fit, no longer true
        # All at once, at the end: an interrupted call changes nothing.
        self._set_fitted(
            back,
            **_attributes(stream.problem, theta, theta.dtype),
            mean_activation_=stream.unit_means.means.astype(theta.dtype),
            loss_curve_=[*getattr(self, "loss_curve_", []), value],
            loss_terms_=[*getattr(self, "loss_terms_", []), tuple(stream.terms.take())],
            n_iter_=getattr(self, "n_iter_", 0) + 1,
            _stream=stream.state,
        )
        report(self.verbose, self.n_iter_, value)
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
        X, _, back = self._check_rows(X, None, method="transform")
        network = replace(self._network, penalty=self.penalty_.for_transform())
        place = place_of(X)
        parameters = place.beside(X, self._parameters(X.dtype))
        step = partial(network.encode, parameters)
        n_components = self.components_.shape[0]
        code = place.apply(step, X, n_components, as_csr=self.sparse_output)
        return code if self.sparse_output else back(code)

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
        X, back = place_of(X).check_code(self, X)
        n_components, n_features = self.components_.shape
        if X.shape[1] != n_components:
            raise ValueError(
                f"X has {X.shape[1]} columns, but the code of this "
                f"{type(self).__name__} has {n_components}: inverse_transform takes "
                "what transform returns."
            )
        place = place_of(X)
        parameters = place.beside(X, self._parameters(X.dtype))
        step = partial(self._network.decode, parameters)
        return back(place.apply(step, X, n_features))

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
        X, sample_weight, _ = self._check_rows(X, sample_weight, method="score")
        _, variance = place_of(X).mean_and_variance(X, sample_weight)
        terms = self._terms(X, sample_weight)
        return explained_variance(terms.reconstruction, variance)

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
        X, sample_weight, _ = self._check_rows(X, sample_weight, method="objective")
        return self._terms(X, sample_weight).total

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

    def _check_rows(self, X, sample_weight, reset=False, method="fit"):
        """Rows and weights, checked, and the way back to the library of X."""
        return place_of(X).check_rows(self, X, sample_weight, reset, method)

    def _set_fitted(self, back, **attributes):
        """Set fitted attributes, arrays in the library of the training rows."""
        for name, value in attributes.items():
            setattr(self, name, back(value) if isinstance(value, np.ndarray) else value)

    def _forget_fit(self):
        """Remove what an earlier fit has left; its network and parameters, or None.

        A fit that fails or is interrupted then leaves an unfitted estimator, never
        one that mixes two fits.
        """
        previous = None
        if hasattr(self, "components_"):
            network = self._network
            previous = network, network.layout.flatten(self._parameters(np.float64))
        for name in list(vars(self)):
            fitted = name.endswith("_") and not name.startswith("_")
            if fitted and name not in ("n_features_in_", "feature_names_in_"):
                delattr(self, name)
        for name in ("_stream", "_moments"):
            self.__dict__.pop(name, None)
        return previous

    @property
    def _network(self):
        """The network as it was fitted, whatever the parameters have become since."""
        n_components, n_features = self.components_.shape
        return Network.from_names(
            Layout(n_features, n_components, self.tied_weights_),
            self.activation_,
            self.out_activation_,
            self.penalty_,
            self.engine,
        )

    def _set_up(self, X, sample_weight):
        """The problem that these rows pose to the parameters."""
        mean, variance = place_of(X).mean_and_variance(X, sample_weight)
        if not np.isfinite(variance):
            raise ValueError(
                "The variance of X overflows. Scale X, for instance with "
                "sklearn.preprocessing.StandardScaler or MinMaxScaler."
            )
        if self.corruption == "masking" and self.corruption_level >= 1:
            raise ValueError(
                f"corruption_level={self.corruption_level} with corruption='masking' "
                "is a probability and must be below 1."
            )
        n_features = X.shape[1]
        n_components = self.n_components or n_features
        penalty = self._make_penalty(variance, n_features, n_components)
        activation = self.activation
        if activation == "auto":
            activation = penalty.default_activation
        layout = Layout(n_features, n_components, self.tied_weights)
        network = Network.from_names(
            layout, activation, self.out_activation, penalty, self.engine
        )
        if type(penalty) not in PENALTIES.values():
            check_penalty(penalty, network.activation)
        scaling = Scaling(network, mean, variance)
        penalty.set_dictionary_unit(scaling.dictionary_unit)
        alpha = self.alpha
        if alpha == "scale":
            alpha = penalty.default_alpha * _share_of_decay(X, sample_weight)
        target = None
        if getattr(penalty, "beta", None) == "adaptive":
            penalty.beta = penalty.default_beta(scaling.value, n_features, n_components)
            target = SparsityTarget(penalty, X.shape[0])
        return Problem(network, scaling, X, sample_weight, alpha, target)

    def _make_penalty(self, variance, n_features, n_components):
        """The penalty object to train with, its parameters checked."""
        if isinstance(self.penalty, Penalty):
            penalty = clone(self.penalty)
            penalty._validate_params()
            return penalty
        beta = self.beta
        if beta == "scale":
            cls = PENALTIES[self.penalty]
            # Without variance any weight will do, as long as it is one.
            beta = cls.default_beta(variance or 1.0, n_features, n_components)
        return make_penalty(self.penalty, rho=self.rho, beta=beta)

    def _initial(self, problem, rng, previous, dtype):
        """Where to start; `previous` are the last fit's network and parameters."""
        theta = initial_parameters(problem.network, problem.scaling, rng, dtype)
        if not self.warm_start or previous is None:
            return theta
        network, start = previous
        if not network.shares_parameters_with(problem.network):
            raise ValueError(
                "warm_start=True needs the same n_features, n_components, "
                "tied_weights, activation and out_activation as in the last fit. Use "
                "warm_start=False to begin anew."
            )
        return start.astype(dtype, copy=False)

    def _train(self, X, sample_weight, previous, callbacks):
        """The fitted attributes after training on X."""
        rng = check_random_state(self.random_state)
        X, sample_weight = place_of(X).with_weight(X, sample_weight)
        X, sample_weight, held_out = self._hold_out(X, sample_weight, rng)
        problem = self._set_up(X, sample_weight)
        uses_lbfgs = self._uses_lbfgs(problem)
        train = train_lbfgs if uses_lbfgs else train_adam
        theta = self._initial(problem, rng, previous, X.dtype)
        attributes = partial(_attributes, problem, dtype=X.dtype)
        callbacks.attributes = attributes
        with place_of(X).Team() as team, self._explain_divergence():
            validation = self._validation(problem, held_out, team)
            monitor = Monitor(self.verbose, callbacks, validation)
            outcome = train(self, problem, theta, team=team, monitor=monitor, rng=rng)
            callbacks.end()
            theta = outcome.point if validation is None else validation.best_theta
            objective = problem.objective(team)
            reconstruction = objective.terms(theta).reconstruction
            level = objective.active_fraction
            if not (np.isfinite(theta).all() and np.isfinite(reconstruction)):
                raise Diverged("the parameters are not finite after the last iteration")
        if not outcome.converged:
            self._warn_not_converged()
        self._warn_if_digits_are_lost(problem)
        self._warn_if_nothing_is_explained(problem, reconstruction)
        self._warn_if_level_is_missed(problem, level)
        fitted = {
            **attributes(theta),
            "mean_activation_": objective.unit_means.astype(X.dtype),
            "loss_curve_": monitor.loss_curve,
            "loss_terms_": [tuple(terms) for terms in monitor.loss_terms],
            "n_iter_": outcome.n_iter,
        }
        if validation is not None:
            fitted["validation_scores_"] = validation.scores
            fitted["best_validation_score_"] = validation.best_score
        return fitted

    def _uses_lbfgs(self, problem):
        penalty = problem.network.penalty
        if not place_of(problem.X).HAS_MINI_BATCHES:
            if self.solver == "adam" or penalty.selects_jointly:
                raise ValueError(
                    "solver='adam' and penalty='batch_topk' need mini-batches, and "
                    "each one of a Dask array would wait for the workers. Use "
                    "solver='lbfgs' and another penalty, or fit on a sample of the "
                    "rows in memory."
                )
            return True
        if self.solver == "lbfgs" and penalty.selects_jointly:
            raise ValueError(
                "penalty='batch_topk' selects within mini-batches, which "
                "solver='lbfgs' has not. Use solver='adam'."
            )
        if self.solver != "auto":
            return self.solver == "lbfgs"
        is_small = (
            problem.X.shape[0] <= LBFGS_MAX_ROWS
            and problem.network.layout.size <= LBFGS_MAX_PARAMETERS
        )
        return is_small and not penalty.selects

    def _hold_out(self, X, sample_weight, rng):
        """Training rows, their weights, and the pair of both that is held out."""
        if not self.early_stopping:
            return X, sample_weight, None
        if X.shape[0] < 2:
            raise ValueError(
                "early_stopping=True holds out rows, which n_samples=1 (of positive "
                "weight) does not allow. Use early_stopping=False."
            )
        train, test = place_of(X).hold_out(
            X, sample_weight, self.validation_fraction, rng
        )
        return *train, test

    def _validation(self, problem, held_out, team):
        """What early stopping needs, or None."""
        if held_out is None:
            return None
        X, sample_weight = held_out
        _, variance = place_of(X).mean_and_variance(X, sample_weight)
        if variance == 0:
            raise ValueError(
                f"early_stopping=True has held out {X.shape[0]} row(s) without "
                "variance, on which nothing can be judged. Use a larger "
                f"validation_fraction than {self.validation_fraction}, or "
                "early_stopping=False."
            )
        problem = problem._replace(X=X, sample_weight=sample_weight)
        objective = problem.objective(team)

        def score(theta):
            return explained_variance(objective.terms(theta).reconstruction, variance)

        return Validation(score, self.tol, self.n_iter_no_change)

    def _open_stream(self, X, sample_weight):
        """The stream and the parameters that a partial fit goes on with."""
        state = getattr(self, "_stream", None)
        rng = check_random_state(self.random_state) if state is None else state["rng"]
        if not hasattr(self, "components_"):
            problem = self._set_up(X, sample_weight)
            theta = initial_parameters(problem.network, problem.scaling, rng, X.dtype)
            return Stream(problem, rng), theta
        # Copies, so that an interrupted call changes nothing; copying a random state
        # takes as long as a step.
        network = replace(self._network, penalty=deepcopy(self.penalty_))
        # Parameters that come from elsewhere have no rows of their own.
        moments = getattr(self, "_moments", None)
        if moments is None:
            moments = place_of(X).mean_and_variance(X, sample_weight)
        problem = Problem(network, Scaling(network, *moments), X, None, self.alpha_)
        theta = network.layout.flatten(self._parameters())
        stream = Stream(problem, rng)
        if state is not None:
            stream.resume(deepcopy(state, {id(rng): rng}))
        return stream, theta

    def _parameters(self, dtype=None):
        arrays = move_to(
            self.encoder_coef_,
            self.encoder_intercept_,
            self.components_,
            self.decoder_intercept_,
            xp=np,
            device="cpu",
        )
        if dtype is not None:
            arrays = (array.astype(dtype, copy=False) for array in arrays)
        return Parameters(*arrays)

    def _terms(self, X, sample_weight):
        """The terms of J on checked rows, at the fitted parameters."""
        problem = Problem(self._network, None, X, sample_weight, self.alpha_)
        theta = problem.network.layout.flatten(self._parameters(), dtype=X.dtype)
        with place_of(X).Team() as team:
            return problem.objective(team).terms(theta)

    @contextmanager
    def _explain_divergence(self):
        try:
            # Overflow on the way to divergence is reported once, by the error.
            with np.errstate(over="ignore", invalid="ignore"):
                yield
        except Diverged as error:
            raise ValueError(
                f"Training diverged: {error}. Scale X, for instance with "
                "sklearn.preprocessing.StandardScaler or MinMaxScaler, or, where "
                "solver is 'adam', lower "
                f"learning_rate_init={self.learning_rate_init}."
            ) from error

    def _warn_if_digits_are_lost(self, problem):
        X, mean, variance = problem.X, problem.scaling.mean, problem.scaling.variance
        cls = place_of(X).objective_class(problem.network, X)
        if not cls.subtracts_squares:
            return
        squares = float(mean @ mean)
        if np.finfo(X.dtype).eps * squares > LOST * variance > 0:
            warnings.warn(
                f"The rows are sparse and of dtype {X.dtype}, and the squares of the "
                f"columns' means sum to {squares / variance:.2g} times their "
                "variance: J and its gradient lose their digits in sums of such terms. "
                "Drop or scale columns that hardly vary, or use float64 or an array.",
                UserWarning,
                stacklevel=5,
            )

    def _warn_if_nothing_is_explained(self, problem, reconstruction):
        variance = problem.scaling.variance
        if 1 - explained_variance(reconstruction, variance) > 0.99 and variance > 0:
            spread, penalty = problem.scaling.spread, problem.network.penalty
            warnings.warn(
                "The reconstruction explains less than 1 % of the variance of X: the "
                f"decay alpha={problem.alpha:.2g} or the penalty {penalty} outweighs "
                "it, or training ended too early. The standard deviation of a column "
                f"is about {spread:.2g}; scale X, or lower alpha or beta.",
                UserWarning,
                stacklevel=5,
            )

    def _warn_if_level_is_missed(self, problem, level):
        if problem.target is None or problem.target.is_reached(level):
            return
        penalty = problem.network.penalty
        warnings.warn(
            f"beta='adaptive' was to make the fraction rho={penalty.rho} of the units "
            f"active on average, and has reached {level:.3g}, with beta_="
            f"{penalty.beta:.3g}. A larger max_iter may help, or another rho.",
            UserWarning,
            stacklevel=5,
        )

    def _warn_not_converged(self):
        warnings.warn(
            f"max_iter={self.max_iter} was reached before J fell by less than the "
            f"fraction tol={self.tol} per iteration (a hundredth of it, as long as "
            "hardly anything is explained). The result can be used; a larger max_iter "
            "may improve it, a larger tol ends training earlier.",
            ConvergenceWarning,
            stacklevel=5,  # past _train, fit and scikit-learn's wrapper of fit
        )


@contextmanager
def _unless_interrupted(rng):
    """Set a random state back where the context is left by an error."""
    state = rng.get_state(legacy=False)
    try:
        yield
    except BaseException:
        rng.set_state(state)
        raise


def _share_of_decay(X, sample_weight):
    """What alpha="scale" makes of the default, so that small X are not decayed away.

    A unit that writes a principal direction of variance v into the reconstruction gains
    v / 2 at most. A bounded unit needs encoder weights of the order of v^-1/2, whose
    decay costs in proportion to alpha / v.
    """
    variance = principal_variance(*place_of(X).sample(X, sample_weight, N_SAMPLED))
    return min(1.0, variance / SMALL_VARIANCE) ** 2


def check_autoencoder(estimator):
    """Raise TypeError unless it is a `SparseAutoencoder`, which must be fitted."""
    if not isinstance(estimator, SparseAutoencoder):
        raise TypeError(
            f"estimator={estimator!r} must be a SparseAutoencoder. Of a pipeline, pass "
            "that step."
        )
    check_is_fitted(estimator, "components_")


def _attributes(problem, theta, dtype):
    """The fitted attributes that `transform` and its like need."""
    network = problem.network
    parameters = network.layout.views(theta)
    encoder, b_e, decoder, b_d = (
        np.array(array, dtype=dtype, order="C") for array in parameters
    )
    return {
        "components_": decoder,
        "encoder_coef_": encoder,
        "encoder_intercept_": b_e,
        "decoder_intercept_": b_d,
        "activation_": network.activation.name,
        "out_activation_": network.out_activation.name,
        "tied_weights_": network.layout.tied_weights,
        "penalty_": network.penalty,
        "beta_": float(getattr(network.penalty, "beta", 0.0)),
        "alpha_": float(problem.alpha),
        "_moments": (problem.scaling.mean, problem.scaling.variance),
    }


def explained_variance(reconstruction, variance):
    """Fraction of a variance that a reconstruction term of J leaves unexplained, to 1.

    As for R2 in scikit-learn, without variance it is 1 or 0.
    """
    if variance == 0:
        return float(reconstruction == 0)
    return float(1 - 2 * reconstruction / variance)
