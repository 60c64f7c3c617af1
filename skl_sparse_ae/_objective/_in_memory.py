"""Selection of the objective for rows in memory."""

from scipy import sparse

from ._dense import DenseObjective
from ._images import ImageObjective
from ._nested import NestedObjective
from ._sparse import SparseObjective


def class_in_memory(X, network):
    """Return the subclass of `Objective` for an ndarray or a CSR array."""
    if network.convolution is not None:
        return ImageObjective
    if network.widths is not None:
        return NestedObjective
    if sparse.issparse(X) and network.is_least_squares:
        return SparseObjective
    return DenseObjective
