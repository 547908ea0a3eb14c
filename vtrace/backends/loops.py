"""Loops and branches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from vtrace.backends import llvm_text as ir
from vtrace.backends.conversion import Conversion
from vtrace.backends.placement import Mask, Scope
from vtrace.backends.values import I1, I32, I64, Affine, AnyValue, Register, int_constant, llvm_type
from vtrace.ir.emitter import Value
from vtrace.ir.types import BOOL, DTYPES, INT64, Dim, Symbol


class Loops(Conversion):
    """Control flow around the arithmetic."""

    width: int
    """The number of lanes of a vectorised loop."""
    sizes: dict[Symbol, Register]
    """The value of every symbolic extent: an argument of the function."""

    def dim(self, extent: Dim) -> Register:
        return self.sizes[extent] if isinstance(extent, Symbol) else int_constant(extent)

    # -- loops --------------------------------------------------------------------------------------------------

    def spreads(self, extent: int | None) -> bool:
        """Whether an axis of so many elements, None for a number known later, is to be spread over free lanes."""
        return self.lanes == 1 and (extent is None or extent >= self.width // 2)

    @contextmanager
    def loop(self, start: Register, stop: Register, step: int | Register = 1) -> Iterator[Register]:
        """for index in range(start, stop, step)"""
        outer, before = self.scope, self.builder.block
        header, body, done = self.block("loop"), self.block("body"), self.block("done")
        self.builder.position_at_end(header)
        index = self.builder.phi(I64)
        self.builder.cbranch(self.builder.icmp_signed("<", index, stop.llvm), body, done)
        self.builder.position_at_end(body)
        scope = Scope(outer.depth + 1, is_loop=True, lanes=outer.lanes, mask=outer.mask, before=before)
        with self.inside(scope):
            yield Register(index, INT64, 1, scope.depth)
        by = step.llvm if isinstance(step, Register) else ir.Constant(I64, step)
        following = self.builder.add(index, by, flags=("nsw",))
        index.add_incoming(following, self.builder.block)
        self.builder.branch(header)
        index.add_incoming(start.llvm, scope.before)
        self.builder.position_at_end(scope.before)
        self.builder.branch(header)
        self.builder.position_at_end(done)

    @contextmanager
    def lane_block(self, base: Register, lanes: int, mask: Mask | None) -> Iterator[Affine]:
        """Code for `lanes` consecutive indices from `base` at once, of which `mask` says which are in use.

        For placement it is a loop of one iteration: what does not depend on the lane moves out of it.
        """
        body = self.block("lanes")
        scope = Scope(self.scope.depth + 1, is_loop=True, lanes=lanes, mask=mask, before=self.builder.block)
        self.builder.position_at_end(body)
        with self.inside(scope):
            yield Affine(base, 1, lanes, scope.depth)
        last = self.builder.block
        self.builder.position_at_end(scope.before)
        self.builder.branch(body)
        self.builder.position_at_end(last)

    def prefix_mask(self, count: Register, lanes: int) -> Mask:
        """The first `count` lanes."""
        if count.constant is not None:
            bits = ir.Constant(ir.VectorType(I1, lanes), [int(k < count.constant) for k in range(lanes)])
            return Mask(Register(bits, BOOL, lanes), count)
        limit = self.convert(self.intrinsic("llvm.smin", count, int_constant(lanes)), DTYPES["i32"])
        numbers = ir.Constant(ir.VectorType(I32, lanes), list(range(lanes)))
        vector = self._apply(lambda n: self.builder.icmp_signed("<", numbers, n), self.vector(limit, lanes), dtype=BOOL)
        return Mask(vector, count)

    # -- branches -----------------------------------------------------------------------------------------------

    def any_lane(self, condition: Register) -> Any:
        """An i1: does the condition hold in any lane?"""
        if condition.lanes == 1:
            return condition.llvm
        function = self.declare(f"llvm.vector.reduce.or.v{condition.lanes}i1", I1, [condition.llvm.type])
        return self.builder.call(function, [condition.llvm])

    def narrowed(self, condition: Register) -> Mask | None:
        """The present mask, where a condition that may differ between lanes holds."""
        mask = self.mask
        if condition.lanes == 1:
            return mask
        live = condition if mask is None else self.and_(mask.vector, condition)
        return Mask(live, None if mask is None else mask.count, narrowed=True)

    def when(self, condition: Value, then: Callable[[], Value], otherwise: Value) -> AnyValue:
        known = getattr(condition, "constant", None)
        if known is not None:
            return cast("AnyValue", then() if known else otherwise)
        condition = self.vector(condition)
        before, taken, done = self.builder.block, self.block("taken"), self.block("joined")
        self.builder.position_at_end(taken)
        outer = self.scope
        mask = self.narrowed(condition)
        guard = Scope(outer.depth, is_loop=False, lanes=outer.lanes, mask=mask, before=before, guard=True)
        with self.inside(guard):
            value = self.vector(then())
            lanes = max(value.lanes, self.vector(otherwise).lanes, condition.lanes)
            value = self.vector(value, lanes)
        leaving = self.builder.block
        self.builder.branch(done)
        self.builder.position_at_end(guard.before)
        other = self.vector(otherwise, lanes)
        before = self.builder.block
        self.builder.cbranch(self.any_lane(condition), taken, done)
        self.builder.position_at_end(done)
        phi = self.builder.phi(llvm_type(value.dtype, lanes))
        phi.add_incoming(value.llvm, leaving)
        phi.add_incoming(other.llvm, before)
        joined = Register(phi, value.dtype, lanes, outer.depth)
        return joined if condition.lanes == 1 else self.select(condition, joined, other)
