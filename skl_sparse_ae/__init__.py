"""Sparse autoencoders as scikit-learn transformers."""

from ._penalties import KL, L1, Contractive, Penalty, TopK
from ._sparse_autoencoder import SparseAutoencoder
from ._version import __version__

__all__ = [
    "KL",
    "L1",
    "Contractive",
    "Penalty",
    "SparseAutoencoder",
    "TopK",
    "__version__",
]
