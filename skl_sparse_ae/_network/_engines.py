"""The engines: who does the element-wise work between matrix products."""

from .._optional import import_optional
from ._passes import Passes


def _numba():
    import_optional("numba", "numba")
    from ._compiled_passes import CompiledPasses

    return CompiledPasses


#: For each value of the parameter `engine`, a function that returns its class.
ENGINES = {None: lambda: Passes, "numba": _numba}


def passes_class(engine):
    """The subclass of `Passes` of an engine."""
    return ENGINES[engine]()
