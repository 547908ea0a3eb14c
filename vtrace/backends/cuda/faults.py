"""Which failure is told, where several threads of a team find some: the one that a single thread would find first.

Each failure has a number: how many divided loops the team has come to, then the index in such a loop. The smallest
number is learned by one launch, for the first failing example alone; in the next one the thread that comes to this
number notes the details.
"""

from collections.abc import Callable
from typing import Any

from vtrace.backends import llvm_text as ir
from vtrace.backends.cuda.exchange import Exchange
from vtrace.backends.record import ORDER
from vtrace.backends.values import I64, Register

_LOOP = 1 << 32
"""What a divided loop adds to the numbers."""


class DeviceFaults(Exchange):
    """The fault record of a GPU."""

    can_fail = False
    """Whether there is code that notes failures."""
    _come_to: Any = None
    """The variable that counts divided loops; LLVM drops it where nothing can fail."""

    def share_runs(self, length: int, rounds: int, take: Callable[[int, list[Register]], None], row: int = 0) -> None:
        self._count_loop()
        super().share_runs(length, rounds, take, row)
        self._count_loop()  # what comes after it comes after all of its indices

    def _count_loop(self) -> None:
        now = self.builder.load(self._counter(), typ=I64)
        self.builder.store(self.builder.add(now, ir.Constant(I64, _LOOP)), self._counter())

    def _counter(self) -> Any:
        if self._come_to is None:
            self._come_to = self.slot(I64)
            with self.builder.goto_entry_block():
                self.builder.store(ir.Constant(I64, 0), self._come_to)
        return self._come_to

    def is_told(self) -> Any:
        if self.team == 1:
            return super().is_told()
        loop = self.builder.load(self._counter(), typ=I64)
        index = next((s.divided.llvm for s in reversed(self.scopes) if s.divided is not None), ir.Constant(I64, 0))
        number = self.builder.add(loop, index)
        smallest = self.builder.atomic_rmw("umin", self._field(ORDER), number, "monotonic")
        return self.builder.and_(self.builder.icmp_unsigned("<=", number, smallest), super().is_told())

    def _field(self, number: int) -> Any:
        self.can_fail = True
        return super()._field(number)

    def stop_if_asked(self, work: int, leave: Any) -> None:
        """A kernel on the GPU runs to its end."""
