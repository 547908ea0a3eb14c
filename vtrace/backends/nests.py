"""Nests of loops over the elements of an array, with lanes along its rows where none are taken yet."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import cast

from vtrace.backends.estimate import UNROLLED
from vtrace.backends.layout import Layout
from vtrace.backends.loops import Loops
from vtrace.backends.spread import Spread
from vtrace.backends.values import AnyValue, Pattern, Register, int_constant
from vtrace.ir.emitter import Index
from vtrace.ir.types import INT64, Shape, count, static_shape


class Nests(Loops):
    """`loops`."""

    layout: Layout

    @property
    def free_lanes(self) -> Spread | None:
        """How an example's elements are spread over lanes; None where these are examples."""
        return self.layout.spread if self.layout.mode == "inner" and self.width > 1 else None

    def lane_loop(self, start: Register, stop: Register, masked_only: bool) -> Iterator[AnyValue]:
        """Lane indices that cover [start, stop): whole vectors first, then the rest under a mask."""
        width, whole = self.width, start
        if not masked_only:
            rest = self.int_rem(self.sub(stop, start), self.constant(width, INT64))
            whole = cast("Register", self.sub(stop, rest))
            with self.loop(start, whole, width) as i, self.lane_block(i, width, None) as lane:
                yield lane
        if whole.constant is not None and whole.constant == stop.constant:
            return  # no vector is partly filled
        with self.loop(whole, stop, width) as i:
            mask = self.prefix_mask(cast("Register", self.sub(stop, i)), width)
            with self.lane_block(i, width, mask) as lane:
                yield lane

    def loops(self, shape: Shape, innermost: Callable[[Index], None]) -> None:
        """Loops over the elements of one example: unrolled where it is small, the last axis spread over free lanes."""
        static, dynamic = count(shape)
        last = shape[-1] if shape else 1
        lanes = self.layout.spread.lanes(shape) if self.lanes == 1 else 1
        if lanes > 1 and (rows := self.layout.spread.rows(shape)) > 1:
            self._blocks(static_shape(shape), rows, innermost)
        elif lanes > 1:
            assert isinstance(last, int)
            self._nest(shape[:-1], (), lambda index: self._row_of_lanes(last, lanes, index, innermost))
        elif not dynamic and static <= UNROLLED:
            for index in product(*(range(d) for d in shape if isinstance(d, int))):
                innermost(tuple(map(int_constant, index)))
        else:
            self._nest(shape, (), innermost)

    def _row_of_lanes(self, length: int, lanes: int, index: Index, innermost: Callable[[Index], None]) -> None:
        if length > self.width:
            for lane in self.lane_loop(int_constant(0), int_constant(length), masked_only=False):
                innermost((*index, lane))
            return
        mask = self.prefix_mask(int_constant(length), lanes) if length < lanes else None
        with self.lane_block(int_constant(0), lanes, mask) as lane:
            innermost((*index, lane))

    def _blocks(self, shape: tuple[int, ...], rows: int, innermost: Callable[[Index], None]) -> None:
        """A vector for every `rows` short rows, which lie one after the other."""
        *outer, height, last = shape
        for index in product(*map(range, outer), range(0, height, rows)):
            with self.lane_block(int_constant(0), rows * last, None) as lane:
                row = tuple(index[-1] + k // last for k in range(lane.lanes))
                column = tuple(k % last for k in range(lane.lanes))
                places = (Pattern(int_constant(0), offsets, lane.level) for offsets in (row, column))
                innermost((*map(int_constant, index[:-1]), *places))

    def _nest(self, shape: Shape, index: Index, innermost: Callable[[Index], None]) -> None:
        if not shape:
            innermost(index)
            return
        with self.loop(int_constant(0), self.dim(shape[0])) as i:
            self._nest(shape[1:], (*index, i), innermost)
