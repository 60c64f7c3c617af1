from typing import Any, TypeAlias

from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray

__all__ = ["make_sparse_features"]
_SparseFeatures: TypeAlias = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]

def make_sparse_features(
    n_samples: int = 1000,
    n_components: int = 64,
    n_features: int = 32,
    *,
    n_active: int = 3,
    frequencies: ArrayLike | None = None,
    correlation: float = 0.0,
    parents: ArrayLike | None = None,
    magnitude: float = 1.0,
    magnitude_std: float = 0.2,
    noise: float = 0.0,
    orthogonal: bool = False,
    random_state: int | RandomState | None = None,
) -> _SparseFeatures: ...
