"""Decay with weights along directions: the term of J, its gradient, and the default."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.datasets import load_wine
from sklearn.preprocessing import scale

from skl_sparse_ae import KL, SparseAutoencoder
from skl_sparse_ae._network._decay import Decay
from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout
from skl_sparse_ae._objective import objective_class
from skl_sparse_ae._rows._in_memory import InMemory
from skl_sparse_ae.interchange import load_safetensors, save_safetensors

from .. import numeric

N_FEATURES, N_COMPONENTS = 6, 4


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("widths", [None, (2, 4)])
def test_the_term_of_j_and_its_gradient(container, widths, centred, rng, team):
    rows = InMemory(container(rng.rand(30, N_FEATURES).round(1)), rng.rand(30))
    layout = Layout(N_FEATURES, N_COMPONENTS)
    network = Network.from_names(
        layout, "logistic", "identity", KL(0.2, 0.5), widths=widths
    )
    directions = rng.randn(2, N_FEATURES)
    theta = rng.randn(layout.size)

    def objective(alpha):
        mean = rows.moments()[0] if centred else None
        cls = objective_class(rows, network)
        new = cls(network, alpha, team=team, dtype=rows.dtype, mean=mean)
        return new.use_rows(rows.X, rows.sample_weight)

    without, expected = objective((0.1, 0.2)).value_and_grad(theta)
    by_direction = objective(Decay(0.1, 0.2, directions))
    value, gradient = by_direction.value_and_grad(theta)
    encoder = layout.views(theta).encoder_coef
    term = 0.5 * np.sum((directions @ encoder) ** 2)
    layout.views(expected).encoder_coef[...] += directions.T @ directions @ encoder
    assert value == pytest.approx(without + term, rel=1e-12)
    assert_allclose(gradient, expected, rtol=1e-10, atol=1e-12)
    assert by_direction.terms(theta).total == pytest.approx(value, rel=1e-10)
    numerical = numeric.gradient(lambda t: by_direction.terms(t).total, theta)
    assert numeric.relative_error(gradient, numerical) < 1e-7


def of_few_rows(X, **parameters):
    parameters = {"random_state": 0, "tol": 0.02, **parameters}
    return SparseAutoencoder(8, **parameters).fit(X)


@pytest.fixture
def wine():
    return scale(load_wine().data)


@pytest.mark.parametrize(
    ("n_rows", "rho", "few_rows", "default_rho"),
    [
        (8, "auto", 1, 0.5),
        (16, "auto", 1, 0.5),
        (50, "auto", 0.11 / 0.45, 3 / 8),
        (50, 0.5, 0.11 / 0.45, 3 / 8),
        (8, 0.14, 0.2, 0.5),
        (178, "auto", 0, 3 / 8),
        (178, 0.05, 0, 3 / 8),
    ],
)
@pytest.mark.parametrize("n_columns", [8, 13])
def test_scale_is_a_power_of_the_variance_along_a_direction(
    n_columns, n_rows, rho, few_rows, default_rho, wine
):
    """By the eigenvalues of the covariance, damped by a part of their mean."""
    X = wine[:n_rows, :n_columns]
    fitted = of_few_rows(X, rho=rho)
    values, vectors = np.linalg.eigh(np.cov(X.T, ddof=0))
    mean, principal = values.mean(), np.average(values, weights=values)
    enough = min(2 * 8 / np.sum(values > 0.1 * mean) - 1, 1)
    if rho != "auto":
        enough *= min(rho / default_rho, 1)
    known = values > 0.1 * mean
    rest = values[~known].sum() / max(1, np.sum(~known))
    damping = 0.1**enough * mean
    damped = np.where(known, values + damping, max(rest, damping))
    wide = (1 - min(n_rows / n_columns, 1) ** 0.5) ** 2
    exponent = max(enough, few_rows * (1 + wide / 2))
    share = max(principal, 2 * values.sum() / 8)
    decay = 0.02 * principal * share * (damped / (principal + damping)) ** exponent
    D = fitted.decay_directions_
    actual = fitted.alpha_[0] * np.eye(X.shape[1]) + D.T @ D
    assert_allclose(actual, vectors * decay @ vectors.T, rtol=1e-9, atol=1e-9)
    assert fitted.alpha_[1] == 0.001


@pytest.fixture
def wide(rng):
    """Two tables of 80 rows and 1000 columns, with a spectrum of slow decay."""
    return rng.randn(2, 80, 1000) * np.arange(1, 1001) ** -0.35


def test_directions_beyond_the_known_share_what_few_rows_vary_along_them(wide):
    """Not what is left for each column: rows do not vary along most directions."""
    X = wide[0]
    fitted = SparseAutoencoder(79, random_state=0, tol=0.02).fit(X)
    centred = X - X.mean(axis=0)
    _, roots, directions = np.linalg.svd(centred, full_matrices=False)
    variances, directions = roots[:79] ** 2 / 80, directions[:79]
    mean, principal = variances.sum() / 1000, np.average(variances, weights=variances)
    damping = mean / 10  # as many units as directions
    damped = np.append(variances[:64], np.full(15, variances[64:].mean())) + damping
    damped[64:] -= damping
    exponent = 1 + (1 - 0.08**0.5) ** 2 / 2
    share = max(principal, 2 * variances.sum() / 79)
    decay = 0.02 * principal * share * (damped / (principal + damping)) ** exponent
    D = fitted.decay_directions_
    along = fitted.alpha_[0] * np.eye(79) + (D @ directions.T).T @ (D @ directions.T)
    assert_allclose(along, np.diag(decay), rtol=1e-8, atol=1e-8 * decay.max())


def test_a_longer_search_does_not_learn_few_rows_by_heart(wide):
    X, others = wide
    scores = [
        SparseAutoencoder(79, random_state=0, tol=tol, max_iter=400)
        .fit(X)
        .score(others)
        for tol in (1e-3, 1e-5)
    ]
    assert scores[1] > scores[0] - 0.005 > 0.1


def test_many_rows_and_given_numbers_have_no_directions(wine, rng):
    X = rng.randn(200, 16)  # two directions for each unit, and many rows
    assert of_few_rows(X).decay_directions_ is None
    assert of_few_rows(X[:, :15]).decay_directions_ is not None
    assert of_few_rows(X[:16]).decay_directions_ is not None
    for parameters in [
        {"alpha": 0.1},
        {"alpha": (0.1, 0.2)},
        {"tied_weights": True},
        {"penalty": "topk"},
    ]:
        fitted = of_few_rows(wine[:16], **parameters)
        assert fitted.decay_directions_ is None


@pytest.mark.parametrize("fill", ["mean", "reconstruction"])
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_a_table_without_gaps_is_fitted_as_if_none_were_allowed(fill, solver, wine):
    expected = of_few_rows(wine, solver=solver)
    fitted = of_few_rows(wine, solver=solver, missing_values=np.nan, missing_fill=fill)
    assert_array_equal(fitted.decay_directions_, expected.decay_directions_)
    assert_array_equal(fitted.transform(wine), expected.transform(wine))


@pytest.mark.parametrize("part", [0.1, 0.4])
def test_missing_entries_make_decay_more_equal(part, wine, rng):
    """They are predicted by directions that columns share."""
    X = np.where(rng.uniform(size=wine.shape) < part, np.nan, wine)
    allowed = {"missing_values": np.nan}
    fitted = SparseAutoencoder(13, random_state=0, **allowed).fit(X)
    values = np.linalg.eigvalsh(np.cov(fitted.impute(X).T, ddof=0))
    D = fitted.decay_directions_
    decay = np.linalg.eigvalsh(fitted.alpha_[0] * np.eye(13) + D.T @ D)
    # Half of what the observed entries are; the least of 0.1 is raised to it, too.
    exponent = np.isfinite(X).mean() / 2
    damped = values + 0.1**exponent * values.mean()
    known = values > 0.1 * values.mean()
    ratio = (damped[-1] / damped[known].min()) ** exponent
    assert decay[-1] / decay[:-1][known[:-1]].min() == pytest.approx(ratio, rel=0.05)
    means = of_few_rows(X, missing_fill="mean", **allowed)
    assert means.decay_directions_ is None


def test_the_first_rows_of_a_stream_tell_directions_if_they_are_many(wine, rng):
    for n_rows in (16, 129):
        assert SparseAutoencoder(8).partial_fit(wine[:n_rows]).decay_directions_ is None
    streamed = SparseAutoencoder(8, random_state=0).partial_fit(wine[:130])
    rows = np.tile(wine[:130], (3, 1))
    repeated = SparseAutoencoder(8, random_state=0).partial_fit(rows)
    fitted = of_few_rows(rows)
    for decay in (fitted, repeated):
        D, E = streamed.decay_directions_, decay.decay_directions_
        assert_allclose(D.T @ D, E.T @ E, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize("n_features", [13, 400])
def test_the_objective_of_a_fit_has_the_term(solver, n_features, wine, rng):
    """Also where the search is in the space that rows span."""
    X = wine[:20] @ rng.randn(13, n_features)
    fitted = of_few_rows(X, solver=solver)
    code = fitted.transform(X)
    errors = X - fitted.inverse_transform(code)
    encoder, decoder = fitted.alpha_
    decay = encoder * np.sum(fitted.encoder_coef_**2)
    decay += np.sum((fitted.decay_directions_ @ fitted.encoder_coef_) ** 2)
    decay += decoder * np.sum(fitted.components_**2)
    mean, rho = code.mean(axis=0), fitted.penalty_.rho
    divergence = rho * np.log(rho / mean) + (1 - rho) * np.log((1 - rho) / (1 - mean))
    expected = 0.5 * np.mean(np.sum(errors**2, axis=1)) + 0.5 * decay
    expected += fitted.beta_ * divergence.sum()
    assert fitted.objective(X) == pytest.approx(expected, rel=1e-6)
    if solver == "lbfgs":
        assert fitted.loss_curve_[-1] == pytest.approx(expected, rel=1e-6)


def test_repeated_rows_are_weights(wine, rng):
    weights = rng.randint(1, 4, 20)
    weighted = SparseAutoencoder(8, random_state=0, tol=1e-3)
    repeated = SparseAutoencoder(8, random_state=0, tol=1e-3)
    weighted.fit(wine[:20], sample_weight=weights)
    repeated.fit(np.repeat(wine[:20], weights, axis=0))
    D, E = weighted.decay_directions_, repeated.decay_directions_
    assert_allclose(D.T @ D, E.T @ E, rtol=1e-6, atol=1e-9)
    assert_allclose(weighted.transform(wine), repeated.transform(wine), atol=1e-5)


def test_a_stream_goes_on_with_it(wine):
    fitted = of_few_rows(wine[:16])
    directions = fitted.decay_directions_
    fitted.partial_fit(wine[16:30])
    assert_array_equal(fitted.decay_directions_, directions)


def test_files_have_it(wine, tmp_path):
    pytest.importorskip("safetensors")
    X = wine[:16]
    fitted = of_few_rows(X)
    save_safetensors(fitted, tmp_path / "wine")
    loaded = load_safetensors(tmp_path / "wine")
    assert loaded.objective(X) == fitted.objective(X)
    save_safetensors(of_few_rows(X, alpha=0.1), tmp_path / "all")
    assert load_safetensors(tmp_path / "all").decay_directions_ is None
