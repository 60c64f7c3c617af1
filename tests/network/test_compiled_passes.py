"""Compiled loops against formulas, finite differences and other libraries."""

import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

pytest.importorskip("numba")

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae._network import _compiled_passes
from skl_sparse_ae._network._activations import ACTIVATIONS, OUT_ACTIVATIONS
from skl_sparse_ae._network._compiled_passes import CompiledPasses
from skl_sparse_ae._network._losses import SquaredError
from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout
from skl_sparse_ae._network._passes import Passes
from skl_sparse_ae._objective._dense import DenseObjective
from skl_sparse_ae._objective._sums import finish_delta
from skl_sparse_ae._penalties._registry import make_penalty
from skl_sparse_ae._solvers._adam import Adam

from .. import numeric
from ..array_api import run_in_array_api_mode
from ..objective.test_objective import CASES, direct_value, make_rows
from .test_activations import FORMULAS

short = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
DTYPES = [np.float32, np.float64]
COMPILED = [name for name in ACTIVATIONS if name in _compiled_passes.FUNCTIONS]


def make_passes(activation="logistic", out_activation="identity"):
    units, outputs = ACTIVATIONS[activation](), OUT_ACTIVATIONS[out_activation]()
    return CompiledPasses(units, SquaredError(outputs))


def make_short(n_components=8, **parameters):
    parameters = {"max_iter": 5, "random_state": 0, "engine": "numba", **parameters}
    return SparseAutoencoder(n_components, **parameters)


# Formulas


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_has_compiled_formulas(name):
    assert name in _compiled_passes.FUNCTIONS, (
        f'engine="numba" has no formulas for the activation {name!r}. Add it and its '
        "derivative to FUNCTIONS in skl_sparse_ae/_network/_compiled_passes.py."
    )


@pytest.mark.parametrize("name", COMPILED)
@pytest.mark.parametrize("dtype", DTYPES)
def test_activations_are_the_formulas_to_the_last_digits(name, dtype, rng):
    far = 80 if dtype == np.float32 else 700
    z = np.concatenate(
        [
            rng.uniform(-3, 3, 500),
            rng.uniform(-far, far, 500),
            np.logspace(-30, 0, 100),
            -np.logspace(-30, 0, 100),
            [0, 1e30, -1e30],
        ]
    ).astype(dtype)
    expected = FORMULAS[name](z.astype(np.float64))
    intercept = np.array([0.0, 1.5, -0.25], dtype=dtype)
    a = np.repeat(z[:, None], 3, axis=1)
    make_passes(name).activate(a, intercept)
    assert a.dtype == dtype
    assert_allclose(a[:, 0], expected, rtol=2 * np.finfo(dtype).eps, atol=1e-37)
    shifted = FORMULAS[name]((z[:, None] + intercept).astype(np.float64))
    assert_allclose(a, shifted, rtol=2 * np.finfo(dtype).eps, atol=1e-37)


