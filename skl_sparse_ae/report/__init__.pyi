from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any, TypeAlias

from numpy.random import RandomState
from numpy.typing import ArrayLike

__all__ = [
    "HTMLReport",
    "html_report",
]

#: Arrays of any library, data frames, sparse matrices, Dask collections.
_Rows: TypeAlias = Any

@dataclass(frozen=True)
class HTMLReport:
    title: str
    html: str
    def save(self, path: str | PathLike[str]) -> None: ...

def html_report(
    estimator: Any,
    X: _Rows,
    y: ArrayLike | None = None,
    *,
    image_shape: tuple[int, ...] | None = None,
    feature_names: ArrayLike | None = None,
    row_labels: Sequence[object] | ArrayLike | None = None,
    threshold: float | ArrayLike | str | None = "auto",
    n_top_rows: int = 8,
    n_top_features: int = 8,
    pca: bool = True,
    title: str | None = None,
    random_state: int | RandomState | None = None,
) -> HTMLReport: ...
