"""Reading, writing and checking of files of tensors and JSON."""

import json
from pathlib import Path

import numpy as np

from .._optional import import_optional


def make_folder(path):
    """Return a folder as a `Path`; make it if it does not exist."""
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_json(settings, path):
    """Write a dict to a file as a JSON object."""
    path.write_text(json.dumps(settings, indent=1), encoding="utf-8")


def read_json(path):
    """Return the JSON object in a file as a dict."""
    settings = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(settings, dict):
        raise ValueError(f"{path} must hold a JSON object, and holds {settings!r}.")
    return settings


def write_tensors(arrays, path, metadata=None):
    """Write a file in the safetensors format.

    Parameters
    ----------
    arrays : dict of str to array
    path : str or path-like
    metadata : dict of str to str, default=None
        Strings to write to the header.
    """
    safetensors = import_optional("safetensors.numpy", "interchange")
    # The library ignores the strides of arrays.
    arrays = {name: np.array(array, order="C") for name, array in arrays.items()}
    safetensors.save_file(arrays, path, metadata=metadata)


def read_tensors(path):
    """Read a file in the safetensors format.

    Returns
    -------
    arrays : dict of str to ndarray
        Arrays of float32 or a wider dtype.
    metadata : dict of str to str
        The strings in the header.
    """
    safetensors = import_optional("safetensors", "interchange")
    import_optional("ml_dtypes", "interchange")  # adds bfloat16 to NumPy
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            metadata = file.metadata() or {}
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path} cannot be read as safetensors: {error}.") from error
    return {name: widen(array) for name, array in arrays.items()}, metadata


def widen(array):
    """Convert an array of a narrower dtype to float32, the narrowest for training."""
    return array.astype(np.result_type(np.float32, array.dtype), copy=False)


def check_names(tensors, names, path):
    """Raise ValueError unless the names of tensors are exactly `names`."""
    missing, unknown = set(names) - set(tensors), set(tensors) - set(names)
    if missing or unknown:
        raise ValueError(
            f"{path} lacks the tensors {sorted(missing)} and has unknown ones, "
            f"{sorted(unknown)}."
        )


def check_array(array, name, shape, dtype):
    """Return a copy of an array from a file, with a given dtype.

    Raises
    ------
    ValueError
        If the array is empty, has another shape, or has values that are not finite
        real numbers.
    """
    if array.shape != shape or array.size == 0:
        raise ValueError(f"{name} has the shape {array.shape}; it must be {shape}.")
    if not (np.isrealobj(array) and np.isfinite(array).all()):
        raise ValueError(f"{name} must hold finite real numbers.")
    return np.array(array, dtype=dtype, order="C")
