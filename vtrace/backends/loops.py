"""Loops, folds and branches."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from itertools import product
from typing import Any, cast

from llvmlite import ir

from vtrace.backends.conversion import Conversion
from vtrace.backends.placement import Mask, Scope
from vtrace.backends.values import I1, I32, I64, Affine, AnyValue, Register, int_constant, llvm_type
from vtrace.ir.emitter import Index, Value, Values
from vtrace.ir.types import BOOL, DTYPES, INT64, Dim, DType, Symbol

UNROLLED = 16
"""Folds of at most this many elements become straight-line code."""
ACCUMULATORS = 4
"""Partial results kept side by side in a long fold, so that one addition need not wait for the one before."""

Step = Callable[[Values, Values], Values]
Body = Callable[[Index], Values]


class Loops(Conversion):
    """Control flow around the arithmetic."""

    width: int
    """The number of lanes of a vectorised loop."""
    sizes: dict[Symbol, Register]
    """The value of every symbolic extent: an argument of the function."""

    def dim(self, extent: Dim) -> Register:
        return self.sizes[extent] if isinstance(extent, Symbol) else int_constant(extent)

    # -- loops --------------------------------------------------------------------------------------------------

    @contextmanager
    def loop(self, start: Register, stop: Register, step: int = 1) -> Iterator[Register]:
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
        following = self.builder.add(index, ir.Constant(I64, step), flags=("nsw",))
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

    # -- folds --------------------------------------------------------------------------------------------------

    def fold(self, extents: tuple[Dim, ...], initial: Values, step: Step, merge: Step, body: Body) -> Values:
        sizes = [self.dim(d) for d in extents]
        known = [s.constant for s in sizes]
        if None not in known and math.prod(cast("list[int]", known)) <= UNROLLED:
            result = initial
            for position in product(*(range(n) for n in cast("list[int]", known))):
                result = step(result, body(tuple(map(int_constant, position))))
            return result
        if self.lanes == 1 and (known[-1] is None or known[-1] >= self.width // 2):
            return _LaneFold(self, initial, step, merge, body).run(sizes)
        return _SerialFold(self, initial, step, merge, body).run(sizes)

    def accumulators(self, initial: Values, lanes: int) -> list[tuple[Any, DType]]:
        """Stack slots holding `initial`."""
        slots = []
        for value in initial:
            slot = self.slot(llvm_type(value.dtype, lanes))
            self.builder.store(self.vector(value, lanes).llvm, slot)
            slots.append((slot, value.dtype))
        return slots

    def load_slots(self, slots: list[tuple[Any, DType]], lanes: int) -> Values:
        depth = self.scope.depth
        return tuple(
            Register(self.builder.load(slot, typ=llvm_type(dtype, lanes)), dtype, lanes, depth) for slot, dtype in slots
        )

    def store_slots(self, slots: list[tuple[Any, DType]], values: Values, lanes: int) -> None:
        for (slot, _), value in zip(slots, values, strict=True):
            self.builder.store(self.vector(value, lanes).llvm, slot)

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
        with self.inside(Scope(outer.depth, is_loop=False, lanes=outer.lanes, mask=mask)):
            value = self.vector(then())
            lanes = max(value.lanes, self.vector(otherwise).lanes, condition.lanes)
            value = self.vector(value, lanes)
        leaving = self.builder.block
        self.builder.branch(done)
        self.builder.position_at_end(before)
        other = self.vector(otherwise, lanes)
        before = self.builder.block
        self.builder.cbranch(self.any_lane(condition), taken, done)
        self.builder.position_at_end(done)
        phi = self.builder.phi(llvm_type(value.dtype, lanes))
        phi.add_incoming(value.llvm, leaving)
        phi.add_incoming(other.llvm, before)
        joined = Register(phi, value.dtype, lanes, outer.depth)
        return joined if condition.lanes == 1 else self.select(condition, joined, other)


class _SerialFold:
    """A fold by plain loops: one element at a time, for as many lanes as are in use around it."""

    def __init__(self, e: Loops, initial: Values, step: Step, merge: Step, body: Body) -> None:
        self.e, self.initial, self.step, self.merge, self.body = e, initial, step, merge, body

    def run(self, sizes: list[Register]) -> Values:
        e, lanes, inner = self.e, self.e.lanes, sizes[-1]
        known = inner.constant if inner.constant is not None else 0
        ways = ACCUMULATORS if known >= 4 * ACCUMULATORS else 1
        parts = [e.accumulators(self.initial, lanes) for _ in range(ways)]

        def take(part: list[tuple[Any, DType]], index: Index) -> None:
            e.store_slots(part, self.step(e.load_slots(part, lanes), self.body(index)), lanes)

        def innermost(outer: Index) -> None:
            whole = int_constant(known - known % ways) if ways > 1 else inner
            with e.loop(int_constant(0), whole, ways) as i:
                for k in range(ways):
                    take(parts[k], (*outer, e.add(i, e.index(k))))
            for k in range(known % ways):
                take(parts[k], (*outer, e.index(known - known % ways + k)))

        _nest(e, sizes[:-1], (), innermost)
        return _tree(self.merge, [e.load_slots(p, lanes) for p in parts])


class _LaneFold:
    """A fold whose last axis is spread over lanes: vector accumulators, joined in a fixed order at the end."""

    def __init__(self, e: Loops, initial: Values, step: Step, merge: Step, body: Body) -> None:
        self.e, self.initial, self.step, self.merge, self.body = e, initial, step, merge, body

    def run(self, sizes: list[Register]) -> Values:
        e, inner = self.e, sizes[-1]
        ways = ACCUMULATORS if inner.constant is None or inner.constant >= ACCUMULATORS * e.width else 1
        self.parts = [e.accumulators(self.initial, e.width) for _ in range(ways)]
        _nest(e, sizes[:-1], (), lambda outer: self._row(outer, inner))
        merged = _tree(self.merge, [e.load_slots(p, e.width) for p in self.parts])
        return self._across_lanes(merged)

    def _row(self, outer: Index, inner: Register) -> None:
        e, width, ways = self.e, self.e.width, len(self.parts)
        stride = width * ways
        if inner.constant is None:
            with e.loop(int_constant(0), inner, width) as i:
                self._take(0, outer, i, e.prefix_mask(cast("Register", e.sub(inner, i)), width))
            return
        whole = inner.constant - inner.constant % stride
        if whole:
            with e.loop(int_constant(0), int_constant(whole), stride) as i:
                for k in range(ways):
                    self._take(k, outer, cast("Register", e.add(i, e.index(k * width))), None)
        for k, start in enumerate(range(whole, inner.constant, width)):
            left = inner.constant - start
            mask = e.prefix_mask(int_constant(left), width) if left < width else None
            self._take(k, outer, int_constant(start), mask)

    def _take(self, part: int, outer: Index, base: Register, mask: Mask | None) -> None:
        e, width = self.e, self.e.width
        with e.lane_block(base, width, mask) as lane:
            old = e.load_slots(self.parts[part], width)
            new = self.step(old, self.body((*outer, lane)))
            if mask is not None:
                new = tuple(e.select(mask.vector, n, o) for n, o in zip(new, old, strict=True))
            e.store_slots(self.parts[part], new, width)

    def _across_lanes(self, values: Values) -> Values:
        e, lanes = self.e, self.e.width
        while lanes > 1:
            lanes //= 2
            low, high = (tuple(_lanes(e, v, start, lanes) for v in values) for start in (0, lanes))
            values = self.merge(low, high)
        return values


def _lanes(e: Loops, value: Value, start: int, lanes: int) -> Register:
    """`lanes` lanes of `value`, from `start`."""
    register = e.vector(value)
    if lanes == 1:
        llvm = e.builder.extract_element(register.llvm, ir.Constant(I32, start))
    else:
        picks = ir.Constant(ir.VectorType(I32, lanes), list(range(start, start + lanes)))
        llvm = e.builder.shuffle_vector(register.llvm, ir.Constant(register.llvm.type, ir.Undefined), picks)
    return Register(llvm, register.dtype, lanes, e.scope.depth)


def _nest(e: Loops, sizes: list[Register], index: Index, innermost: Callable[[Index], None]) -> None:
    """Loops over every index below `sizes`, outermost first."""
    if not sizes:
        innermost(index)
        return
    with e.loop(int_constant(0), sizes[0]) as i:
        _nest(e, sizes[1:], (*index, i), innermost)


def _tree(merge: Step, parts: list[Values]) -> Values:
    """Joins partial results pairwise: the shape of the tree depends on their number alone."""
    while len(parts) > 1:
        pairs = [parts[k : k + 2] for k in range(0, len(parts), 2)]
        parts = [reduce(merge, pair) for pair in pairs]
    return parts[0]
