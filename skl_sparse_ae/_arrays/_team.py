"""The threads that work on blocks of rows, with one BLAS thread each.

NumPy releases the interpreter's lock in matrix products and in element-wise work, so
plain threads run both in parallel. Small tables are left to one thread, and their
products to the threads of BLAS, which stay awake from one product to the next.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from functools import lru_cache

from threadpoolctl import OpenBLASController, ThreadpoolController

# Multiply-adds in float32 that keep a core busy for much longer than it takes to wake a
# thread, some 60 microseconds. Batches of 256 at 64 -> 400 are worth two threads in
# float64, and in float32 not.
WORK_PER_THREAD = 15 * 10**6


class _BlasThreads:
    """Limits BLAS to one thread while any team needs the others.

    The limit is the process's, and teams may overlap when several estimators are
    fitted in threads, so the first one in lowers it and the last one out restores it.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._users = 0
        self._limits = None
        self._n_threads = 1

    @staticmethod
    @lru_cache(maxsize=1)
    def _controller():
        return ThreadpoolController().select(user_api="blas")

    def count(self):
        """How many threads BLAS uses when no team limits it."""
        with self._lock:
            return self._n_threads if self._users else self._current()

    def _current(self):
        libraries = self._controller().lib_controllers
        return max((library.num_threads for library in libraries), default=1)

    @staticmethod
    @contextmanager
    def _control():
        """Let this thread set the limit, and any other one after it.

        threadpoolctl 3.8 ignores whoever is not the first thread that ever set a limit
        of OpenBLAS, unless that thread has been forgotten.
        """
        forget = getattr(OpenBLASController, "clear_controlling_thread", None)
        if forget is not None:
            forget(force=True)
        yield
        if forget is not None:
            forget(force=True)

    @contextmanager
    def limited(self):
        with self._lock:
            if self._users == 0:
                self._n_threads = self._current()
                with self._control():
                    self._limits = self._controller().limit(limits=1)
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    with self._control():
                        self._limits.restore_original_limits()


_blas_threads = _BlasThreads()


class Team:
    """A few threads that each take one part of the same work.

    Parameters
    ----------
    n_threads : int or None
        None stands for as many as BLAS would use, so that ``OMP_NUM_THREADS`` and the
        limits that joblib sets inside its workers are respected.

    Notes
    -----
    Which part a member takes is fixed, so that sums do not depend on timing. The
    calling thread is member 0. Use as a context manager: from the first work that is
    divided to its end, BLAS has one thread. In a team of one it has one throughout.
    """

    def __init__(self, n_threads=None):
        self.n_threads = _blas_threads.count() if n_threads is None else n_threads

    def __enter__(self):
        self._pool, self._resources = None, ExitStack()
        if self.n_threads == 1:
            self._resources.enter_context(_blas_threads.limited())
        return self

    def __exit__(self, *exc_info):
        self._resources.close()

    def _wake(self):
        """Take the threads that BLAS has had so far."""
        self._resources.enter_context(_blas_threads.limited())
        pool = ThreadPoolExecutor(max(1, self.n_threads - 1))
        self._pool = self._resources.enter_context(pool)

    def n_useful(self, work):
        """How many members are worth waking for that many multiply-adds in float32."""
        return max(1, min(self.n_threads, int(work // WORK_PER_THREAD)))

    def map(self, function, parts):
        """``[function(part) for part in parts]``, the parts side by side."""
        first, *others = parts
        if others and self._pool is None:
            self._wake()
        # A copy of the context carries numpy.errstate into the threads (NumPy 2).
        futures = [
            self._pool.submit(copy_context().run, function, part) for part in others
        ]
        try:
            results = [function(first)]
        finally:
            # Nobody may still be writing into the workspaces when an error leaves.
            for future in futures:
                future.exception()
        return results + [future.result() for future in futures]
