"""Files of tensors and JSON: our own, SAELens's and dictionary_learning's.

What other libraries compute from the files is worked out here from their documented
formulas; where they are installed, they are asked themselves.
"""

import json
import pickle
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError

from skl_sparse_ae import (
    KL,
    L1,
    BatchTopK,
    Contractive,
    Penalty,
    SparseAutoencoder,
    TopK,
)
from skl_sparse_ae.interchange import (
    load_dictionary_learning,
    load_saelens,
    load_safetensors,
    save_dictionary_learning,
    save_saelens,
    save_safetensors,
)

safetensors_numpy = pytest.importorskip("safetensors.numpy", reason="needs safetensors")
ml_dtypes = pytest.importorskip("ml_dtypes", reason="needs ml_dtypes")

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:beta='adaptive' was to make",
)

DTYPES = [np.float32, np.float64]
CASES = {
    "kl": {},
    "kl object, tanh": {"penalty": KL(0.2, 0.1), "activation": "tanh"},
    "l1": {"penalty": "l1"},
    "l1 adaptive": {"penalty": "l1", "beta": "adaptive"},
    "l1 object": {"penalty": L1(0.1, scale_invariant=False)},
    "topk": {"penalty": "topk"},
    "topk soft": {"penalty": TopK(0.2, transform_factor=2, transform_soft=True)},
    "batch_topk": {"penalty": BatchTopK(0.2)},
    "contractive": {"penalty": Contractive(0.01)},
    "no penalty, identity": {"penalty": None, "activation": "identity"},
    "tied": {"tied_weights": True},
    "logistic output": {"out_activation": "logistic"},
    "denoising": {"corruption": "masking", "solver": "adam"},
    "early stopping": {"early_stopping": True},
    "numpy's numbers": {"rho": np.float32(0.25), "max_iter": np.int64(3)},
}
RECTIFIED = {
    "l1": {"penalty": "l1"},
    "topk": {"penalty": "topk", "rho": 0.2},
    "batch_topk": {"penalty": "batch_topk", "rho": 0.2},
    "contractive": {"penalty": "contractive", "activation": "relu"},
    "no penalty": {"penalty": None, "activation": "relu"},
    "tied": {"penalty": "l1", "tied_weights": True},
}
rectified = pytest.mark.parametrize("parameters", RECTIFIED.values(), ids=RECTIFIED)
dtypes = pytest.mark.parametrize("dtype", DTYPES)


@pytest.fixture
def X(digits):
    return digits[:200]


def fit(X, **parameters):
    parameters = {"max_iter": 3, "random_state": 0, **parameters}
    return SparseAutoencoder(10, **parameters).fit(X)


def assert_same(loaded, estimator, X):
    code = estimator.transform(X)
    assert_array_equal(loaded.transform(X), code)
    assert loaded.transform(X).dtype == code.dtype
    assert_array_equal(
        loaded.inverse_transform(code), estimator.inverse_transform(code)
    )
    assert loaded.score(X) == estimator.score(X)


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


# Our own files


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
    # Neither has begun a stream, and the rows are those of the fit.
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
    """A penalty of one's own."""


class Largest(Penalty):
    """One that selects."""

    selects = True

    def select(self, a):
        a *= a == a.max(axis=1, keepdims=True)


@pytest.mark.parametrize("penalty", [Unknown(), Largest()])
def test_penalties_of_ones_own_have_no_name_in_files(penalty, X, tmp_path):
    with pytest.raises(TypeError, match=r"penalty=\w+\(\) is not one of"):
        save_safetensors(fit(X, penalty=penalty), tmp_path / "file")


def test_random_states_are_refused(X, tmp_path):
    estimator = fit(X, random_state=np.random.RandomState(0))
    with pytest.raises(TypeError, match="If it is random_state, use"):
        save_safetensors(estimator, tmp_path / "file")


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
        "not enough values",
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


# What both libraries compute


def top(a, k):
    """The k largest of each row, by sorting."""
    last = np.sort(a, axis=1)[:, -k, None]
    return np.where(a >= last, a, 0)


def select(z, k=None, threshold=None):
    """Rectified activations of pre-activations, of which k or those above are kept."""
    a = np.where(z > 0, z, 0)
    if k is not None:
        a = top(a, k)
    return a if threshold is None else np.where(z > threshold, a, 0)


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


