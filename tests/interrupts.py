"""Interrupts at each line of some files, for tests of what they leave."""

import sys


class _InterruptAt:
    """Raises KeyboardInterrupt at the n-th line that this thread runs in some files."""

    def __init__(self, files, n):
        self.files, self.n_left = files, n

    def __call__(self, frame, event, argument):
        if frame.f_code.co_filename not in self.files:
            return None
        if event == "line":
            self.n_left -= 1
            if self.n_left == 0:
                raise KeyboardInterrupt
        return self


def interrupted_everywhere(call, *modules):
    """Call with an interrupt at the first line, the second line, ..., of some modules.

    Yields after each interrupted call; ends after the call that runs fewer lines.
    """
    files = {module.__file__ for module in modules}
    for n in range(1, 10_000):
        if not _is_interrupted(call, _InterruptAt(files, n)):
            return
        yield  # when no frame of the call is left


def _is_interrupted(call, trace):
    previous = sys.gettrace()  # that of a measurement of coverage
    sys.settrace(trace)
    try:
        call()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(previous)
    return False
