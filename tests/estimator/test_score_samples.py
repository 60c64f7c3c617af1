"""Minus the loss of each row, and the part of each column in it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import ConvSparseAutoencoder, SparseAutoencoder, TopK
from skl_sparse_ae.metrics import loss_per_entry

from ..array_api import run_in_array_api_mode
from .short_fits import SOLVED, make_short, short


def from_definition(autoencoder, X):
    """The scores by NumPy, from what the public methods return."""
    X_hat = autoencoder.inverse_transform(autoencoder.transform(X))
    return -0.5 * np.sum((np.asarray(X) - X_hat) ** 2, axis=1)


@pytest.fixture
def by_hand():
    """Two units that write 2 (x0 - 1) and x1, where positive, to two of three columns.

    The reconstruction of (x0, x1, x2) is (2 max(x0 - 1, 0), max(x1, 0) + 0.5, 3).
    """
    autoencoder = SparseAutoencoder(2, penalty=None, activation="relu", max_iter=1)
    with pytest.warns():
        autoencoder.fit(np.random.RandomState(0).normal(size=(20, 3)))
    autoencoder.encoder_coef_ = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    autoencoder.encoder_intercept_ = np.array([-1.0, 0.0])
    autoencoder.components_ = np.array([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    autoencoder.decoder_intercept_ = np.array([0.0, 0.5, 3.0])
    return autoencoder


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csc_array])
def test_values_worked_out_by_hand(container, by_hand):
    rows = container(np.array([[3.0, 2.0, 3.0], [0.0, -1.0, 5.0], [0.0, 0.0, 0.0]]))
    # Reconstructed as (4, 2.5, 3), (0, 0.5, 3) and (0, 0.5, 3).
    losses = [[0.5, 0.125, 0], [0, 1.125, 2], [0, 0.125, 4.5]]
    assert_allclose(by_hand.score_samples(rows), [-0.625, -3.125, -4.625], rtol=1e-15)
    assert_allclose(loss_per_entry(by_hand, rows), losses, rtol=1e-15)


@short
@pytest.mark.parametrize("out_activation", ["identity", "logistic"])
@pytest.mark.parametrize(("penalty", "solver"), SOLVED)
def test_scores_are_those_of_the_reconstruction(penalty, solver, out_activation, X):
    autoencoder = make_short(
        penalty=penalty, solver=solver, out_activation=out_activation
    ).fit(X)
    expected = from_definition(autoencoder, X)
    assert_allclose(autoencoder.score_samples(X), expected)
    assert_allclose(autoencoder.score_samples(sparse.csr_array(X)), expected)
    assert_allclose(loss_per_entry(autoencoder, X).sum(axis=1), -expected)


@short
@pytest.mark.parametrize("penalty", ["kl", "contractive"])
def test_their_mean_is_the_reconstruction_term_of_the_objective(penalty, X):
    autoencoder = make_short(penalty=penalty, alpha=0, beta=0)
    autoencoder.fit(X)
    assert_allclose(-autoencoder.score_samples(X).mean(), autoencoder.objective(X))


@short
def test_the_code_is_that_of_transform(X):
    penalty = TopK(rho=0.125, transform_factor=4, transform_soft=True)
    autoencoder = make_short(penalty=penalty, solver="adam").fit(X)
    expected = from_definition(autoencoder, X)
    assert_allclose(autoencoder.score_samples(X), expected)
    autoencoder.set_params(sparse_output=True)
    assert_allclose(autoencoder.score_samples(X), expected)
    assert_allclose(loss_per_entry(autoencoder, X).sum(axis=1), -expected)


@short
def test_precision_is_that_of_the_rows(X):
    autoencoder = make_short().fit(X)
    scores = autoencoder.score_samples(X.astype(np.float32))
    assert scores.dtype == np.float32
    assert_allclose(scores, autoencoder.score_samples(X), rtol=1e-4)
    losses = loss_per_entry(autoencoder, X.astype(np.float32))
    assert losses.dtype == np.float64


@short
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_blocks_of_rows_give_the_same(container, X, monkeypatch):
    autoencoder = make_short().fit(X)
    expected = autoencoder.score_samples(container(X))
    monkeypatch.setattr("skl_sparse_ae._network._row_losses.BLOCK_BYTES", 2**13)
    assert_allclose(autoencoder.score_samples(container(X)), expected)


@short
@pytest.mark.filterwarnings("ignore:The reconstruction explains less than 1 %")
def test_sparse_rows_are_made_dense_by_blocks(monkeypatch):
    X = sparse.random(3000, 20_000, 1e-4, format="csr", random_state=0)
    X = sparse.csr_array(X)
    autoencoder = make_short(2, solver="adam", max_iter=1).fit(X[:500])
    sizes = []
    to_array = sparse.csr_array.toarray

    def counted(matrix, *args, **kwargs):
        sizes.append(matrix.shape[0] * matrix.shape[1])
        return to_array(matrix, *args, **kwargs)

    monkeypatch.setattr(sparse.csr_array, "toarray", counted)
    scores = autoencoder.score_samples(X)
    assert scores.shape == (3000,)
    assert sum(sizes) == 3000 * 20_000
    assert max(sizes) < 2**24 / 8


@short
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_dask_rows_stay_lazy(container, X):
    da = pytest.importorskip("dask.array")
    autoencoder = make_short().fit(X)
    computed = []

    def block(rows):
        computed.append(len(rows))
        return container(rows)

    meta = container(np.empty((0, 64)))
    rows = da.from_array(X, chunks=(70, 64)).map_blocks(block, dtype=X.dtype, meta=meta)
    computed.clear()
    scores = autoencoder.score_samples(rows)
    assert scores.chunks == ((70, 70, 60),)
    assert computed == []
    assert_allclose(scores.compute(), from_definition(autoencoder, X))


@short
def test_data_frames_and_pipelines(X):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X[:, 2:6], columns=["a", "b", "c", "d"])
    pipeline = make_pipeline(StandardScaler(), make_short(2))
    pipeline.set_output(transform="pandas").fit(frame)
    scores = pipeline.score_samples(frame)
    scaled = pipeline[0].transform(frame)
    assert_allclose(scores, from_definition(pipeline[1], scaled))
    losses = loss_per_entry(pipeline, frame)
    assert losses.shape == (len(X), 4)
    assert_allclose(losses.sum(axis=1), -scores)


@short
def test_images(X):
    autoencoder = ConvSparseAutoencoder(3, max_iter=3, random_state=0).fit(X)
    expected = from_definition(autoencoder, X)
    assert_allclose(autoencoder.score_samples(X), expected)
    assert_allclose(loss_per_entry(autoencoder, X).sum(axis=1), -expected)
    autoencoder.set_params(pooling="max")
    assert_allclose(autoencoder.score_samples(X), expected)


SCRIPT = """
import array_api_strict as xp
import numpy as np
from sklearn import config_context
from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.metrics import loss_per_entry

X = np.random.RandomState(0).uniform(size=(60, 6))
autoencoder = SparseAutoencoder(3, max_iter=5, random_state=0)
expected = autoencoder.fit(X).score_samples(X)
with config_context(array_api_dispatch=True):
    for device in "CPU_DEVICE", "device1":
        rows = xp.asarray(X, device=xp.Device(device))
        autoencoder.fit(rows)
        scores = autoencoder.score_samples(rows)
        assert type(scores) is type(rows) and str(scores.device) == str(rows.device)
        assert scores.shape == (60,)
        host = np.asarray(scores.to_device(xp.Device("CPU_DEVICE")))
        np.testing.assert_allclose(host, expected, rtol=1e-6)
        losses = loss_per_entry(autoencoder, rows)
        np.testing.assert_allclose(losses.sum(axis=1), -expected, rtol=1e-6)
print("done")
"""


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_arrays_of_other_libraries_stay_on_their_device():
    output, errors = run_in_array_api_mode(SCRIPT)
    assert output.endswith("done\n"), errors
