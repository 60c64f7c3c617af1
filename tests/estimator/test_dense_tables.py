"""Dense X of every kind: dtypes, memory maps, data frames, degenerate tables."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from .short_fits import SOLVED, make_short, short

FITTED = ("components_", "encoder_coef_", "encoder_intercept_", "decoder_intercept_")


@short
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_float32_stays_float32(solver, X):
    autoencoder = make_short(solver=solver).fit(X.astype(np.float32))
    assert autoencoder.transform(X.astype(np.float32)).dtype == np.float32
    assert autoencoder.transform(X).dtype == np.float64
    assert {getattr(autoencoder, name).dtype for name in FITTED} == {np.dtype("f4")}
    double = make_short(solver=solver).fit(X)
    assert_allclose(autoencoder.score(X), double.score(X), atol=1e-3)


@short
def test_half_precision_is_converted(X):
    autoencoder = make_short(solver="adam").fit(X.astype(np.float16))
    assert autoencoder.components_.dtype in (np.float32, np.float64)
    assert autoencoder.transform(X.astype(np.float16)).dtype != np.float16


@short
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_fit_on_a_memory_map(solver, X, tmp_path):
    path = tmp_path / "X.npy"
    np.save(path, X)
    mapped = np.load(path, mmap_mode="r")
    expected = make_short(solver=solver).fit_transform(X)
    assert_array_equal(make_short(solver=solver).fit_transform(mapped), expected)


@short
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_set_output_and_feature_names(library, X):
    frames = pytest.importorskip(library)
    names = [f"pixel{i}" for i in range(64)]
    frame = (
        frames.DataFrame(X, columns=names)
        if library == "pandas"
        else (frames.DataFrame(X, schema=names))
    )
    autoencoder = make_short(3).set_output(transform=library).fit(frame)
    code = autoencoder.transform(frame)
    assert isinstance(code, frames.DataFrame)
    expected = [f"sparseautoencoder{i}" for i in range(3)]
    assert list(code.columns) == list(autoencoder.get_feature_names_out()) == expected
    assert list(autoencoder.feature_names_in_) == names
    rows = autoencoder.inverse_transform(code)
    assert isinstance(rows, np.ndarray)
    assert rows.shape == X.shape


DEGENERATE = {
    "constant columns": np.c_[np.ones(30), np.zeros(30), np.arange(30.0)],
    "constant rows": np.tile([1.0, 2.0, 3.0], (30, 1)),
    "zeros": np.zeros((30, 3)),
    "duplicate rows": np.repeat([[0.0, 1.0], [1.0, 0.0]], 20, axis=0),
    "one row": np.array([[1.0, 2.0, 3.0]]),
    "one column": np.arange(30.0)[:, None],
    "one value": np.array([[5.0]]),
    "tiny values": 1e-6 * np.random.RandomState(0).normal(size=(30, 4)),
    "huge values": 1e6 * np.random.RandomState(0).normal(size=(30, 4)),
    "inexact constants": np.full((333, 5), 0.1),
    "huge mean": 1e6 + np.random.RandomState(0).normal(size=(30, 4)),
}


@short
@pytest.mark.filterwarnings("ignore:The reconstruction explains less than 1 %")
@pytest.mark.filterwarnings("ignore:.*lose their digits")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("penalty", "solver"), SOLVED)
@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_tables_give_finite_results(name, penalty, solver, dtype):
    X = DEGENERATE[name].astype(dtype)
    autoencoder = make_short(5, penalty=penalty, solver=solver, max_iter=50)
    code = autoencoder.fit_transform(X)
    assert np.isfinite(code).all()
    assert np.isfinite(autoencoder.inverse_transform(code)).all()
    assert len(autoencoder.loss_curve_) == autoencoder.n_iter_ > 0
    assert np.isfinite(autoencoder.loss_curve_).all()
    assert autoencoder.score(X) <= 1
