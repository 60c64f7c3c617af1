"""Files that replace older ones as a whole, or not at all."""

import os
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def replacing(*paths):
    """Give new paths to write to, and move these files to `paths` at the end.

    If writing fails, the old files are as they were. A process that is killed may leave
    a file whose name ends in ".part" beside them.

    Parameters
    ----------
    *paths : str or path-like
        They are replaced one after the other, in this order.

    Yields
    ------
    new : list of Path
        In the folders of `paths`, so that each file is replaced in one step. What
        exists and is no file, such as a pipe, is given itself.
    """
    targets = [Path(os.path.realpath(path)) for path in paths]  # a link stays a link
    parts = {path: _beside(path) for path in targets if _is_replaceable(path)}
    try:
        modes = {}
        for path, part in parts.items():
            part.touch(exist_ok=False)
            modes[part] = (path if path.exists() else part).stat().st_mode
        yield [parts.get(path, path) for path in targets]
        for part, mode in modes.items():
            part.chmod(mode)  # libraries that write it may have set another one
            with open(part, "rb+") as file:
                os.fsync(file.fileno())  # before it takes the place of another one
        for path, part in parts.items():
            os.replace(part, path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _beside(path):
    return path.with_name(f".{path.name[:50]}.{uuid4().hex}.part")


def _is_replaceable(path):
    return path.is_file() or not path.exists()
