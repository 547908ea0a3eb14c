"""Matrix products by the BLAS that SciPy ships, called through its function pointers, on our threads.

SciPy's and not NumPy's: the same product of two 1024 x 1024 float32 matrices takes NumPy's `@` 1.4 times as long.
Ours and not its own threads: those sleep between calls, and waking them up takes longer than many a product; nor does
it share a batch of small ones. While we call it, it is told to use one. That also makes the bits of a product of one
example independent of the batch.
"""

import ctypes
import functools
from pathlib import Path
from typing import Any

from vtrace.backends import threads
from vtrace.backends.blas_threads import ThreadLimit
from vtrace.backends.jit import Machine
from vtrace.backends.objects import data_address
from vtrace.ir.types import Array

NANOSECONDS = {4: 0.012, 8: 0.025}
"""For one multiplication of a product, by the bytes of an element."""
BLOCK_ROWS = 128
"""A block of rows is worth a call of its own from here on: each packs the other matrix anew."""
TURNED_BYTES = 1 << 16
"""A small matrix is transposed before it is multiplied from the right, as a BLAS has no fast routine for that."""


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
        self.limit = ThreadLimit(self._library)

    def gemm(self, itemsize: int) -> int:
        """The address of the Fortran routine for matrices of such floats."""
        capsule = self._capsules["dgemm" if itemsize == 8 else "sgemm"]
        api = ctypes.pythonapi
        return int(api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule)))


@functools.cache
def routines() -> Routines:
    """The BLAS of this process."""
    return Routines()


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
        shared = routines().limit.works and rows >= count * BLOCK_ROWS
        block = max(-(-rows // (2 * count)), BLOCK_ROWS) if shared else max(rows, 1)
        x_step = block * (1 if transpose[0] else x.shape[1]) * x.itemsize
        steps = (x_step, 0, block * out.shape[1] * out.itemsize)
        _multiply(out, x, y, transpose, steps, (rows, block), shared or count == 1)

    def gemm_each(self, out: Array, x: Array, y: Array, transpose: tuple[bool, bool]) -> None:
        """out[i] = op(x[i]) @ op(y[i]), for C-contiguous stacks of matrices; one of x and y may be a single one."""
        examples, block = out.shape[:2]
        steps = (x.strides[0] if x.ndim == 3 else 0, y.strides[0] if y.ndim == 3 else 0, out.strides[0])
        _multiply(out, x, y, transpose, steps, (examples * block, block), routines().limit.works)


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
    with routines().limit.one_thread():
        nanoseconds = NANOSECONDS[itemsize] * rows[1] * columns * inner
        threads.run(function, address, ctypes.addressof(arguments), length, nanoseconds)
