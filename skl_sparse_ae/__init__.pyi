from typing import Any, Literal, Self, TypeAlias

from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from ._version import __version__ as __version__
from .stability import StabilityCurve as StabilityCurve
from .stability import StabilityReport as StabilityReport
from .stability import match_components as match_components
from .stability import stability_curve as stability_curve
from .stability import stability_report as stability_report

__all__ = [
    "KL",
    "L1",
    "BatchTopK",
    "Contractive",
    "ConvSparseAutoencoder",
    "JumpReLU",
    "Penalty",
    "SparseAutoencoder",
    "StabilityCurve",
    "StabilityReport",
    "TopK",
    "WinnerTakeAll",
    "__version__",
    "match_components",
    "stability_curve",
    "stability_report",
]

#: Arrays of any library, data frames, sparse matrices, Dask collections.
_Rows: TypeAlias = Any

class KL(Penalty):
    def __init__(self, rho: float = 0.05, beta: float = 3.0) -> None: ...
    def check(self, activation: Any) -> None: ...
    def initial_activation(self, activation: Any) -> Any: ...
    def phi(self, a: Any, activation: Any) -> Any: ...
    def phi_derivative(self, a: Any, activation: Any) -> Any: ...
    @classmethod
    def default_beta(
        cls,
        variance: float,
        n_features: int,
        n_components: int,
        deviance: float,
        steepness: float,
    ) -> float: ...
    def psi(self, s: NDArray[Any]) -> Any: ...
    def psi_derivative(self, s: NDArray[Any]) -> Any: ...

class L1(Penalty):
    def __init__(
        self, beta: float = 0.01, rho: float = 0.1, scale_invariant: bool = True
    ) -> None: ...
    def check(self, activation: Any) -> None: ...
    def set_dictionary_unit(self, unit: float) -> Any: ...
    def phi(self, a: Any, activation: Any) -> Any: ...
    def phi_derivative(self, a: Any, activation: Any) -> Any: ...
    def unit_weights(self, parameters: Any) -> Any: ...
    @property
    def unit_weights_from(self) -> Any: ...
    def add_weight_gradient(
        self, parameters: Any, gradients: Any, penalties: NDArray[Any]
    ) -> Any: ...
    def decoder_decay(
        self, components: NDArray[Any], penalties: NDArray[Any]
    ) -> Any: ...
    @classmethod
    def default_beta(
        cls,
        variance: float,
        n_features: int,
        n_components: int,
        deviance: float,
        steepness: float,
    ) -> float: ...

class BatchTopK(Penalty):
    def __init__(
        self, rho: float = 0.05, beta: float = 0.3, start_rho: float = 0.1
    ) -> None: ...
    def select(self, a: Any) -> Any: ...
    def select_jointly(self, codes: Any, weights: Any) -> Any: ...

class Contractive(Penalty):
    def __init__(self, beta: float = 0.1) -> None: ...
    def phi(self, a: Any, activation: Any) -> Any: ...
    def phi_derivative(self, a: Any, activation: Any) -> Any: ...
    def unit_weights(self, parameters: Any) -> Any: ...
    def add_weight_gradient(
        self, parameters: Any, gradients: Any, penalties: NDArray[Any]
    ) -> Any: ...
    @classmethod
    def default_beta(
        cls,
        variance: float,
        n_features: int,
        n_components: int,
        deviance: float,
        steepness: float,
    ) -> float: ...

class ConvSparseAutoencoder(SparseAutoencoder):
    image_shape_: tuple[int, int, int]
    map_shape_: tuple[int, int, int]
    kernel_shape_: tuple[int, int, int]
    def __init__(
        self,
        n_components: int | None = 16,
        *,
        image_shape: tuple[int, ...] | None = None,
        kernel_size: int | tuple[int, int] = 5,
        stride: int | tuple[int, int] = 1,
        padding: Literal["same", "valid"] = "same",
        pooling: Literal["max", "mean"] | None = None,
        pool_size: int | tuple[int, int] = 2,
        train_on: Literal["auto", "images", "patches"] = "auto",
        penalty: str | Penalty | None = "kl",
        rho: float | Literal["auto"] = "auto",
        beta: float | str = "scale",
        alpha: float | tuple[float, float] | Literal["scale"] = "scale",
        activation: str = "auto",
        out_activation: str = "auto",
        tied_weights: bool = False,
        sparse_output: bool = False,
        corruption: Literal["masking", "gaussian"] | None = None,
        corruption_level: float = 0.3,
        solver: Literal["auto", "lbfgs", "adam"] = "auto",
        max_iter: int = 200,
        tol: float = 0.001,
        batch_size: int | Literal["auto"] = "auto",
        learning_rate_init: float = 0.003,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        warm_start: bool = False,
        engine: Literal["numba"] | None = None,
        verbose: int | bool = 0,
        random_state: int | RandomState | None = None,
    ) -> None: ...
    @property
    def output_shape_(self) -> tuple[int, int, int]: ...
    def transform(self, X: _Rows) -> Any: ...
    def inverse_transform(self, X: _Rows) -> Any: ...
    def get_feature_names_out(
        self, input_features: ArrayLike | None = None
    ) -> NDArray[Any]: ...

