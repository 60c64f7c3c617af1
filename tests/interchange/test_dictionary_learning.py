"""Files of dictionary_learning.

Expected results are computed from its documented formulas, and by the library itself
where it is installed.
"""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skl_sparse_ae.interchange import (
    load_dictionary_learning,
    save_dictionary_learning,
)

from .helpers import ROWS, SHORT, assert_same, dtypes, fit, rectified, select

pytestmark = SHORT


def read_dictionary(folder):
    """The class, k and arrays of a folder, by PyTorch and without the library."""
    torch = pytest.importorskip("torch")
    trainer = json.loads((folder / "config.json").read_text())["trainer"]
    state = torch.load(folder / "ae.pt", weights_only=True)
    return trainer, {name: tensor.numpy() for name, tensor in state.items()}


@dtypes
@rectified
def test_dictionary_learning_layout(parameters, dtype, X, tmp_path):
    pytest.importorskip("torch")
    X = X.astype(dtype)
    estimator = fit(X, **parameters)
    save_dictionary_learning(estimator, tmp_path / "new" / "folder")
    trainer, state = read_dictionary(tmp_path / "new" / "folder")
    assert (trainer["activation_dim"], trainer["dict_size"]) == (64, 10)
    name = trainer["dict_class"]
    if name == "JumpReluAutoEncoder":
        z = X @ state["W_enc"] + state["b_enc"]
        code = select(z, threshold=state["threshold"])
        rows = code @ state["W_dec"] + state["b_dec"]
    else:
        is_topk = name == "AutoEncoderTopK"
        b_dec = state["b_dec"] if is_topk else state["decoder.bias"]
        inputs = X - b_dec if is_topk else X
        z = inputs @ state["encoder.weight"].T + state["encoder.bias"]
        code = select(z, k=int(state["k"]) if is_topk else None)
        rows = code @ state["decoder.weight"].T + b_dec
    kinds = {
        "topk": "AutoEncoderTopK",
        "batch_topk": "JumpReluAutoEncoder",
        "jumprelu": "JumpReluAutoEncoder",
    }
    assert name == kinds.get(parameters["penalty"], "AutoEncoderNew")
    tol = 1e-5 if dtype == np.float32 else 1e-12
    assert_allclose(code, estimator.transform(X), atol=tol)
    assert_allclose(rows, estimator.inverse_transform(code), atol=tol)


@dtypes
@rectified
def test_dictionary_learning_layout_and_back(parameters, dtype, X, tmp_path):
    pytest.importorskip("torch")
    X = X.astype(dtype)
    estimator = fit(X, **parameters)
    save_dictionary_learning(estimator, tmp_path)
    loaded = load_dictionary_learning(tmp_path)
    if parameters["penalty"] != "topk":
        assert_same(loaded, estimator, X)
        return
    tol = 1e-6 if dtype == np.float32 else 1e-14
    assert_allclose(loaded.transform(X), estimator.transform(X), atol=tol)
    assert_array_equal(loaded.components_, estimator.components_)
    assert_allclose(loaded.score(X), estimator.score(X), rtol=10 * tol)


def write_dictionary(folder, name, **state):
    """Write the autoencoder of `write_saelens` as a class of dictionary_learning."""
    torch = pytest.importorskip("torch")
    W_enc = torch.tensor([[1.0, 0.0, -1.0], [0.0, 1.0, 1.0]])
    W_dec = torch.tensor([[3.0, 4.0], [0.0, 1.0], [2.0, 0.0]])
    b_enc, b_dec = torch.tensor([0.0, -1.0, 0.5]), torch.tensor([1.0, 2.0])
    if name in ("JumpReluAutoEncoder", "MatryoshkaBatchTopKSAE"):
        arrays = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    else:
        names = {"AutoEncoder": "bias", "AutoEncoderNew": "decoder.bias"}
        arrays = {
            "encoder.weight": W_enc.T.contiguous(),
            "encoder.bias": b_enc,
            "decoder.weight": W_dec.T.contiguous(),
            names.get(str(name), "b_dec"): b_dec,
        }
    state = {key: torch.tensor(value) for key, value in state.items()}
    torch.save(arrays | state, folder / "ae.pt")
    config = {"trainer": {"dict_class": name, "lr": 1e-3}, "buffer": {"d_submodule": 2}}
    (folder / "config.json").write_text(json.dumps(config))


DICTIONARIES = {
    "AutoEncoder": ({}, [[1, 1, 1.5], [0, 2, 3.5]]),
    "AutoEncoderNew": ({}, [[2, 3, 2.5], [1, 4, 4.5]]),
    "AutoEncoderTopK": ({"k": 1, "threshold": 9.0}, [[0, 0, 1.5], [0, 0, 3.5]]),
    "BatchTopKSAE": ({"k": 2, "threshold": 1.25}, [[0, 0, 1.5], [0, 2, 3.5]]),
    "MatryoshkaBatchTopKSAE": (
        {"k": 2, "threshold": 1.25, "group_sizes": [1, 2]},
        [[0, 0, 1.5], [0, 2, 3.5]],
    ),
    "JumpReluAutoEncoder": (
        {"threshold": [1.5, 3.0, 2.0]},
        [[2, 0, 2.5], [0, 4, 4.5]],
    ),
}


