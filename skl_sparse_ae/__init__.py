"""Sparse autoencoders as scikit-learn transformers."""

from ._penalties import KL, L1, TopK
from ._sparse_autoencoder import SparseAutoencoder
from ._version import __version__

__all__ = ["KL", "L1", "SparseAutoencoder", "TopK", "__version__"]
