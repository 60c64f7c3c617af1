from ._penalties import KL, L1, TopK
from ._sparse_autoencoder import SparseAutoencoder
