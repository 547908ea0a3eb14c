"""Rows of small elements, in loops over squares of 8 lanes by 8 elements, and what is left of them one by one.

To turn many bytes around in registers takes shuffles of single bytes, which most processors put together from several
others: the code for rows of 40 bytes of 64 lanes took two seconds to compile.
"""

from itertools import product
from typing import Any, cast

from vtrace.backends.rows import Rows
from vtrace.backends.target import MASK_REGISTERS
from vtrace.backends.values import Register, int_constant, memory_type
from vtrace.backends.vector_memory import Buffer
from vtrace.ir.emitter import Value
from vtrace.ir.types import DType

TURNED = 4
"""The longest rows that are turned around all at once."""
SQUARE = 8
"""Rows and elements that are turned around together."""


class Singles(Rows):
    """Copies between rows in memory and scratch, in which the same element of all lanes lies side by side."""

    @staticmethod
    def moves_singly(dtype: DType, size: int) -> bool:
        """Whether rows of so many elements are moved by these loops."""
        return dtype.itemsize < (2 if MASK_REGISTERS else 4) and size > TURNED

    def move_singly(self, rows: Buffer, start: Register, scratch: Buffer, size: int, out: bool) -> None:
        """Copy the rows of all lanes in use, the first starting at offset `start`, to scratch; or `out` of it."""
        lanes, squares = int_constant(self.lanes), size - size % SQUARE
        source, target = (scratch, rows) if out else (rows, scratch)

        def places(lane: Register, column: Register) -> tuple[Register, Register]:
            """Where an element of a lane's row is to be read and written."""
            row = self._sum(start, self.mul(lane, int_constant(size)), column)
            side = self._sum(self.mul(column, lanes), lane)
            return (side, row) if out else (row, side)

        def square(lane: Register, column: Register) -> None:
            read, written = [], []
            for k in range(SQUARE):
                across = places(self._sum(lane, int_constant(k)), column)
                along = places(lane, self._sum(column, int_constant(k)))
                read.append((along if out else across)[0])
                written.append((across if out else along)[1])
            values = [self._load(source, at, SQUARE) for at in read]
            for value, at in zip(self._split(values), written, strict=True):
                self._store(target, at, value)

        def single(lane: Register, column: Register) -> None:
            at, to = places(lane, column)
            self._store(target, to, self._load(source, at, 1))

        used = lanes
        if self.mask is not None and self.mask.count is not None:
            used = self.intrinsic("llvm.smin", self.mask.count, lanes)
        whole = cast("Register", self.sub(used, self.int_rem(used, int_constant(SQUARE))))
        with self.loop(int_constant(0), whole, SQUARE) as lane:
            with self.loop(int_constant(0), int_constant(squares), SQUARE) as column:
                square(lane, column)
            for k, e in product(range(SQUARE), range(squares, size)):
                single(self._sum(lane, int_constant(k)), int_constant(e))
        with self.loop(whole, used) as lane, self.loop(int_constant(0), int_constant(size)) as column:
            single(lane, column)

    def _load(self, buffer: Buffer, at: Register, count: int) -> Any:
        dtype = buffer.type.dtype
        return self.builder.load(self.address(buffer, at), typ=memory_type(dtype, count), align=dtype.itemsize)

    def _store(self, buffer: Buffer, at: Register, value: Any) -> None:
        self.builder.store(value, self.address(buffer, at), align=buffer.type.dtype.itemsize)

    def _sum(self, *offsets: Value) -> Register:
        total: Value = int_constant(0)
        for offset in offsets:
            total = self.add(total, offset)
        return cast("Register", total)
