"""Which axis of a kernel runs in parallel, and which one is spread over the lanes of a vector.

    flat     every array has one shape and every equation is elementwise: the elements form one long row
    batch    the lanes are neighbouring examples; whatever an example does inside runs once for all of them
    inner    one example at a time; the lanes are neighbouring elements of its last axis, or of a fold's last axis

The rule: `flat` where it applies. Else `batch` if the batch axis is the contiguous one for most of what is read and
written, or if no example has a row as long as two vectors; else `inner`. It looks at static extents only, never at
the size of the batch, so the bits of a result cannot depend on it.
"""

from collections import Counter
from dataclasses import dataclass

from vtrace.backends.target import VECTOR_BYTES
from vtrace.ir.graph import Equation, Graph
from vtrace.ir.types import Dim, Shape, Symbol, count
from vtrace.ops.kinds import Elementwise
from vtrace.ops.movement import Broadcast


@dataclass(frozen=True)
class Layout:
    """The decision for one kernel."""

    mode: str
    width: int
    """Lanes of a vector."""
    symbol: Symbol | None
    """The batch extent, where there is one."""
    extents: Shape
    """The extents whose product is the length of the parallel axis."""
    reason: str

    def parallel_axis(self, shape: Shape) -> int | None:
        """The axis of a result that runs in parallel; None for a result that has no such axis."""
        if self.mode != "flat" and self.symbol is not None:
            return shape.index(self.symbol) if self.symbol in shape else None
        return 0 if shape else None


def choose(graph: Graph, mode: str | None = None) -> Layout:
    """The layout of a kernel's graph; `mode` overrides the rule, for experiments."""
    shapes = [v.type.shape for v in (*graph.inputs, *(o for e in graph.equations for o in e.outputs))]
    symbols = {d for s in shapes for d in s if isinstance(d, Symbol)}
    symbol = min(symbols, key=lambda s: s.name) if symbols else None
    outer: Shape = (symbol,) if symbol is not None else graph.outputs[0].type.shape[:1]
    width = lane_count(graph)
    if mode in (None, "flat") and _is_flat(graph, shapes):
        shape = max(shapes, key=len, default=())
        return Layout("flat", width, symbol, shape, "every equation is elementwise over one shape")
    if mode is None:
        mode, reason = _rule(shapes, symbol, width)
    else:
        reason = "asked for"
    return Layout(mode, width, symbol, outer, reason)


def lane_count(graph: Graph) -> int:
    """As many lanes as the widest dtype of the kernel allows in one register."""
    atoms = [*graph.inputs, *graph.outputs, *(o for e in graph.equations for o in e.outputs)]
    return max(VECTOR_BYTES // max((a.type.dtype.itemsize for a in atoms), default=8), 1)


def _is_flat(graph: Graph, shapes: list[Shape]) -> bool:
    return len({s for s in shapes if s}) == 1 and all(map(_is_elementwise, graph.equations))


def _is_elementwise(equation: Equation) -> bool:
    op = equation.primitive
    return isinstance(op, Elementwise) or (isinstance(op, Broadcast) and op.axes == ())


def _rule(shapes: list[Shape], symbol: Symbol | None, width: int) -> tuple[str, str]:
    if symbol is None:
        return "inner", "there is no batch"
    last = Counter(s[-1] == symbol for s in shapes if symbol in s and len(s) > 1)
    if last[True] > last[False]:
        return "batch", "the batch axis is the contiguous one"
    longest = max((_example_row(s, symbol) for s in shapes), default=1)
    if longest < 2 * width:
        return "batch", f"the longest row of an example has {longest} elements, less than two vectors of {width}"
    return "inner", f"an example has rows of {longest} elements, at least two vectors of {width}"


def _example_row(shape: Shape, symbol: Symbol) -> int:
    """The extent of an example's last axis."""
    example: list[Dim] = [d for d in shape if d != symbol]
    return count(tuple(example[-1:]))[0]
