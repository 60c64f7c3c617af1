"""Which doctests need an optional library: they are skipped where it is missing."""

from importlib.util import find_spec

import pytest

NEEDED = {
    "skl_sparse_ae.interchange._dictionary_learning": "torch",
    "skl_sparse_ae.interchange._onnx": "onnxruntime",
    "skl_sparse_ae.interchange._saelens": "safetensors",
    "skl_sparse_ae.interchange._safetensors": "safetensors",
}


def pytest_collection_modifyitems(items):
    for item in items:
        if not isinstance(item, pytest.DoctestItem):
            continue
        name = item.dtest.globs.get("__name__")
        drawn = str(name).startswith("skl_sparse_ae.display")
        library = "matplotlib" if drawn else NEEDED.get(name)
        if library is not None and find_spec(library) is None:
            item.add_marker(pytest.mark.skip(reason=f"needs {library}"))
