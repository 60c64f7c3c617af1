"""Sparse autoencoders as scikit-learn transformers."""

from ._conv_sparse_autoencoder import ConvSparseAutoencoder
from ._penalties import (
    KL,
    L1,
    BatchTopK,
    Contractive,
    JumpReLU,
    Penalty,
    TopK,
    WinnerTakeAll,
)
from ._sparse_autoencoder import SparseAutoencoder
from ._version import __version__
from .stability import (
    StabilityCurve,
    StabilityReport,
    match_components,
    stability_curve,
    stability_report,
)

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
