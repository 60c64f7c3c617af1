"""The threads that work on blocks of rows, with one BLAS thread each.

NumPy releases the interpreter's lock in matrix products and in element-wise work, so
plain threads run both in parallel. Small tables are left to one thread.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from functools import lru_cache

from threadpoolctl import OpenBLASController, ThreadpoolController

# Multiply-adds in float32 that take a core much longer than it takes to wake a thread,
# some 60 microseconds. At 64 features and 400 components, a mini-batch of 256 rows is
# worth two threads in float64 and one in float32.
WORK_PER_THREAD = 15 * 10**6


class _BlasThreads:
    """A limit of one BLAS thread while any team uses several threads.

    The limit applies to the whole process, and teams overlap if several estimators are
    fitted in threads. So the first team to enter `limited` sets the limit, and the last
    one to leave restores the previous one.
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
        """Return the number of threads that BLAS uses when no team limits it."""
        with self._lock:
            return self._n_threads if self._users else self._current()

    def _current(self):
        libraries = self._controller().lib_controllers
        return max((library.num_threads for library in libraries), default=1)

    @staticmethod
    @contextmanager
    def _control():
        """Allow this thread to set the limit, and afterwards any other thread.

        threadpoolctl 3.8 ignores limits of OpenBLAS from any thread but the first that
        has set one, unless that thread is cleared.
        """
        clear = getattr(OpenBLASController, "clear_controlling_thread", None)
        if clear is not None:
            clear(force=True)
        yield
        if clear is not None:
            clear(force=True)

    @contextmanager
    def limited(self):
        """Limit BLAS to one thread inside a ``with`` block."""
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
    """Threads that process parts of the same work in parallel.

    Use it as a context manager: inside, BLAS is limited to one thread. The threads of
    BLAS wait for each other actively, so that on a busy machine small products would
    take ten times as long by several threads as by one.

    Parameters
    ----------
    n_threads : int or None
        None stands for the number of threads that BLAS would use, so that
        ``OMP_NUM_THREADS`` and joblib's limits inside its workers are respected.
    """

    def __init__(self, n_threads=None):
        self.n_threads = _blas_threads.count() if n_threads is None else n_threads

    def __enter__(self):
        self._pool, self._resources = None, ExitStack()
        self._resources.enter_context(_blas_threads.limited())
        return self

    def __exit__(self, *exc_info):
        self._resources.close()

    def _start_threads(self):
        pool = ThreadPoolExecutor(max(1, self.n_threads - 1))
        self._pool = self._resources.enter_context(pool)

    def n_useful(self, work):
        """Return the number of threads to divide work among.

        Parameters
        ----------
        work : float
            Multiply-adds in float32.
        """
        return max(1, min(self.n_threads, int(work // WORK_PER_THREAD)))

    def map(self, function, parts):
        """Return ``[function(part) for part in parts]``, computed in parallel.

        The calling thread computes the first part. All parts are finished when an error
        of one of them is raised.
        """
        first, *others = parts
        if others and self._pool is None:
            self._start_threads()
        # A copy of the context carries numpy.errstate into the threads (NumPy 2).
        futures = [
            self._pool.submit(copy_context().run, function, part) for part in others
        ]
        try:
            results = [function(first)]
        finally:
            # No thread may still write to a workspace when an error is raised.
            for future in futures:
                future.exception()
        return results + [future.result() for future in futures]
