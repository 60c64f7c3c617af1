from os import PathLike
from typing import Any, TypeAlias

from .. import SparseAutoencoder

__all__ = [
    "decoder_to_onnx",
    "load_dictionary_learning",
    "load_saelens",
    "load_safetensors",
    "save_dictionary_learning",
    "save_saelens",
    "save_safetensors",
    "to_onnx",
]

#: Arrays of any library, data frames, sparse matrices, Dask collections.
_Rows: TypeAlias = Any

def decoder_to_onnx(estimator: Any, **options: Any) -> Any: ...
def load_dictionary_learning(folder: str | PathLike[str]) -> SparseAutoencoder: ...
def load_saelens(folder: str | PathLike[str]) -> SparseAutoencoder: ...
def load_safetensors(path: str | PathLike[str]) -> SparseAutoencoder: ...
def save_dictionary_learning(estimator: Any, folder: str | PathLike[str]) -> None: ...
def save_saelens(estimator: Any, folder: str | PathLike[str]) -> None: ...
def save_safetensors(estimator: Any, path: str | PathLike[str]) -> None: ...
def to_onnx(estimator: Any, X: _Rows, **options: Any) -> Any: ...
