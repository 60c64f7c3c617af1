from typing import Any, TypeAlias

from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Bunch

__all__ = [
    "absorption_rate",
    "activation_density",
    "always_on_units",
    "dead_units",
    "decoder_projection",
    "feature_detection",
    "hoyer_sparsity",
    "loss_per_entry",
    "mean_activation",
    "mean_matched_correlation",
    "mean_matched_cosine",
    "mean_max_cosine",
    "mean_squared_error_per_feature",
    "mutual_coherence",
    "n_active_units",
    "n_split_units",
    "pipeline_score",
    "relative_l0",
    "relative_reconstruction_bias",
    "uniqueness",
    "variance_explained",
]

#: Arrays of any library, data frames, sparse matrices, Dask collections.
_Rows: TypeAlias = Any

def absorption_rate(
    codes: _Rows,
    A: _Rows,
    parents: ArrayLike,
    *,
    threshold: float | ArrayLike | str | None = None,
    units: ArrayLike | None = None,
) -> NDArray[Any]: ...
def activation_density(
    A: _Rows,
    *,
    threshold: float | ArrayLike | str | None = None,
    sample_weight: ArrayLike | None = None,
) -> NDArray[Any]: ...
def always_on_units(
    A: _Rows, *, threshold: float | ArrayLike | str | None = None
) -> NDArray[Any]: ...
def dead_units(
    A: _Rows, *, threshold: float | ArrayLike | str | None = None
) -> NDArray[Any]: ...
def decoder_projection(estimator: Any, X: _Rows, n: int) -> float: ...
def feature_detection(
    codes: _Rows,
    A: _Rows,
    *,
    threshold: float | ArrayLike | str | None = None,
    units: ArrayLike | None = None,
) -> Bunch: ...
def hoyer_sparsity(A: _Rows, *, axis: int = 1) -> NDArray[Any]: ...
def loss_per_entry(estimator: Any, X: _Rows) -> NDArray[Any]: ...
def mean_activation(
    A: _Rows, *, sample_weight: ArrayLike | None = None
) -> NDArray[Any]: ...
def mean_matched_correlation(
    codes: _Rows, A: _Rows, *, absolute: bool = False
) -> float: ...
def mean_matched_cosine(
    dictionary: _Rows, components: _Rows, *, absolute: bool = False
) -> float: ...
def mean_max_cosine(
    dictionary: _Rows, components: _Rows, *, absolute: bool = False
) -> float: ...
def mean_squared_error_per_feature(
    X: _Rows, X_hat: _Rows, *, sample_weight: ArrayLike | None = None
) -> NDArray[Any]: ...
def mutual_coherence(components: _Rows) -> float: ...
def n_active_units(
    A: _Rows, *, threshold: float | ArrayLike | str | None = None
) -> NDArray[Any]: ...
def n_split_units(
    codes: _Rows,
    A: _Rows,
    *,
    threshold: float | ArrayLike | str | None = None,
    min_gain: float = 0.03,
) -> NDArray[Any]: ...
def pipeline_score(
    estimator: Any, X: _Rows, *, sample_weight: ArrayLike | None = None
) -> float: ...
def relative_l0(
    codes: _Rows, A: _Rows, *, threshold: float | ArrayLike | str | None = None
) -> float: ...
def relative_reconstruction_bias(
    X: _Rows,
    X_hat: _Rows,
    *,
    centered: bool = True,
    sample_weight: ArrayLike | None = None,
) -> float: ...
def uniqueness(
    dictionary: _Rows, components: _Rows, *, absolute: bool = False
) -> float: ...
def variance_explained(
    X: _Rows, X_hat: _Rows, *, sample_weight: ArrayLike | None = None
) -> float: ...
