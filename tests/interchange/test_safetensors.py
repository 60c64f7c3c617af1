"""Files of this package, in the safetensors format."""

import json
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skl_sparse_ae import KL, L1, BatchTopK, Contractive, Penalty, TopK
from skl_sparse_ae._penalties import PENALTIES
from skl_sparse_ae.interchange import load_safetensors, save_safetensors

from .helpers import SHORT, Largest, assert_same, dtypes, fit

safetensors_numpy = pytest.importorskip("safetensors.numpy", reason="needs safetensors")
pytest.importorskip("ml_dtypes", reason="needs ml_dtypes")

pytestmark = SHORT

CASES = {
    **{str(name): {"penalty": name} for name in PENALTIES},
    "kl object, tanh": {"penalty": KL(0.2, 0.1), "activation": "tanh"},
    "l1 adaptive": {"penalty": "l1", "beta": "adaptive"},
    "l1 object": {"penalty": L1(0.1, scale_invariant=False)},
    "topk soft": {"penalty": TopK(0.2, transform_factor=2, transform_soft=True)},
    "batch_topk object": {"penalty": BatchTopK(0.2)},
    "contractive object": {"penalty": Contractive(0.01)},
    "no penalty, identity": {"penalty": None, "activation": "identity"},
    "tied": {"tied_weights": True},
    "logistic output": {"out_activation": "logistic"},
    "zeros and ones": {"loss": "log_loss"},
    "counts": {"loss": "poisson"},
    "missing entries allowed": {"missing_values": np.nan},
    "denoising": {"corruption": "masking", "solver": "adam"},
    "early stopping": {"early_stopping": True},
    "numpy's numbers": {"rho": np.float32(0.25), "max_iter": np.int64(3)},
}


def parameters_of(estimator):
    parameters = estimator.get_params()
    penalty = parameters.pop("penalty", None)
    kind = penalty if isinstance(penalty, str) else type(penalty)
    return parameters, kind, type(estimator)


def public_attributes(estimator):
    return {
        name: value
        for name, value in vars(estimator).items()
        if name.endswith("_") and name != "penalty_"
    }


@dtypes
@pytest.mark.parametrize("parameters", CASES.values(), ids=CASES)
def test_all_of_a_fitted_estimator_comes_back(parameters, dtype, X, tmp_path):
    X, path = X.astype(dtype), tmp_path / "autoencoder.safetensors"
    estimator = fit(X, **parameters)
    save_safetensors(estimator, path)
    loaded = load_safetensors(path)
    assert_same(loaded, estimator, X)
    assert loaded.objective(X) == estimator.objective(X)
    assert parameters_of(loaded) == parameters_of(estimator)
    assert parameters_of(loaded.penalty_) == parameters_of(estimator.penalty_)
    expected = public_attributes(estimator)
    assert public_attributes(loaded).keys() == expected.keys()
    for name, value in expected.items():
        assert_array_equal(getattr(loaded, name), value)
        assert type(getattr(loaded, name)) is type(value)


def test_names_of_columns_come_back(X, tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X).add_prefix("pixel")
    save_safetensors(fit(frame), str(tmp_path / "file"))
    loaded = load_safetensors(str(tmp_path / "file"))
    assert list(loaded.feature_names_in_) == list(frame)
    loaded.transform(frame)  # would warn of other names
    with pytest.raises(ValueError, match="feature names should match"):
        loaded.transform(frame.rename(columns={"pixel0": "other"}))


@pytest.mark.parametrize("penalty", ["kl", "l1", "topk"])
def test_training_goes_on_as_if_nothing_had_been_saved(penalty, X, tmp_path):
    estimator = fit(X, penalty=penalty)
    save_safetensors(estimator, tmp_path / "file")
    loaded = load_safetensors(tmp_path / "file")
    # partial_fit has not been called before, and its rows are those of fit.
    assert_same(loaded.partial_fit(X), estimator.partial_fit(X), X)
    for trained in (loaded, estimator):
        trained.set_params(warm_start=True).fit(X)
    assert_same(loaded, estimator, X)


def test_other_programs_can_read_the_file(X, tmp_path):
    estimator = fit(X, penalty="batch_topk")
    save_safetensors(estimator, tmp_path / "file")
    with open(tmp_path / "file", "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        settings = json.loads(
            json.loads(file.read(size))["__metadata__"]["skl_sparse_ae"]
        )
    assert settings["parameters"]["penalty"] == "batch_topk"
    assert settings["attributes"]["penalty_"]["name"] == "batch_topk"
    tensors = safetensors_numpy.load_file(tmp_path / "file")
    assert_array_equal(tensors["components_"], estimator.components_)
    assert tensors["penalty_.threshold_"] == estimator.penalty_.threshold_


class Unknown(Penalty):
    """A user-defined penalty."""


@pytest.mark.parametrize("penalty", [Unknown(), Largest()])
def test_user_defined_penalties_are_refused(penalty, X, tmp_path):
    with pytest.raises(TypeError, match=r"penalty=\w+\(\) is not one of"):
        save_safetensors(fit(X, penalty=penalty), tmp_path / "file")