# SAELens


@dtypes
@rectified
def test_saelens_layout(parameters, dtype, X, tmp_path):
    X = X.astype(dtype)
    estimator = fit(X, **parameters)
    save_saelens(estimator, tmp_path / "new" / "folder")
    config = json.loads((tmp_path / "new/folder/cfg.json").read_text())
    assert (config["d_in"], config["d_sae"]) == (64, 10)
    assert config["dtype"] == np.dtype(dtype).name
    assert config["apply_b_dec_to_input"] is False
    assert config["normalize_activations"] == "none"
    tensors = safetensors_numpy.load_file(
        tmp_path / "new/folder/sae_weights.safetensors"
    )
    z = X @ tensors["W_enc"] + tensors["b_enc"]
    kinds = {"topk": "topk", "batch_topk": "jumprelu"}
    assert config["architecture"] == kinds.get(parameters["penalty"], "standard")
    k = config["k"] if config["architecture"] == "topk" else None
    code = select(z, k, tensors.get("threshold"))
    tol = 1e-5 if dtype == np.float32 else 1e-12
    assert_allclose(code, estimator.transform(X), atol=tol)
    rows = code @ tensors["W_dec"] + tensors["b_dec"]
    assert_allclose(rows, estimator.inverse_transform(code), atol=tol)


@dtypes
@rectified
def test_saelens_layout_and_back(parameters, dtype, X, tmp_path):
    X = X.astype(dtype)
    estimator = fit(X, **parameters)
    save_saelens(estimator, tmp_path)
    loaded = load_saelens(tmp_path)
    assert_same(loaded, estimator, X)
    if parameters["penalty"] in ("topk", "batch_topk"):
        assert loaded.penalty_.rho == 0.2
        assert type(loaded.penalty) is type(loaded.penalty_) is type(estimator.penalty_)
    else:
        assert loaded.penalty is None
    save_saelens(loaded, tmp_path / "again")
    assert_same(load_saelens(tmp_path / "again"), estimator, X)


def write_saelens(folder, tensors=None, **config):
    """Two features, three units, whose numbers are easy."""
    tensors = {
        "W_enc": np.array([[1.0, 0.0, -1.0], [0.0, 1.0, 1.0]], np.float32),
        "b_enc": np.array([0.0, -1.0, 0.5], np.float32),
        "W_dec": np.array([[3.0, 4.0], [0.0, 1.0], [2.0, 0.0]], np.float32),
        "b_dec": np.array([1.0, 2.0], np.float32),
        **(tensors or {}),
    }
    tensors = {name: array for name, array in tensors.items() if array is not None}
    safetensors_numpy.save_file(tensors, folder / "sae_weights.safetensors")
    (folder / "cfg.json").write_text(json.dumps(config))


ROWS = np.array([[2.0, 4.0], [1.0, 5.0]], np.float32)
# x W_enc + b_enc is (2, 3, 2.5), (1, 4, 4.5); of x - b_dec, (1, 1, 1.5), (0, 2, 3.5).
WORKED = {
    "standard": ({"apply_b_dec_to_input": False}, [[2, 3, 2.5], [1, 4, 4.5]]),
    "subtracts": ({"apply_b_dec_to_input": True}, [[1, 1, 1.5], [0, 2, 3.5]]),
    "subtracts by default": ({}, [[1, 1, 1.5], [0, 2, 3.5]]),
    "k is of topk only": ({"k": 1}, [[1, 1, 1.5], [0, 2, 3.5]]),
    "topk": (
        {"architecture": "topk", "k": 1, "apply_b_dec_to_input": False},
        [[0, 3, 0], [0, 0, 4.5]],
    ),
    "topk of all": ({"architecture": "topk", "k": 3}, [[1, 1, 1.5], [0, 2, 3.5]]),
    # Norms are 5, 1 and 2.
    "topk by norms": (
        {"architecture": "topk", "k": 1, "rescale_acts_by_decoder_norm": True},
        [[5, 0, 0], [0, 0, 7]],
    ),
    "jumprelu": (
        {
            "architecture": "jumprelu",
            "tensors": {"threshold": np.array([0.5, 1.0, 2.0])},
        },
        [[1, 0, 0], [0, 2, 3.5]],
    ),
    "batchtopk": (
        {"architecture": "batchtopk", "tensors": {"topk_threshold": np.array(1.25)}},
        [[0, 0, 1.5], [0, 2, 3.5]],
    ),
}


