"""What the threads of a warp do together where they work on one example.

They run the same code, but each takes every 32nd index of a long axis. The partial results of a fold are joined by
shuffles, in an order that is fixed: all threads have the same bits afterwards. What is staged is kept once for all of
them, in scratch memory; nobody reads it before all have written, or writes before all have read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from vtrace.backends import llvm_text as ir
from vtrace.backends.folds import ACCUMULATORS, Fold, Folds, nested, tree
from vtrace.backends.values import I32, I64, Register, int_constant, llvm_type
from vtrace.ir.emitter import Index, Value, Values
from vtrace.ir.types import INT64

WARP = 32
_EVERYONE = ir.Constant(I32, -1)


class Warps(Folds):
    """Loops and folds that the threads of a warp divide among themselves."""

    team: int
    """How many threads do one example together: 1 or a warp."""
    lane: Register
    """The number of this thread within its team."""

    def spreads(self, extent: int | None) -> bool:
        """Whether an axis of so many elements is divided here: not where the threads do different things already."""
        is_long = self.team > 1 and extent is not None and extent >= WARP
        return is_long and not any(s.divided or s.guard for s in self.scopes)

    @contextmanager
    def divided(self, first: int, stop: int, step: int) -> Iterator[Register]:
        """for index in range(first + lane, stop, step)"""
        start = cast("Register", self.add(self.lane, int_constant(first)))
        with self.loop(start, int_constant(stop), step) as index:
            self.scope.divided = True
            yield index

    def spread_fold(self, fold: Fold, sizes: list[Register]) -> Values:
        length = sizes[-1].constant
        assert length is not None
        ways = ACCUMULATORS if length >= ACCUMULATORS * WARP and len(fold.initial) == 1 else 1
        parts = [self.accumulators(fold.initial, 1) for _ in range(ways)]
        whole = length - length % (WARP * ways)

        def take(part: list[Any], index: Index) -> None:
            self.store_slots(part, fold.step(self.load_slots(part, 1), fold.body(index)), 1)

        def row(outer: Index) -> None:
            if whole:
                with self.divided(0, whole, WARP * ways) as i:
                    for k, part in enumerate(parts):
                        take(part, (*outer, self.add(i, int_constant(k * WARP))))
            if whole < length:
                with self.divided(whole, length, WARP) as i:
                    take(parts[0], (*outer, i))

        nested(self, sizes[:-1], (), row)
        return self._joined(fold, tree(fold.merge, [self.load_slots(p, 1) for p in parts]))

    def _joined(self, fold: Fold, values: Values) -> Values:
        """The partial results of all threads as one: the upper half joins the lower one until the first has it all."""
        distance = WARP // 2
        while distance:
            others = tuple(self._from_lane("bfly", v, distance) for v in values)
            values = fold.merge(values, others)
            distance //= 2
        return tuple(self._from_lane("idx", v, 0) for v in values)

    def _from_lane(self, kind: str, value: Value, number: int) -> Register:
        """What another thread of the warp has in place of `value`: `number` is its own, or the distance to it."""
        register = self.vector(value)
        type_, builder = llvm_type(register.dtype), self.builder
        bits = register.dtype.itemsize * 8 if register.dtype.kind != "b" else 1
        whole = builder.bitcast(register.llvm, ir.IntType(bits)) if register.dtype.kind == "f" else register.llvm
        if bits == 64:
            low = builder.trunc(whole, I32)
            high = builder.trunc(builder.lshr(whole, ir.Constant(I64, 32)), I32)
            low, high = (builder.zext(self._shuffle(kind, word, number), I64) for word in (low, high))
            whole = builder.or_(low, builder.shl(high, ir.Constant(I64, 32)))
        elif bits == 32:
            whole = self._shuffle(kind, whole, number)
        else:
            whole = builder.trunc(self._shuffle(kind, builder.zext(whole, I32), number), ir.IntType(bits))
        result = builder.bitcast(whole, type_) if register.dtype.kind == "f" else whole
        return Register(result, register.dtype, 1, self.scope.depth)

    def _shuffle(self, kind: str, word: Any, number: int) -> Any:
        function = self.declare(f"llvm.nvvm.shfl.sync.{kind}.i32", I32, [I32] * 4)
        return self.builder.call(function, [_EVERYONE, word, ir.Constant(I32, number), ir.Constant(I32, WARP - 1)])

    def wait_for_warp(self) -> None:
        """Nobody goes on before all are here, and all see what each has written."""
        self.builder.call(self.declare("llvm.nvvm.bar.warp.sync", ir.VoidType(), [I32]), [_EVERYONE])

    def thread_numbers(self, thread: Any, team: int) -> Any:
        """Set `team` and `lane`; the number of the thread's team."""
        self.team = team
        self.lane = Register(self.builder.urem(thread, ir.Constant(I64, team)), INT64)
        return self.builder.udiv(thread, ir.Constant(I64, team))
