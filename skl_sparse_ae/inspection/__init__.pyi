from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from numpy.typing import ArrayLike
from sklearn.utils import Bunch

__all__ = [
    "label_enrichment",
    "rank_units",
    "sparse_probing",
    "steer",
    "top_activating",
    "top_features",
]

#: Arrays of any library, data frames, sparse matrices, Dask collections.
_Rows: TypeAlias = Any

def label_enrichment(
    estimator: Any,
    X: _Rows,
    y: ArrayLike,
    *,
    threshold: float | ArrayLike | str | None = "auto",
) -> Bunch: ...
def rank_units(
    estimator: Any,
    X: _Rows,
    y: ArrayLike,
    *,
    kind: Literal["auto", "classes", "numbers"] = "auto",
) -> Bunch: ...
def sparse_probing(
    estimator: Any,
    X: _Rows,
    y: ArrayLike,
    *,
    n_units: int | Sequence[int] | None = None,
    probe: Any = None,
    scoring: Any = None,
    cv: Any = 5,
) -> Bunch: ...
def steer(
    estimator: Any,
    X: _Rows,
    units: ArrayLike,
    *,
    factor: float | None = None,
    value: float | None = None,
) -> Any: ...
def top_activating(estimator: Any, X: _Rows, n: int = 10) -> Bunch: ...
def top_features(
    estimator: Any, n: int = 10, *, feature_names: ArrayLike | None = None
) -> Bunch: ...
