"""Files that are damaged or crafted: a ValueError that names the file, and no more."""

import json

import numpy as np
import pytest

from skl_sparse_ae import interchange

from .helpers import fit

safetensors = pytest.importorskip("safetensors.numpy", reason="needs safetensors")
safe_open = pytest.importorskip("safetensors").safe_open

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

JUNK = [None, [], {}, "x", -1, 0, 1.5, True, [[1]], {"a": 1}, [None], ["x"], 10**400]
JUNK += [float("nan"), float("inf"), [[1, 2]], [{}], [10**400], "\ud800", "KL()"]
NO_JSON = ["", "{", "[" * 100_000, '{"a":' * 100_000, "\x00", '"', "[1]", "3"]


def places(settings, path=()):
    """The paths of all values in nested dicts and lists, of lists only the first."""
    yield path
    if isinstance(settings, dict):
        for key, value in settings.items():
            yield from places(value, (*path, key))
    elif isinstance(settings, list) and settings:
        yield from places(settings[0], (*path, 0))


def changed(settings, path, value):
    """A copy of nested dicts and lists with another value at a path."""
    if not path:
        return value
    key, *rest = path
    copy = settings.copy()
    copy[key] = changed(settings[key], rest, value)
    return copy


def load_or_refuse(load, path):
    """Load a file and use it, or make sure that the error names it."""
    try:
        estimator, message = load(path), str(path)
    except ValueError as error:
        estimator, message = None, str(error)
    assert str(path) in message
    if estimator is not None:
        estimator.inverse_transform(estimator.transform(np.zeros((2, 64))))


@pytest.mark.parametrize("penalty", ["kl", "batch_topk", None])
def test_settings_of_safetensors(penalty, X, tmp_path):
    path = tmp_path / "file"
    interchange.save_safetensors(fit(X, penalty=penalty, early_stopping=True), path)
    tensors = safetensors.load_file(path)
    with safe_open(path, "numpy") as file:
        settings = json.loads(file.metadata()["skl_sparse_ae"])
    texts = [
        json.dumps(changed(settings, place, value))
        for place in places(settings)
        for value in JUNK
    ]
    for text in texts + NO_JSON:
        safetensors.save_file(tensors, path, metadata={"skl_sparse_ae": text})
        load_or_refuse(interchange.load_safetensors, path)


@pytest.mark.parametrize("penalty", ["topk", "batch_topk"])
def test_settings_of_saelens(penalty, X, tmp_path):
    interchange.save_saelens(fit(X, penalty=penalty), tmp_path)
    path = tmp_path / "cfg.json"
    settings = json.loads(path.read_text())
    texts = [
        json.dumps(changed(settings, place, value))
        for place in places(settings)
        for value in JUNK
    ]
    for text in texts + NO_JSON:
        path.write_text(text)
        load_or_refuse(interchange.load_saelens, tmp_path)
    path.write_bytes(b"\xff\xfe\x00")
    load_or_refuse(interchange.load_saelens, tmp_path)


def test_files_that_end_early_or_are_changed(X, tmp_path):
    path = tmp_path / "file"
    interchange.save_safetensors(fit(X), path)
    content, rng = path.read_bytes(), np.random.RandomState(0)
    for length in [*range(0, 200, 7), len(content) - 1]:
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match="file"):
            interchange.load_safetensors(path)
    for _ in range(200):
        damaged = bytearray(content)
        damaged[rng.randint(2000)] = rng.randint(256)
        path.write_bytes(damaged)
        load_or_refuse(interchange.load_safetensors, path)


def test_files_that_are_missing_are_named(tmp_path):
    for load in (interchange.load_safetensors, interchange.load_saelens):
        with pytest.raises(OSError, match="missing"):
            load(tmp_path / "missing")
