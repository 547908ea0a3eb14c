"""cuBLAS made of NumPy, on the memory of the fake driver: matrices lie by columns, as in Fortran."""

from typing import Any

import numpy as np

from tests.cuda.fake_driver import FakeDriver, Function
from vtrace.ir.types import Array

_DTYPES = {0: np.dtype(np.float32), 1: np.dtype(np.float64)}
_COMPUTE = {0: 68, 1: 70}


class FakeCublas:
    """The library, as ctypes would give it."""

    def __init__(self, driver: FakeDriver) -> None:
        self._driver = driver
        self._stream = 0
        self.calls, self.failing = driver.calls, driver.failing
        self._functions: dict[str, Function] = {}

    def __getattr__(self, name: str) -> Function:
        if not name.startswith("cublas"):
            raise AttributeError(name)
        return self._functions.setdefault(name, Function(self, name))

    def _cublasCreate_v2(self, out: Any) -> int:
        out._obj.value = 7
        return 0

    def _cublasSetStream_v2(self, handle: Any, stream: Any) -> int:
        assert handle == 7
        self._stream = stream
        return 0

    def _cublasGemmStridedBatchedEx(
        self, handle: Any, turn_a: int, turn_b: int, m: int, n: int, k: int, alpha: Any,
        a: Any, a_type: int, lda: int, a_step: Any, b: Any, b_type: int, ldb: int, b_step: Any, beta: Any,
        c: Any, c_type: int, ldc: int, c_step: Any, count: int, compute: int, algorithm: int,
    ) -> int:  # fmt: skip
        assert (a_type, b_type, compute, alpha._obj.value, beta._obj.value) == (c_type, c_type, _COMPUTE[c_type], 1, 0)
        dtype = _DTYPES[c_type]

        def matrix(pointer: int, step: int, number: int, rows: int, columns: int, leading: int) -> Array:
            start = pointer + number * step * dtype.itemsize
            size = (leading * (columns - 1) + rows) * dtype.itemsize
            flat = self._driver.memory.view(start, size).view(dtype)
            strides = (dtype.itemsize, leading * dtype.itemsize)
            return np.lib.stride_tricks.as_strided(flat, (rows, columns), strides)

        def multiply() -> None:
            for i in range(count):
                x = matrix(a, a_step, i, *((k, m) if turn_a else (m, k)), lda)
                y = matrix(b, b_step, i, *((n, k) if turn_b else (k, n)), ldb)
                matrix(c, c_step, i, m, n, ldc)[...] = (x.T if turn_a else x) @ (y.T if turn_b else y)

        self._driver._put(self._stream, multiply)
        return 0
