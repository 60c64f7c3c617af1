"""The coordinates of the encoder, against matrices that are written out."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from skl_sparse_ae._rows._in_memory import InMemory
from skl_sparse_ae._solvers._preconditioner import (
    EncoderCoordinates,
    ParameterCoordinates,
)

N_FEATURES, N_COMPONENTS, UNIT = 6, 4, 0.5


@pytest.fixture
def covariance(rng):
    """Of which three eigenvalues are above their mean."""
    Q, _ = np.linalg.qr(rng.randn(N_FEATURES, N_FEATURES))
    return Q @ np.diag([9.0, 6.0, 5.0, 1e-3, 1e-3, 1e-3]) @ Q.T


def make(covariance, n_directions):
    return make_wide(covariance, n_directions, N_COMPONENTS)


def make_wide(covariance, n_directions, n_components):
    variances, directions = np.linalg.eigh(covariance)
    kept = slice(N_FEATURES - n_directions, None)
    mean_variance = np.trace(covariance) / N_FEATURES
    return EncoderCoordinates(
        directions[:, kept], variances[kept], mean_variance, n_components, UNIT
    )


def test_it_is_the_root_of_the_inverse_damped_covariance(covariance, rng):
    coordinates = make(covariance, N_FEATURES)
    point = rng.randn(coordinates.size)
    coef, intercept = coordinates.to_encoder(point)
    damped = covariance + np.trace(covariance) / N_FEATURES * np.eye(N_FEATURES)
    V = point[: N_FEATURES * N_COMPONENTS].reshape(N_FEATURES, N_COMPONENTS)
    # P is symmetric, and its square the inverse of the damped covariance.
    assert_allclose((coef / UNIT).T @ damped @ (coef / UNIT), V.T @ V)
    assert_allclose(intercept, UNIT * point[-N_COMPONENTS:])


def test_rows_in_a_basis_vary_along_all_of_its_directions(rng):
    """Two directions are known, and what varies along the other two of the basis."""
    Q, _ = np.linalg.qr(rng.randn(N_FEATURES, 4))
    variances = np.array([9.0, 6.0, 2.0, 1.0])
    mean = variances.sum() / N_FEATURES  # two columns are combinations of others
    known = EncoderCoordinates(Q[:, :2], variances[:2], mean, N_COMPONENTS, UNIT)
    coordinates = known.rotated(Q)
    V = rng.randn(4, N_COMPONENTS)
    point = np.concatenate([V.ravel(), np.zeros(N_COMPONENTS)])
    coef, _ = coordinates.to_encoder(point)
    scales = (np.array([9.0, 6.0, 1.5, 1.5]) + mean) ** -0.5
    assert_allclose(coef, UNIT * scales[:, np.newaxis] * V)
    assert_allclose(coordinates.to_point(coef, np.zeros(N_COMPONENTS)), point)
    # In the space of the columns, others hardly vary on average.
    coef, _ = known.to_encoder(np.concatenate([(Q @ V).ravel(), np.zeros(4)]))
    scales = np.array([(9 + mean) ** -0.5, (6 + mean) ** -0.5, mean**-0.5, mean**-0.5])
    assert_allclose(Q.T @ coef, UNIT * scales[:, np.newaxis] * V)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_the_mean_square_of_rows_is_that_of_decorrelated_ones(
    container, covariance, rng
):
    X, mean = rng.randn(20, N_FEATURES), rng.randn(N_FEATURES)
    damped = covariance + np.trace(covariance) / N_FEATURES * np.eye(N_FEATURES)
    centred = X - mean
    expected = np.einsum("ij,ji->i", centred, np.linalg.solve(damped, centred.T))
    found = make(covariance, N_FEATURES).mean_squares(container(X), mean)
    assert_allclose(found, expected / N_FEATURES)


@pytest.mark.parametrize("damping", [0.01, 1.0])
def test_variances_relative_to_another(damping, covariance):
    mean = np.trace(covariance) / N_FEATURES
    coordinates = make(covariance, 3)
    directions, along, elsewhere = coordinates.relative_variances(7.0, damping, 5)
    added = damping * mean
    assert_allclose(along, (np.array([5.0, 6, 9]) + added) / (7 + added))
    rest = (np.trace(covariance) - 20) / (5 - 3)
    assert elsewhere == pytest.approx(max(rest, added) / (7 + added))
    assert_allclose(
        directions.T @ covariance @ directions, np.diag([5.0, 6, 9]), atol=1e-12
    )


def test_random_weights_along_which_rows_do_not_vary_are_zero(rng):
    """Not the root of a rounding error, which differs from machine to machine."""
    Q, _ = np.linalg.qr(rng.randn(N_FEATURES, N_FEATURES))
    variances = np.array([9.0, 6.0, 5.0])
    mean = (1 + 1e-7) * variances.sum() / N_FEATURES
    coordinates = EncoderCoordinates(Q[:, :3], variances, mean, N_COMPONENTS, UNIT)
    shrunk = coordinates.shrunk(rng.randn(N_FEATURES, N_COMPONENTS))
    assert np.abs(Q[:, 3:].T @ shrunk).max() < 1e-12
    assert np.abs(Q[:, :3].T @ shrunk).min() > 1e-4


@pytest.mark.parametrize("n_directions", [0, 3, 6])
def test_there_and_back(n_directions, covariance, rng):
    coordinates = make(covariance, n_directions)
    point = rng.randn(coordinates.size)
    assert_allclose(coordinates.to_point(*coordinates.to_encoder(point)), point)


@pytest.mark.parametrize("n_directions", [0, 3])
def test_the_gradient_is_that_of_the_composition(n_directions, covariance, rng):
    coordinates = make(covariance, n_directions)
    point, step = rng.randn(2, coordinates.size)
    coef, intercept = rng.randn(N_FEATURES, N_COMPONENTS), rng.randn(N_COMPONENTS)
    gradient = np.empty_like(point)
    coordinates.write_gradient(coef, intercept, 3.0, gradient)
    # A linear function of the encoder, of which the step changes the value.
    d_coef, d_intercept = coordinates.to_encoder(step)
    expected = 3 * (np.vdot(coef, d_coef) + intercept @ d_intercept)
    assert_allclose(gradient @ step, expected)


def test_small_directions_hardly_matter(covariance, rng):
    """Along them the damping is all there is."""
    point = rng.randn(N_FEATURES * N_COMPONENTS + N_COMPONENTS)
    few, _ = make(covariance, 3).to_encoder(point)
    all_, _ = make(covariance, 6).to_encoder(point)
    assert_allclose(few, all_, rtol=0.01, atol=1e-3)


def test_precision_is_that_of_the_vector(covariance, rng):
    point = rng.randn(N_FEATURES * N_COMPONENTS + N_COMPONENTS).astype(np.float32)
    coef, intercept = make(covariance, 3).to_encoder(point)
    assert coef.dtype == intercept.dtype == np.float32


@pytest.mark.parametrize("shape", [(50, 6), (5, 6)])
def test_directions_of_a_sample_are_those_of_its_covariance(shape, rng):
    X, weights = rng.randn(*shape) @ np.diag([3, 2, 1, 0.1, 0.1, 0.1]), rng.rand(50)
    weights = weights[: shape[0]]
    spectrum = InMemory(X, weights).spectrum(len(X))
    directions, variances = spectrum.principal_directions(least=0.2)
    covariance = np.cov(X.T, aweights=weights, bias=True)
    assert (variances > 0.2).all()
    assert len(variances) == np.sum(np.linalg.eigvalsh(covariance) > 0.2)
    assert_allclose(covariance @ directions, directions * variances, atol=1e-12)
    assert_allclose(directions.T @ directions, np.eye(len(variances)), atol=1e-12)


@pytest.fixture(params=[True, False], ids=["with directions", "units only"])
def parameters(request, covariance):
    """Coordinates of a vector with two more parts, of five and of two numbers."""
    encoder = make(covariance, 3)
    stops = np.cumsum([0, N_FEATURES * N_COMPONENTS, N_COMPONENTS, 5, 2])
    parts = [slice(a, b) for a, b in pairwise(stops)]
    groups = list(zip(parts, [0.3, 2.0, 5.0, 0.7], strict=True))
    return ParameterCoordinates(groups, encoder if request.param else None), stops[-1]


def test_all_parameters_there_and_back(parameters, rng):
    coordinates, size = parameters
    point = rng.randn(size)
    assert_allclose(coordinates.to_point(coordinates.to_theta(point)), point)


def test_the_last_parts_are_multiplied_by_their_units(parameters, rng):
    coordinates, size = parameters
    point = rng.randn(size)
    theta = coordinates.to_theta(point)
    assert_allclose(theta[-7:-2], 5 * point[-7:-2])
    assert_allclose(theta[-2:], 0.7 * point[-2:])


def test_the_gradient_of_all_parameters_is_that_of_the_composition(parameters, rng):
    coordinates, size = parameters
    gradient, step = rng.randn(2, size)
    out = np.empty(size)
    coordinates.write_gradient(gradient, 3.0, out)
    assert_allclose(out @ step, 3 * (gradient @ coordinates.to_theta(step)))


@pytest.mark.parametrize("n_directions", [N_FEATURES - 1, N_FEATURES])
def test_weights_are_shrunk_where_rows_hardly_vary(n_directions, covariance, rng):
    """Along each direction by the root of v / (v + c), but for one common factor."""
    variances, directions = np.linalg.eigh(covariance)
    coef = rng.randn(N_FEATURES, N_COMPONENTS)
    actual = directions.T @ make(covariance, n_directions).shrunk(coef)
    wanted = np.sqrt(variances / (variances + variances.mean()))
    ratios = actual / (wanted[:, None] * (directions.T @ coef))
    assert_allclose(ratios, ratios[0, 0])


@pytest.mark.parametrize("n_directions", [0, 3, 6])
def test_shrunk_random_weights_give_codes_that_vary_as_much(n_directions, rng):
    covariance = np.diag([9.0, 6.0, 5.0, 1e-3, 1e-3, 1e-3])
    coef = rng.randn(N_FEATURES, 100_000)
    shrunk = make_wide(covariance, n_directions, coef.shape[1]).shrunk(coef)
    before, after = (np.einsum("fj,fg,gj->", w, covariance, w) for w in (coef, shrunk))
    assert_allclose(after, before, rtol=0.02)
