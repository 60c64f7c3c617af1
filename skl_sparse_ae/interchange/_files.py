"""Folders and files of tensors and JSON."""

import json
from pathlib import Path

import numpy as np

from .._optional import import_optional


def made_folder(path):
    """The folder, made if it does not exist."""
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_json(settings, path):
    """Write a JSON object."""
    path.write_text(json.dumps(settings, indent=1), encoding="utf-8")


def read_json(path):
    """The JSON object in a file."""
    settings = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(settings, dict):
        raise ValueError(f"{path} must hold a JSON object, and holds {settings!r}.")
    return settings


def write_tensors(arrays, path, metadata=None):
    """Write arrays by name, and strings to the header, in the safetensors format."""
    safetensors = import_optional("safetensors.numpy", "interchange")
    # The library writes what lies at an array's address, whatever its strides.
    arrays = {name: np.array(array, order="C") for name, array in arrays.items()}
    safetensors.save_file(arrays, path, metadata=metadata)


def read_tensors(path):
    """The arrays by name, no float narrower than float32, and the header's strings."""
    safetensors = import_optional("safetensors", "interchange")
    import_optional("ml_dtypes", "interchange")  # gives NumPy a bfloat16
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            metadata = file.metadata() or {}
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path} cannot be read as safetensors: {error}.") from error
    return {name: widened(array) for name, array in arrays.items()}, metadata


def widened(array):
    """The array as one of at least float32, which training can go on with."""
    return array.astype(np.result_type(np.float32, array.dtype), copy=False)


def check_names(tensors, names, path):
    """Raise ValueError unless tensors have these names and no others."""
    missing, unknown = set(names) - set(tensors), set(tensors) - set(names)
    if missing or unknown:
        raise ValueError(
            f"{path} lacks the tensors {sorted(missing)} and has unknown ones, "
            f"{sorted(unknown)}."
        )


def checked_array(array, name, shape, dtype):
    """A copy of an array from a file, which must have a shape and finite numbers."""
    if array.shape != shape or array.size == 0:
        raise ValueError(f"{name} has the shape {array.shape}; it must be {shape}.")
    if not (np.isrealobj(array) and np.isfinite(array).all()):
        raise ValueError(f"{name} must hold finite real numbers.")
    return np.array(array, dtype=dtype, order="C")
