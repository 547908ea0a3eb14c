"""Folds: many elements to one, in an order that is fixed and fast."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate, chain, product
from typing import Any, cast

from vtrace.backends import llvm_text as ir
from vtrace.backends.estimate import UNROLLED
from vtrace.backends.loops import Loops
from vtrace.backends.placement import Mask
from vtrace.backends.values import I32, Register, int_constant, llvm_type
from vtrace.ir.emitter import Index, Value, Values
from vtrace.ir.types import Dim, DType

ACCUMULATORS = 4
"""Partial results kept side by side in a long fold, so that one addition need not wait for the one before. Folds that
have several results do not wait either, and need no more of them."""

Step = Callable[[Values, Values], Values]
Body = Callable[[Index], Values]


@dataclass(frozen=True)
class Fold:
    """A fold that is not generated yet."""

    extents: tuple[Dim, ...]
    initial: Values
    step: Step
    merge: Step
    body: Body


@dataclass(frozen=True)
class Pending:
    """What stands for result `position` of recorded fold `number`."""

    number: int
    position: int
    dtype: DType


@dataclass
class _Parts:
    """How the values of several folds lie side by side."""

    widths: list[int]

    def of(self, values: Values) -> list[Values]:
        ends = list(accumulate(self.widths))
        return [values[end - width : end] for end, width in zip(ends, self.widths, strict=True)]


class Folds(Loops):
    """`fold`, alone or several at once."""

    recording: list[Fold] | None = None
    """While set, folds are noted here instead of being generated."""

    def fold(self, extents: tuple[Dim, ...], initial: Values, step: Step, merge: Step, body: Body) -> Values:
        if self.recording is not None:
            self.recording.append(Fold(extents, initial, step, merge, body))
            return tuple(Pending(len(self.recording) - 1, k, v.dtype) for k, v in enumerate(initial))
        sizes = [self.dim(d) for d in extents]
        known = [s.constant for s in sizes]
        if None not in known and math.prod(cast("list[int]", known)) <= UNROLLED:
            result = initial
            for position in product(*(range(n) for n in cast("list[int]", known))):
                result = step(result, body(tuple(map(int_constant, position))))
            return result
        if self.spreads(known[-1]):
            return self.spread_fold(Fold(extents, initial, step, merge, body), sizes)
        return _SerialFold(self, initial, step, merge, body).run(sizes)

    def spread_fold(self, fold: Fold, sizes: list[Register]) -> Values:
        """The result of a fold whose last axis is spread."""
        return _LaneFold(self, fold.initial, fold.step, fold.merge, fold.body).run(sizes)

    @contextmanager
    def recorded(self) -> Iterator[list[Fold]]:
        """Note the folds of this stretch instead of generating them."""
        folds: list[Fold] = []
        self.recording = folds
        yield folds
        self.recording = None

    def fold_together(self, folds: list[Fold]) -> list[Values]:
        """The results of folds over the same extents, from one loop: what they read in common is read once."""
        accumulators = _Parts([len(f.initial) for f in folds])
        elements = _Parts([])

        def body(index: Index) -> Values:
            values = [f.body(index) for f in folds]
            elements.widths = [len(v) for v in values]
            return tuple(chain(*values))

        def step(acc: Values, more: Values) -> Values:
            pairs = zip(folds, accumulators.of(acc), elements.of(more), strict=True)
            return tuple(chain(*(f.step(a, m) for f, a, m in pairs)))

        def merge(acc: Values, more: Values) -> Values:
            pairs = zip(folds, accumulators.of(acc), accumulators.of(more), strict=True)
            return tuple(chain(*(f.merge(a, m) for f, a, m in pairs)))

        initial = tuple(chain(*(f.initial for f in folds)))
        return accumulators.of(self.fold(folds[0].extents, initial, step, merge, body))

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


class _SerialFold:
    """A fold by plain loops: one element at a time, for as many lanes as are in use around it."""

    def __init__(self, e: Folds, initial: Values, step: Step, merge: Step, body: Body) -> None:
        self.e, self.initial, self.step, self.merge, self.body = e, initial, step, merge, body

    def run(self, sizes: list[Register]) -> Values:
        e, lanes, inner = self.e, self.e.lanes, sizes[-1]
        known = inner.constant if inner.constant is not None else 0
        ways = ACCUMULATORS if known >= 4 * ACCUMULATORS and len(self.initial) == 1 else 1
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

        nested(e, sizes[:-1], (), innermost)
        return tree(self.merge, [e.load_slots(p, lanes) for p in parts])


class _LaneFold:
    """A fold whose last axis is spread over lanes: vector accumulators, joined in a fixed order at the end."""

    def __init__(self, e: Folds, initial: Values, step: Step, merge: Step, body: Body) -> None:
        self.e, self.initial, self.step, self.merge, self.body = e, initial, step, merge, body

    def run(self, sizes: list[Register]) -> Values:
        e, inner = self.e, sizes[-1]
        ways = ACCUMULATORS if inner.constant is None or inner.constant >= ACCUMULATORS * e.width else 1
        self.parts = [e.accumulators(self.initial, e.width) for _ in range(ways)]
        nested(e, sizes[:-1], (), lambda outer: self._row(outer, inner))
        merged = tree(self.merge, [e.load_slots(p, e.width) for p in self.parts])
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


def _lanes(e: Folds, value: Value, start: int, lanes: int) -> Register:
    """`lanes` lanes of `value`, from `start`."""
    register = e.vector(value)
    if lanes == 1:
        llvm = e.builder.extract_element(register.llvm, ir.Constant(I32, start))
    else:
        picks = ir.Constant(ir.VectorType(I32, lanes), list(range(start, start + lanes)))
        llvm = e.builder.shuffle_vector(register.llvm, ir.Constant(register.llvm.type, ir.Undefined), picks)
    return Register(llvm, register.dtype, lanes, e.scope.depth)


def nested(e: Folds, sizes: list[Register], index: Index, innermost: Callable[[Index], None]) -> None:
    """Loops over every index below `sizes`, outermost first."""
    if not sizes:
        innermost(index)
        return
    with e.loop(int_constant(0), sizes[0]) as i:
        nested(e, sizes[1:], (*index, i), innermost)


def tree(merge: Step, parts: list[Values]) -> Values:
    """Joins partial results pairwise: the shape of the tree depends on their number alone."""
    while len(parts) > 1:
        pairs = [parts[k : k + 2] for k in range(0, len(parts), 2)]
        parts = [reduce(merge, pair) for pair in pairs]
    return parts[0]
