"""NumPy's and SciPy's linear algebra with one thread of the BLAS, so that ours can share it, and bits do not vary."""

import ctypes
import functools
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np

from vtrace.backends.blas_threads import ThreadLimit


@functools.cache
def _limit() -> ThreadLimit:
    """That of NumPy's own BLAS."""
    return ThreadLimit(ctypes.CDLL(np.linalg._umath_linalg.__file__))


@functools.cache
def _scipy_limit() -> ThreadLimit:
    """That of SciPy's."""
    return ThreadLimit(ctypes.CDLL(sys.modules["scipy.linalg._fblas"].__file__))


@contextmanager
def one_thread() -> Iterator[None]:
    """Every BLAS there is uses one thread meanwhile."""
    with ExitStack() as stack:
        stack.enter_context(_limit().one_thread())
        if "scipy.linalg._fblas" in sys.modules:
            stack.enter_context(_scipy_limit().one_thread())
        yield
