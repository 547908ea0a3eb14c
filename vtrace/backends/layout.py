"""Which axis of a kernel runs in parallel, and which one is spread over the lanes of a vector.

    flat     every array has one shape and every equation is elementwise: the elements form one long row
    batch    the lanes are neighbouring examples; whatever an example does inside runs once for all of them
    inner    one example at a time; the lanes are neighbouring elements of its last axis, or of a fold's last axis

The rule: `flat` where it applies. Else `batch` if the batch axis is the contiguous one for most of what is read and
written, or if no example has a row as long as two vectors; else `inner`. It looks at static extents only, never at
the size of the batch, so the bits of a result cannot depend on it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from vtrace.backends.target import VECTOR_BYTES
from vtrace.ir.graph import Equation, Graph
from vtrace.ir.primitive import ElementPrimitive, Primitive
from vtrace.ir.types import Dim, Shape, Symbol, count
from vtrace.ops.control import Cond, Mapped, Scan, While
from vtrace.ops.kinds import Elementwise
from vtrace.ops.movement import Broadcast

LOOP_VECTORS = 2
"""Vectors per block of lanes where examples run loops of their own: one waits while the other computes. A Mandelbrot
kernel takes 4.8 ms with one vector of 16 floats, 3.3 ms with two, 3.4 ms with four."""


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
        if not self.extents:
            return None
        if self.mode != "flat" and self.symbol is not None:
            return shape.index(self.symbol) if self.symbol in shape else None
        return 0 if shape else None


def choose(graph: Graph, mode: str | None = None) -> Layout:
    """The layout of a kernel's graph; `mode` overrides the rule, for experiments."""
    shapes = [v.type.shape for v in (*graph.inputs, *(o for e in graph.equations for o in e.outputs))]
    symbols = {d for s in shapes for d in s if isinstance(d, Symbol)}
    symbol = min(symbols, key=lambda s: s.name) if symbols else None
    loops = has_loops(graph)
    outer: Shape = (symbol,) if symbol is not None else graph.outputs[0].type.shape[:1]
    if symbol is None and loops:
        outer = ()
    width = lane_count(graph)
    if mode in (None, "flat") and not loops and _is_flat(graph, shapes):
        shape = max(shapes, key=len, default=())
        return Layout("flat", width, symbol, shape, "every equation is elementwise over one shape")
    if mode is None:
        mode, reason = _rule(graph, shapes, symbol, width)
    else:
        reason = "asked for"
    if mode == "batch" and loops:
        width *= LOOP_VECTORS
    return Layout(mode, width, symbol, outer, reason)


def has_loops(graph: Graph) -> bool:
    """Whether the program itself has loops or branches."""
    return any(not isinstance(e.primitive, ElementPrimitive) for e in graph.equations)


def lane_count(graph: Graph) -> int:
    """As many lanes as the widest dtype of the kernel allows in one register."""
    atoms = [*graph.inputs, *graph.outputs, *(o for e in graph.equations for o in e.outputs)]
    return max(VECTOR_BYTES // max((a.type.dtype.itemsize for a in atoms), default=8), 1)


def _is_flat(graph: Graph, shapes: list[Shape]) -> bool:
    return len({s for s in shapes if s}) == 1 and all(map(_is_elementwise, graph.equations))


def _is_elementwise(equation: Equation) -> bool:
    op = equation.primitive
    return isinstance(op, Elementwise) or (isinstance(op, Broadcast) and op.axes == ())


def _rule(graph: Graph, shapes: list[Shape], symbol: Symbol | None, width: int) -> tuple[str, str]:
    if symbol is None:
        return "inner", "there is no batch"
    last = Counter(s[-1] == symbol for s in shapes if symbol in s and len(s) > 1)
    if last[True] > last[False]:
        return "batch", "the batch axis is the contiguous one"
    longest = max(_rows(graph, symbol), default=1)
    if longest < 2 * width:
        return "batch", f"the longest row of an example has {longest} elements, less than two vectors of {width}"
    return "inner", f"an example has rows of {longest} elements, at least two vectors of {width}"


def _rows(graph: Graph, symbol: Symbol | None) -> Iterator[int]:
    """The extents of the last axes that array code runs over; a scan takes its arrays apart, so those do not count."""
    for equation in graph.equations:
        if not isinstance(equation.primitive, ElementPrimitive):
            for inner in subgraphs(equation.primitive):
                yield from _rows(inner, None)
            continue
        for atom in (*equation.inputs, *equation.outputs):
            example: list[Dim] = [d for d in atom.type.shape if d != symbol]
            yield count(tuple(example[-1:]))[0]


def subgraphs(op: Primitive) -> tuple[Graph, ...]:
    """The graphs of a loop or a branch, batched or not."""
    if isinstance(op, Mapped):
        return subgraphs(op.primitive)
    if isinstance(op, Cond):
        return op.branches
    if isinstance(op, While):
        return (op.cond, op.body)
    return (op.body,) if isinstance(op, Scan) else ()