@pytest.mark.parametrize(("config", "expected"), WORKED.values(), ids=WORKED)
def test_saelens_files_worked_by_hand(config, expected, tmp_path):
    write_saelens(tmp_path, **config)
    loaded = load_saelens(tmp_path)
    code = loaded.transform(ROWS)
    assert_allclose(code, expected, rtol=1e-6)
    W_dec = np.array([[3.0, 4.0], [0.0, 1.0], [2.0, 0.0]])
    if config.get("rescale_acts_by_decoder_norm"):
        W_dec /= [[5], [1], [2]]
    assert_allclose(
        loaded.inverse_transform(code), expected @ W_dec + [1, 2], rtol=1e-6
    )
    assert list(loaded.get_feature_names_out()) == [
        f"sparseautoencoder{i}" for i in range(3)
    ]
    loaded.partial_fit(np.tile(ROWS, (20, 1)))  # goes on, at the scale of these rows
    assert np.isfinite(loaded.components_).all()


def test_thresholds_give_way_to_one_that_is_learned(X, tmp_path):
    estimator = fit(X, penalty="batch_topk", rho=0.2)
    thresholds = np.linspace(0.1, 0.5, 10)
    estimator.penalty_.threshold_ = thresholds
    save_saelens(estimator, tmp_path)
    loaded = load_saelens(tmp_path)
    assert_array_equal(loaded.penalty_.threshold_, thresholds)
    assert_same(loaded, estimator, X)
    save_safetensors(loaded, tmp_path / "file")
    assert_same(load_safetensors(tmp_path / "file"), estimator, X)
    assert isinstance(loaded.partial_fit(X).penalty_.threshold_, float)


def test_units_without_length_have_no_activation(tmp_path):
    W_dec = np.array([[3.0, 4.0], [0.0, 0.0], [2.0, 0.0]], np.float32)
    write_saelens(
        tmp_path,
        {"W_dec": W_dec},
        architecture="topk",
        k=2,
        rescale_acts_by_decoder_norm=True,
    )
    assert_allclose(load_saelens(tmp_path).transform(ROWS), [[5, 0, 3], [0, 0, 7]])


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float64])
def test_narrow_numbers_become_float32(dtype, tmp_path):
    write_saelens(tmp_path)
    path = tmp_path / "sae_weights.safetensors"
    tensors = safetensors_numpy.load_file(path)
    tensors = {name: array.astype(dtype) for name, array in tensors.items()}
    safetensors_numpy.save_file(tensors, path)
    loaded = load_saelens(tmp_path)
    expected = np.float64 if dtype is np.float64 else np.float32
    assert loaded.components_.dtype == loaded.encoder_coef_.dtype == expected
    assert_allclose(loaded.transform(ROWS), [[1, 1, 1.5], [0, 2, 3.5]])


ONES = np.ones
SAELENS_ERRORS = {
    "architecture": (
        {"architecture": "gated"},
        "'architecture' parameter of .*cfg.json",
    ),
    "normalised": ({"normalize_activations": "layer_norm"}, "'normalize_activations'"),
    "subtracts": ({"apply_b_dec_to_input": "yes"}, "'apply_b_dec_to_input'"),
    "old activation": ({"activation_fn_str": "topk"}, "'activation_fn_str'"),
    "k": ({"architecture": "topk", "k": -1}, "'k' parameter"),
    "no k": ({"architecture": "topk"}, "lacks the k"),
    "no threshold": (
        {"architecture": "jumprelu"},
        r"lacks the tensors \['threshold'\]",
    ),
    "unknown tensor": ({"tensors": {"b_gate": ONES(3)}}, r"unknown ones, \['b_gate'\]"),
    "no matrix": ({"tensors": {"W_enc": ONES(3)}}, r"W_enc has the shape \(3,\)"),
    "shape": ({"tensors": {"b_dec": ONES(3)}}, r"b_dec has the shape \(3,\).*\(2,\)"),
    "threshold's shape": (
        {"architecture": "jumprelu", "tensors": {"threshold": ONES(2)}},
        r"threshold has the shape \(2,\).*\(3,\)",
    ),
    "infinite": ({"tensors": {"b_enc": np.full(3, np.inf)}}, "b_enc must hold finite"),
    "no units": (
        {
            "tensors": {
                "W_enc": ONES((2, 0)),
                "b_enc": ONES(0),
                "W_dec": ONES((0, 2)),
            }
        },
        r"W_enc has the shape \(2, 0\)",
    ),
    "threshold's value": (
        {
            "architecture": "batchtopk",
            "tensors": {"topk_threshold": np.array(np.nan)},
        },
        "threshold must hold finite",
    ),
}


