"""What the threads of a team do together where they work on one example.

They run the same code with the same values, so that branches and loops of the program are the same for all of them. But
each takes its share of a long axis: a few neighbouring elements, as many as one instruction of 16 bytes reads, then as
many again behind those of all others. The partial results of a fold are joined in an order that is fixed: all threads
have the same bits afterwards.
"""

from collections.abc import Callable
from typing import Any, cast

from vtrace.backends import llvm_text as ir
from vtrace.backends.cuda.shuffles import WARP, Shuffles
from vtrace.backends.folds import Fold, Folds, nested, tree
from vtrace.backends.values import I32, I64, Register, int_constant
from vtrace.ir.emitter import Index, Value, Values
from vtrace.ir.types import INT64

IN_FLIGHT = 4
"""The least number of elements that a thread asks for before it waits, where a row is that long."""
ROUNDS = 2
"""How often at least it asks for what one instruction reads, for the same reason."""
FEW_RESULTS = 2
"""Folds of more results at once ask for enough without that."""


class Teams(Shuffles, Folds):
    """Loops and folds that the threads of a team divide among themselves."""

    team: int
    """How many threads do one example together: 1 or a warp."""
    lane: Register
    """The number of this thread within its team."""
    grain: int
    """The most neighbouring elements that one thread takes: a power of two."""

    @property
    def together(self) -> bool:
        """Whether the threads of a team are all here, with the same values; else each does something of its own."""
        return self.team > 1 and all(s.divided is None for s in self.scopes)

    def spreads(self, extent: int | None) -> bool:
        """Whether an axis of so many elements is divided here."""
        return extent is not None and extent >= WARP and self.together

    def wide(self, length: int) -> int:
        """How many neighbours of a row of `length` elements one thread takes: rows must begin where vectors may."""
        return min(self.grain, length & -length, 1 << max(length // self.team, 1).bit_length() - 1)

    def rounds(self, length: int) -> int:
        """How many times over a thread asks for elements of a long row before it waits."""
        wide = self.wide(length)
        return max(min(max(IN_FLIGHT // wide, ROUNDS), length // (self.team * wide)), 1)

    def share(self, length: int, rounds: int, take: Callable[[int, Register], None]) -> None:
        """`take(k, index)` at every index below `length`, by one of the threads.

        Each thread has `rounds` times as many neighbours as it takes at once in hand; k is the number among these.
        """
        wide = self.wide(length)
        chunk = self.team * wide
        first = cast("Register", self.mul(self.lane, int_constant(wide)))
        whole = length - length % (chunk * rounds)

        def elements(base: Value, rounds: int) -> None:
            for k in range(rounds * wide):
                index = cast("Register", self.add(base, int_constant(k // wide * chunk + k % wide)))
                self.scope.divided = index
                take(k, index)

        if whole:
            with self.loop(int_constant(0), int_constant(whole), chunk * rounds) as start:
                elements(self.add(start, first), rounds)
        if whole < length:
            with self.loop(cast("Register", self.add(first, int_constant(whole))), int_constant(length), chunk) as base:
                elements(base, 1)

    def spread_fold(self, fold: Fold, sizes: list[Register]) -> Values:
        length = sizes[-1].constant
        assert length is not None
        rounds = self.rounds(length) if len(fold.initial) <= FEW_RESULTS else 1
        ways = rounds * self.wide(length) if len(fold.initial) == 1 else 1
        parts = [self.accumulators(fold.initial, 1) for _ in range(ways)]

        def row(outer: Index) -> None:
            def take(k: int, index: Register) -> None:
                part = parts[k % ways]
                self.store_slots(part, fold.step(self.load_slots(part, 1), fold.body((*outer, index))), 1)

            self.share(length, rounds, take)

        nested(self, sizes[:-1], (), row)
        return self._joined(fold, tree(fold.merge, [self.load_slots(p, 1) for p in parts]))

    def _joined(self, fold: Fold, values: Values) -> Values:
        """The partial results of all threads as one: the upper half joins the lower one until the first has it all."""
        distance = WARP // 2
        while distance:
            others = tuple(self.from_distance(v, distance) for v in values)
            values = fold.merge(values, others)
            distance //= 2
        return tuple(self.from_lane(v, ir.Constant(I32, 0)) for v in values)

    def thread_numbers(self, thread: Any, team: int) -> Any:
        """Set `team` and `lane`; the number of the thread's team."""
        self.team = team
        self.lane = Register(self.builder.urem(thread, ir.Constant(I64, team)), INT64)
        return self.builder.udiv(thread, ir.Constant(I64, team))
