"""Noise on the inputs of a denoising autoencoder.

The encoder receives corrupted rows; the loss compares the reconstruction with the clean
rows [1]_.

.. [1] P. Vincent, H. Larochelle, Y. Bengio, P.-A. Manzagol, "Extracting and Composing
   Robust Features with Denoising Autoencoders", ICML 2008.
"""

import numpy as np
from scipy import sparse

from .._arrays._device_array import DeviceArray


def masking(X, rng, level, mean=None):
    """Return a copy of X with each entry set to zero with probability `level`.

    With `mean`, an ndarray of shape (n_features,), entries are set to the mean of their
    column instead; of CSR, those that are stored.
    """
    if sparse.issparse(X):
        corrupted, is_kept = X.copy(), rng.random_sample(X.nnz) >= level
        corrupted.data *= is_kept
        if mean is not None:
            corrupted.data += ~is_kept * mean.astype(X.dtype)[X.indices]
        return corrupted
    is_kept = rng.random_sample(X.shape) >= level
    if isinstance(X, DeviceArray):
        mask = X.from_numpy(is_kept, X.dtype)
        corrupted = X.array * mask
        if mean is not None:
            corrupted += (1 - mask) * X.from_numpy(mean, X.dtype)[None, :]
        return DeviceArray(corrupted)
    return X * is_kept if mean is None else np.where(is_kept, X, mean.astype(X.dtype))


def gaussian(X, rng, level, mean=None):
    """Return X plus normal noise of standard deviation `level`."""
    del mean
    if sparse.issparse(X):
        raise ValueError(
            "corruption='gaussian' would make a sparse matrix dense. Use "
            "corruption='masking', or convert X with its method toarray."
        )
    noise = rng.standard_normal(X.shape).astype(X.dtype)
    noise *= level
    if isinstance(X, DeviceArray):
        return DeviceArray(X.array + X.from_numpy(noise))
    noise += X
    return noise


CORRUPTIONS = {"masking": masking, "gaussian": gaussian}
