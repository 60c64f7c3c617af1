"""Products with the inverse of an approximate Hessian matrix, against a solver."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skl_sparse_ae._objective._curvature import Curvature
from skl_sparse_ae._solvers._gauss_newton import DAMPING, GaussNewton
from skl_sparse_ae._solvers._preconditioner import EncoderCoordinates

N_FEATURES, N_COMPONENTS, UNIT, VALUE_UNIT, DECAY = 6, 4, 0.5, 3.0, (0.2, 0.3)


@pytest.fixture
def coordinates(rng):
    directions, _ = np.linalg.qr(rng.randn(N_FEATURES, 2))
    variances = np.array([4.0, 3.0])
    return EncoderCoordinates(directions, variances, 0.7, N_COMPONENTS, UNIT)


@pytest.fixture
def curvature(rng):
    root, codes = rng.randn(N_COMPONENTS, N_COMPONENTS), rng.rand(20, N_COMPONENTS + 1)
    return Curvature(
        root @ root.T,
        codes.T @ codes,
        rng.rand(N_FEATURES),
        np.array([0.0, 1.0, 5.0, 100.0]),
        rng.randn(N_FEATURES, N_COMPONENTS),
        rng.randn(N_COMPONENTS),
    )


def make(coordinates, curvature, team, point, decoder=()):
    approximation = GaussNewton(coordinates, decoder, team)
    approximation.update(curvature, DECAY, VALUE_UNIT, point)
    return approximation


def matrix_of(coordinates, curvature):
    """The approximate Hessian matrix, written out, for weights row by row."""
    units = UNIT**2 * (curvature.errors + DECAY[0] / 0.7 * np.eye(N_COMPONENTS))
    units += DAMPING * np.trace(units) / N_COMPONENTS * np.eye(N_COMPONENTS)
    matrix = np.kron(np.eye(N_FEATURES + 1), units)
    if curvature.penalty is not None:
        for unit, bend in enumerate(curvature.penalty):
            coef, intercept = np.zeros((N_FEATURES, N_COMPONENTS)), np.zeros(4)
            coef[:, unit] = curvature.coef_slopes[:, unit]
            intercept[unit] = curvature.intercept_slopes[unit]
            slope = np.empty(coordinates.size)
            coordinates.write_gradient(coef, intercept, 1.0, slope)
            matrix += bend * np.outer(slope, slope)
    return matrix / VALUE_UNIT


@pytest.mark.parametrize("is_divided", [False, True])
@pytest.mark.parametrize("has_penalty", [False, True])
def test_it_solves_with_the_matrix(
    has_penalty, is_divided, coordinates, curvature, team, rng, monkeypatch
):
    if is_divided:
        monkeypatch.setattr("skl_sparse_ae._arrays._team.WORK_PER_THREAD", 1)
    if not has_penalty:
        curvature = curvature._replace(penalty=None)
    vector = rng.randn(coordinates.size)
    expected = np.linalg.solve(matrix_of(coordinates, curvature), vector)
    make(coordinates, curvature, team, vector).apply(vector)
    assert_allclose(vector, expected)


def decoder_after(coordinates):
    """Slices and units of the decoder's parameters, and the size of all of them."""
    start, n_weights = coordinates.size, N_FEATURES * N_COMPONENTS
    end = start + n_weights
    groups = [(slice(start, end), 0.4), (slice(end, end + N_FEATURES), 0.6)]
    return groups, end + N_FEATURES


def decoder_matrix_of(curvature):
    """The approximate Hessian matrix of the decoder, for each output in turn."""
    mean = curvature.outputs.mean()
    decay = np.diag([*np.full(N_COMPONENTS, DECAY[1]), 0])
    units = np.diag([*np.full(N_COMPONENTS, 0.4), 0.6])
    matrix = units @ (mean * curvature.codes + decay) @ units / VALUE_UNIT
    matrix += DAMPING * np.trace(matrix) / len(matrix) * np.eye(len(matrix))
    return np.kron(np.diag((curvature.outputs + mean) / (2 * mean)), matrix)


@pytest.mark.parametrize("is_divided", [False, True])
def test_the_decoder_has_a_matrix_of_its_own(
    is_divided, coordinates, curvature, team, rng, monkeypatch
):
    if is_divided:
        monkeypatch.setattr("skl_sparse_ae._arrays._team.WORK_PER_THREAD", 1)
    groups, size = decoder_after(coordinates)
    vector = rng.randn(size)
    encoder = vector[: coordinates.size]
    expected = np.linalg.solve(matrix_of(coordinates, curvature), encoder)
    weights = vector[groups[0][0]].reshape(N_FEATURES, N_COMPONENTS)
    decoder = np.column_stack([weights, vector[groups[1][0]]])
    solved = np.linalg.solve(decoder_matrix_of(curvature), decoder.ravel())
    solved = solved.reshape(N_FEATURES, -1)
    make(coordinates, curvature, team, vector, groups).apply(vector)
    assert_allclose(vector[: coordinates.size], expected)
    assert_allclose(vector[groups[0][0]], solved[:, :-1].ravel())
    assert_allclose(vector[groups[1][0]], solved[:, -1])


def test_weights_that_are_kept_at_zero_remain_zero(curvature, team, rng):
    skipped = np.arange(N_FEATURES) == 2
    none = np.empty((N_FEATURES, 0)), np.empty(0)
    coordinates = EncoderCoordinates(*none, 0.7, N_COMPONENTS, UNIT, skipped)
    vector = rng.randn(coordinates.size)
    weights, _ = coordinates.split(vector)
    weights[2] = 0
    make(coordinates, curvature, team, vector).apply(vector)
    assert_array_equal(weights[2], 0)
    assert np.all(weights[~skipped] != 0)


def test_single_precision_remains(coordinates, curvature, team, rng):
    vector = rng.randn(coordinates.size).astype(np.float32)
    expected = np.linalg.solve(matrix_of(coordinates, curvature), vector)
    make(coordinates, curvature, team, vector).apply(vector)
    assert vector.dtype == np.float32
    assert_allclose(vector, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("errors", [0.0, np.inf, np.nan])
def test_it_is_the_identity_where_nothing_is_known(errors, coordinates, team, rng):
    errors = np.full((N_COMPONENTS, N_COMPONENTS), errors)
    curvature = Curvature(errors, np.eye(N_COMPONENTS + 1), np.ones(N_FEATURES))
    vector = rng.randn(coordinates.size)
    expected = vector.copy()
    make(coordinates, curvature, team, vector).apply(vector)
    assert_array_equal(vector, expected)


def test_it_is_the_identity_where_a_matrix_cannot_be_inverted(
    coordinates, curvature, team, rng
):
    curvature = curvature._replace(codes=np.full((N_COMPONENTS + 1,) * 2, np.nan))
    groups, size = decoder_after(coordinates)
    vector = rng.randn(size)
    expected = vector.copy()
    make(coordinates, curvature, team, vector, groups).apply(vector)
    assert_array_equal(vector, expected)


def test_pytorchs_tensors_give_the_same(coordinates, curvature, team, rng):
    torch = pytest.importorskip("torch")
    groups, size = decoder_after(coordinates)
    vector = rng.randn(size)
    tensor = torch.tensor(vector)
    make(coordinates, curvature, team, vector, groups).apply(vector)
    make(coordinates, curvature, team, tensor, groups).apply(tensor)
    assert_allclose(tensor.numpy(), vector)
