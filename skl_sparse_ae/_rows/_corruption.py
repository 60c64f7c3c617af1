"""Noise on the inputs of a denoising autoencoder.

The encoder receives corrupted rows; the loss compares the reconstruction with the clean
rows [1]_.

.. [1] P. Vincent, H. Larochelle, Y. Bengio, P.-A. Manzagol, "Extracting and Composing
   Robust Features with Denoising Autoencoders", ICML 2008.
"""

from scipy import sparse

from .._arrays._device_array import DeviceArray


def masking(X, rng, level):
    """Return a copy of X with each entry set to zero with probability `level`."""
    if sparse.issparse(X):
        corrupted = X.copy()
        corrupted.data *= rng.random_sample(X.nnz) >= level
        return corrupted
    if isinstance(X, DeviceArray):
        mask = X.from_numpy(rng.random_sample(X.shape) >= level, X.dtype)
        return DeviceArray(X.array * mask)
    return X * (rng.random_sample(X.shape) >= level)


def gaussian(X, rng, level):
    """Return X plus normal noise of standard deviation `level`."""
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
