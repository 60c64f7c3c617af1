"""Rows on a device, emulated by array-api-strict and by PyTorch on the CPU."""

import itertools
import os
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn import config_context
from sklearn.utils import estimator_checks

from skl_sparse_ae import KL, JumpReLU, SparseAutoencoder, TopK
from skl_sparse_ae._arrays._array_api import to_numpy
from skl_sparse_ae._arrays._device_array import DeviceArray
from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout
from skl_sparse_ae._objective._dense import DenseObjective
from skl_sparse_ae._objective._device import DeviceObjective
from skl_sparse_ae._objective._nested import NestedObjective
from skl_sparse_ae._penalties._registry import PENALTIES, make_penalty
from skl_sparse_ae._rows._moments import mean_and_variance as moments_in_memory
from skl_sparse_ae._rows._on_device import OnDevice
from skl_sparse_ae._rows._running_means import RunningMeans

pytestmark = [
    pytest.mark.skipif(
        os.environ.get("SCIPY_ARRAY_API") != "1", reason="needs SciPy's array API mode"
    ),
    pytest.mark.filterwarnings(
        "ignore::sklearn.exceptions.ConvergenceWarning",
        "ignore:beta='adaptive' should make",
    ),
]

N_ROWS, N_FEATURES, N_COMPONENTS = 40, 6, 5
ACTIVATION = {"kl": "tanh", None: "identity"}
CASES = list(itertools.product(PENALTIES, [False, True], [False, True]))


@pytest.fixture(params=["array_api_strict", "torch"], autouse=True)
def on_device(request, monkeypatch):
    """A function that moves NumPy arrays to the emulated device."""
    xp = pytest.importorskip(request.param)
    if request.param == "torch":
        # A build without a GPU has only the CPU, on which tensors would not stay.
        monkeypatch.setattr(
            "skl_sparse_ae._rows._validation.is_on_device",
            lambda X: isinstance(X, xp.Tensor),
        )
        device = "cpu"
    else:
        device = xp.Device("device1")
    with config_context(array_api_dispatch=True):
        yield lambda array: xp.asarray(array, device=device)


def make_network(penalty="kl", tied=False, out="identity"):
    activation = ACTIVATION.get(penalty, "relu")
    penalty = make_penalty(penalty, rho=0.4, beta=0.7)
    layout = Layout(N_FEATURES, N_COMPONENTS, tied)
    return Network.from_names(layout, activation, out, penalty)


def evaluate(cls, network, theta, X, weights, **options):
    objective = cls(network, (0.1, 0.3), dtype=float, counts_active=True, **options)
    objective.use_rows(X, weights)
    value, gradient = objective.value_and_grad(theta)
    return value, gradient, objective.unit_means, objective.active_fraction


