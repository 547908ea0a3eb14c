"""Reading and writing arrays: one element per lane, by the cheapest instruction the addresses allow."""

from typing import Any

from vtrace.backends import llvm_text as ir
from vtrace.backends.rows import Rows
from vtrace.backends.values import I8, Affine, Register, memory_type
from vtrace.backends.vector_memory import Buffer
from vtrace.ir.emitter import Index, Value
from vtrace.ir.types import BOOL


class Access(Rows):
    """Loads and stores of elements.

    What a step of one lane means for the offset decides: 0 is one scalar, the same for all lanes; 1 is one vector;
    anything else is a gather or a scatter. (Rows of examples that are read whole do not come this way.)
    """

    def load(self, buffer: Buffer, index: Index) -> Register:
        """The element at `index`, of every lane in use."""
        offset = self.offset(buffer, index)
        dtype = buffer.type.dtype
        if isinstance(offset, Affine) and offset.step == 1:
            raw = self.load_vector(buffer, offset.base, None if buffer.all_lanes else self.mask, self.lanes)
        elif isinstance(offset, Register) and offset.lanes == 1:
            llvm = self.builder.load(self.address(buffer, offset), typ=memory_type(dtype), align=dtype.itemsize)
            raw = Register(llvm, dtype, 1, self.scope.depth)
        else:
            raw = self.gather(buffer, offset)
        return self.from_memory(raw)

    def from_memory(self, raw: Register) -> Register:
        """A bool is a byte in memory and a bit in a register."""
        if raw.dtype != BOOL:
            return raw
        zero = ir.Constant(memory_type(BOOL, raw.lanes), None if raw.lanes > 1 else 0)
        return Register(self.builder.icmp_unsigned("!=", raw.llvm, zero), BOOL, raw.lanes, raw.level)

    def to_memory(self, value: Value, lanes: int) -> Any:
        """`value` for `lanes` lanes, as it lies in memory."""
        llvm = self.vector(value, lanes).llvm
        if value.dtype == BOOL:
            return self.builder.zext(llvm, I8 if lanes == 1 else ir.VectorType(I8, lanes))
        return llvm

    def store(self, buffer: Buffer, index: Index, value: Value) -> None:
        """Write one element per lane in use, here."""
        offset = self.offset(buffer, index)
        if isinstance(offset, Register) and offset.lanes == 1:
            llvm = self.to_memory(value, 1)
            self.builder.store(llvm, self.address(buffer, offset), align=buffer.type.dtype.itemsize)
        elif isinstance(offset, Affine) and offset.step == 1:
            llvm = self.to_memory(value, self.lanes)
            self.store_vector(buffer, offset.base, llvm, None if buffer.all_lanes else self.mask)
        else:
            self.scatter(buffer, offset, self.to_memory(value, self.lanes))
