"""The library calls that primitives may make: matrix products, Fourier transforms, Python functions on our threads."""

import ctypes
from collections.abc import Callable
from contextlib import AbstractContextManager

from vtrace.backends import lapack, threads
from vtrace.backends.gemm.call import Products
from vtrace.backends.pocketfft import Fourier

WORTH = 50.0
"""How many times as long a Python function has to run as a kernel does, for it to be spread over several threads."""

_PART = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)


class Calls(Products, Fourier):
    """Everything of `ir.primitive.Library`."""

    def one_thread(self) -> AbstractContextManager[None]:
        """Meanwhile every BLAS uses one thread."""
        return lapack.one_thread()

    def share(self, part: Callable[[int, int], None], length: int, nanoseconds: float) -> None:
        """`part(start, stop)` for ranges that cover `length` items; each item takes about so long."""
        nanoseconds /= WORTH
        if not threads.worth_sharing(length, nanoseconds):
            part(0, length)
            return
        errors: list[BaseException] = []

        def guarded(_: int | None, start: int, stop: int) -> None:
            try:
                part(start, stop)
            except BaseException as error:  # it cannot pass through the pool
                errors.append(error)

        function = _PART(guarded)
        address = ctypes.c_void_p.from_buffer(function).value  # a cast would keep it, and the arrays, until gc runs
        assert address is not None
        threads.run(function, address, 0, length, nanoseconds)
        if errors:
            raise errors[0]


LIBRARY = Calls()
