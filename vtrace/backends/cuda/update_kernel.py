"""Launches of updates by many threads (see `updates`)."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vtrace.backends.cuda.array import DeviceArray
from vtrace.backends.cuda.code import NAME, made_once
from vtrace.backends.cuda.device import Device, Memory
from vtrace.backends.cuda.kernel import DeviceKernel
from vtrace.backends.cuda.updates import Plan, items_of, thread_layout
from vtrace.ir.graph import Graph
from vtrace.ir.types import static_shape

if TYPE_CHECKING:
    from vtrace.backends.cuda.lowering import Lowered


class UpdatePhase(DeviceKernel):
    """One of the kernels."""

    def __init__(self, graph: Graph, plan: Plan, phase: str) -> None:
        def lowered() -> "Lowered":
            from vtrace.backends.cuda.update_lowering import lower_phase

            return lower_phase(graph, plan, phase, NAME)

        code = made_once(f"{phase} {plan}\n{graph}", lowered)
        self._prepare(graph, thread_layout(graph), code, ())
        self._items = items_of(graph, plan, phase)

    def run(self, where: Device, stream: int, arrays: Sequence[DeviceArray], cells: int) -> None:
        """Run it on arguments and the result; the cells are at this address."""
        self._start(where, stream, arrays, (), self._items, self.blocks_for(where, self._items), cells)


class UpdateKernel:
    """A kernel whose graph is one scatter, as phases."""

    def __init__(self, graph: Graph, plan: Plan) -> None:
        self._plan = plan
        self._type = graph.outputs[0].type
        self.launches = [UpdatePhase(graph, plan, phase) for phase in plan.phases]
        rows, *rest = static_shape(self._type.shape)
        cells = rows * (1 if plan.kind == "last" else math.prod(rest) * plan.parts * plan.words)
        self._bytes = cells * plan.cell.itemsize

    def __call__(
        self, where: Device, stream: int, arrays: Sequence[DeviceArray], sizes: Sequence[int]
    ) -> list[DeviceArray]:
        """The result for arrays of the graph's input types."""
        result = DeviceArray.new(where, static_shape(self._type.shape), self._type.dtype, stream)
        cells = None if self._plan.in_place else Memory(where, self._bytes, stream)
        for phase in self.launches:
            phase.run(where, stream, (*arrays, result), result.pointer if cells is None else cells.pointer)
        return [result]

    @property
    def report(self) -> str:
        """How it runs, in a line."""
        copies = f", on {self._plan.parts} arrays by turns" if self._plan.parts > 1 else ""
        how = {
            "atomic": f"a thread per update, with atomics{copies}",
            "keys": f"a thread per update, with atomics on integers of the same order{copies}",
            "exact": f"a thread per update, exact sums{copies}",
            "last": "a thread per update, the last one of each row found by atomics",
            "parts": f"{self._plan.parts} parts of {self._plan.length} updates, joined in order",
        }
        return f"updates: {how[self._plan.kind]}"
