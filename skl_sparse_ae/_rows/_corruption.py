"""Noise on the inputs of a denoising autoencoder.

The encoder receives corrupted rows; the loss compares the reconstruction with the clean
rows [1]_.

.. [1] P. Vincent, H. Larochelle, Y. Bengio, P.-A. Manzagol, "Extracting and Composing
   Robust Features with Denoising Autoencoders", ICML 2008.
"""

import numpy as np
from scipy import sparse

from .._arrays._device_array import DeviceArray


def masking(X, rng, level, constant=None, mean=None):
    """Return a copy of X with each entry set to zero with probability `level`.

    Columns of the mask `constant` are left as they are: they carry no information, and
    would become noise of the size of their value. With `mean`, an ndarray of shape
    (n_features,), entries are set to the mean of their column instead of zero; of CSR,
    those that are stored.
    """
    if sparse.issparse(X):
        corrupted = X.copy()
        is_kept = rng.random_sample(X.nnz) >= level
        if constant is not None:
            is_kept |= constant[X.indices]
        corrupted.data *= is_kept
        if mean is not None:
            corrupted.data += ~is_kept * mean.astype(X.dtype)[X.indices]
        return corrupted
    is_kept = rng.random_sample(X.shape) >= level
    if constant is not None:
        is_kept |= constant
    if isinstance(X, DeviceArray):
        mask = X.from_numpy(is_kept, X.dtype)
        corrupted = X.array * mask
        if mean is not None:
            corrupted += (1 - mask) * X.from_numpy(mean, X.dtype)[None, :]
        return DeviceArray(corrupted)
    return X * is_kept if mean is None else np.where(is_kept, X, mean.astype(X.dtype))


def gaussian(X, rng, level, constant=None, mean=None):
    """Return X plus normal noise of standard deviation `level`, as `masking` does."""
    del mean
    if sparse.issparse(X):
        raise ValueError(
            "corruption='gaussian' would make a sparse matrix dense. Use "
            "corruption='masking', or convert X with its method toarray."
        )
    noise = rng.standard_normal(X.shape).astype(X.dtype)
    noise *= level
    if constant is not None:
        noise[:, constant] = 0
    if isinstance(X, DeviceArray):
        return DeviceArray(X.array + X.from_numpy(noise))
    noise += X
    return noise


def constant_columns(limits, mean):
    """Return the mask of the columns whose values all are their mean, if not zero.

    Parameters
    ----------
    limits : ndarray of shape (2, n_features)
        Smallest and largest values.
    mean : ndarray of shape (n_features,)
        That of the first rows, of which `limits` may be those of later ones.

    Returns
    -------
    constant : ndarray of bool of shape (n_features,), or None if there are none
    """
    rounding = 10 * np.finfo(limits.dtype).eps * np.abs(mean)
    constant = (np.abs(limits - mean) <= rounding).all(axis=0) & (mean != 0)
    return constant if constant.any() else None


CORRUPTIONS = {"masking": masking, "gaussian": gaussian}
