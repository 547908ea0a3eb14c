"""What the threads of a team do together where they work on one example.

They run the same code with the same values, so that branches and loops of the program are the same for all of them. But
each takes its share of a long axis: a few neighbouring elements, as many as one instruction of 16 bytes reads, then as
many again behind those of all others. The partial results of a fold are joined in an order that is fixed: all threads
have the same bits afterwards.
"""

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import cast

from vtrace.backends import llvm_text as ir
from vtrace.backends.cuda.shuffles import WARP, Shuffles
from vtrace.backends.folds import Body, Fold, Folds, Step, nested, tree
from vtrace.backends.values import I32, Register, int_constant
from vtrace.ir.emitter import Index, Value, Values
from vtrace.ir.types import Dim, Shape, count, static_shape

IN_FLIGHT = 4
"""The least number of elements that a thread asks for before it waits, where a row is that long."""
ROUNDS = 2
"""How often at least it asks for what one instruction reads, for the same reason."""
MANY = (4, 8, 16, 32)
"""Numbers of folds whose parts are joined by giving half of them away."""
FEW_RESULTS = 2
"""Folds of more results at once ask for enough without that."""


class Teams(Shuffles, Folds):
    """Loops and folds that the threads of a team divide among themselves."""

    team: int
    """How many threads do one example together: 1, a warp, or a block of threads."""
    shortest: int
    """The fewest elements that they divide."""
    lane: Register
    """The number of this thread within its team."""
    grain: int
    """The most neighbouring elements that one thread takes: a power of two."""
    _coming: Sequence[Fold] = ()
    """The folds of one kind that the next fold is made of."""
    _alike: Sequence[Fold] = ()
    """The same of the present fold."""

    @property
    def together(self) -> bool:
        """Whether the threads of a team are all here, with the same values; else each does something of its own."""
        return self.team > 1 and all(s.divided is None for s in self.scopes)

    def spreads(self, extent: int | None) -> bool:
        """Whether an axis of so many elements is divided here."""
        return extent is not None and extent >= self.shortest and self.together

    def divides(self, shape: Shape) -> bool:
        """Whether the elements of an array of this shape are divided here."""
        elements, dynamic = count(shape)
        return not dynamic and self.spreads(elements)

    def wide(self, length: int, row: int = 0) -> int:
        """How many neighbours of `length` elements one thread takes: rows must begin where vectors may."""
        row = row or length
        return min(self.grain, row & -row, 1 << max(length // self.team, 1).bit_length() - 1)

    def rounds(self, length: int) -> int:
        """How many times over a thread asks for elements of a long row before it waits."""
        wide = self.wide(length)
        return max(min(max(IN_FLIGHT // wide, ROUNDS), length // (self.team * wide)), 1)

    def share_all(self, shape: tuple[int, ...], rounds: int, take: Callable[[int, Index], None]) -> None:
        """`take(k, index)` at every index below `shape`: its rows are divided one by one, or all of it if they are
        short.
        """
        *outer, last = shape
        if self.spreads(last):
            sizes = list(map(int_constant, outer))
            nested(self, sizes, (), lambda at: self.share(last, rounds, lambda k, i: take(k, (*at, i))))
            return
        self.share(math.prod(shape), rounds, lambda k, flat: take(k, self.unravelled(flat, shape)), last)

    def unravelled(self, flat: Value, shape: tuple[int, ...]) -> Index:
        """The index of element number `flat` of an array."""
        index: Index = ()
        for extent in shape[:0:-1]:
            size = int_constant(extent)
            index, flat = (self.int_rem(flat, size), *index), self.int_div(flat, size)
        return (flat, *index)

    def share(self, length: int, rounds: int, take: Callable[[int, Register], None], row: int = 0) -> None:
        """`take(k, index)` at every index below `length`, by one of the threads.

        Each thread has `rounds` times as many neighbours as it takes at once in hand; k is the number among these.
        Neighbours lie in one `row` of so many elements.
        """

        def take_run(number: int, run: list[Register]) -> None:
            for k, index in enumerate(run):
                self.scope.divided = index
                take(number * len(run) + k, index)

        self.share_runs(length, rounds, take_run, row)

    def share_runs(self, length: int, rounds: int, take: Callable[[int, list[Register]], None], row: int = 0) -> None:
        """The same for all neighbours at once: `take(k, indices)`."""
        wide = self.wide(length, row)
        chunk = self.team * wide
        first = cast("Register", self.mul(self.lane, int_constant(wide)))
        whole = length - length % (chunk * rounds)

        def elements(base: Value, rounds: int) -> None:
            for number in range(rounds):
                places = range(number * chunk, number * chunk + wide)
                run = [cast("Register", self.add(base, int_constant(place))) for place in places]
                self.scope.divided = run[0]
                take(number, run)

        if whole:
            with self.loop(int_constant(0), int_constant(whole), chunk * rounds) as start:
                elements(self.add(start, first), rounds)
        if whole < length:
            with self.loop(cast("Register", self.add(first, int_constant(whole))), int_constant(length), chunk) as base:
                elements(base, 1)

    def fold(self, extents: tuple[Dim, ...], initial: Values, step: Step, merge: Step, body: Body) -> Values:
        if self.recording is None and len(extents) > 1 and self.divides(extents) and not self.divides(extents[-1:]):
            shape, inner = static_shape(extents), body  # rows are short: all of it is one long row
            extents, body = (math.prod(shape),), lambda flat: inner(self.unravelled(flat[0], shape))
        self._alike, self._coming = self._coming, ()
        return super().fold(extents, initial, step, merge, body)

    def fold_together(self, folds: list[Fold]) -> list[Values]:
        self._coming = tuple(folds)
        return super().fold_together(folds)

    def spread_fold(self, fold: Fold, sizes: list[Register]) -> Values:
        length, alike = sizes[-1].constant, self._alike
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
        values = tree(fold.merge, [self.load_slots(p, 1) for p in parts])
        values = self._joined_many(alike, values) if len(alike) in MANY else self._joined(fold.merge, values)
        return values if self.team == WARP else tree(fold.merge, self.from_warps(values))

    def _joined(self, merge: Step, values: Values) -> Values:
        """The partial results of a warp's threads as one: half of the threads' and the other half's, and so on."""
        distance = WARP // 2
        while distance:
            others = tuple(self.from_distance(v, distance) for v in values)
            values = merge(values, others)
            distance //= 2
        return tuple(self.from_lane(v, ir.Constant(I32, 0)) for v in values)

    def _joined_many(self, folds: Sequence[Fold], values: Values) -> Values:
        """Those of several folds of one kind: each thread gives half of them away, and joins the others with what it is
        given, until it has one. Eight take 9 shuffles so, and 8 for all threads to have all of them, rather than 48.
        """
        merge, size, distance = folds[0].merge, len(folds[0].initial), WARP // 2
        held: list[Values] = [values[k : k + size] for k in range(0, len(values), size)]
        while distance:
            half = len(held) // 2
            if half:
                upper = self.compare("ne", self.and_(self.lane, int_constant(distance)), int_constant(0))
                pairs = list(zip(held[:half], held[half:], strict=True))
                given: list[Values] = [tuple(map(self.select, [upper] * size, low, high)) for low, high in pairs]
                held = [tuple(map(self.select, [upper] * size, high, low)) for low, high in pairs]
            else:
                given = held
            others = [tuple(self.from_distance(v, distance) for v in part) for part in given]
            held = [merge(mine, other) for mine, other in zip(held, others, strict=True)]
            distance //= 2
        step = WARP // len(folds)
        places = [ir.Constant(I32, k * step) for k in range(len(folds))]
        return tuple(self.from_lane(v, place) for place in places for v in held[0])

    @abstractmethod
    def from_warps(self, values: Values) -> list[Values]:
        """What each warp of the team has: within one, `values` are the same for all threads."""
