"""Libraries that only some functions need, imported when they are called."""

from importlib import import_module


def import_optional(name, extra):
    """The module of that name, or an ImportError that says how to install it."""
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(
            f'This requires {name}: pip install "skl-sparse-ae[{extra}]"'
        ) from error
