"""The curvature of J along the encoder, against sums that are written out."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from skl_sparse_ae import KL, L1, Penalty
from skl_sparse_ae._network._activations import Logistic
from skl_sparse_ae._network._losses import out_activation_of
from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout, Parameters
from skl_sparse_ae._objective import SampledCurvature
from skl_sparse_ae._penalties import NoPenalty
from skl_sparse_ae._solvers._preconditioner import EncoderCoordinates

from .. import numeric

N_ROWS, N_FEATURES, N_COMPONENTS = 30, 5, 3


@pytest.fixture
def parameters(rng):
    return Parameters(
        rng.randn(N_FEATURES, N_COMPONENTS),
        rng.randn(N_COMPONENTS),
        rng.randn(N_COMPONENTS, N_FEATURES),
        rng.randn(N_FEATURES),
    )


def logistic(z):
    return 1 / (1 + np.exp(-z))


def make_coordinates(rng):
    """Two directions are known, of variances 3 and 2; the mean variance is 0.5."""
    directions, _ = np.linalg.qr(rng.randn(N_FEATURES, 2))
    return EncoderCoordinates(directions, np.array([3.0, 2.0]), 0.5, N_COMPONENTS, 1.0)


def make_curvature(
    X, weights, mean, coordinates, penalty, activation="logistic", out="identity"
):
    layout = Layout(N_FEATURES, N_COMPONENTS)
    network = Network.from_names(layout, activation, out, penalty)
    return SampledCurvature(network, X, weights, mean, coordinates)


@pytest.mark.parametrize("out", ["identity", "logistic"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_errors_are_means_over_the_rows(container, weighted, out, parameters, rng):
    X = rng.rand(N_ROWS, N_FEATURES) * (rng.rand(N_ROWS, N_FEATURES) < 0.7)
    weights = rng.rand(N_ROWS) if weighted else None
    mean, coordinates = rng.rand(N_FEATURES), make_coordinates(rng)
    curvature = make_curvature(
        container(X), weights, mean, coordinates, NoPenalty(), out=out
    )
    found = curvature.at(parameters, np.full(N_COMPONENTS, 0.3))
    share = np.ones(N_ROWS) if weights is None else weights
    units, codes, outputs = 0.0, 0.0, 0.0
    for row, weight in zip(X, share / share.sum(), strict=True):
        centred = row - mean
        code = logistic(
            centred @ parameters.encoder_coef + parameters.encoder_intercept
        )
        slope = code * (1 - code)
        # P is symmetric: the product with a row is that with a column of weights.
        weights_of_row = centred[:, np.newaxis] * np.ones(N_COMPONENTS)
        point = np.concatenate([weights_of_row.ravel(), np.zeros(N_COMPONENTS)])
        in_coordinates = coordinates.to_encoder(point)[0][:, 0]
        square = in_coordinates @ in_coordinates / N_FEATURES
        units = units + weight * square * np.outer(slope, slope)
        codes = codes + weight * np.outer([*code, 1], [*code, 1])
        output = logistic(code @ parameters.components + parameters.decoder_intercept)
        outputs = outputs + weight * (output * (1 - output)) ** 2
    if out == "identity":
        outputs = np.ones(N_FEATURES)
    gram = parameters.components @ np.diag(outputs) @ parameters.components.T
    assert_allclose(found.errors, gram * units)
    assert_allclose(found.codes, codes)
    assert_allclose(found.outputs, outputs)
    assert found.penalty is found.coef_slopes is found.intercept_slopes is None


@pytest.mark.parametrize("loss", ["log_loss", "poisson"])
def test_outputs_of_deviances_curve_as_their_variances(loss, parameters, rng):
    """That of zeros and ones is p (1 - p), that of counts their mean."""
    X = rng.randint(2, size=(N_ROWS, N_FEATURES)).astype(float)
    mean, coordinates = X.mean(axis=0), make_coordinates(rng)
    layout, out = Layout(N_FEATURES, N_COMPONENTS), out_activation_of(loss, "auto")
    network = Network.from_names(layout, "logistic", out, NoPenalty(), loss=loss)
    curvature = SampledCurvature(network, X, None, mean, coordinates)
    found = curvature.at(parameters, np.full(N_COMPONENTS, 0.3))
    z = (X - mean) @ parameters.encoder_coef + parameters.encoder_intercept
    z = logistic(z) @ parameters.components + parameters.decoder_intercept
    variance = logistic(z) * (1 - logistic(z)) if loss == "log_loss" else np.exp(z)
    assert_allclose(found.outputs, variance.mean(axis=0))


class Squares(Penalty):
    """Twice the square of the mean square activation of each unit."""

    is_linear = False

    def phi(self, a, activation):
        return a**2

    def phi_derivative(self, a, activation):
        return 2 * a

    def psi(self, s):
        return 2 * s**2

    def psi_derivative(self, s):
        return 4 * s


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("penalty", [KL(0.1, 0.7), Squares()], ids=["KL", "Squares"])
def test_slopes_are_derivatives_of_the_means(penalty, container, parameters, rng):
    X, weights = rng.rand(N_ROWS, N_FEATURES), rng.rand(N_ROWS)
    mean = np.average(X, axis=0, weights=weights)
    curvature = make_curvature(
        container(X), weights, mean, make_coordinates(rng), penalty
    )
    unit_means = np.array([0.05, 0.1, 0.4])
    found = curvature.at(parameters, unit_means)

    def mean_phi(point):
        coef, intercept = np.split(point, [N_FEATURES * N_COMPONENTS])
        z = (X - mean) @ coef.reshape(N_FEATURES, -1) + intercept
        return np.average(penalty.phi(logistic(z), Logistic()), axis=0, weights=weights)

    point = np.concatenate([array.ravel() for array in parameters[:2]])
    for unit in range(N_COMPONENTS):
        slopes = numeric.gradient(lambda p, unit=unit: mean_phi(p)[unit], point)
        coef, intercept = np.split(slopes, [N_FEATURES * N_COMPONENTS])
        coef = coef.reshape(N_FEATURES, -1)
        assert_allclose(found.coef_slopes[:, unit], coef[:, unit], atol=1e-9)
        assert found.intercept_slopes[unit] == pytest.approx(intercept[unit])
        others = np.arange(N_COMPONENTS) != unit
        assert_allclose(coef[:, others], 0, atol=1e-12)
    if isinstance(penalty, KL):
        bend = 0.7 * (0.1 / unit_means**2 + 0.9 / (1 - unit_means) ** 2)
    else:
        bend = 4.0
    assert_allclose(found.penalty, bend, rtol=1e-6)


def test_codes_are_not_multiplied_where_no_decoder_is_searched_for(parameters, rng):
    X = rng.rand(N_ROWS, N_FEATURES)
    mean, coordinates = X.mean(axis=0), make_coordinates(rng)
    curvature = make_curvature(X, None, mean, coordinates, NoPenalty())
    means = np.ones(N_COMPONENTS)
    found = curvature.at(parameters._replace(decoder_intercept=None), means)
    assert found.codes is None
    assert_allclose(found.errors, curvature.at(parameters, means).errors)


def test_without_curvature_of_the_penalty_there_are_no_slopes(parameters, rng):
    X = rng.rand(N_ROWS, N_FEATURES)
    coordinates = make_coordinates(rng)
    curvature = make_curvature(X, None, X.mean(axis=0), coordinates, L1(0.3), "relu")
    assert curvature.at(parameters, np.ones(N_COMPONENTS)).penalty is None


def test_it_is_the_hessian_matrix_of_linear_units_on_uncorrelated_columns(
    parameters, rng
):
    """There the covariance is the identity, and J quadratic in the encoder."""
    Q, _ = np.linalg.qr(rng.randn(N_ROWS, N_FEATURES + 1) - [1, *np.zeros(N_FEATURES)])
    X = Q - Q.mean(axis=0)
    values, vectors = np.linalg.eigh(X.T @ X / N_ROWS)
    X = (X @ vectors / values**0.5)[:, 1:]
    none = np.empty((N_FEATURES, 0)), np.empty(0)
    # With a mean variance of one, what is damped has a variance of a half.
    coordinates = EncoderCoordinates(*none, 1.0, N_COMPONENTS, 1.0)
    mean = np.zeros(N_FEATURES)
    curvature = make_curvature(X, None, mean, coordinates, NoPenalty(), "identity")
    found = curvature.at(parameters, np.zeros(N_COMPONENTS)).errors

    def error(coef):
        codes = X @ coef.reshape(N_FEATURES, -1)
        return 0.5 * np.sum((codes @ parameters.components - X) ** 2)

    step = rng.randn(N_FEATURES, N_COMPONENTS)
    # The second derivative along a step, at a point where the error is not zero.
    point, h = rng.randn(N_FEATURES * N_COMPONENTS), 1e-3
    ahead, behind = (error(point + sign * h * step.ravel()) for sign in (1, -1))
    second = (ahead - 2 * error(point) + behind) / h**2 / N_ROWS
    assert second == pytest.approx(np.sum(step * (step @ found)), rel=1e-5)


def test_sparse_rows_are_cheaper(rng):
    X = np.zeros((N_ROWS, 1000))
    X[:, 0] = 1
    coordinates = EncoderCoordinates(np.empty((1000, 0)), np.empty(0), 1.0, 3, 1.0)

    def density(X):
        network = Network.from_names(Layout(1000, 3), "relu", "identity", NoPenalty())
        curvature = SampledCurvature(network, X, None, np.zeros(1000), coordinates)
        return curvature.density

    assert density(X) == 1
    assert 0 < density(sparse.csr_array(0 * X)) < density(sparse.csr_array(X)) < 0.1
