"""Reading and writing arrays: one element per lane, by the cheapest instruction the addresses allow."""

import math
from typing import Any

from vtrace.backends import llvm_text as ir
from vtrace.backends.pairs import Pairs
from vtrace.backends.patterns import spelled, window
from vtrace.backends.values import I8, I32, Affine, AnyValue, Pattern, Queued, Register, int_constant, memory_type
from vtrace.backends.vector_memory import Buffer
from vtrace.ir.emitter import Index, Value
from vtrace.ir.types import BOOL, static_shape


class Access(Pairs):
    """Loads and stores of elements.

    What a step of one lane means for the offset decides: 0 is one scalar, the same for all lanes; 1 is one vector; a
    known pattern within one stretch of memory is a vector and a shuffle; anything else is a gather or a scatter. (Rows
    of examples that are read whole do not come this way.)
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
        elif isinstance(offset, Queued) and dtype.itemsize >= 4:  # smaller ones take an extension of AVX-512
            raw = self.load_queued(buffer, offset)
        else:
            raw = self.load_part(buffer, index, offset) or self._stretch_of(buffer, index) or self.gather(buffer, index)
        return self.from_memory(raw)

    def _stretch_of(self, buffer: Buffer, index: Index) -> Register | None:
        """The elements in the order of their lanes, from one short stretch of memory; None if that cannot be.

        The axes after the last one whose index is unknown make up an array of known size: inside it, reading more than
        is asked for is safe.
        """
        known = [_is_known(i) for i in index]
        split = next((a + 1 for a in reversed(range(len(index))) if not known[a]), 0)
        shape = buffer.type.shape[split:]
        if any(isinstance(i, Affine | Pattern) for i in index[:split]) or not all(isinstance(d, int) for d in shape):
            return None
        inside: AnyValue = int_constant(0)
        start: AnyValue = int_constant(0)
        for axis, (i, stride) in enumerate(zip(index, self.strides(buffer), strict=True)):
            if axis < split:
                start = self.add(start, self.mul(i, stride))
            else:
                inside = self.add(inside, self.mul(i, stride))
        lanes = spelled(inside, self.lanes)
        assert isinstance(start, Register)
        found = window(lanes[1], math.prod(static_shape(shape)), self.lanes) if lanes is not None else None
        if lanes is None or found is None or start.lanes > 1:
            return None
        whole = self.load_vector(buffer, self._plus(start, found[0]), None, found[1])
        picks = ir.Constant(ir.VectorType(I32, len(lanes[1])), [o - found[0] for o in lanes[1]])
        llvm = self.builder.shuffle_vector(whole.llvm, ir.Constant(whole.llvm.type, ir.Undefined), picks)
        return Register(llvm, whole.dtype, len(lanes[1]), whole.level)

    def from_memory(self, raw: Register) -> Register:
        """A bool is a byte in memory and a bit in a register."""
        if raw.dtype != BOOL:
            return raw
        zero = ir.Constant(memory_type(BOOL, raw.lanes), None if raw.lanes > 1 else 0)
        return Register(self.builder.icmp_unsigned("!=", raw.llvm, zero), BOOL, raw.lanes, raw.level)

    def to_memory(self, value: Value, lanes: int) -> Any:
        """`value` for `lanes` lanes, as it lies in memory."""
        register = self.vector(value, lanes)
        assert register.lanes == lanes, "a value that differs between lanes needs room for all of them"
        llvm = register.llvm
        if value.dtype == BOOL:
            return self.builder.zext(llvm, I8 if lanes == 1 else ir.VectorType(I8, lanes))
        return llvm

    def store(self, buffer: Buffer, index: Index, value: Value) -> None:
        """Write one element per lane in use, here."""
        offset = self.offset(buffer, index)
        if isinstance(offset, Register) and offset.lanes == 1:
            assert getattr(value, "lanes", 1) == 1, "a value that differs from lane to lane needs a place for each"
            llvm = self.to_memory(value, 1)
            self.builder.store(llvm, self.address(buffer, offset), align=buffer.type.dtype.itemsize)
        elif isinstance(offset, Affine) and offset.step == 1:
            llvm = self.to_memory(value, self.lanes)
            self.store_vector(buffer, offset.base, llvm, None if buffer.all_lanes else self.mask)
        else:
            self.scatter(buffer, index, self.to_memory(value, self.lanes))


def _is_known(index: Value) -> bool:
    """Whether an index, or what it is in each lane, is known while code is generated."""
    base = index.base if isinstance(index, Affine | Pattern) else index
    return getattr(base, "constant", None) is not None
