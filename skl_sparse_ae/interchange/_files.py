"""Reading, writing and checking of files of tensors and JSON."""

import hashlib
import json
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from .._optional import import_optional
from .._replacing import replacing

#: Key of the settings in a folder for the digest of the file of tensors beside them.
DIGEST = "weights_sha256"


def write_folder(folder, config_name, settings, weights_name, write_weights):
    """Write a file of settings and one of tensors to a folder.

    Parameters
    ----------
    folder : str or path-like
        It is made if it does not exist.
    config_name, weights_name : str
        Names of the files.
    settings : dict
        It is written as JSON, with the digest of the tensors, by which `read_config`
        finds out whether both files belong together: the process may be killed between
        the replacement of one and of the other.
    write_weights : callable
        Called with a path; writes the tensors.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / config_name, folder / weights_name) as (config, weights):
        write_weights(weights)
        text = json.dumps(settings | {DIGEST: _digest(weights)}, indent=1)
        config.write_text(text, encoding="utf-8")


def read_config(config_path, weights_path):
    """Return the settings that `write_folder` or another library has written."""
    settings = parse_json(config_path.read_bytes(), config_path)
    if not isinstance(settings, dict):
        raise ValueError(
            f"{config_path} must hold a JSON object, and holds {settings!r}."
        )
    digest = settings.pop(DIGEST, None)
    if digest is not None and digest != _digest(weights_path):
        raise ValueError(
            f"{weights_path} is not the file that was written with {config_path}. "
            "Saving may have been interrupted, or a file copied from elsewhere."
        )
    return settings


def parse_json(text, source):
    """Return what a JSON text stands for; `source` is named where it is invalid."""
    try:
        return json.loads(text, parse_int=_parse_int)
    except (ValueError, OverflowError, RecursionError) as error:
        raise ValueError(f"{source} cannot be read as JSON: {error}.") from error


def _parse_int(text):
    value = int(text)
    float(value)  # an error where no parameter could be as large
    return value


@contextmanager
def errors_name(path):
    """Name a file in the errors about what it contains."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{path} cannot be used. {error}") from error


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
