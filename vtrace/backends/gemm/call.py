"""Matrix products of our own: planned here, computed by `task.py` on our threads.

The bits of an element depend on its row of x, its column of y and the CPU's kind alone: neither on how many rows or
examples there are, nor on the number of threads, nor on any choice made here.
"""

import ctypes
import functools
import itertools
from typing import Any

import numpy as np

from vtrace.backends import memory, threads
from vtrace.backends.gemm.sizes import DEPTH, panel, panels_bytes
from vtrace.backends.gemm.task import FIELDS, gemm_text, turn_text
from vtrace.backends.jit import Machine
from vtrace.backends.objects import data_address
from vtrace.backends.target import VECTOR_BYTES
from vtrace.ir.types import Array, DType

NANOSECONDS = {4: 0.019, 8: 0.038}
"""For one multiplication, by the bytes of an element."""
PACK_NANOSECONDS = 4.0
"""For a line of a panel."""
BLOCK_ROWS = 64
"""Rows of a task: their part of x fits into the second cache, whose lines of y serve them all."""
BLOCK_COLUMNS = 1024
"""Columns that are packed at a time: then they are still in a cache when they are read."""
FEW_ROWS = 48
NEAR_BYTES = 1 << 19
"""To pack y for all tasks is worth it for more rows than that, if it is larger than this."""
FAR_BYTES = 2048
"""Rows of x so far apart are copied: they share few sets of the first cache."""
MANY = 4
"""Tasks of a thread from which on it does not matter whether all threads have as many."""
LARGE = 1 << 23
"""Products of so many multiplications are worth a call for each example."""

_PROTOTYPE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
_PRODUCT: Any = ctypes.c_int64 * len(FIELDS)
_ADDS, _COLUMNS = FIELDS.index("adds"), FIELDS.index("columns")


class Routine:
    """A function over ranges of items."""

    def __init__(self, machine: Machine, name: str) -> None:
        self.address = machine.address(name)
        self.function = _PROTOTYPE(self.address)

    def run(self, product: Any, length: int, nanoseconds: float) -> None:
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
            return
        is_large = rows > FEW_ROWS and inner * columns * out.itemsize > NEAR_BYTES
        if examples > 1 and y.ndim == 3 and (is_large or rows * columns * inner >= LARGE):
            for i in range(examples):  # each is shared by all threads
                self.gemm_each(out[i : i + 1], x[i] if x.ndim == 3 else x, y[i], transpose)
            return
        _multiply(out, x, y, transpose)


def _multiply(out: Array, x: Array, y: Array, transpose: tuple[bool, bool]) -> None:
    (examples, rows, columns), itemsize = out.shape, out.itemsize
    x_row, x_next = _strides(x, transpose[0])
    y_next, y_column = _strides(y, transpose[1])
    inner = x.shape[-2 if transpose[0] else -1]
    depth, width = min(inner, DEPTH[itemsize]), columns
    is_large = transpose[1] or inner * columns * itemsize > NEAR_BYTES
    packs = y.ndim == 2 and examples * rows > FEW_ROWS and is_large
    packed = y_bytes = x_pitch = x_lines = 0
    if packs:
        width = min(columns, BLOCK_COLUMNS)
        room = memory.empty((panels_bytes(width, depth, itemsize) + VECTOR_BYTES,), np.dtype(np.uint8))
        packed = -(-data_address(room) // VECTOR_BYTES) * VECTOR_BYTES
    elif transpose[1]:
        y_bytes = panels_bytes(1, depth, itemsize)
    block_rows, block_columns = _block(examples, rows, width, depth, itemsize, packs)
    row_blocks, column_blocks = -(-rows // block_rows), -(-width // block_columns)
    if max(x_row, x_next) >= FAR_BYTES and rows > 1 and columns > panel(itemsize):
        x_lines, length = (depth, block_rows) if transpose[0] else (block_rows, depth)
        x_pitch = (-(-length * itemsize // VECTOR_BYTES) + 1) * VECTOR_BYTES

    routines = code(itemsize)
    product = _PRODUCT(
        0, 0, 0, packed, routines.turn if transpose[1] else 0, 0, rows, 0, 0,
        _step(x), _step(y), out.strides[0], x_row, x_next, y_next, y_column, out.strides[1],
        block_rows, block_columns, row_blocks, column_blocks, x_pitch, x_lines * x_pitch, y_bytes,
    )  # fmt: skip
    addresses = [data_address(a) for a in (x, y, out)]
    for column, k in itertools.product(range(0, columns, width), range(0, inner, depth)):
        product[:3] = (
            addresses[0] + k * x_next, addresses[1] + k * y_next + column * y_column, addresses[2] + column * itemsize
        )  # fmt: skip
        product[_ADDS : _ADDS + 4] = k, rows, min(width, columns - column), min(depth, inner - k)
        if packs:
            panels = -(-product[_COLUMNS] // panel(itemsize))
            routines.pack.run(product, panels, PACK_NANOSECONDS * depth)
        nanoseconds = NANOSECONDS[itemsize] * block_rows * block_columns * depth
        routines.multiply.run(product, examples * row_blocks * column_blocks, nanoseconds)


def _strides(x: Array, transposed: bool) -> tuple[int, int]:
    """Bytes to the next row and to the next column of op(x)."""
    row, column = x.shape[-1] * x.itemsize, x.itemsize
    return (column, row) if transposed else (row, column)


def _step(x: Array) -> int:
    """Bytes to the next example."""
    return int(x.strides[0]) if x.ndim == 3 else 0


def _block(examples: int, rows: int, columns: int, inner: int, itemsize: int, by_rows: bool) -> tuple[int, int]:
    """Rows and columns of a task: as many tasks for one thread as for another, where there are not many anyway."""
    count, blocks = threads.thread_count(), -(-rows // BLOCK_ROWS)
    nanoseconds = NANOSECONDS[itemsize] * rows * columns * inner * examples
    if examples * blocks < MANY * count and threads.worth_sharing(2, nanoseconds / 2):
        if not (by_rows or examples * rows >= count * BLOCK_ROWS / 2):
            panels = -(-columns // panel(itemsize))
            return -(-rows // blocks), -(-panels // count) * panel(itemsize)
        blocks = -(-blocks // count) * count
    return -(-rows // blocks), columns
