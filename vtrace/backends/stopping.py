"""Code by which a loop that may never end can be stopped (see `interrupts`).

Each function counts its work down, in one variable for all its loops; mem2reg makes a register of it, so a trip costs a
subtraction and a branch that is not taken. When nothing is left, the loop asks whether to stop. Once it is to stop, the
variable stays at zero, and so every loop around and after this one is left after its next trip, too.
"""

import math
from typing import Any

from vtrace.backends import llvm_text as ir
from vtrace.backends.faults import Faults
from vtrace.backends.record import POLL, STOPPED
from vtrace.backends.values import I64, POINTER
from vtrace.ir.graph import Graph
from vtrace.ir.primitive import Primitive
from vtrace.ir.types import Shape
from vtrace.ops.control import Cond, Mapped, Scan

UNASKED = 1 << 20
"""How much work is done between two questions, in operations on one element: below a millisecond for most."""


class Stopping(Faults):
    """`stop_if_asked`."""

    _left: Any = None
    """The variable that counts down."""

    def stop_if_asked(self, work: int, leave: Any) -> None:
        """At the end of a loop's trip: count its work, and go to the block `leave` if the kernel is to stop."""
        builder, left = self.builder, self._countdown()
        ask, stay = self.block("ask"), self.block("stay")
        rest = builder.sub(builder.load(left, typ=I64), ir.Constant(I64, min(work, UNASKED)), flags=("nsw",))
        builder.store(rest, left)
        rarely = builder.cbranch(builder.icmp_signed("<", rest, ir.Constant(I64, 0)), ask, stay)
        rarely.set_weights([1, 1 << 20])
        builder.position_at_end(ask)
        poll = builder.load(self._field(POLL), typ=POINTER)
        stop = builder.icmp_signed(
            "!=", builder.call(poll, [self._field(0)], ir.FunctionType(I64, [POINTER])), ir.Constant(I64, 0)
        )
        builder.store(builder.select(stop, ir.Constant(I64, 0), ir.Constant(I64, UNASKED)), left)
        builder.cbranch(stop, leave, stay)
        builder.position_at_end(stay)

    def _countdown(self) -> Any:
        if self._left is None:
            self._left = self.slot(I64)
            with self.builder.goto_entry_block():
                stopped = self.builder.load(self._field(STOPPED), typ=I64)
                running = self.builder.icmp_signed("==", stopped, ir.Constant(I64, 0))
                first = self.builder.select(running, ir.Constant(I64, UNASKED), ir.Constant(I64, 0))
                self.builder.store(first, self._left)
        return self._left


def work(graph: Graph) -> int:
    """How many operations on one element a graph takes; a `while` counts for itself."""
    return sum(
        _inner(e.primitive) or max(1, *(_elements(a.type.shape) for a in (*e.inputs, *e.outputs)))
        for e in graph.equations
    )


def _inner(op: Primitive) -> int:
    if isinstance(op, Cond):
        return max(map(work, op.branches))
    if isinstance(op, Scan):
        return op.length * work(op.body)
    return _elements((op.size,)) * _inner(op.primitive) if isinstance(op, Mapped) else 0


def _elements(shape: Shape) -> int:
    return math.prod(d for d in shape if isinstance(d, int))