@pytest.mark.parametrize(("penalty", "tied", "weighted"), CASES)
@pytest.mark.parametrize("out", ["identity", "logistic"])
@pytest.mark.parametrize("theta_on_device", [False, True])
@pytest.mark.parametrize("block_bytes", [1, 10**9])
def test_value_and_gradient(
    penalty,
    tied,
    weighted,
    out,
    theta_on_device,
    block_bytes,
    on_device,
    rng,
    team,
    monkeypatch,
):
    monkeypatch.setattr("skl_sparse_ae._objective._device.BLOCK_BYTES", block_bytes)
    network = make_network(penalty, tied, out)
    X = rng.uniform(size=(N_ROWS, N_FEATURES))
    weights = rng.uniform(0.1, 2, size=N_ROWS) if weighted else None
    theta = rng.normal(size=network.layout.size)
    options = {"team": team, "mean": X.mean(axis=0)}
    rows = DeviceArray(on_device(X))
    place = on_device if theta_on_device else np.asarray
    results = evaluate(DeviceObjective, network, place(theta), rows, weights, **options)
    expected = evaluate(DenseObjective, network, theta, X, weights, **options)
    assert isinstance(results[1], np.ndarray) != theta_on_device
    for result, other in zip(results, expected, strict=True):
        result = result if isinstance(result, float) else to_numpy(result)
        if not PENALTIES[penalty].selects_jointly or other is not expected[3]:
            assert_allclose(result, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("out", ["identity", "logistic"])
def test_nested_reconstructions(out, tied, weighted, on_device, rng, team):
    network = replace(make_network("topk", tied, out), widths=(2, N_COMPONENTS))
    X = rng.uniform(size=(N_ROWS, N_FEATURES))
    weights = rng.uniform(0.1, 2, size=N_ROWS) if weighted else None
    theta = rng.normal(size=network.layout.size)
    options = {"team": team, "mean": X.mean(axis=0)}
    options["idle_units"] = lambda: np.array([1, 3])
    rows = DeviceArray(on_device(X))
    results = evaluate(DeviceObjective, network, theta, rows, weights, **options)
    expected = evaluate(NestedObjective, network, theta, X, weights, **options)
    for result, other in zip(results, expected, strict=True):
        assert_allclose(result, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("out", ["identity", "logistic"])
def test_thresholds_learn_as_on_the_cpu(out, tied, weighted, on_device, rng, team):
    layout = Layout(N_FEATURES, N_COMPONENTS, tied, has_thresholds=True)
    penalty = JumpReLU(beta=0.5, bandwidth=0.7)
    network = Network.from_names(layout, "relu", out, penalty)
    X = rng.uniform(size=(N_ROWS, N_FEATURES))
    weights = rng.uniform(0.1, 2, size=N_ROWS) if weighted else None
    theta = rng.normal(size=layout.size)
    theta[layout.thresholds] = rng.uniform(0.1, 0.9, N_COMPONENTS)
    options = {"team": team, "mean": X.mean(axis=0)}
    rows = DeviceArray(on_device(X))
    for place in (np.asarray, on_device):
        _, gradient, *_ = evaluate(
            DeviceObjective, network, place(theta), rows, weights, **options
        )
        _, expected, *_ = evaluate(
            DenseObjective, network, theta, X, weights, **options
        )
        assert expected[layout.thresholds].any()
        assert_allclose(to_numpy(gradient), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_units_are_revived(tied, weighted, on_device, rng, team):
    layout = Layout(N_FEATURES, N_COMPONENTS, tied)
    network = Network.from_names(layout, "relu", "identity", TopK(0.3, beta=0.5))
    X = rng.normal(size=(N_ROWS, N_FEATURES))
    weights = rng.uniform(0.1, 2, size=N_ROWS) if weighted else None
    theta = rng.normal(size=layout.size)
    options = {"team": team, "idle_units": lambda: np.array([1, 3])}
    rows = DeviceArray(on_device(X))
    _, gradient, *_ = evaluate(
        DeviceObjective, network, theta, rows, weights, **options
    )
    _, expected, *_ = evaluate(DenseObjective, network, theta, X, weights, **options)
    assert_allclose(gradient, expected, rtol=1e-10, atol=1e-12)


def test_exactly_k_units_of_equal_ones_are_kept(on_device):
    a = on_device(np.array([[1.0, 2.0, 2.0, 2.0, 0.0], [0.0, 0.0, 0.0, 0.0, 1.0]]))
    TopK(0.4).select(a)
    assert (to_numpy(a) == [[0, 2, 2, 0, 0], [0, 0, 0, 0, 1]]).all()


@pytest.mark.parametrize("weighted", [False, True])
def test_moments(weighted, on_device, rng):
    X = rng.normal(3, 2, size=(N_ROWS, N_FEATURES))
    weights = rng.uniform(size=N_ROWS) if weighted else None
    mean, variance = OnDevice(DeviceArray(on_device(X)), weights).moments()
    expected_mean, expected = moments_in_memory(X, weights)
    assert_allclose(mean, expected_mean)
    assert_allclose(variance, expected)


def test_equal_rows_in_one_precision_have_no_variance(on_device):
    X = np.full((1000, 3), 0.1, np.float32)
    assert OnDevice(DeviceArray(on_device(X))).moments()[1] == 0


@pytest.mark.parametrize("n_components", [8, 70])
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_fits_are_those_of_the_cpu(
    penalty, solver, n_components, on_device, digits, monkeypatch
):
    cls = PENALTIES[penalty]
    if solver == "lbfgs" and (cls.selects_jointly or cls.learns_thresholds):
        pytest.skip("is for mini-batches")
    X = digits[:300]
    autoencoder = SparseAutoencoder(
        n_components, penalty=penalty, solver=solver, max_iter=8, tol=0, random_state=0
    )
    expected = autoencoder.fit(X)
    reconstructed = expected.inverse_transform(expected.transform(X))
    score, objective = expected.score(X), expected.objective(X)
    # The objective for the CPU must not be used.
    monkeypatch.setattr(DenseObjective, "use_rows", None)
    rows = on_device(X)
    fitted = SparseAutoencoder(**autoencoder.get_params()).fit(rows)
    assert type(fitted.components_) is type(rows)
    code = fitted.transform(rows)
    assert type(code) is type(rows)
    result = to_numpy(fitted.inverse_transform(code))
    assert_allclose(result, reconstructed, rtol=1e-6, atol=1e-6)
    assert_allclose(fitted.loss_curve_, expected.loss_curve_, rtol=1e-8)
    assert_allclose([fitted.score(rows), fitted.objective(rows)], [score, objective])


@pytest.mark.parametrize("corruption", ["masking", "gaussian"])
def test_corruption_weights_early_stopping_and_partial_fit(
    corruption, on_device, digits
):
    X, weights = digits[:300], np.arange(300) % 3
    parameters = {
        "n_components": 6,
        "solver": "adam",
        "corruption": corruption,
        "early_stopping": True,
        "max_iter": 4,
        "random_state": 0,
    }
    results = []
    for rows in (X, on_device(X)):
        autoencoder = SparseAutoencoder(**parameters)
        autoencoder.fit(rows, sample_weight=weights)
        autoencoder.partial_fit(rows)
        results.append(autoencoder.objective(rows))
    assert_allclose(*results, rtol=1e-8)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_arrays_from_a_device_may_be_read_only(method, on_device, digits, monkeypatch):
    """NumPy makes read-only views of arrays that do not declare to be writable."""
    parameters = {"solver": "adam", "max_iter": 2, "random_state": 0}
    expected = getattr(SparseAutoencoder(6, **parameters), method)(digits)

    def read_only(array):
        result = to_numpy(array).copy()
        result.flags.writeable = False
        return result

    for module in ("_arrays._array_api", "_fitting._stream"):
        monkeypatch.setattr(f"skl_sparse_ae.{module}.to_numpy", read_only)
    autoencoder = getattr(SparseAutoencoder(6, **parameters), method)(on_device(digits))
    result = to_numpy(autoencoder.encoder_intercept_)
    assert_allclose(result, expected.encoder_intercept_, rtol=1e-6)


def test_sparse_output_is_on_the_cpu(on_device, digits):
    autoencoder = SparseAutoencoder(
        8, penalty="topk", sparse_output=True, max_iter=4, random_state=0
    ).fit(on_device(digits))
    code = autoencoder.transform(on_device(digits))
    assert code.nnz <= 3 * len(digits)


def test_a_user_defined_penalty_receives_numpy_arrays(on_device, digits):
    class Mine(KL):
        def phi(self, a, activation):
            assert isinstance(a, np.ndarray)
            return super().phi(a, activation)

    rows = on_device(digits)
    autoencoder = SparseAutoencoder(8, penalty=Mine(0.1, 0.5), max_iter=20).fit(rows)
    assert type(autoencoder.transform(rows)) is type(rows)


def test_batches_use_running_means(on_device, rng, team):
    network = make_network()
    X = rng.uniform(size=(2, 8, N_FEATURES))
    theta = rng.normal(size=network.layout.size)
    results = []
    for cls, place in (
        (DenseObjective, np.asarray),
        (DeviceObjective, lambda a: DeviceArray(on_device(a))),
    ):
        blend = RunningMeans(n_rows=100)
        objective = cls(network, (0.1, 0.3), team=team, dtype=float, blend_means=blend)
        objective.use_rows(place(X[0])).value_and_grad(theta)
        results.append(objective.use_rows(place(X[1])).value_and_grad(theta))
    assert_allclose(results[1][0], results[0][0])
    assert_allclose(results[1][1], results[0][1])


@pytest.mark.parametrize("dtype_name", ["float32", "float64"])
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_scikit_learns_check_of_arrays_and_values(solver, dtype_name, on_device):
    if type(on_device(np.zeros(1))).__module__ == "torch":
        pytest.skip("needs a device other than the CPU")
    # Few iterations and a strong decay, since fits in single precision soon differ by
    # rounding, and the decoder most, where hardly any decay is in its regression.
    estimator_checks.check_array_api_input_and_values(
        "SparseAutoencoder",
        SparseAutoencoder(20, alpha=0.3, solver=solver, max_iter=8),
        "array_api_strict",
        device_name="device1",
        dtype_name=dtype_name,
    )


def test_rows_on_another_device_than_the_fit_are_refused(on_device, digits):
    rows = on_device(digits)
    if type(rows).__module__ == "torch":
        pytest.skip("needs two devices")
    autoencoder = SparseAutoencoder(8, max_iter=4).fit(rows)
    xp = pytest.importorskip("array_api_strict")
    elsewhere = xp.asarray(digits, device=xp.Device("device2"))
    with pytest.raises(ValueError, match="device"):
        autoencoder.transform(elsewhere)


@pytest.mark.parametrize("loss", ["squared_error", "log_loss", "poisson"])
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize("gappy", [False, True])
def test_losses_and_missing_entries(loss, solver, gappy, on_device, digits):
    X = np.round(digits[:200, 20:36] * (1 if loss == "log_loss" else 4))
    if gappy:
        X[np.random.RandomState(0).uniform(size=X.shape) < 0.3] = np.nan
    parameters = {"loss": loss, "missing_values": np.nan, "corruption": "masking"}
    options = {"solver": solver, "max_iter": 5, "random_state": 0}

    def make():
        return SparseAutoencoder(6, **parameters, **options)

    with config_context(array_api_dispatch=False):
        expected = make().fit(X)
        results = [expected.transform(X), expected.impute(X), expected.score_samples(X)]
        score = expected.score(X)
    rows = on_device(X)
    actual = make().fit(rows)
    assert_allclose(to_numpy(actual.components_), expected.components_, rtol=1e-5)
    moved = actual.transform(rows), actual.impute(rows), actual.score_samples(rows)
    for result, other in zip(moved, results, strict=True):
        assert_allclose(to_numpy(result), other, rtol=1e-5, atol=1e-8)
    assert actual.score(rows) == pytest.approx(score, rel=1e-6)
