"""J and its gradient as sums over rows, with one class for each kind of rows.

`objective_class` selects the class.
"""

from .._arrays._sparse_products import row_work
from ._curvature import SampledCurvature
from ._device import DeviceObjective
from ._in_memory import class_in_memory
from ._projected import ProjectedObjective, can_project
from ._projected_batches import ProjectedBatches, RowMeans, can_project_batches
from ._row_passes import PassesInMemory, PassesOnDevice

__all__ = [
    "RowMeans",
    "SampledCurvature",
    "can_project",
    "can_project_batches",
    "objective_class",
    "projected_batches",
    "projected_objective",
]


def _on_dask(X, network):
    from ._dask import DaskObjective  # needs Dask, which is optional

    return DaskObjective


def _passes_on_dask(*args, **options):
    from ._dask_passes import PassesOnDask

    return PassesOnDask(*args, **options)


#: For each `Rows.kind`, a function of X and the network that returns the class.
OBJECTIVES = {
    "memory": class_in_memory,
    "device": lambda X, network: DeviceObjective,
    "dask": _on_dask,
}


def objective_class(rows, network):
    """Return the subclass of `Objective` for `rows` and a network."""
    return OBJECTIVES[rows.kind](rows.X, network)


#: For each `Rows.kind`, what sums over rows for `ProjectedObjective`.
PASSES = {
    "memory": PassesInMemory,
    "device": PassesOnDevice,
    "dask": _passes_on_dask,
}


def projected_objective(rows, network, alpha, mean, variance, inputs=None, **options):
    """Return J as a function of the encoder, over all rows.

    Parameters
    ----------
    rows : Rows
    network, alpha, mean, variance
        As for `ProjectedObjective`.
    inputs : array like rows.X, default=None
        Input of the encoder, if it is not X itself.
    **options : dict
        `team`, `memory_budget` and `counts_active` of `PassesInMemory`.
    """
    passes = PASSES[rows.kind](
        network, rows.X, inputs, rows.sample_weight, mean, **options
    )
    return ProjectedObjective(network, alpha, passes, mean, variance, rows.dtype)


def projected_batches(rows, network, alpha, mean, **options):
    """Return J as a function of the encoder, over mini-batches of the rows.

    Parameters
    ----------
    rows : Rows
    network, alpha, mean
        As for `ProjectedBatches`.
    **options : dict
        `team`, `blend_means` and `counts_active` of `ProjectedBatches`.
    """
    given = network, alpha, mean, rows.dtype
    return ProjectedBatches(PASSES[rows.kind], row_work(rows.X), *given, **options)
