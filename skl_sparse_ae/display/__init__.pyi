from collections.abc import Iterable, Sequence
from typing import Any, Self, TypeAlias

from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "ActivationDensityDisplay",
    "LossCurveDisplay",
    "MeanActivationDisplay",
    "ReconstructionDisplay",
    "RowLossDisplay",
    "SparsityCurveDisplay",
    "UnitFeatureDisplay",
    "UnitImageDisplay",
]

#: Arrays of any library, data frames, sparse matrices, Dask collections.
_Rows: TypeAlias = Any

class ActivationDensityDisplay:
    def __init__(
        self,
        *,
        density: NDArray[Any],
        edges: NDArray[Any],
        means: NDArray[Any],
        units: ArrayLike,
        rho: float | None = None,
    ) -> None: ...
    def plot(self, ax: Axes | None = None, *, cmap: Any = "Blues") -> Self: ...
    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: _Rows,
        *,
        n_bins: int = 40,
        n_units: int | None = None,
        ax: Axes | None = None,
        **plot_params: Any,
    ) -> Self: ...

class LossCurveDisplay:
    def __init__(
        self, *, loss_curve: ArrayLike, loss_terms: ArrayLike | None = None
    ) -> None: ...
    def plot(
        self, ax: Axes | None = None, *, stacked: bool = True, name: str | None = "J"
    ) -> Self: ...
    @classmethod
    def from_estimator(
        cls, estimator: Any, *, ax: Axes | None = None, **plot_params: Any
    ) -> Self: ...

class MeanActivationDisplay:
    def __init__(
        self, *, values: ArrayLike, rho: float | None = None, xlabel: str | None = None
    ) -> None: ...
    def plot(
        self,
        ax: Axes | None = None,
        *,
        bins: Any = 30,
        log_scale: bool = False,
        **hist_params: Any,
    ) -> Self: ...
    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: _Rows | None = None,
        *,
        statistic: str = "mean",
        threshold: float | ArrayLike | str | None = "auto",
        ax: Axes | None = None,
        **plot_params: Any,
    ) -> Self: ...

class ReconstructionDisplay:
    def __init__(
        self,
        *,
        originals: NDArray[Any],
        reconstructions: NDArray[Any],
        image_shape: tuple[int, ...] | None = None,
        feature_names: ArrayLike | None = None,
    ) -> None: ...
    def plot(
        self,
        ax: Axes | None = None,
        *,
        n_columns: int | None = None,
        cmap: Any = "gray",
    ) -> Self: ...
    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: _Rows,
        *,
        image_shape: tuple[int, ...] | None = None,
        feature_names: ArrayLike | None = None,
        n_rows: int = 8,
        ax: Axes | None = None,
        **plot_params: Any,
    ) -> Self: ...

class RowLossDisplay:
    def __init__(
        self,
        *,
        losses: NDArray[Any],
        feature_names: ArrayLike,
        row_names: Sequence[object] | NDArray[Any] | None = None,
        rows: ArrayLike | None = None,
        median_loss: float | None = None,
    ) -> None: ...
    def plot(
        self,
        ax: Axes | None = None,
        *,
        n_features: int = 3,
        cmap: Any = "Blues",
        name_length: int = 32,
    ) -> Self: ...
    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: _Rows,
        *,
        n_rows: int = 10,
        row_names: Sequence[object] | NDArray[Any] | None = None,
        feature_names: ArrayLike | None = None,
        ax: Axes | None = None,
        **plot_params: Any,
    ) -> Self: ...

class SparsityCurveDisplay:
    def __init__(
        self,
        *,
        n_active: ArrayLike,
        scores: ArrayLike,
        labels: Sequence[object] | None = None,
        name: str | None = None,
        pca_scores: Any = None,
        xlabel: str | None = "Mean number of active units per row",
    ) -> None: ...
    def plot(
        self, ax: Axes | None = None, *, show_labels: bool = True, **line_params: Any
    ) -> Self: ...
    @classmethod
    def from_estimators(
        cls,
        estimators: Iterable[Any],
        X: _Rows,
        *,
        labels: Sequence[object] | None = None,
        name: str | None = None,
        threshold: float | ArrayLike | str | None = "auto",
        pca: bool = True,
        ax: Axes | None = None,
        **plot_params: Any,
    ) -> Self: ...
    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: _Rows,
        *,
        param_name: str,
        param_range: Iterable[Any],
        threshold: float | ArrayLike | str | None = "auto",
        pca: bool = True,
        n_jobs: int | None = None,
        ax: Axes | None = None,
        **plot_params: Any,
    ) -> Self: ...

class UnitFeatureDisplay:
    def __init__(
        self,
        *,
        weights: NDArray[Any],
        feature_names: ArrayLike,
        units: ArrayLike | None = None,
    ) -> None: ...
    def plot(
        self,
        ax: Axes | None = None,
        *,
        n_features: int = 8,
        n_columns: int | None = 3,
        limits: Any = "unit",
        name_length: int = 32,
    ) -> Self: ...
    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: _Rows | None = None,
        *,
        feature_names: ArrayLike | None = None,
        weights: str = "components",
        order: Any = None,
        n_units: int | None = 9,
        ax: Axes | None = None,
        **plot_params: Any,
    ) -> Self: ...

class UnitImageDisplay:
    def __init__(
        self, *, images: NDArray[Any], units: ArrayLike | None = None
    ) -> None: ...
    def plot(
        self,
        ax: Axes | None = None,
        *,
        n_columns: int | None = None,
        limits: Any = "unit",
        titles: bool = False,
        cmap: Any = "gray",
    ) -> Self: ...
    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: _Rows | None = None,
        *,
        image_shape: tuple[int, ...] | None = None,
        weights: str = "components",
        order: Any = None,
        n_units: int | None = None,
        ax: Axes | None = None,
        **plot_params: Any,
    ) -> Self: ...
