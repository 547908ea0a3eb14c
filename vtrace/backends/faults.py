"""What can go wrong inside a kernel, and how it is told afterwards.

A kernel never stops half-way: an index outside its axis is noted in a small record and replaced by a safe one. After
the call the host looks at the record, runs the kernel once more for the first failing example alone to learn the
details, and raises. What lies where is in `record`.
"""

from typing import cast

from llvmlite import ir

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
    stop: Register
    """Where this call of the function begins and ends along the parallel axis."""
    equation: int
    """The number of the equation being lowered."""

    def checked_index(self, value: Value, extent: Dim, axis: int, wrap: bool = True) -> Value:
        index, size = self.convert(value, INT64), self.dim(extent)
        least = (
            int_constant(0) if not wrap else self.neg(size) if size.constant is None else int_constant(-size.constant)
        )
        below = self.compare("lt", index, least)
        outside = self.or_(below, self.compare("ge", index, size))
        # what all lanes share stays so: only whether to note it depends on the lanes in use
        mask = self.mask if self.lanes > 1 else None
        noted = outside if mask is None else self.and_(mask.vector, outside)
        if self._before_examples:
            noted = self.and_(noted, self.compare("lt", self.start, self.stop))  # without examples nothing is wrong
        self._note(noted, index, size, axis)
        if wrap:
            index = self.select(self.compare("lt", index, int_constant(0)), self.add(index, size), index)
        return self.select(outside, int_constant(0), index)

    @property
    def _before_examples(self) -> bool:
        """Whether this is outside of the loop over examples, where what they all share is computed."""
        return self.around is not None and all(s is not self.around for s in self.scopes)

    def _note(self, outside: Register, index: Value, size: Register, axis: int) -> None:
        builder, faulty, done = self.builder, self.block("fault"), self.block("checked")
        likely = builder.cbranch(self.any_lane(outside), faulty, done)
        likely.set_weights([1, 1 << 20])
        builder.position_at_end(faulty)
        outer = self.scope
        with self.inside(Scope(outer.depth, is_loop=False, lanes=outer.lanes, mask=outer.mask)):
            here = self.start if self._before_examples else self.position
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

    def _field(self, number: int) -> ir.Instruction:
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
