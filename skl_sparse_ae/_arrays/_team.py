"""The threads that work on blocks of rows, with one BLAS thread each.

NumPy releases the interpreter's lock in matrix products and in element-wise work, so
plain threads run both in parallel. Small tables are left to one thread.

Threads of `concurrent.futures` would be joined under locks, which an interrupt can
leave locked. Those of a team share queues only, whose operations it cannot divide.
"""

import threading
from collections import deque
from contextvars import copy_context
from queue import SimpleQueue
from time import sleep

from ._blas import BlasLimit, blas_threads

# Multiply-adds in float32 that take a core much longer than it takes to wake a thread,
# some 60 microseconds. At 64 features and 400 components, a mini-batch of 256 rows is
# worth two threads in float64 and one in float32.
WORK_PER_THREAD = 15 * 10**6


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

    _works = None  # the queue from which threads take work, once there are any

    def __init__(self, n_threads=None):
        self.n_threads = blas_threads.count() if n_threads is None else n_threads

    def __enter__(self):
        self._limit = BlasLimit()
        return self

    def __exit__(self, *exc_info):
        self._limit.end()
        self._stop_threads()

    def __del__(self):
        self._stop_threads()  # where an interrupt has prevented it before

    def _start_threads(self):
        self._works = SimpleQueue()
        for _ in range(self.n_threads - 1):
            threading.Thread(target=_run, args=(self._works,), daemon=True).start()

    def _stop_threads(self):
        if self._works is not None:
            self._works.put(None)
            self._works = None

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
        if not others:
            return [function(first)]
        if self._works is None:
            self._start_threads()
        work = _Work(function, others)
        try:
            for _ in range(min(len(others), self.n_threads - 1)):
                self._works.put(work)
            work.do(-1, first, copy_context())
            work.do_all()
            return work.wait()
        except BaseException:
            # No thread may still write to a workspace when an interrupt is raised.
            work.cancel()
            raise


class _Work:
    """Parts of a team's work, each for the thread that takes it first."""

    def __init__(self, function, parts):
        self._function = function
        # A copy of the context carries numpy.errstate into the threads (NumPy 2).
        self._left = deque((i, part, copy_context()) for i, part in enumerate(parts))
        self._n_parts = 1 + len(parts)
        self._done = SimpleQueue()
        self._busy = []

    def do(self, i, part, context):
        """Do a part that was taken."""
        try:
            result = context.run(self._function, part), None
        except Exception as error:
            result = None, error
        self._done.put((i, *result))

    def do_all(self):
        """Do parts until none is left."""
        while True:
            try:
                taken = self._left.popleft()
            except IndexError:
                return
            self.do(*taken)

    def help(self):
        """Do parts in another thread than the caller's."""
        self._busy.append(True)
        try:
            self.do_all()
        except BaseException as error:  # that is not an Exception, such as SystemExit
            self._done.put((-1, None, error))
        finally:
            self._busy.pop()

    def wait(self):
        """Return the results when all parts are done; raise the first error."""
        done = sorted(
            (self._done.get() for _ in range(self._n_parts)), key=lambda d: d[0]
        )
        for _, _, error in done:
            if error is not None:
                raise error
        return [result for _, result, _ in done]

    def cancel(self):
        """Take back the parts that nobody has begun, and wait for the others."""
        self._left.clear()
        while self._busy:
            sleep(1e-4)


def _run(works):
    """Work in a thread of a team, until the team ends."""
    while (work := works.get()) is not None:
        work.help()
        del work  # and the arrays that it refers to
    works.put(None)  # for the next thread
