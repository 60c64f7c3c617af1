"""A limit of one BLAS thread while threads of this package work.

The limit applies to the whole process, and users of it overlap if several estimators
are fitted in threads. So the first user sets the limit, and the last one restores the
previous state. An interrupt may come at any moment: each step can be repeated, and a
limit ends when nothing refers to it any more.
"""

import os
import threading
from contextlib import contextmanager
from functools import lru_cache

from threadpoolctl import OpenBLASController, ThreadpoolController


class _BlasThreads:
    """The number of threads of BLAS, and who wants it to be one."""

    def __init__(self):
        # Reentrant, since a limit may end in a garbage collection inside.
        self._lock = threading.RLock()
        self._users = set()
        self._previous = None

    @staticmethod
    @lru_cache(maxsize=1)
    def _libraries():
        return ThreadpoolController().select(user_api="blas").lib_controllers

    def count(self):
        """Return the number of threads that BLAS uses when nobody limits it."""
        current = [library.num_threads for library in self._libraries()]
        # Another thread sets the limit after it has set `_previous`.
        return max(self._previous or current, default=1)

    def limit(self, user):
        """Limit BLAS to one thread until `restore` is called for the same user."""
        self._change(self._users.add, user)

    def restore(self, user):
        """End the limit for a user. The last one restores the previous numbers."""
        self._change(self._users.discard, user)

    def _change(self, change, user):
        """Change the users, to the end, before an interrupt is raised."""
        was_owned = self._lock._is_owned()
        try:
            self._change_once(change, user)
        except BaseException:
            self._change_once(change, user)
            if not was_owned and self._lock._is_owned():
                self._lock._release_save()  # where the interrupt has prevented it
            raise

    def _change_once(self, change, user):
        with self._lock:
            change(user)
            self._update()

    def restore_in_child(self):
        """End all limits in a new process, where the threads of this one do not run."""
        self._lock = threading.RLock()
        self._users.clear()
        self._update()

    def _update(self):
        """Do what the users need, also where an interrupt has ended this half-way."""
        libraries = self._libraries()
        if self._users:
            if self._previous is None:
                self._previous = [library.num_threads for library in libraries]
            self._set([1] * len(libraries))
        elif self._previous is not None:
            self._set(self._previous)
            self._previous = None

    def _set(self, numbers):
        with self._control():
            for library, number in zip(self._libraries(), numbers, strict=True):
                if library.num_threads != number:
                    library.set_num_threads(number)

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


blas_threads = _BlasThreads()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=blas_threads.restore_in_child)


class BlasLimit:
    """A limit of one BLAS thread, until `end` is called or nothing refers to it."""

    _user = None

    def __init__(self):
        self._user = object()
        blas_threads.limit(self._user)

    def end(self):
        """End the limit; calls after the first one do nothing."""
        if self._user is not None:
            blas_threads.restore(self._user)
            self._user = None

    def __del__(self):
        self.end()
