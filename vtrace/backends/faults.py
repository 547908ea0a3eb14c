"""What can go wrong inside a kernel, and how it is told afterwards.

A kernel never stops half-way: an index outside its axis is noted in a small record and replaced by a safe one; a
singular matrix is noted and gives some result. After the call the host looks at the record, runs the kernel once more
for the first failing example alone to learn the details, and raises. What lies where is in `record`.
"""

from dataclasses import replace
from typing import Any, cast

from vtrace.backends import llvm_text as ir
from vtrace.backends.access import Access
from vtrace.backends.arithmetic import I32_TYPE
from vtrace.backends.placement import Scope
from vtrace.backends.record import FIRST_FAILURE, INDEX
from vtrace.backends.values import I32, I64, AnyValue, Register, int_constant
from vtrace.ir.emitter import Value
from vtrace.ir.failure import Failure
from vtrace.ir.types import DTYPES, INT64, Dim

NARROW = frozenset(DTYPES[name] for name in ("i8", "i16", "i32", "u8", "u16"))
"""Dtypes whose numbers all are int32."""


class Faults(Access):
    """`checked_index` and `fault_where`."""

    record: Register
    """The address of the fault record."""
    position: AnyValue
    """Where this code is along the parallel axis."""
    around: Scope | None = None
    """The loop over examples, where it is one that code can be moved out of."""
    start: Register
    stop: Register
    """Where this call of the function begins and ends along the parallel axis."""
    equation: int
    """The number of the equation being lowered."""

    def checked_index(self, value: Value, extent: Dim, axis: int, wrap: bool = True) -> Value:
        size = self.dim(extent)
        known = getattr(value, "constant", None)
        if known is not None and size.constant is not None and (-size.constant if wrap else 0) <= known < size.constant:
            return int_constant(known % size.constant)
        if isinstance(value, Register) and value.below is not None and value.below <= (size.constant or 0):
            return value
        # in 32 bits where that is enough: half the vectors, and one gather takes twice as many addresses
        few = size.constant is not None and size.constant < 1 << 31
        narrow = getattr(value, "narrow", None) or value
        value, dtype = (narrow, I32_TYPE) if few and narrow.dtype in NARROW else (value, INT64)
        index, limit = self.convert(value, dtype), self.convert(size, dtype)
        safe = self._inside(index, limit, size, axis, wrap)
        if few and safe.lanes > 1:
            safe = self.vector(self.convert(safe, I32_TYPE))
        return replace(self.vector(self.convert(safe, INT64)), below=size.constant)

    def bounded_index(self, value: Value, extent: int) -> Value:
        return replace(self.vector(cast("AnyValue", value)), below=extent)

    def _inside(self, index: Value, limit: Value, size: Register, axis: int, wrap: bool) -> Register:
        """The index counted from the start, or 0 where it is out of range, which is noted."""
        unusual = self._beyond(index, limit)
        if self.mask is not None or unusual.level < self.scope.depth:
            return self._wrapped(index, limit, size, axis, wrap)
        # the usual index is neither negative nor too large: one comparison tells
        index = self.vector(cast("AnyValue", index))
        before, rare, done = self.builder.block, self.block("unusual"), self.block("inside")
        self.builder.cbranch(self.any_lane(unusual), rare, done)
        self.builder.position_at_end(rare)
        outer = self.scope
        with self.inside(Scope(outer.depth, is_loop=False, lanes=outer.lanes)):
            safe = self._wrapped(index, limit, size, axis, wrap)
        leaving = self.builder.block
        self.builder.branch(done)
        self.builder.position_at_end(done)
        phi = self.builder.phi(index.llvm.type)
        phi.add_incoming(index.llvm, before)
        phi.add_incoming(safe.llvm, leaving)
        return Register(phi, index.dtype, index.lanes, self.scope.depth)

    def _wrapped(self, index: Value, limit: Value, size: Register, axis: int, wrap: bool) -> Register:
        zero = self.constant(0, index.dtype)
        wrapped = self.select(self.compare("lt", index, zero), self.add(index, limit), index) if wrap else index
        outside = self._beyond(wrapped, limit)
        self._note(self._in_use(outside), INDEX, index, size, axis)
        return self.vector(self.select(outside, zero, wrapped))

    def _beyond(self, index: Value, limit: Value) -> Register:
        """Whether an index is negative or too large: without its sign, a negative number is above all others."""
        unsigned = DTYPES[f"u{8 * index.dtype.itemsize}"]
        return self.compare("ge", self.convert(index, unsigned), self.convert(limit, unsigned))

    @property
    def _before_examples(self) -> bool:
        """Whether this is outside of the loop over examples, where what they all share is computed."""
        return self.around is not None and all(s is not self.around for s in self.scopes)

    def fault_where(self, condition: Value, failure: Failure) -> None:
        nothing = int_constant(0)
        self._note(self._in_use(cast("Register", condition)), FIRST_FAILURE + failure.number, nothing, nothing, 0)

    def _in_use(self, condition: Register) -> Register:
        """The condition, in lanes that are in use."""
        if self.mask is not None and self.lanes > 1:
            condition = self.and_(self.mask.vector, condition)
        if self._before_examples:  # without examples nothing is wrong
            condition = self.and_(condition, self.compare("lt", self.start, self.stop))
        return condition

    def _note(self, bad: Register, kind: int, index: Value, size: Register, axis: int) -> None:
        builder, faulty, done = self.builder, self.block("fault"), self.block("checked")
        likely = builder.cbranch(self.any_lane(bad), faulty, done)
        likely.set_weights([1, 1 << 20])
        builder.position_at_end(faulty)
        outer = self.scope
        with self.inside(Scope(outer.depth, is_loop=False, lanes=outer.lanes, mask=outer.mask)):
            here = self.start if self._before_examples else self.position
            position, first_index = self._first(bad, here), self.convert(self._first(bad, index), INT64)
            builder.atomic_rmw("umin", self._field(0), position.llvm, "monotonic")
            first, details = self.block("first"), self.block("noted")
            builder.cbranch(self.is_told(), first, details)
            builder.position_at_end(first)
            numbers = (kind, self.vector(first_index).llvm, size.llvm, axis, self.equation)
            for k, number in enumerate(numbers, start=1):
                builder.store(ir.Constant(I64, number) if isinstance(number, int) else number, self._field(k))
            builder.branch(details)
            builder.position_at_end(details)
        builder.branch(done)
        builder.position_at_end(done)

    def is_told(self) -> Any:
        """An i1: whether this failure's details are noted, as nothing else has been."""
        noted = self.builder.load(self._field(1), typ=I64)
        return self.builder.icmp_signed("==", noted, ir.Constant(I64, 0))

    def _field(self, number: int) -> Any:
        return self.builder.gep(self.record.llvm, [ir.Constant(I64, number)], source_etype=I64)

    def _first(self, outside: Register, value: Value) -> Register:
        """The value in the first lane that is outside."""
        register = self.vector(cast("AnyValue", value))
        if register.lanes == 1:
            return register
        if outside.lanes == 1:
            lane = ir.Constant(I32, 0)
        else:
            bits = ir.IntType(outside.lanes)
            packed = self.builder.bitcast(outside.llvm, bits)
            count = self.declare(f"llvm.cttz.i{outside.lanes}", bits, [bits, ir.IntType(1)])
            zeros = self.builder.call(count, [packed, ir.Constant(ir.IntType(1), 0)])
            lane = (
                zeros
                if outside.lanes == 32
                else (self.builder.zext(zeros, I32) if outside.lanes < 32 else self.builder.trunc(zeros, I32))
            )
        return Register(self.builder.extract_element(register.llvm, lane), register.dtype, 1, self.scope.depth)
