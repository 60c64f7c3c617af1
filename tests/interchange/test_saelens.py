"""Files of SAELens.

Expected results are computed from its documented formulas, and by the library itself
where it is installed.
"""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skl_sparse_ae import JumpReLU
from skl_sparse_ae.interchange import (
    load_saelens,
    load_safetensors,
    save_saelens,
    save_safetensors,
)

from .helpers import ROWS, SHORT, assert_same, dtypes, fit, rectified, select

safetensors_numpy = pytest.importorskip("safetensors.numpy", reason="needs safetensors")
ml_dtypes = pytest.importorskip("ml_dtypes", reason="needs ml_dtypes")

pytestmark = SHORT


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
    kinds = {"topk": "topk", "batch_topk": "jumprelu", "jumprelu": "jumprelu"}
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
    if parameters["penalty"] in ("topk", "batch_topk", "jumprelu"):
        assert loaded.penalty_.rho == pytest.approx(0.2)
        assert type(loaded.penalty) is type(loaded.penalty_) is type(estimator.penalty_)
    else:
        assert loaded.penalty is None
    save_saelens(loaded, tmp_path / "again")
    assert_same(load_saelens(tmp_path / "again"), estimator, X)


def write_saelens(folder, tensors=None, **config):
    """Write an autoencoder with two features, three units and simple numbers."""
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
    loaded.partial_fit(np.tile(ROWS, (20, 1)))  # training can be continued
    assert np.isfinite(loaded.components_).all()


@pytest.mark.parametrize("penalty", ["batch_topk", "jumprelu"])
def test_training_goes_on_from_thresholds(penalty, X, tmp_path):
    estimator = fit(X, penalty=penalty, rho=0.2)
    thresholds = np.linspace(0.1, 0.5, 10)
    estimator.penalty_.threshold_ = thresholds
    save_saelens(estimator, tmp_path)
    loaded = load_saelens(tmp_path)
    assert isinstance(loaded.penalty_, JumpReLU)
    assert loaded.penalty.beta == "adaptive"
    assert_array_equal(loaded.penalty_.threshold_, thresholds)
    assert_same(loaded, estimator, X)
    save_safetensors(loaded, tmp_path / "file")
    assert_same(load_safetensors(tmp_path / "file"), estimator, X)
    changed = loaded.partial_fit(X).penalty_.threshold_
    assert changed.shape == (10,)
    assert 0 < np.abs(changed - thresholds).max() < 0.1


def test_units_of_norm_zero_are_never_active(tmp_path):
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


def test_widths_of_nested_reconstructions(X, tmp_path):
    estimator = fit(X, penalty="batch_topk", rho=0.2, matryoshka_widths=[2, 5])
    save_saelens(estimator, tmp_path)
    loaded = load_saelens(tmp_path)
    assert loaded.matryoshka_widths_ == (2, 5, 10)
    assert loaded.matryoshka_widths == [2, 5, 10]
    assert_same(loaded, estimator, X)
    save_safetensors(loaded, tmp_path / "file")
    again = load_safetensors(tmp_path / "file")
    assert again.matryoshka_widths_ == (2, 5, 10)
    assert again.objective(X) == loaded.objective(X)


def test_matryoshka_files_worked_by_hand(tmp_path):
    write_saelens(
        tmp_path,
        {"topk_threshold": np.array(1.25)},
        architecture="matryoshka_batchtopk",
        k=2,
        matryoshka_widths=[1, 2],
    )
    loaded = load_saelens(tmp_path)
    assert_allclose(loaded.transform(ROWS), [[0, 0, 1.5], [0, 2, 3.5]])
    assert loaded.matryoshka_widths_ == (1, 2, 3)


@pytest.mark.parametrize("widths", [[2, 1], [0], [4], [1.5], ["2"]])
def test_widths_that_do_not_fit_are_refused(widths, tmp_path):
    write_saelens(
        tmp_path,
        {"topk_threshold": np.array(1.25)},
        architecture="matryoshka_batchtopk",
        matryoshka_widths=widths,
    )
    with pytest.raises(ValueError, match="widths"):
        load_saelens(tmp_path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("rescale", [True, False])
def test_what_saelens_saves_of_matryoshka_is_read(rescale, X, tmp_path):
    sae_lens = pytest.importorskip("sae_lens")
    torch = pytest.importorskip("torch")
    config = sae_lens.MatryoshkaBatchTopKTrainingSAEConfig(
        d_in=64,
        d_sae=12,
        k=3,
        matryoshka_widths=[4, 12],
        rescale_acts_by_decoder_norm=rescale,
    )
    sae = sae_lens.MatryoshkaBatchTopKTrainingSAE(config)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in sae.parameters():
            parameter.uniform_(-0.5, 0.5, generator=generator)
        sae.topk_threshold.fill_(0.3)
        sae.save_model(tmp_path / "training")
        sae.save_inference_model(tmp_path / "inference")
        rows = torch.from_numpy(X.astype(np.float32))
        inference = sae_lens.SAE.load_from_disk(tmp_path / "inference")
        code = inference.encode(rows)
        expected = inference.decode(code)
    loaded = load_saelens(tmp_path / "training")
    assert loaded.matryoshka_widths_ == (4, 12)
    decoded = loaded.inverse_transform(loaded.transform(rows.numpy()))
    assert_allclose(decoded, expected, atol=1e-5)
    loaded = load_saelens(tmp_path / "inference")
    decoded = loaded.inverse_transform(loaded.transform(rows.numpy()))
    assert_allclose(decoded, expected, atol=1e-5)
