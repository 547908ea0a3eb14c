"""NumPy's linear algebra on our threads: each takes a part of the examples, with one thread of the BLAS.

NumPy's functions release the GIL while they work through a stack of matrices.
"""

import ctypes
import functools
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import numpy as np

from vtrace.backends import blas, threads
from vtrace.backends.blas_threads import ThreadLimit

WORTH_SHARING = 1e6
"""Estimated nanoseconds from which threads are started: to start one takes 50 us."""
BLOCKS_PER_THREAD = 4
"""Blocks a thread may take, to even out uneven work."""


@functools.cache
def _limit() -> ThreadLimit:
    """That of NumPy's own BLAS."""
    return ThreadLimit(ctypes.CDLL(np.linalg._umath_linalg.__file__))


@contextmanager
def _one_thread() -> Iterator[None]:
    with ExitStack() as stack:
        stack.enter_context(_limit().one_thread())
        if "scipy.linalg" in sys.modules:  # has a BLAS of its own
            stack.enter_context(blas.routines().limit.one_thread())
        yield


def share(length: int, run: Callable[[int, int], None], nanoseconds: float) -> None:
    """`run(start, stop)` for parts of range(length); the exception of the earliest part that raises one is raised."""
    count = min(threads.thread_count(), length)
    with _one_thread():
        if count == 1 or length * nanoseconds < WORTH_SHARING:
            run(0, length)
        else:
            _shared(length, run, count)


def _shared(length: int, run: Callable[[int, int], None], count: int) -> None:
    block = -(-length // (count * BLOCKS_PER_THREAD))
    starts = iter(range(0, length, block))
    failed: dict[int, BaseException] = {}

    def work() -> None:
        for start in starts:  # one thread at a time takes the next: iterators of ranges are atomic under the GIL
            try:
                run(start, min(start + block, length))
            except BaseException as error:
                failed[start] = error
                return

    helpers = [threading.Thread(target=work, daemon=True) for _ in range(count - 1)]
    for helper in helpers:
        helper.start()
    work()
    for helper in helpers:
        helper.join()
    if failed:
        raise failed[min(failed)]