def test_random_states_are_refused(X, tmp_path):
    estimator = fit(X, random_state=np.random.RandomState(0))
    with pytest.raises(TypeError, match="If it is random_state, use"):
        save_safetensors(estimator, tmp_path / "file")


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(pickle.dumps({}))
    with pytest.raises(ValueError, match="cannot be read as safetensors"):
        load_safetensors(path)
    safetensors_numpy.save_file({"W_enc": np.ones((2, 3))}, path)
    with pytest.raises(ValueError, match="no settings of skl_sparse_ae"):
        load_safetensors(path)
    with pytest.raises(FileNotFoundError):
        load_safetensors(tmp_path / "missing")


def change(path, tensors=None, settings=None):
    """Write a file anew, its tensors and settings changed by functions."""
    arrays = safetensors_numpy.load_file(path)
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    text = header["__metadata__"]["skl_sparse_ae"]
    if tensors is not None:
        tensors(arrays)
    if settings is not None:
        values = json.loads(text)
        settings(values)
        text = json.dumps(values)
    safetensors_numpy.save_file(arrays, path, metadata={"skl_sparse_ae": text})


SETTINGS = {
    "format": (lambda s: s.update(format=2), "format=2.*reads format=1"),
    "no version": (lambda s: s.pop("version"), r"lack \['version'\]"),
    "parameter": (lambda s: s["parameters"].update(rho=2), "'rho' parameter"),
    "parameter's type": (
        lambda s: s["parameters"].update(max_iter="9"),
        "'max_iter' parameter",
    ),
    "unknown parameter": (
        lambda s: s["parameters"].update(evil=1),
        r"parameters of SparseAutoencoder have unknown names \['evil'\]",
    ),
    "no parameters": (lambda s: s.update(parameters=[]), "must be a JSON object"),
    "penalty": (lambda s: s["parameters"].update(penalty="x"), "'penalty' parameter"),
    "penalty's name": (
        lambda s: s["parameters"].update(
            penalty={"name": "os.system", "parameters": {"command": "true"}}
        ),
        "penalty is called 'os.system'",
    ),
    "penalty's parameter": (
        lambda s: s["attributes"]["penalty_"]["parameters"].update(rho="0.1"),
        "'rho' parameter of KL",
    ),
    "penalty without parameters": (
        lambda s: s["attributes"].update(penalty_={"name": "kl"}),
        r"penalty have unknown names \[\] and lack \['parameters'\]",
    ),
    "penalty for other units": (
        lambda s: s["attributes"].update(activation_="relu"),
        "activation='relu' is unbounded",
    ),
    "activation": (
        lambda s: s["attributes"].update(activation_="__import__('os')"),
        "'activation_' parameter of the settings",
    ),
    "unhashable": (
        lambda s: s["attributes"].update(out_activation_=["identity"]),
        "'out_activation_' parameter of the settings",
    ),
    "no alpha_": (lambda s: s["attributes"].pop("alpha_"), r"lack \['alpha_'\]"),
    "loss curve": (
        lambda s: s["attributes"].update(loss_curve_=["low"]),
        "could not convert string",
    ),
    "terms of the loss": (
        lambda s: s["attributes"].update(loss_terms_=[[1, 2]]),
        "loss_terms_ must be a list",
    ),
    "names of columns": (
        lambda s: s["attributes"].update(feature_names_in_=["a"]),
        "1 names for 64 features",
    ),
    "tied": (
        lambda s: s["attributes"].update(tied_weights_=True),
        "not the transpose",
    ),
}


@pytest.mark.parametrize(("edit", "message"), SETTINGS.values(), ids=SETTINGS)
def test_values_that_are_not_allowed_are_named(edit, message, X, tmp_path):
    path = tmp_path / "file"
    save_safetensors(fit(X), path)
    change(path, settings=edit)
    with pytest.raises(ValueError, match=message):
        load_safetensors(path)


TENSORS = {
    "missing": (lambda t: t.pop("components_"), r"lack \['components_'\]"),
    "unknown": (lambda t: t.update(W=np.ones(1)), r"unknown names \['W'\]"),
    "shape": (
        lambda t: t.update(encoder_coef_=np.ones((10, 64))),
        r"encoder_coef_ has the shape \(10, 64\); it must be \(64, 10\)",
    ),
    "not finite": (
        lambda t: t["encoder_intercept_"].fill(np.nan),
        "encoder_intercept_ must hold finite",
    ),
    "complex": (
        lambda t: t.update(mean_activation_=np.ones(10, np.complex64)),
        "mean_activation_ must hold finite real",
    ),
    "no matrix": (
        lambda t: t.update(components_=np.ones(10)),
        r"components_ has the shape \(10,\)",
    ),
    "threshold": (
        lambda t: t.update({"penalty_.threshold_": np.ones(3)}),
        r"threshold_ has the shape \(3,\); it must be \(10,\)",
    ),
}


@pytest.mark.parametrize(("edit", "message"), TENSORS.values(), ids=TENSORS)
def test_tensors_that_do_not_fit_are_named(edit, message, X, tmp_path):
    path = tmp_path / "file"
    save_safetensors(fit(X), path)
    change(path, tensors=edit)
    with pytest.raises(ValueError, match=message):
        load_safetensors(path)
