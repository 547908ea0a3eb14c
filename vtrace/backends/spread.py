"""Where lanes are free, how the elements of one example's array are spread over them.

    row       the lanes are neighbours along the last axis: as many as fit, or as a short row has
    block     rows of 2, 4, 8 ... elements that do not fill a vector: several rows lie in one, as they do in memory

A block's elements are read from memory as they lie, and put in order by one shuffle. For that their places have to be
known while code is generated, so there are no blocks where a fold runs as a loop.
"""

import math
from dataclasses import dataclass

from vtrace.ir.types import Shape

BLOCKS = 16
"""The most blocks of an array: each is straight-line code of its own."""


@dataclass(frozen=True)
class Spread:
    """The rule for one kernel."""

    width: int
    """Lanes of a whole vector."""
    shortest: int
    """The shortest row that gets lanes; shorter ones are scalars."""
    blocks: bool = False
    """Whether several short rows may share a vector."""

    def lanes(self, shape: Shape) -> int:
        """The lanes for the last axis of `shape`: 1 where its elements are scalars."""
        last = shape[-1] if shape else 1
        if not isinstance(last, int) or last < max(self.shortest, 2):
            return 1
        return min(self.width, 1 << (last - 1).bit_length())

    def rows(self, shape: Shape) -> int:
        """How many rows share a vector."""
        last, lanes = shape[-1] if shape else 1, self.lanes(shape)
        if not self.blocks or last != lanes or lanes == 1 or not all(isinstance(d, int) for d in shape):
            return 1
        above = shape[-2] if len(shape) > 1 else 1
        assert isinstance(above, int)
        rows = max(min(self.width // lanes, above & -above), 1)
        return rows if math.prod(d for d in shape if isinstance(d, int)) <= BLOCKS * rows * lanes else 1

    def vectors(self, shape: Shape) -> int:
        """Instructions that cover an array: vectors, or scalars where its rows are too short."""
        elements = math.prod(d for d in shape if isinstance(d, int))
        lanes = self.lanes(shape)
        if lanes == 1 or not shape:
            return elements
        last = shape[-1]
        assert isinstance(last, int)
        return elements // last * math.ceil(last / lanes) // self.rows(shape)
