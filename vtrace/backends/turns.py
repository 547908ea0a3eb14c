"""Large arrays that a loop makes anew on every trip: two places take turns, so that none is copied."""

import math
from dataclasses import replace

from vtrace.backends.storage import Scratch, Storage
from vtrace.backends.values import POINTER
from vtrace.ir.types import static_shape

LARGE = 64
"""Arrays of fewer elements are copied: LLVM keeps them in registers, as long as their addresses are known."""


def is_large(storage: Storage) -> bool:
    """Whether a copy would cost more than addresses that change."""
    return math.prod(static_shape(storage.shape)) >= LARGE


class Turns:
    """Two places for an array that a loop carries: a trip reads what one of them holds, and fills the other."""

    def __init__(self, e: Scratch, held: Storage) -> None:
        self._e = e
        spare = e.reserve(held.buffer.type.dtype, held.shape, held.varying)
        self._held, self._slots = held, (e.slot(POINTER), e.slot(POINTER))
        self._point_to(held, spare)

    def now(self) -> tuple[Storage, Storage]:
        """At this point of the program: the place that holds the array, and the one that is to be filled."""
        here, there = (self._e.builder.load(slot, typ=POINTER) for slot in self._slots)
        return self._at(here), self._at(there)

    def turn(self, here: Storage, there: Storage) -> None:
        """`there` is filled, and holds the array from now on."""
        self._point_to(there, here)

    def _at(self, pointer: object) -> Storage:
        buffer = replace(self._held.buffer, pointer=pointer, level=self._e.scope.depth)
        return replace(self._held, buffer=buffer)

    def _point_to(self, here: Storage, there: Storage) -> None:
        for slot, place in zip(self._slots, (here, there), strict=True):
            self._e.builder.store(place.buffer.pointer, slot)
