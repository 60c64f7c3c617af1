"""Where rows are: in memory, on a device, or on the workers of a Dask cluster.

For each place there is a module, with the same functions: what has to be done with all
the rows of X, apart from the objective and its gradient, for which it names a class.
"""

import sys

from . import _in_memory, _on_device
from ._arrays import DeviceRows


def place_of(X):
    """The module for rows like these. Dask is imported only if X comes from it."""
    if isinstance(X, DeviceRows):
        return _on_device
    dask = sys.modules.get("dask")
    if dask is None or not dask.is_dask_collection(X):
        return _in_memory
    from . import _on_dask

    return _on_dask
