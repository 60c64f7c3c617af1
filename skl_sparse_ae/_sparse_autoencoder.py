"""The estimator: parameters, validation, fit, transform and score."""

import warnings
from numbers import Integral, Real

import numpy as np
from sklearn import get_config
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.callback import CallbackSupportMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from ._activations import ACTIVATIONS, OUT_ACTIVATIONS
from ._batches import MiniBatches, RunningMeans
from ._blocks import Team
from ._moments import mean_and_variance
from ._monitor import FitCallbacks, Monitor, Validation
from ._network import Network, map_rows
from ._objective import Objective
from ._parameters import Layout, Parameters, initial_parameters
from ._penalties import PENALTIES, Penalty, make_penalty
from ._scaling import Scaling
from ._sklearn import _check_sample_weight, _fit_context
from ._solvers import Adam, Diverged, minimize_adam, minimize_lbfgs

EXP = dict(beta_scale=1.0, lbfgs_rows=10000)


class SparseAutoencoder(
    ClassNamePrefixFeaturesOutMixin,
    CallbackSupportMixin,
    TransformerMixin,
    BaseEstimator,
):
    _parameter_constraints = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "penalty": [StrOptions({p for p in PENALTIES if p}), Penalty, None],
        "rho": [Interval(Real, 0, 1, closed="neither")],
        "beta": [Interval(Real, 0, None, closed="left"), StrOptions({"scale"})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "activation": [StrOptions({"auto", *ACTIVATIONS})],
        "out_activation": [StrOptions(set(OUT_ACTIVATIONS))],
        "tied_weights": ["boolean"],
        "solver": [StrOptions({"auto", "lbfgs", "adam"})],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "warm_start": ["boolean"],
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
        alpha=1e-4,
        activation="auto",
        out_activation="identity",
        tied_weights=False,
        solver="auto",
        max_iter=200,
        tol=1e-4,
        batch_size="auto",
        learning_rate_init=1e-3,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        warm_start=False,
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
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None):
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], order="C")
        w = None
        if sample_weight is not None:
            w = _check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
        rng = check_random_state(self.random_state)
        mean, var = mean_and_variance(X, w)
        K = self.n_components or X.shape[1]
        beta = self.beta
        if beta == "scale":
            beta = EXP["beta_scale"] * var / K
        self.beta_ = beta
        pen = self.penalty if isinstance(self.penalty, Penalty) else make_penalty(self.penalty, rho=self.rho, beta=beta)
        act = pen.default_activation if self.activation == "auto" else self.activation
        net = Network.from_names(Layout(X.shape[1], K, self.tied_weights), act, self.out_activation, pen)
        self._network = net
        scaling = Scaling(net, mean, var)
        theta = initial_parameters(net, mean, scaling.spread, rng, np.float64)
        solver = self.solver
        if solver == "auto":
            solver = "lbfgs" if X.shape[0] <= EXP["lbfgs_rows"] else "adam"
        with Team() as team:
            if solver == "lbfgs":
                obj = Objective(net, self.alpha, team=team, dtype=X.dtype, memory_budget=get_config()["working_memory"]*2**20).use_rows(X, w)
                mon = Monitor(report=self._report, callbacks=None, validation=None, to_theta=scaling.from_solver, to_value=lambda v: v*scaling.value)
                out = minimize_lbfgs(scaling.wrap(obj.value_and_grad), scaling.to_solver(theta), max_iter=self.max_iter, tol=self.tol, precision=np.finfo(X.dtype).eps*EXP.get("prec",1), monitor=mon)
                theta = scaling.from_solver(out.point)
            else:
                obj = Objective(net, self.alpha, team=team, dtype=X.dtype, blend_means=RunningMeans(EXP.get("horizon",100)))
                mon = Monitor(report=self._report, callbacks=None, validation=None, to_theta=lambda t: t, to_value=lambda v: v)
                bs = 256 if self.batch_size == "auto" else self.batch_size
                theta = theta.astype(X.dtype)
                adam = Adam(theta.size, X.dtype, [(g, u, 1e-8*scaling.value/u) for g, u in scaling.groups])
                out = minimize_adam(obj.value_and_grad, MiniBatches(obj, X, w, min(bs, X.shape[0]), rng), theta, adam, team=team, learning_rate=self.learning_rate_init, max_iter=self.max_iter, tol=self.tol, n_iter_no_change=self.n_iter_no_change, monitor=mon)
        self.n_iter_ = out.n_iter
        self.outcome_ = out
        self.loss_curve_ = mon.loss_curve
        self.theta_ = theta
        self.par_ = Parameters(*(np.array(a, dtype=X.dtype, order="C") for a in net.layout.views(theta)))
        self.components_ = self.par_.components
        return self

    def _report(self, i, v):
        if self.verbose: print(i, v)

    def transform(self, X):
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False, order="C")
        out = np.empty((X.shape[0], self.par_.encoder_coef.shape[1]), X.dtype)
        with Team() as team:
            return map_rows(self._network.encode, self.par_, X, out, team)

    def terms(self, X):
        with Team() as team:
            o = Objective(self._network, self.alpha, team=team, dtype=X.dtype).use_rows(X)
            t = o.terms(self.theta_); self.means_ = o.unit_means
            return t

    def score(self, X, y=None, sample_weight=None):
        X = np.asarray(X)
        return 1 - 2*self.terms(X).reconstruction / mean_and_variance(X)[1]

    @property
    def _n_features_out(self):
        return self.components_.shape[0]
