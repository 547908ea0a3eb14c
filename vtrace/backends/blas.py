"""Matrix products by the BLAS that SciPy ships, called through its function pointers, on our threads.

SciPy's and not NumPy's: the same product of two 1024 x 1024 float32 matrices takes NumPy's `@` 1.4 times as long.
Ours and not its own threads: those sleep between calls, and waking them up takes longer than many a product; nor does
it share a batch of small ones. While we call it, it is told to use one. That also makes the bits of a product of one
example independent of the batch.
"""

import ctypes
import functools
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vtrace.backends import threads
from vtrace.backends.jit import Machine
from vtrace.backends.objects import data_address
from vtrace.ir.types import Array

NANOSECONDS = {4: 0.012, 8: 0.025}
"""For one multiplication of a product, by the bytes of an element."""
BLOCK_ROWS = 128
"""A block of rows is worth a call of its own from here on: each packs the other matrix anew."""
TURNED_BYTES = 1 << 16
"""A small matrix is transposed before it is multiplied from the right, as a BLAS has no fast routine for that."""

_SET_THREADS = ("scipy_openblas_set_num_threads", "openblas_set_num_threads")
_GET_THREADS = ("scipy_openblas_get_num_threads", "openblas_get_num_threads")


class Routines:
    """The routines of the BLAS."""

    def __init__(self) -> None:
        from scipy.linalg import cython_blas  # 0.2 s of import, paid by the first matrix product alone

        api = ctypes.pythonapi
        api.PyCapsule_GetName.restype, api.PyCapsule_GetName.argtypes = ctypes.c_char_p, [ctypes.py_object]
        api.PyCapsule_GetPointer.restype = ctypes.c_void_p
        api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
        self._capsules = vars(cython_blas)["__pyx_capi__"]
        self._library = ctypes.CDLL(cython_blas.__file__)  # finds what it is linked with, too
        self._set, self._get = self._find(_SET_THREADS), self._find(_GET_THREADS)
        self._lock = threading.Lock()
        self._calls = 0
        self._threads = 0

    def _find(self, names: tuple[str, ...]) -> Callable[..., int] | None:
        return next((f for name in names if (f := getattr(self._library, name, None)) is not None), None)

    @property
    def takes_one_thread(self) -> bool:
        """Whether it can be told to use one thread. Else it uses its own, for one product after the other."""
        return self._set is not None and self._get is not None

    def gemm(self, itemsize: int) -> int:
        """The address of the Fortran routine for matrices of such floats."""
        capsule = self._capsules["dgemm" if itemsize == 8 else "sgemm"]
        api = ctypes.pythonapi
        return int(api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule)))

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

    def forget_calls(self) -> None:
        """In a forked child: the threads that were in a call are gone."""
        self._lock = threading.Lock()
        if self._calls and self._set is not None:
            self._set(self._threads)
        self._calls = 0


@functools.cache
def routines() -> Routines:
    """The BLAS of this process."""
    found = Routines()
    os.register_at_fork(after_in_child=found.forget_calls)
    return found


@functools.cache
def _code(itemsize: int) -> Machine:
    text = Path(__file__).with_name("gemm.ll").read_text().replace("WORD", f"i{8 * itemsize}")
    return Machine(text, lambda: text)


_PROTOTYPE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
_ARGUMENTS: Any = ctypes.c_int64 * 19


class Blas:
    """Matrix products."""

    def gemm(self, out: Array, x: Array, y: Array, transpose: tuple[bool, bool]) -> None:
        """out = op(x) @ op(y), for C-contiguous matrices; `op` transposes where asked. Threads share the rows."""
        rows, count = out.shape[0], threads.thread_count()
        shared = routines().takes_one_thread and rows >= count * BLOCK_ROWS
        block = max(-(-rows // (2 * count)), BLOCK_ROWS) if shared else max(rows, 1)
        x_step = block * (1 if transpose[0] else x.shape[1]) * x.itemsize
        steps = (x_step, 0, block * out.shape[1] * out.itemsize)
        _multiply(out, x, y, transpose, steps, (rows, block), shared or count == 1)

    def gemm_each(self, out: Array, x: Array, y: Array, transpose: tuple[bool, bool]) -> None:
        """out[i] = op(x[i]) @ op(y[i]), for C-contiguous stacks of matrices; one of x and y may be a single one."""
        examples, block = out.shape[:2]
        steps = (x.strides[0] if x.ndim == 3 else 0, y.strides[0] if y.ndim == 3 else 0, out.strides[0])
        _multiply(out, x, y, transpose, steps, (examples * block, block), routines().takes_one_thread)


def _multiply(
    out: Array,
    x: Array,
    y: Array,
    transpose: tuple[bool, bool],
    steps: tuple[int, int, int],
    rows: tuple[int, int],
    one_thread: bool,
) -> None:
    """Products of `rows[1]` rows until there are `rows[0]`; x, y and out are `steps` bytes further in each."""
    columns, inner, itemsize = out.shape[-1], x.shape[-2 if transpose[0] else -1], out.itemsize
    if out.size == 0 or inner == 0:
        out[...] = 0
        return
    turned = transpose[1] and columns * inner * itemsize <= TURNED_BYTES
    flag_x, flag_y = (ord("T" if t else "N") for t in (transpose[0], transpose[1] and not turned))
    one = 0x3FF0000000000000 if itemsize == 8 else 0x3F800000
    strides = (columns if turned else y.shape[-1], x.shape[-1], columns)
    arguments = _ARGUMENTS(
        routines().gemm(itemsize), *map(data_address, (x, y, out)), *steps, columns, inner, *strides,
        one, 0, flag_y, flag_x, *rows, inner if turned else 0,
    )  # fmt: skip
    address, length = _code(itemsize).address("vtrace_gemm"), -(-rows[0] // rows[1])
    function = _PROTOTYPE(address)
    if not one_thread:
        function(ctypes.addressof(arguments), 0, length)
        return
    with routines().one_thread():
        nanoseconds = NANOSECONDS[itemsize] * rows[1] * columns * inner
        threads.run(function, address, ctypes.addressof(arguments), length, nanoseconds)
