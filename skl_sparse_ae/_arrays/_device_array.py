"""Arrays on a device with the part of NumPy's interface that training uses."""

import numpy as np

from .._sklearn import get_device, move_to
from ._array_api import namespace


def as_array_like(array, like):
    """Return a NumPy array with the library, device and dtype of `like`."""
    if isinstance(like, np.ndarray):
        return array.astype(like.dtype, copy=False)
    device = DeviceArray(like)
    return device.from_numpy(array, device.dtype)  # not every device has float64


class DeviceArray:
    """Rows on a device with the part of NumPy's interface that training uses.

    Parameters
    ----------
    array : array of shape (n_samples, n_features)
        Of a library that follows the array API standard.

    Attributes
    ----------
    array : array of shape (n_samples, n_features)
    xp : module
        The array's namespace.
    device : object
        The array's device.
    shape : tuple of int
    dtype : numpy.dtype
        NumPy's dtype of the same name as the array's.
    """

    def __init__(self, array):
        self.array = array
        self.xp, self.device = namespace(array), get_device(array)
        self.shape = tuple(array.shape)
        self.dtype = np.dtype(str(array.dtype).rpartition(".")[2])

    def __getitem__(self, rows):
        """Return the rows of a slice, an array of indices or a mask."""
        if isinstance(rows, slice):
            return DeviceArray(self.array[rows, ...])
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        rows = self.from_numpy(rows)
        return DeviceArray(self.xp.take(self.array, rows, axis=0))

    def astype(self, dtype, copy=False):
        """Return the rows in another precision; copy only if it differs."""
        del copy  # for the same signature as an ndarray's
        return DeviceArray(self.xp.astype(self.array, self._dtype(dtype), copy=False))

    def empty(self, n_columns):
        """Return an uninitialised array with the same number of rows."""
        shape, dtype = (self.shape[0], n_columns), self._dtype(self.dtype)
        return self.xp.empty(shape, dtype=dtype, device=self.device)

    def from_numpy(self, array, dtype=None):
        """Return a NumPy array as an array of the rows' library on their device."""
        if dtype is not None:
            array = np.asarray(array, dtype)
        return move_to(np.ascontiguousarray(array), xp=self.xp, device=self.device)

    def _dtype(self, dtype):
        return getattr(self.xp, np.dtype(dtype).name)
