"""Files and numbers of this version: later ones read and compute the same."""

import json
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skl_sparse_ae import SparseAutoencoder, TopK, interchange

from .make import (
    FOLDER,
    IMAGES,
    SAVED,
    TABLE,
    X,
    results,
    results_of_images,
    saved_estimator,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:The reconstruction explains less than 1 %",
    "ignore:The given value of .* has no effect",
)

ROWS = X[:10, 20:26]


@pytest.mark.parametrize("name", TABLE)
def test_results(name):
    expected = json.loads((FOLDER / "table.json").read_text())[name]
    actual = results(TABLE[name])
    assert actual.keys() == expected.keys()
    for key, value in expected.items():
        assert_allclose(actual[key], value, rtol=1e-6, err_msg=key)


@pytest.mark.parametrize("train_on", IMAGES)
def test_results_of_images(train_on):
    expected = json.loads((FOLDER / "images.json").read_text())[train_on]
    actual = results_of_images(train_on)
    assert actual.keys() == expected.keys()
    for key, value in expected.items():
        assert_allclose(actual[key], value, rtol=1e-6, err_msg=key)


def load_skops(path):
    skops = pytest.importorskip("skops.io")
    return skops.load(path, trusted=[SparseAutoencoder, TopK])


def load_pickle(path):
    pytest.importorskip("numpy", "2.0", reason="earlier ones cannot read its arrays")
    return pickle.loads(path.read_bytes())


@pytest.mark.parametrize(
    ("load", "name"),
    [
        (load_pickle, "model.pickle"),
        (load_skops, "model.skops"),
        (interchange.load_safetensors, "model.safetensors"),
        (interchange.load_saelens, "saelens"),
    ],
)
def test_files(load, name):
    if name in ("model.safetensors", "saelens"):
        pytest.importorskip("safetensors")
    estimator = load(FOLDER / name)
    code = json.loads((FOLDER / "code.json").read_text())
    assert_allclose(estimator.transform(ROWS), code, rtol=1e-12, atol=1e-14)
    assert np.isfinite(estimator.partial_fit(X[:, 20:26]).transform(ROWS)).all()
    if name != "saelens":  # which has no parameters of training
        assert estimator.get_params() == SparseAutoencoder(**SAVED).get_params()


@pytest.mark.parametrize(
    ("load", "name"), [(load_pickle, "model.pickle"), (load_skops, "model.skops")]
)
def test_streams_go_on_from_files(load, name):
    expected = saved_estimator().partial_fit(X[:, 20:26])
    estimator = load(FOLDER / name).partial_fit(X[:, 20:26])
    assert_allclose(estimator.components_, expected.components_, rtol=1e-6)
