"""Libraries that only some functions need, imported when they are called."""

from importlib import import_module


def import_optional(name, extra):
    """The module of that name, or an ImportError that says how to install it."""
    try:
        return import_module(name)
    except ImportError as error:
        library = name.partition(".")[0]
        raise ImportError(
            f'This requires {library}: pip install "skl-sparse-ae[{extra}]"'
        ) from error
