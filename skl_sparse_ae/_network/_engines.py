"""Registry of the engines, which do the element-wise work between matrix products."""

from .._optional import import_optional
from ._passes import Passes


def _numba():
    import_optional("numba", "numba")
    from ._compiled_passes import CompiledPasses

    return CompiledPasses


#: For each value of the parameter `engine`, a function that returns a subclass of
#: `Passes`. Optional libraries are imported when it is called.
ENGINES = {None: lambda: Passes, "numba": _numba}


def passes_class(engine):
    """Return the class of an engine, `Passes` or a subclass of it."""
    return ENGINES[engine]()