@pytest.mark.parametrize("name", ["logistic", "tanh"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_pre_activations_beyond_the_range_of_the_exponential(name, dtype):
    z = np.array([[-np.finfo(dtype).max, np.finfo(dtype).max]], dtype=dtype)
    make_passes(name).activate(z, np.zeros(2, dtype))
    assert_allclose(z[0], ACTIVATIONS[name].range, atol=2 * np.finfo(dtype).tiny)


@pytest.mark.parametrize("name", COMPILED)
def test_slopes_agree_with_differences(name, rng):
    passes = make_passes(name)
    z = np.concatenate([np.linspace(-4, -0.1, 20), np.linspace(0.1, 4, 20)])[:, None]

    def applied(z):
        a = z.copy()
        passes.activate(a, np.zeros(1))
        return a

    delta = rng.normal(size=z.shape)
    expected = delta * numeric.derivative(applied, z)
    passes.pull_back(delta, applied(z), None, None)
    assert_allclose(delta, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("penalty", "activation", "out", "tied", "weighted", "csr"),
    [case for case in CASES if case[1] in COMPILED],
)
def test_value_and_gradient(penalty, activation, out, tied, weighted, csr, rng, team):
    penalty = make_penalty(penalty, rho=0.4, beta=0.7)
    network = Network.from_names(Layout(6, 5, tied), activation, out, penalty, "numba")
    X, weights = make_rows(rng, weighted, csr)
    objective = DenseObjective(network, 0.1, team=team, dtype=float)
    theta = rng.normal(size=network.layout.size)
    value, gradient = objective.use_rows(X, weights).value_and_grad(theta)
    dense = X.toarray() if csr else X

    def direct(theta):
        return direct_value(network, 0.1, dense, weights, theta)

    assert_allclose(value, direct(theta), rtol=1e-12)
    assert_allclose(objective.terms(theta).total, value, rtol=1e-12)
    assert numeric.relative_error(gradient, numeric.gradient(direct, theta)) < 1e-6


@pytest.mark.parametrize("units", ["one", "two in one piece", "two"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_adam_is_pytorchs(units, dtype, rng, team, monkeypatch):
    torch = pytest.importorskip("torch")
    if units == "two":
        monkeypatch.setattr("skl_sparse_ae._solvers._adam.SHORT", 0)
    groups = [(slice(0, 20), 1.0, 1.0), (slice(20, 50), 1.0, 1.0)]
    if units == "one":
        groups = [(slice(0, 50), 1.0, 1.0)]
    start, target = rng.normal(size=(2, 50)).astype(dtype)
    theirs = torch.tensor(start, requires_grad=True)
    optimizer = torch.optim.Adam([theirs], lr=0.01, eps=1e-8)
    ours, adam = start.copy(), Adam(groups, CompiledPasses.adam_step)
    for _ in range(30):
        optimizer.zero_grad()
        ((theirs - torch.tensor(target)) ** 4).sum().backward()
        optimizer.step()
        adam.step(ours, 4 * (ours - target) ** 3, 0.01, team)
    rtol = 1e-10 if dtype == np.float64 else 1e-4
    assert_allclose(ours, theirs.detach().numpy(), rtol=rtol)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_sums", [1, 3])
def test_a_gradient_is_finished_as_by_numpy(n_sums, dtype, rng):
    sums = list(rng.normal(size=(n_sums, 7, 5)).astype(dtype))
    weights = rng.normal(size=(7, 5)).astype(dtype)
    out = np.empty((7, 5), dtype)
    squares = make_passes().finish_gradient(sums, 0.3, 0.02, weights, out)
    assert_allclose(out, 0.3 * sum(sums) + 0.02 * weights, rtol=1e-5, atol=1e-6)
    assert squares == pytest.approx((weights.astype(float) ** 2).sum(), rel=1e-6)


def test_a_slope_that_differs_from_row_to_row(rng):
    """The derivative of phi is not constant, and the rows have weights."""
    code, delta = rng.uniform(size=(2, 9, 5))
    slope, weights = rng.normal(size=5), rng.uniform(size=9)
    penalty = make_penalty("contractive", rho=0.1, beta=1.0)
    results = []
    for engine in (None, "numba"):
        network = Network.from_names(
            Layout(3, 5), "logistic", "identity", penalty, engine
        )
        result = delta.copy()
        finish_delta(network, result, code, slope, weights)
        results.append(result)
    assert_allclose(results[1], results[0], rtol=1e-13)


# The estimator


@short
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
def test_the_engines_agree(make, solver, dtype, digits):
    X = make(digits[:300].astype(dtype))
    fits = [make_short(solver=solver, engine=e).fit(X) for e in (None, "numba")]
    rtol = 1e-9 if dtype == np.float64 else 1e-3
    assert_allclose(fits[1].loss_curve_, fits[0].loss_curve_, rtol=rtol)
    assert_allclose(fits[1].transform(X), fits[0].transform(X), rtol=100 * rtol)
    code = fits[0].transform(X)
    assert_allclose(
        fits[1].inverse_transform(code),
        fits[0].inverse_transform(code),
        rtol=100 * rtol,
        atol=rtol,
    )
    assert fits[1].components_.dtype == dtype
    assert fits[1].score(X) == pytest.approx(fits[0].score(X), rel=100 * rtol)


def test_batches_agree_and_weights_count(digits):
    X, weights = digits[:300], np.arange(300) % 3
    streams = [make_short(engine=engine) for engine in (None, "numba")]
    for stream in streams:
        for _ in range(3):
            stream.partial_fit(X, sample_weight=weights)
    for name in ("components_", "encoder_coef_", "mean_activation_"):
        ours, theirs = (getattr(stream, name) for stream in streams)
        assert_allclose(theirs, ours, rtol=1e-8, atol=1e-10)


@short
def test_the_same_seed_gives_the_same_bits(digits):
    fits = [make_short(solver=s).fit(digits) for s in ("lbfgs", "adam") for _ in "12"]
    assert_array_equal(fits[1].components_, fits[0].components_)
    assert_array_equal(fits[3].components_, fits[2].components_)


@short
def test_rows_that_may_not_be_written_to(digits, tmp_path):
    joblib.dump(digits, tmp_path / "rows")
    rows = joblib.load(tmp_path / "rows", mmap_mode="r")
    assert not rows.flags.writeable
    fitted = make_short().fit(rows)
    assert_array_equal(fitted.transform(rows), make_short().fit_transform(digits))


@short
def test_rows_in_a_dask_array(digits):
    da = pytest.importorskip("dask.array")
    rows = da.from_array(digits, chunks=(500, 64))
    fits = [make_short(engine=engine).fit(rows) for engine in (None, "numba")]
    code = fits[1].transform(rows).compute()
    assert_allclose(code, fits[0].transform(digits), rtol=1e-7)


@short
def test_a_pickle_has_nothing_compiled(digits):
    fitted = make_short(solver="adam").fit(digits).partial_fit(digits)
    saved = pickle.dumps(fitted)
    assert b"compiled" not in saved
    restored = pickle.loads(saved)
    assert_array_equal(restored.transform(digits), fitted.transform(digits))


def test_a_network_travels_to_other_processes():
    network = Network.from_names(
        Layout(3, 5), "tanh", "logistic", make_penalty(None, rho=0.1, beta=0), "numba"
    )
    passes = pickle.loads(pickle.dumps(network)).passes
    assert isinstance(passes, CompiledPasses)
    assert passes.activation.name == "tanh"
    assert passes.out_activation.name == "logistic"


# Imports, cache and interface


def test_the_extra_is_named_where_numba_is_missing(digits, monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(ImportError, match=r"skl-sparse-ae\[numba\]"):
        make_short().fit(digits)


def test_numba_is_imported_only_when_it_is_used():
    script = """
import sys
from sklearn.datasets import load_digits
from skl_sparse_ae import SparseAutoencoder
X = load_digits().data
SparseAutoencoder(2, max_iter=1).fit(X).transform(X)
assert "numba" not in sys.modules
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True)


def test_functions_are_compiled_without_a_folder_for_the_cache(monkeypatch):
    njit = _compiled_passes.njit

    def njit_without_cache(cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(**options)

    monkeypatch.setattr(_compiled_passes, "njit", njit_without_cache)
    assert _compiled_passes.compiled()(lambda x: x + 1)(1) == 2


def test_rows_on_a_device_are_refused():
    out, err = run_in_array_api_mode(
        """
import array_api_strict as xp
from sklearn import config_context
from skl_sparse_ae import SparseAutoencoder
X = xp.asarray([[0.0, 1.0], [1.0, 0.5]], device=xp.Device("device1"))
with config_context(array_api_dispatch=True):
    try:
        SparseAutoencoder(2, engine="numba").fit(X)
    except ValueError as error:
        print(error)
"""
    )
    assert "engine='numba' works on arrays in the CPU's memory" in out, err


def test_both_kinds_of_passes_have_the_same_methods():
    names = [name for name in vars(Passes) if not name.startswith("_")]
    passes = make_passes("relu", "logistic")
    assert all(callable(getattr(passes, name)) for name in names)
    assert passes.adam_step is not Passes.adam_step