@pytest.mark.parametrize(
    ("config", "message"), SAELENS_ERRORS.values(), ids=SAELENS_ERRORS
)
def test_saelens_files_that_cannot_be_used_are_refused(config, message, tmp_path):
    write_saelens(tmp_path, **config)
    with pytest.raises(ValueError, match=message):
        load_saelens(tmp_path)


def test_settings_that_are_no_object_are_refused(tmp_path):
    write_saelens(tmp_path)
    (tmp_path / "cfg.json").write_text("[1]")
    with pytest.raises(ValueError, match=r"must hold a JSON object, and holds \[1\]"):
        load_saelens(tmp_path)


@pytest.mark.filterwarnings("ignore")
@dtypes
@rectified
def test_saelens_itself_computes_the_same(parameters, dtype, X, tmp_path):
    sae_lens = pytest.importorskip("sae_lens")
    torch = pytest.importorskip("torch")
    X = X.astype(dtype)
    estimator = fit(X, **parameters)
    save_saelens(estimator, tmp_path)
    sae = sae_lens.SAE.load_from_disk(tmp_path)
    with torch.no_grad():
        code = sae.encode(torch.from_numpy(X))
        rows = sae.decode(code)
    tol = 1e-5 if dtype == np.float32 else 1e-12
    assert_allclose(code, estimator.transform(X), atol=tol)
    assert_allclose(rows, estimator.inverse_transform(code.numpy()), atol=tol)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("subtracts", [True, False])
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("Standard", {}),
        ("TopK", {"k": 3}),
        ("TopK", {"k": 3, "rescale_acts_by_decoder_norm": True}),
        ("JumpReLU", {}),
    ],
)
def test_what_saelens_saves_is_read(name, settings, subtracts, X, tmp_path):
    sae_lens = pytest.importorskip("sae_lens")
    torch = pytest.importorskip("torch")
    config = getattr(sae_lens, f"{name}SAEConfig")(
        d_in=64, d_sae=12, apply_b_dec_to_input=subtracts, **settings
    )
    sae = getattr(sae_lens, f"{name}SAE")(config)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in sae.parameters():
            parameter.uniform_(-0.5, 0.5, generator=generator)
        sae.save_model(tmp_path)
        rows = X.astype(np.float32)
        code = sae.encode(torch.from_numpy(rows))
        expected = sae.decode(code)
    loaded = load_saelens(tmp_path)
    assert_allclose(loaded.transform(rows), code, atol=1e-5)
    assert_allclose(loaded.inverse_transform(code.numpy()), expected, atol=1e-5)


# dictionary_learning


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
        seen = X - b_dec if is_topk else X
        z = seen @ state["encoder.weight"].T + state["encoder.bias"]
        code = select(z, k=int(state["k"]) if is_topk else None)
        rows = code @ state["decoder.weight"].T + b_dec
    kinds = {"topk": "AutoEncoderTopK", "batch_topk": "JumpReluAutoEncoder"}
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
    """The three units of `write_saelens` as one of that library's classes."""
    torch = pytest.importorskip("torch")
    W_enc = torch.tensor([[1.0, 0.0, -1.0], [0.0, 1.0, 1.0]])
    W_dec = torch.tensor([[3.0, 4.0], [0.0, 1.0], [2.0, 0.0]])
    b_enc, b_dec = torch.tensor([0.0, -1.0, 0.5]), torch.tensor([1.0, 2.0])
    if name == "JumpReluAutoEncoder":
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
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
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