class JumpReLU(Penalty):
    def __init__(
        self, rho: float = 0.05, beta: float | str = "adaptive", bandwidth: float = 1.0
    ) -> None: ...
    @property
    def initial_threshold(self) -> float: ...
    def threshold_gradient(
        self, a: NDArray[Any], delta: NDArray[Any], slope: Any
    ) -> Any: ...

class Penalty(BaseEstimator):
    def check(self, activation: Any) -> None: ...
    def initial_activation(self, activation: Any) -> Any: ...
    def phi(self, a: Any, activation: Any) -> Any: ...
    def phi_derivative(self, a: Any, activation: Any) -> Any: ...
    def psi(self, s: NDArray[Any]) -> Any: ...
    def psi_derivative(self, s: NDArray[Any]) -> Any: ...
    def set_dictionary_unit(self, unit: float) -> Any: ...
    def set_code_unit(self, unit: float) -> Any: ...
    @property
    def revival_weight(self) -> float: ...
    def unit_weights(self, parameters: Any) -> Any: ...
    @property
    def unit_weights_from(self) -> Any: ...
    def add_weight_gradient(
        self, parameters: Any, gradients: Any, penalties: NDArray[Any]
    ) -> Any: ...
    def decoder_decay(
        self, components: NDArray[Any], penalties: NDArray[Any]
    ) -> Any: ...
    def select(self, a: Any) -> Any: ...
    def select_jointly(self, codes: Any, weights: Any) -> Any: ...
    def set_progress(self, progress: float) -> Any: ...
    def for_transform(self) -> Any: ...
    @classmethod
    def default_beta(
        cls,
        variance: float,
        n_features: int,
        n_components: int,
        deviance: float,
        steepness: float,
    ) -> float: ...

class SparseAutoencoder(TransformerMixin, BaseEstimator):
    components_: NDArray[Any]
    encoder_coef_: NDArray[Any]
    encoder_intercept_: NDArray[Any]
    decoder_intercept_: NDArray[Any]
    mean_activation_: NDArray[Any]
    loss_curve_: list[float]
    n_iter_: int
    n_features_in_: int
    feature_names_in_: NDArray[Any]
    def __init__(
        self,
        n_components: int | None = 100,
        *,
        penalty: str | Penalty | None = "kl",
        rho: float | Literal["auto"] = "auto",
        beta: float | str = "scale",
        alpha: float | tuple[float, float] | Literal["scale"] = "scale",
        activation: str = "auto",
        loss: str = "squared_error",
        out_activation: str = "auto",
        tied_weights: bool = False,
        matryoshka_widths: ArrayLike | Literal["auto"] | None = None,
        sparse_output: bool = False,
        corruption: Literal["masking", "gaussian"] | None = None,
        corruption_level: float = 0.3,
        missing_values: float | None = None,
        missing_fill: Literal["auto", "mean", "reconstruction"] = "auto",
        solver: Literal["auto", "lbfgs", "adam"] = "auto",
        max_iter: int = 200,
        tol: float = 0.001,
        batch_size: int | Literal["auto"] = "auto",
        learning_rate_init: float = 0.003,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        warm_start: bool = False,
        engine: Literal["numba"] | None = None,
        verbose: int | bool = 0,
        random_state: int | RandomState | None = None,
    ) -> None: ...
    def fit(
        self, X: _Rows, y: Any = None, sample_weight: ArrayLike | None = None
    ) -> Self: ...
    def partial_fit(
        self, X: _Rows, y: Any = None, sample_weight: ArrayLike | None = None
    ) -> Self: ...
    def transform(self, X: _Rows) -> Any: ...
    def inverse_transform(self, X: _Rows) -> Any: ...
    def score(
        self, X: _Rows, y: Any = None, sample_weight: ArrayLike | None = None
    ) -> float: ...
    def score_samples(self, X: _Rows) -> NDArray[Any]: ...
    def impute(self, X: _Rows) -> Any: ...
    def objective(self, X: _Rows, sample_weight: ArrayLike | None = None) -> float: ...

class TopK(Penalty):
    def __init__(
        self,
        rho: float = 0.05,
        beta: float = 0.3,
        start_rho: float = 0.1,
        transform_factor: float = 1.0,
        transform_soft: bool = False,
    ) -> None: ...
    def for_transform(self) -> Any: ...
    def select(self, a: Any) -> Any: ...

class WinnerTakeAll(Penalty):
    def __init__(self, rho: float = 0.05, transform_selects: bool = True) -> None: ...
    def set_progress(self, progress: float) -> Any: ...
    def for_transform(self) -> Any: ...
    def select(self, a: Any) -> Any: ...
    def select_jointly(self, codes: Any, weights: Any) -> Any: ...
