"""Import of optional libraries when a function that needs them is called."""

from importlib import import_module


def import_optional(name, extra):
    """Import a module of an optional library.

    Parameters
    ----------
    name : str
        Name of the module.
    extra : str
        The extra of this package that installs the library.

    Returns
    -------
    module : module

    Raises
    ------
    ImportError
        If the library is not installed. The message says how to install it.
    """
    try:
        return import_module(name)
    except ImportError as error:
        library = name.partition(".")[0]
        raise ImportError(
            f'This requires {library}: pip install "skl-sparse-ae[{extra}]"'
        ) from error
