"""How many threads a BLAS uses: one, while several of ours call it."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_SET = ("scipy_openblas_set_num_threads", "scipy_openblas_set_num_threads64_", "openblas_set_num_threads")
_GET = ("scipy_openblas_get_num_threads", "scipy_openblas_get_num_threads64_", "openblas_get_num_threads")


class ThreadLimit:
    """Sets the number of threads of the BLAS that a shared library is linked with."""

    def __init__(self, library: Any) -> None:
        self._set, self._get = _find(library, _SET), _find(library, _GET)
        self._lock = threading.Lock()
        self._calls = 0
        self._threads = 0
        os.register_at_fork(after_in_child=self._forget_calls)

    @property
    def works(self) -> bool:
        """Whether the BLAS can be told to use one thread. Else it uses its own, for one call after the other."""
        return self._set is not None and self._get is not None

    @contextmanager
    def one_thread(self) -> Iterator[None]:
        """It uses one thread meanwhile; the number is set back when the last of several calls at a time is done."""
        if self._set is None or self._get is None:
            yield
            return
        with self._lock:
            if self._calls == 0:
                self._threads = self._get()
                self._set(1)
            self._calls += 1
        try:
            yield
        finally:
            with self._lock:
                self._calls -= 1
                if self._calls == 0:
                    self._set(self._threads)

    def _forget_calls(self) -> None:
        """In a forked child: the threads that were in a call are gone."""
        self._lock = threading.Lock()
        if self._calls and self._set is not None:
            self._set(self._threads)
        self._calls = 0


def _find(library: Any, names: tuple[str, ...]) -> Callable[..., int] | None:
    return next((f for name in names if (f := getattr(library, name, None)) is not None), None)
