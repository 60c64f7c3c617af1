"""The estimator `SparseAutoencoder`."""

from numbers import Integral, Real

from sklearn import get_config
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ._advice import Advising
from ._fitted_methods import FittedMethods
from ._fitting._callbacks import FitCallbacks
from ._fitting._fit import fitted_by
from ._fitting._fitted import last_fit, replace_fit
from ._fitting._history import list_attribute
from ._fitting._messages import warn_if_digits_were_lost
from ._fitting._monitor import report
from ._fitting._partial_fit import partially_fitted_by, random_state_of
from ._fitting._settings import settings_of
from ._network._activations import ACTIVATIONS, OUT_ACTIVATIONS
from ._network._engines import ENGINES
from ._network._losses import LOSSES
from ._penalties import PENALTIES, Penalty
from ._rows._corruption import CORRUPTIONS
from ._sklearn import CallbackSupportMixin, Interval, StrOptions, _fit_context


class SparseAutoencoder(
    FittedMethods,
    CallbackSupportMixin,
    Advising,
    BaseEstimator,
):
    """Sparse autoencoder: a sparse, non-linear code of the rows of X.

    A neural network with one hidden layer learns to reconstruct each row of X from few
    active hidden units [1]_. With hidden activation f and output activation g,

    - the code is ``A = f(X W_e + b_e)``, given by :meth:`transform`,
    - the reconstruction is ``X_hat = g(A W_d + b_d)``, given by
      :meth:`inverse_transform`,

    and training minimises, with sample weights ``p_i`` normalised to sum to one,

    ``J = sum_i p_i 1/2 ||x_hat_i - x_i||^2 + alpha/2 (||W_e||^2 + ||W_d||^2)
    + sum_j psi(sum_i p_i phi(a_ij))``

    where the last term is the sparsity penalty, with psi and phi defined by `penalty`.
    For counts, and for zeros and ones, other losses can replace the squared error; see
    `loss`. Missing entries are left out of the sum; see `missing_values`.

    Parameters
    ----------
    n_components : int or None, default=100
        Number of hidden units. If None, it is ``n_features``.

    penalty : {"kl", "l1", "topk", "batch_topk", "jumprelu", "winner_take_all", \
"contractive"}, penalty object or None, default="kl"
        Sparsity penalty:

        - "kl": the Kullback-Leibler divergence between `rho` and each unit's mean
          activation, times `beta`. For logistic and tanh units.
        - "l1": the mean absolute activation of each unit, scaled to its contribution to
          the reconstruction, times `beta`. :class:`L1` also allows plain activations.
        - "topk": only the ``max(1, round(rho * n_components))`` largest activations of
          each row are kept, the others are set to zero [2]_. `beta` is the weight of an
          auxiliary term for "adam" that fits unused units to the residual of the
          others. :class:`TopK` has further parameters.
        - "batch_topk": like "topk", but for a whole mini-batch, so that the number of
          active units may differ between rows; see :class:`BatchTopK`.
        - "jumprelu": activations below a threshold, learned for each unit, are set to
          zero, such that a fraction `rho` of the units is active on average [6]_; see
          :class:`JumpReLU`.
        - "winner_take_all": each unit keeps its largest activations among the rows of
          a mini-batch; see :class:`WinnerTakeAll`.
        - "contractive": the mean squared norm of the Jacobian of the code with respect
          to the row, times `beta` [3]_.
        - None: no penalty. With fewer units than features, ``activation="identity"``,
          ``alpha=0`` and a small `tol` (1e-7), the code spans the subspace of PCA;
          training is fastest with ``tied_weights=True``.

        A penalty object such as :class:`KL` has its own `rho` and `beta`; those of the
        estimator are then ignored, with a warning if they are set.

    rho : float or "auto", default="auto"
        Sparsity level, in (0, 1). For "kl" it is the target mean activation of each
        unit; for "topk", "batch_topk" and "jumprelu", and for "l1" with
        ``beta="adaptive"``, the fraction of active units; for "winner_take_all" the
        fraction of rows in which each unit is active. Other penalties do not use it,
        nor does "jumprelu" if `beta` is a number.

        "auto" is the larger of ``n_components / n_rows``, with the number of distinct
        rows, and ``3 / n_components``, but at least 0.05 and at most 0.5. A unit is
        then active in at least as many rows as there are units; with fewer, units
        memorise single rows. And about three units are active in a row; with one, a
        code only says to which cluster a row belongs. `partial_fit` assumes many rows.
        The value used is ``penalty_.rho``.

    beta : float, "scale" or "adaptive", default="scale"
        Weight of the sparsity penalty. The value used is stored in `beta_`.

        - "scale" depends on the total variance V of X and the number K of units, so
          that the trade-off between sparsity and explained variance does not depend on
          the scale of X. It is 10 V / K for "kl", 0.06 sqrt(V / K) for "l1", and V /
          K times the mean variance of a column for "contractive", whose Jacobian
          scales with 1 / X. For "jumprelu" it is "adaptive".

          With fewer units than the effective rank r of X, estimated from 500 rows,
          no code is both sparse and nearly complete. For "kl", unless `rho` is a
          number, and for "l1", "scale" then falls from its value for K = r to a
          hundredth and a tenth of it for K = 2 r / 3, as a power of K, and the code
          is less sparse.
        - "adaptive", only for rectified units with "l1" and "jumprelu": the weight is
          adjusted during training until the fraction `rho` of the units is active on
          average. A warning is issued if this fraction is missed by more than 5 %.

    alpha : float, (float, float) or "scale", default="scale"
        Weight of the decay of both weight matrices, or a pair with the weight for the
        encoder and that for the decoder. Intercepts are not decayed. The effect of a
        given number depends on the scale of X: encoder weights are in units of 1 / X.

        "scale" is ``(0.02 P^2, 0.001)``, where P is the mean of the variances along the
        principal directions of X, weighted by themselves; with few units and an
        identity output, the first is ``0.02 P min(2 V / K, 40 P)`` if that is larger.
        The code then does not depend on the scale of X, and pre-activations are in the
        range in which a unit is neither linear nor a step. For rectified and identity
        units it is 0.0045 P for both matrices, with tied weights at most 0.001; for
        "topk", "batch_topk", "jumprelu" and "winner_take_all" a twentieth of it. With a
        logistic output, the decoder's is divided by 16. The values used are stored in
        `alpha_`.

        With logistic or tanh units, "scale" also adds ``1/2 ||D W_e||^2`` to J, with D
        = `decay_directions_`, where a code can represent all directions of X: with more
        than one unit for each two directions (of a variance above a tenth of a column's
        on average), or fewer than 20 distinct rows per unit (per column, if there are
        fewer columns than units). The encoder's decay is then proportional to a power
        of the variance along each direction, which grows to 1 with a unit for each
        direction, or two rows per unit; with few rows of many more columns, to 1.5. It
        is smaller if `rho` is less than "auto" gives, or entries are missing. With
        equal decay, directions of small variance would be left out, along which classes
        can differ as well.

    activation : {"auto", "logistic", "tanh", "relu", "identity"}, default="auto"
        Activation function of the hidden units. "auto" is "relu" for "l1", "topk",
        "batch_topk", "jumprelu" and "winner_take_all", "logistic" otherwise.

    loss : {"squared_error", "log_loss", "poisson"}, default="squared_error"
        What training minimises for each entry x and its reconstruction m:

        - "squared_error": ``1/2 (m - x)^2``.
        - "log_loss": ``x log(x / m) + (1 - x) log((1 - x) / (1 - m))``, for zeros and
          ones, where it is the cross-entropy, and for values in between. Needs a
          logistic output.
        - "poisson": ``x log(x / m) - x + m``, half the Poisson deviance [8]_, for
          counts. Needs an exponential output, by which units multiply rates; the
          encoder sees ``log(1 + x)``.

        Rows for which the loss is not defined raise an error. `score` is the fraction
        of this loss that is explained. In the defaults of `beta` and `alpha`, the
        deviance of X replaces its variance. The last two losses take longer, since
        the decoder is searched for, too: small tables of counts may need a larger
        `max_iter` or ``solver="lbfgs"``. Sparse X is made dense in blocks of rows.

    out_activation : {"auto", "identity", "logistic", "exponential"}, default="auto"
        Activation function of the output. "auto" follows `loss`: "identity" for
        "squared_error", "logistic" for "log_loss", "exponential" for "poisson".
        "logistic" can also be used with "squared_error", if X is in [0, 1]; other
        training rows raise an error.

    tied_weights : bool, default=False
        Whether ``W_d`` is the transpose of ``W_e``. The decay then counts it twice.
        With bounded units, the code then depends on the scale of X, whose standard
        deviation should be about one.

    matryoshka_widths : {"auto"}, array-like of int or None, default=None
        Numbers of units of nested reconstructions [7]_: the error in J is the mean
        over reconstructions from the first m units only, for each of these m and for
        all units. The first units then represent what is most general, the others
        details. "auto" is a half, a quarter, an eighth and a sixteenth of
        `n_components`. For any penalty; `transform`, `score` and `score_samples` use
        all units.

    sparse_output : bool, default=False
        Whether `transform` returns a CSR matrix instead of an array. Saves memory if
        most activations are exactly zero: with "topk", "batch_topk", "jumprelu",
        "winner_take_all" and a strong "l1". Linear models and further autoencoders
        accept it as input.

    corruption : {"masking", "gaussian"} or None, default=None
        Noise on the input of the encoder in training. The reconstruction is compared
        with the rows without noise [4]_. "adam" draws new noise for each batch, "lbfgs"
        draws it once, since it needs a fixed objective. `transform`, `score` and
        `objective` use no noise.

        Constant columns get no noise.

        - "masking": each entry is set to zero with probability `corruption_level`, or,
          with ``missing_values=np.nan``, to the mean of its column.
        - "gaussian": normal noise with standard deviation `corruption_level` is added
          to X, or with ``loss="poisson"`` to ``log(1 + X)``. Not for sparse matrices.

    corruption_level : float, default=0.3
        Amount of noise. Not used if `corruption` is None.

    missing_values : np.nan or None, default=None
        With np.nan, NaN and pandas' NA in X are missing entries, also among the stored
        entries of a sparse matrix. They are left out of the loss, and the encoder sees
        `missing_fill` in their place; `impute` replaces them by their reconstruction.
        A row without any observed entry is encoded as the mean row; a column without
        any raises an error in `fit`. With None, NaN raises an error.

    missing_fill : {"auto", "mean", "reconstruction"}, default="auto"
        What the encoder sees in place of missing entries, in training and in
        `transform`. Only with ``missing_values=np.nan``.

        - "mean": the mean of the observed entries of the column, `mean_`. With missing
          entries, "lbfgs" then searches for the decoder too, and sparse X is made
          dense in blocks of rows.
        - "reconstruction": their reconstruction, which is better if columns depend on
          each other. Training alternates with reconstruction, as in
          expectation-maximisation [9]_. `transform` starts from the means, and
          reconstructs the missing entries of a row as long as the reconstruction of
          its observed entries improves, at most ten times.
        - "auto": "reconstruction", but "mean" with ``corruption="masking"``, for
          Dask arrays and with ``loss="log_loss"``: zeros and ones say little about a
          probability, and training by turns confirms wrong reconstructions.

    solver : {"auto", "lbfgs", "adam"}, default="auto"
        - "lbfgs": L-BFGS over all rows. With the squared error, an identity output, no
          tied weights and no missing entries, it searches for the encoder only, and
          computes the best decoder for each encoder by ridge regression [5]_.
        - "adam": Adam with mini-batches, for many rows. Where "lbfgs" would search for
          the encoder only, so does "adam", with the best decoder for the latest rows,
          if no units are selected and there are at most five million parameters (two
          million for sparse X, half a million on a device) and 3200 units. The
          learning rate is constant until J has converged within `tol` or half of
          `max_iter` has passed, and then decreases linearly to zero.
        - "auto": "adam" for more than 100000 rows, or for more than 20000 in memory
          where it searches for the encoder only and rows x columns x units are more
          than four billion (of sparse X, six times non-zeros x units; fewer rows, in
          proportion, with more than 256 units and more than four for each column); for
          more than five million parameters; for "topk", "batch_topk", "jumprelu" and
          "winner_take_all", whose objective is not smooth; and for ``loss="poisson"``,
          where "lbfgs" is faster and ends at a lower J, but may fit a few large counts.
          Otherwise "lbfgs", and always for Dask arrays.

    max_iter : int, default=200
        Maximum number of iterations ("lbfgs") or epochs ("adam").

    tol : float, default=0.001
        Tolerance of convergence. "lbfgs" stops when J decreases by less than this
        fraction (of J, or of a tenth of the variance if J is smaller) per iteration,
        over the last `n_iter_no_change` iterations, or by less than a hundredth of it
        while less than 5 % of the variance is explained; "adam" begins to decrease the
        learning rate when J decreases by less than 2.5 times the fraction per epoch or,
        where it searches for the encoder only, by less than the fraction per 25 steps.
        With early stopping, it is the least improvement of the score.

    batch_size : int or "auto", default="auto"
        Number of rows in a mini-batch of "adam". "auto" is a sixteenth of the rows, but
        at least 64 and at most 256 (4096 for sparse X with an identity output, where
        the time of a step hardly depends on it). Not used by "lbfgs".

    learning_rate_init : float, default=0.003
        Initial learning rate of "adam" for columns of unit variance; steps are scaled
        with the variance of X. Not used by "lbfgs".

    early_stopping : bool, default=False
        Whether to hold out validation rows, to stop when :meth:`score` on them no
        longer improves, and to keep the parameters with the best score.

    validation_fraction : float, default=0.1
        Fraction of the rows that are held out for early stopping.

    n_iter_no_change : int, default=5
        Number of iterations or epochs, or of 25 steps each, over which `tol` is
        applied.

    warm_start : bool, default=False
        Whether `fit` starts from the parameters of the previous fit.

    engine : {"numba"} or None, default=None
        What computes activations and updates between matrix products. None is NumPy,
        or the array library of X on a device; "numba" is loops compiled by Numba, with
        which an epoch of "adam" takes some 15 % less time. Results differ by rounding
        only. "numba" needs ``pip install "skl-sparse-ae[numba]"``.

    verbose : int, default=0
        With n > 0, J is printed at every n-th iteration; with 0, nothing is printed.

    random_state : int, RandomState instance or None, default=None
        Determines the initial weights, the order of rows, the validation split and the
        corruption.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        The dictionary ``W_d``: the contribution of each unit to the reconstruction.

    encoder_coef_ : ndarray of shape (n_features, n_components)
        The encoder weights ``W_e``.

    encoder_intercept_ : ndarray of shape (n_components,)
        The encoder intercepts ``b_e``.

    decoder_intercept_ : ndarray of shape (n_features,)
        The decoder intercepts ``b_d``.

    mean_activation_ : ndarray of shape (n_components,)
        Mean of phi over the training rows: the mean activation of each unit (mapped
        to (0, 1) for "kl", absolute for "l1"; for "jumprelu", the fraction of rows in
        which it is active). After `partial_fit`, a running mean.

    activation_ : str
        The activation of the hidden units.

    out_activation_ : str
        The activation of the output.

    loss_ : str
        The loss.

    mean_ : ndarray of shape (n_features,)
        The mean of the observed entries of each column. Only with
        ``missing_values=np.nan``.

    missing_fill_ : str
        The value of `missing_fill` used, "mean" or "reconstruction". Only with
        ``missing_values=np.nan``.

    tied_weights_ : bool
        Whether `components_` is the transpose of `encoder_coef_`.

    matryoshka_widths_ : tuple of int or None
        The numbers of units of the reconstructions in J; the last is `n_components`.

    penalty_ : penalty object
        The penalty, with the values of `rho` and `beta` used.

    alpha_ : tuple of (float, float)
        The weights of the decay used, for the encoder and for the decoder.

    decay_directions_ : ndarray of shape (n_directions, n_features) or None
        D in the decay; see `alpha`. None if there is no such term.

    beta_ : float
        The weight of the penalty used; 0 if there is none.

    loss_curve_ : list of float
        J after each iteration; with "adam", the mean of J over the epoch's batches.

    loss_terms_ : list of (reconstruction, decay, sparsity)
        The three terms of each value of `loss_curve_`, as tuples of floats.

    n_iter_ : int
        Number of iterations or epochs.

    validation_scores_ : list of float
        Score on the held-out rows after each iteration. Only with early stopping.

    best_validation_score_ : float
        The score of the parameters that are kept: the largest of `validation_scores_`
        after the requested sparsity was reached. Only with early stopping.

    n_features_in_ : int
        Number of features seen during fit.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during fit, when they are all strings.

    See Also
    --------
    sklearn.decomposition.PCA : Linear components of largest variance. Much faster, and
        preferable if the code need not be sparse or non-linear.
    sklearn.decomposition.MiniBatchDictionaryLearning : Sparse codes by solving an
        optimisation problem for each row rather than by an encoder.
    sklearn.neural_network.BernoulliRBM : Feature learning with one hidden layer.

    Notes
    -----
    Fitted estimators can be saved with joblib, pickle and skops. Files of skops execute
    no code when they are loaded; pass the class of the estimator and that of `penalty_`
    as trusted: ``skops.io.load(path, trusted=[SparseAutoencoder, KL])``. For
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
    .. [5] G. Golub, V. Pereyra, "Separable nonlinear least squares: the variable
       projection method and its applications", Inverse Problems 19, 2003.
    .. [6] S. Rajamanoharan et al., "Jumping Ahead: Improving Reconstruction Fidelity
       with JumpReLU Sparse Autoencoders", arXiv:2407.14435, 2024.
    .. [7] B. Bussmann, N. Nabeshima, A. Karvonen, N. Nanda, "Learning Multi-Level
       Features with Matryoshka Sparse Autoencoders", arXiv:2503.17547, 2025.
    .. [8] P. McCullagh, J. A. Nelder, "Generalized Linear Models", 2nd edition, 1989.
    .. [9] A. P. Dempster, N. M. Laird, D. B. Rubin, "Maximum Likelihood from Incomplete
       Data via the EM Algorithm", Journal of the Royal Statistical Society B 39, 1977.

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
        "rho": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="neither")],
        "beta": [
            StrOptions({"scale", "adaptive"}),
            Interval(Real, 0, None, closed="left"),
        ],
        "alpha": [
            StrOptions({"scale"}),
            Interval(Real, 0, None, closed="left"),
            tuple,
            list,
        ],
        "activation": [StrOptions({"auto", *ACTIVATIONS})],
        "loss": [StrOptions(set(LOSSES))],
        "out_activation": [StrOptions({"auto", *OUT_ACTIVATIONS})],
        "tied_weights": ["boolean"],
        "matryoshka_widths": [StrOptions({"auto"}), "array-like", None],
        "sparse_output": ["boolean"],
        "corruption": [StrOptions(set(CORRUPTIONS)), None],
        "corruption_level": [Interval(Real, 0, None, closed="left")],
        "missing_values": ["nan", None],
        "missing_fill": [StrOptions({"auto", "mean", "reconstruction"})],
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

    # Of subclasses without these parameters, and of estimators saved before them.
    loss, missing_values, missing_fill = "squared_error", None, "auto"
    #: Whether rows are images, of which all columns have the same unit.
    _takes_images = False

    # For files of versions without the parameter, and for images.
    matryoshka_widths = None
    # As long as the number of calls of partial_fit, and thus only made when read.
    loss_curve_ = list_attribute("loss_curve_")
    loss_terms_ = list_attribute("loss_terms_")

    def __init__(
        self,
        n_components=100,
        *,
        penalty="kl",
        rho="auto",
        beta="scale",
        alpha="scale",
        activation="auto",
        loss="squared_error",
        out_activation="auto",
        tied_weights=False,
        matryoshka_widths=None,
        sparse_output=False,
        corruption=None,
        corruption_level=0.3,
        missing_values=None,
        missing_fill="auto",
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
        self.n_components = n_components
        self.penalty = penalty
        self.rho = rho
        self.beta = beta
        self.alpha = alpha
        self.activation = activation
        self.loss = loss
        self.out_activation = out_activation
        self.tied_weights = tied_weights
        self.matryoshka_widths = matryoshka_widths
        self.sparse_output = sparse_output
        self.corruption = corruption
        self.corruption_level = corruption_level
        self.missing_values = missing_values
        self.missing_fill = missing_fill
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
        """Fit the model to X.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array} of shape (n_samples, n_features)
            Training rows. Sparse matrices are converted to CSR. The blocks of a Dask
            array stay in the workers' memory; only parameters and sums are transferred.

        y : Ignored
            Not used, present for API consistency.

        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the rows. Only their ratios matter.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If the data or a combination of parameters is invalid, or if training
            diverges.
        """
        rows = self._check_rows(X, sample_weight, method="fit", reset=True)
        previous = last_fit(self) if self.warm_start else None
        context = self._init_callback_context(max_subtasks=self.max_iter)
        call = {
            "estimator": self,
            "X": rows.X,
            "y": y,
            "metadata": {"sample_weight": rows.sample_weight},
        }
        context.call_on_fit_task_begin(**call)
        callbacks = FitCallbacks(context, call)
        attributes = fitted_by(settings_of(self), rows, previous, callbacks)
        replace_fit(self, rows, attributes)
        context.call_on_fit_task_end(reconstruction_attributes={}, **call)
        return self

    # Otherwise scikit-learn's setting could not be read inside.
    @_fit_context(prefer_skip_nested_validation=False)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Train for one pass over X with mini-batches of "adam".

        Without an earlier `fit`, the first call determines the initial parameters and
        the scale of the data from its rows, which should therefore be typical and must
        not all be equal. It also fixes the network, the penalty and the decay for all
        further calls. The learning rate is always `learning_rate_init`; a lower value,
        set with `set_params` for the last calls, gives a more accurate result.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows.

        y : Ignored
            Not used, present for API consistency.

        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the rows. Only their ratios within a call matter.

        Returns
        -------
        self : object
            The updated estimator.

        Raises
        ------
        ValueError
            As in `fit`.
        """
        is_first = not hasattr(self, "components_")
        if not (is_first or get_config()["skip_parameter_validation"]):
            self._validate_params()  # which scikit-learn leaves to the first call
        rows = self._check_rows(X, sample_weight, method="partial_fit", reset=is_first)
        with random_state_of(self) as rng:
            attributes = partially_fitted_by(self, rows, rng)
            replace_fit(self, rows, attributes)
        # Under the wrapper of scikit-learn.
        warn_if_digits_were_lost(self, rows.dtype, stacklevel=4)
        values, n_values = attributes["_loss_curve"]
        report(self.verbose, self.n_iter_, values[n_values - 1])
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = self.missing_values is not None
        # Loops compiled by Numba need arrays in the memory of the CPU.
        tags.array_api_support = self.engine is None
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _convolution_of(self, n_features):
        """Return the geometry of a convolution; None for rows."""
        del n_features
        return None

    def _trains_on_patches(self):
        """Whether `fit` draws patches of images."""
        return False


def check_autoencoder(estimator):
    """Raise an error if the argument is not a fitted `SparseAutoencoder`."""
    if not isinstance(estimator, SparseAutoencoder):
        raise TypeError(
            f"estimator={estimator!r} must be a SparseAutoencoder. Of a pipeline, pass "
            "that step."
        )
    check_is_fitted(estimator, "components_")
    if hasattr(estimator, "image_shape_"):
        raise TypeError(
            f"A {type(estimator).__name__} has kernels for weights, which the formats "
            "of autoencoders of rows cannot hold. Use pickle or joblib."
        )
