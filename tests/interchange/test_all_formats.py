"""What saving and loading in all formats have in common."""

import sys

import pytest
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError

from skl_sparse_ae import SparseAutoencoder, TopK
from skl_sparse_ae.interchange import (
    load_dictionary_learning,
    load_safetensors,
    save_dictionary_learning,
    save_saelens,
    save_safetensors,
)

from .helpers import SHORT, Largest, fit

pytest.importorskip("safetensors", reason="needs safetensors")

pytestmark = SHORT


@pytest.mark.parametrize(
    "save", [save_safetensors, save_saelens, save_dictionary_learning]
)
def test_only_fitted_autoencoders_are_written(save, X, tmp_path):
    if save is save_dictionary_learning:
        pytest.importorskip("torch")
    with pytest.raises(NotFittedError):
        save(SparseAutoencoder(), tmp_path / "file")
    with pytest.raises(TypeError, match=r"estimator=PCA\(\) must be a Sparse"):
        save(PCA().fit(X), tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_the_extra_is_named_where_a_library_is_missing(X, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    monkeypatch.setitem(sys.modules, "torch", None)
    estimator = fit(X, penalty="l1")
    for call, extra in [
        (lambda: save_safetensors(estimator, tmp_path / "file"), "interchange"),
        (lambda: load_safetensors(tmp_path / "file"), "interchange"),
        (lambda: save_dictionary_learning(estimator, tmp_path), "pytorch"),
        (lambda: load_dictionary_learning(tmp_path), "pytorch"),
    ]:
        with pytest.raises(ImportError, match=rf"skl-sparse-ae\[{extra}\]"):
            call()


FOREIGN_ERRORS = [
    ({}, "activation_='logistic' instead of 'relu'"),
    ({"penalty": "l1", "activation": "tanh"}, "activation_='tanh'"),
    ({"penalty": "l1", "out_activation": "logistic"}, "out_activation_='logistic'"),
    ({"penalty": TopK(0.2, transform_factor=2)}, "transforms otherwise"),
    ({"penalty": TopK(0.2, transform_soft=True)}, "transforms otherwise"),
    ({"penalty": Largest()}, r"how Largest\(\) selects"),
]


@pytest.mark.parametrize(
    ("save", "library"),
    [
        (save_saelens, "SAELens"),
        (save_dictionary_learning, "dictionary_learning"),
    ],
)
@pytest.mark.parametrize(("parameters", "message"), FOREIGN_ERRORS)
def test_what_has_no_counterpart_is_refused(
    save, library, parameters, message, X, tmp_path
):
    if save is save_dictionary_learning:
        pytest.importorskip("torch")
    with pytest.raises(ValueError, match=f"{library}.*{message}"):
        save(fit(X, **parameters), tmp_path / "folder")
    assert not (tmp_path / "folder").exists()
