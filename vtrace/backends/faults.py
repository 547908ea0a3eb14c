"""What can go wrong inside a kernel, and how it is told afterwards.

A kernel never stops half-way: an index outside its axis is noted in a small record and replaced by a safe one. After
the call the host looks at the record, runs the kernel once more for the first failing example alone to learn the
details, and raises. What lies where is in `record`.
"""

from typing import Any, cast

from vtrace.backends import llvm_text as ir
from vtrace.backends.access import Access
from vtrace.backends.placement import Scope
from vtrace.backends.values import I32, I64, AnyValue, Register, int_constant
from vtrace.ir.emitter import Value
from vtrace.ir.types import INT64, Dim


class Faults(Access):
    """`checked_index`."""

    record: Register
    """The address of the fault record."""
    position: AnyValue
    """Where this code is along the parallel axis."""
    around: Scope | None = None
    """The loop over examples, where it is one that code can be moved out of."""
    start: Register
    """Where this call of the function begins along the parallel axis."""
    equation: int
    """The number of the equation being lowered."""

    def checked_index(self, value: Value, extent: Dim, axis: int) -> Value:
        index, size = self.convert(value, INT64), self.dim(extent)
        below = self.compare("lt", index, self.neg(size) if size.constant is None else int_constant(-size.constant))
        outside = self.or_(below, self.compare("ge", index, size))
        if self.mask is not None and self.lanes > 1:
            outside = self.and_(self.mask.vector, outside)
        self._note(outside, index, size, axis)
        wrapped = self.select(self.compare("lt", index, int_constant(0)), self.add(index, size), index)
        return self.select(outside, int_constant(0), wrapped)

    def _note(self, outside: Register, index: Value, size: Register, axis: int) -> None:
        builder, faulty, done = self.builder, self.block("fault"), self.block("checked")
        likely = builder.cbranch(self.any_lane(outside), faulty, done)
        likely.set_weights([1, 1 << 20])
        builder.position_at_end(faulty)
        outer = self.scope
        with self.inside(Scope(outer.depth, is_loop=False, lanes=outer.lanes, mask=outer.mask)):
            # what all examples share may be computed outside of the loop over them
            outside_examples = self.around is not None and all(s is not self.around for s in self.scopes)
            here = self.start if outside_examples else self.position
            position, index = self._first(outside, here), self._first(outside, index)
            builder.atomic_rmw("umin", self._field(0), position.llvm, "monotonic")
            first, details = self.block("first"), self.block("noted")
            noted = builder.load(self._field(1), typ=I64)
            builder.cbranch(builder.icmp_signed("==", noted, ir.Constant(I64, 0)), first, details)
            builder.position_at_end(first)
            numbers = (1, index.llvm, size.llvm, axis, self.equation)
            for k, number in enumerate(numbers, start=1):
                builder.store(ir.Constant(I64, number) if isinstance(number, int) else number, self._field(k))
            builder.branch(details)
            builder.position_at_end(details)
        builder.branch(done)
        builder.position_at_end(done)

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