@pytest.mark.parametrize("name", DICTIONARIES)
def test_dictionary_learning_files_worked_by_hand(name, tmp_path):
    state, expected = DICTIONARIES[name]
    write_dictionary(tmp_path, name, **state)
    loaded = load_dictionary_learning(tmp_path)
    code = loaded.transform(ROWS)
    assert_allclose(code, expected, rtol=1e-6)
    W_dec = np.array([[3.0, 4.0], [0.0, 1.0], [2.0, 0.0]])
    assert_allclose(
        loaded.inverse_transform(code), expected @ W_dec + [1, 2], rtol=1e-6
    )
    loaded.partial_fit(np.tile(ROWS, (20, 1)))
    assert np.isfinite(loaded.components_).all()


def test_dictionary_learning_in_bfloat16(tmp_path):
    torch = pytest.importorskip("torch")
    write_dictionary(tmp_path, "AutoEncoder")
    state = torch.load(tmp_path / "ae.pt", weights_only=True)
    state = {name: tensor.bfloat16() for name, tensor in state.items()}
    torch.save(state, tmp_path / "ae.pt")
    code = load_dictionary_learning(tmp_path).transform(ROWS)
    assert_allclose(code, [[1, 1, 1.5], [0, 2, 3.5]])
    assert code.dtype == np.float32


@pytest.mark.parametrize("name", ["GatedAutoEncoder", None, ["AutoEncoder"]])
def test_other_classes_of_dictionary_learning_are_refused(name, tmp_path):
    write_dictionary(tmp_path, name)
    with pytest.raises(ValueError, match="dict_class=.*must be one of"):
        load_dictionary_learning(tmp_path)


def test_other_tensors_of_dictionary_learning_are_refused(tmp_path):
    write_dictionary(tmp_path, "AutoEncoder", k=3)
    with pytest.raises(ValueError, match=r"unknown ones, \['k'\]"):
        load_dictionary_learning(tmp_path)
    write_dictionary(tmp_path, "AutoEncoderTopK", k=0, threshold=-1.0)
    with pytest.raises(ValueError, match="rho"):
        load_dictionary_learning(tmp_path)


class Code:
    """A pickle that would run code."""

    def __reduce__(self):
        return (pytest.fail, ("code of the file has been run",))


def test_code_in_a_file_is_not_run(tmp_path):
    torch = pytest.importorskip("torch")
    write_dictionary(tmp_path, "AutoEncoder")
    torch.save({"encoder.weight": Code()}, tmp_path / "ae.pt")
    with pytest.raises(ValueError, match=r"ae.pt is no dict .*\(UnpicklingError\)"):
        load_dictionary_learning(tmp_path)


@pytest.mark.parametrize("state", [[1, 2], {"W_enc": 3}, "text", None], ids=str)
def test_files_of_something_else(state, tmp_path):
    torch = pytest.importorskip("torch")
    write_dictionary(tmp_path, "AutoEncoder")
    torch.save(state, tmp_path / "ae.pt")
    with pytest.raises(ValueError, match=r"ae.pt is no dict of tensors"):
        load_dictionary_learning(tmp_path)


@pytest.mark.filterwarnings("ignore")
@rectified
def test_dictionary_learning_itself_computes_the_same(parameters, X, tmp_path):
    utils = pytest.importorskip("dictionary_learning.utils")
    torch = pytest.importorskip("torch")
    X = X.astype(np.float32)
    estimator = fit(X, **parameters)
    save_dictionary_learning(estimator, tmp_path)
    dictionary, _ = utils.load_dictionary(str(tmp_path), "cpu")
    with torch.no_grad():
        code = dictionary.encode(torch.from_numpy(X))
        rows = dictionary.decode(code)
    assert_allclose(code, estimator.transform(X), atol=1e-5)
    assert_allclose(rows, estimator.inverse_transform(code.numpy()), atol=1e-5)


@dtypes
def test_widths_of_nested_reconstructions(dtype, X, tmp_path):
    pytest.importorskip("torch")
    X = X.astype(dtype)
    estimator = fit(X, penalty="batch_topk", rho=0.2, matryoshka_widths=[2, 5])
    save_dictionary_learning(estimator, tmp_path)
    trainer, state = read_dictionary(tmp_path)
    assert trainer["dict_class"] == "MatryoshkaBatchTopKSAE"
    assert state["group_sizes"].tolist() == [2, 3, 5]
    z = (X - state["b_dec"]) @ state["W_enc"] + state["b_enc"]
    code = select(z, threshold=state["threshold"])
    tol = 1e-5 if dtype == np.float32 else 1e-12
    assert_allclose(code, estimator.transform(X), atol=tol)
    loaded = load_dictionary_learning(tmp_path)
    assert loaded.matryoshka_widths_ == (2, 5, 10)
    assert_allclose(loaded.transform(X), estimator.transform(X), atol=tol)


@pytest.mark.filterwarnings("ignore")
def test_dictionary_learning_itself_reads_widths(X, tmp_path):
    utils = pytest.importorskip("dictionary_learning.utils")
    torch = pytest.importorskip("torch")
    X = X.astype(np.float32)
    estimator = fit(X, penalty="batch_topk", rho=0.2, matryoshka_widths=[2, 5])
    save_dictionary_learning(estimator, tmp_path)
    dictionary, _ = utils.load_dictionary(str(tmp_path), "cpu")
    with torch.no_grad():
        code = dictionary.encode(torch.from_numpy(X))
        rows = dictionary.decode(code)
    assert_allclose(code, estimator.transform(X), atol=1e-5)
    assert_allclose(rows, estimator.inverse_transform(code.numpy()), atol=1e-5)
    torch.save(dictionary.state_dict(), tmp_path / "ae.pt")
    config = {"trainer": {"dict_class": "MatryoshkaBatchTopKSAE"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert load_dictionary_learning(tmp_path).matryoshka_widths_ == (2, 5, 10)
