"""What the warps of a team tell each other, through shared memory."""

from typing import Any

from vtrace.backends import llvm_text as ir
from vtrace.backends.cuda.scratch import DeviceScratch, bytes_of, whole
from vtrace.backends.cuda.shuffles import WARP
from vtrace.backends.values import I64, Register, int_constant
from vtrace.backends.vector_memory import Buffer
from vtrace.ir.emitter import Values
from vtrace.ir.types import INT64, ArrayType, DType

MOST_SHARED = 48 << 10
"""Bytes of shared memory that a block of threads may have without asking for more."""


class Exchange(DeviceScratch):
    """`from_warps`."""

    _parity: Any = None
    """The variable that tells which of two places is used next."""
    _places: dict[tuple[int, DType], Buffer]

    def from_warps(self, values: Values) -> list[Values]:
        """What each warp of the team has: within one, `values` are the same for all threads.

        There are two places for each value: who is slow still reads one of them while others write to the other.
        """
        warps = self.team // WARP
        turn, own = self._next_turn(), self.int_div(self.lane, int_constant(WARP))
        places = [self._place_for(k, v.dtype, warps) for k, v in enumerate(values)]
        for place, value in zip(places, values, strict=True):
            self.store(place, (turn, own), value)
        self.wait()
        return [tuple(self.load(place, (turn, int_constant(w))) for place in places) for w in range(warps)]

    def _place_for(self, number: int, dtype: DType, warps: int) -> Buffer:
        key = (number, dtype)
        if key not in self._places:
            type_ = ArrayType(dtype, (2, warps))
            pointer = self.shared_room(whole(bytes_of(dtype, type_.shape)), MOST_SHARED)
            assert pointer is not None, "folds have a few dozen results at most"
            self._places[key] = Buffer(pointer, type_)
        return self._places[key]

    def _next_turn(self) -> Register:
        """0 and 1 by turns."""
        if self._parity is None:
            self._parity = self.slot(I64)
            with self.builder.goto_entry_block():
                self.builder.store(ir.Constant(I64, 0), self._parity)
        turn = self.builder.load(self._parity, typ=I64)
        self.builder.store(self.builder.xor(turn, ir.Constant(I64, 1)), self._parity)
        return Register(turn, INT64, 1, self.scope.depth)
