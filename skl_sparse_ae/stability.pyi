from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

__all__ = [
    "StabilityCurve",
    "StabilityReport",
    "match_components",
    "stability_curve",
    "stability_report",
]

#: Arrays of any library, data frames, sparse matrices, Dask collections.
_Rows: TypeAlias = Any

@dataclass(frozen=True)
class StabilityCurve:
    values: NDArray[Any]
    stabilities: NDArray[Any]
    chances: NDArray[Any]
    best_value: object
    reports: list[Any]

@dataclass(frozen=True)
class StabilityReport:
    estimators: list[Any]
    cosines: NDArray[Any]
    unit_cosines: NDArray[Any]
    chance_cosines: NDArray[Any]

def match_components(
    components: _Rows, reference: _Rows, *, absolute: bool = False
) -> NDArray[np.intp]: ...
def stability_curve(
    estimator: Any,
    X: _Rows,
    values: Iterable[Any],
    *,
    param_name: str = "rho",
    n_fits: int = 3,
    absolute: bool = False,
    random_state: int | RandomState | None = None,
    n_jobs: int | None = None,
) -> StabilityCurve: ...
def stability_report(
    estimator: Any,
    X: _Rows,
    *,
    n_fits: int = 5,
    absolute: bool = False,
    random_state: int | RandomState | None = None,
    n_jobs: int | None = None,
) -> StabilityReport: ...
