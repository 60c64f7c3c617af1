"""J and its gradient as sums over rows, with one class for each kind of rows.

`objective_class` selects the class.
"""

from ._device import DeviceObjective
from ._in_memory import class_in_memory

__all__ = ["objective_class"]


def _on_dask(X, network):
    from ._dask import DaskObjective  # needs Dask, which is optional

    return DaskObjective


#: For each `Rows.kind`, a function of X and the network that returns the class.
OBJECTIVES = {
    "memory": class_in_memory,
    "device": lambda X, network: DeviceObjective,
    "dask": _on_dask,
}


def objective_class(rows, network):
    """Return the subclass of `Objective` for `rows` and a network."""
    return OBJECTIVES[rows.kind](rows.X, network)
