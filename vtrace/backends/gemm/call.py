"""Matrix products of our own: cut up by `plan.py`, computed by `task.py`, on our threads.

The bits of an element depend on its row of x, its column of y and the kind of CPU alone: not on how many rows or
examples there are, nor on the number of threads.
"""

import ctypes
import functools
from typing import Any

import numpy as np

from vtrace.backends import memory, threads
from vtrace.backends.gemm.plan import is_taken_apart, plan
from vtrace.backends.gemm.sizes import panel
from vtrace.backends.gemm.task import FIELDS, gemm_text, turn_text
from vtrace.backends.jit import Machine
from vtrace.backends.objects import data_address
from vtrace.backends.target import VECTOR_BYTES
from vtrace.ir.types import Array, DType

PACK_NANOSECONDS = 4.0
"""For a line of a panel."""

_BYTES = np.dtype(np.uint8)
_PROTOTYPE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
_PRODUCT: Any = ctypes.c_int64 * len(FIELDS)
_ADDS, _COLUMNS, _INNER = (FIELDS.index(name) for name in ("adds", "columns", "inner"))


class Routine:
    """A function over ranges of items."""

    def __init__(self, machine: Machine, name: str) -> None:
        self.address = machine.address(name)
        self.function = _PROTOTYPE(self.address)

    def run(self, product: Any, length: int, nanoseconds: float) -> None:
        """All items, on several threads if they take long enough."""
        threads.run(self.function, self.address, ctypes.addressof(product), length, nanoseconds)


class Code:
    """The code for one dtype."""

    def __init__(self, dtype: DType) -> None:
        self._dtype = dtype
        self._machine = Machine(f"gemm {dtype}", lambda: gemm_text(dtype), clean=False)
        self.multiply, self.pack = (Routine(self._machine, name) for name in ("vtrace_gemm", "vtrace_gemm_pack"))

    @functools.cached_property
    def _turn(self) -> Machine:
        return Machine(f"turn {self._dtype}", lambda: turn_text(self._dtype), clean=False)

    @property
    def turn(self) -> int:
        """The address of the function that packs panels of a transposed matrix."""
        return self._turn.address("vtrace_turn")


@functools.cache
def code(itemsize: int) -> Code:
    """That for floats of so many bytes."""
    return Code(np.dtype(f"f{itemsize}"))


class Products:
    """Matrix products."""

    def gemm(self, out: Array, x: Array, y: Array, transpose: tuple[bool, bool]) -> None:
        """out = op(x) @ op(y), for C-contiguous matrices; `op` transposes where asked."""
        self.gemm_each(out[None], x, y, transpose)

    def gemm_each(self, out: Array, x: Array, y: Array, transpose: tuple[bool, bool]) -> None:
        """out[i] = op(x[i]) @ op(y[i]), for C-contiguous stacks of matrices; one of x and y may be a single one."""
        (examples, rows, columns), inner = out.shape, x.shape[-2 if transpose[0] else -1]
        if out.size == 0 or inner == 0:
            out[...] = 0
        elif examples > 1 and y.ndim == 3 and is_taken_apart(rows, columns, inner, out.itemsize):
            for i in range(examples):
                _multiply(out[i : i + 1], x[i] if x.ndim == 3 else x, y[i], transpose)
        else:
            _multiply(out, x, y, transpose)


def _multiply(out: Array, x: Array, y: Array, transpose: tuple[bool, bool]) -> None:
    (_, rows, columns), inner, itemsize = out.shape, x.shape[-2 if transpose[0] else -1], out.itemsize
    cut = plan(out.shape, inner, itemsize, transpose, y.ndim == 2, threads.thread_count())
    routines, packed = code(itemsize), 0
    if cut.packed_bytes:
        room = memory.empty((cut.packed_bytes + VECTOR_BYTES,), _BYTES)
        packed = -(-data_address(room) // VECTOR_BYTES) * VECTOR_BYTES
    x_at, y_at, out_at = data_address(x), data_address(y), data_address(out)
    _, x_next, y_next, y_column = cut.strides
    steps = (x.strides[0] if x.ndim == 3 else 0, y.strides[0] if y.ndim == 3 else 0, out.strides[0])
    product = _PRODUCT(
        x_at, y_at, out_at, packed, routines.turn if transpose[1] else 0, 0, rows, 0, 0,
        *steps, *cut.strides, columns * itemsize, *cut.blocks,
    )  # fmt: skip
    for column in range(0, columns, cut.columns):
        product[_COLUMNS], product[2] = min(cut.columns, columns - column), out_at + column * itemsize
        for k in range(0, inner, cut.inner):
            product[0], product[1] = x_at + k * x_next, y_at + k * y_next + column * y_column
            product[_ADDS], product[_INNER] = k, min(cut.inner, inner - k)
            if packed:
                routines.pack.run(product, -(-product[_COLUMNS] // panel(itemsize)), PACK_NANOSECONDS * cut.inner)
            routines.multiply.run(product, cut.tasks, cut.nanoseconds)
