"""Which axis of a kernel runs in parallel, and which one is spread over the lanes of a vector.

    flat     every array has one shape and every equation is elementwise: the elements form one long row
    batch    the lanes are neighbouring examples; whatever an example does inside runs once for all of them
    inner    one example at a time; the lanes are neighbouring elements of its last axis, or of a fold's last axis

The rule: `flat` where it applies; else whichever of the other two `estimate` finds cheaper for one example. It looks at
static extents only, never at the size of the batch, so the bits of a result cannot depend on it.
"""

import math
import os
from collections.abc import Iterator, Set
from dataclasses import dataclass

from vtrace.backends.alignment import ROWS, as_batch, fetched_singly
from vtrace.backends.estimate import (
    FUNCTION,
    GATHER,
    across_examples,
    along_rows,
    example,
    kept,
    operations,
    subgraphs,
    unrolls,
)
from vtrace.backends.pairs import pair_inputs, pair_outputs
from vtrace.backends.spread import Spread
from vtrace.backends.target import VECTOR_BYTES, VECTOR_REGISTERS
from vtrace.errors import UsageError
from vtrace.ir.graph import Atom, Equation, Graph
from vtrace.ir.primitive import ElementPrimitive
from vtrace.ir.types import BOOL, DTYPES, DType, Shape, Symbol
from vtrace.ops.complex_parts import Interleave, Part
from vtrace.ops.control import Mapped, While
from vtrace.ops.index_check import CheckIndex
from vtrace.ops.kinds import Elementwise
from vtrace.ops.movement import Broadcast
from vtrace.ops.procedure import work_of

PAIRED_VECTORS = 2
"""Vectors per block of lanes where one instruction waits for another, as in loops of an example's own, in functions
and in products: the other vector computes in the meantime, and a constant in a register serves both. On vectors of 32
bytes Black-Scholes takes 10.0 ms instead of 13.8, a layer of 8 x 32 units 5.6 instead of 6.8."""
WAITING_VECTORS = 4
"""The same for loops of scalars that stay in registers, and for chains of reads. Newton's method takes 6.4 ms with one
vector of 16 floats, 4.4 with two, 4.0 with four; bisection 12.0, 7.7 and 5.7. Filters and gated units, which keep
arrays, are best with two."""
ROOM_FOR_LOOPS = 1 << 17
"""The most bytes that such a block may keep: a filter over rows of 1000 takes 7.9 ms with two vectors, 5.9 with one."""


DENSE = 16
"""Operations per element read or written from which on examples without loops take two: others wait for memory, and
take longer with rows of twice as many examples to turn around."""
TURNABLE = 32
"""The most examples in a block without loops: rows of 64 bytes would be turned around in 64 x 64 tiles, which takes
seconds to compile."""
LARGE_KERNEL = 150
"""Flat kernels of more equations take one vector at once, and have one masked loop, not one for whole vectors and a
masked rest: a quarter of the code."""
MOST_LANES = 64
"""In a block, of which loops of bytes would have more: the places of their examples alone fill 16 registers by then."""
CLOSE = 1.2
"""Where the estimates are about the same, lanes over examples win: along rows one instruction waits for another."""


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
    spread: Spread
    """How the elements of an example are spread over lanes that are free."""

    @property
    def has_lanes(self) -> bool:
        """Whether the lanes of a vector are neighbours along the parallel axis."""
        return self.mode in ("flat", "batch") and self.width > 1

    def parallel_axis(self, shape: Shape) -> int | None:
        """The axis of a result that runs in parallel; None for a result that has no such axis."""
        if not self.extents:
            return None
        if self.mode != "flat" and self.symbol is not None:
            return shape.index(self.symbol) if self.symbol in shape else None
        return 0 if shape else None

    def rest(self, shape: Shape) -> Shape:
        """What one example has of a result."""
        axis = self.parallel_axis(shape)
        return tuple(d for a, d in enumerate(shape) if a != axis)


def choose(graph: Graph, mode: str | None = None) -> Layout:
    """The layout of a kernel's graph; `mode`, or VTRACE_LAYOUT, overrides the rule for experiments."""
    mode = mode or os.environ.get("VTRACE_LAYOUT") or None
    if mode not in (None, "batch", "inner"):
        raise UsageError(f"VTRACE_LAYOUT is {mode!r}; it takes batch, inner")
    shapes = [v.type.shape for v in (*graph.inputs, *(o for e in graph.equations for o in e.outputs))]
    symbols = {d for s in shapes for d in s if isinstance(d, Symbol)}
    symbol = min(symbols, key=lambda s: s.name) if symbols else None
    loops = has_loops(graph)
    outer: Shape = (symbol,) if symbol is not None else graph.outputs[0].type.shape[:1]
    if symbol is None and loops:
        outer = ()
    width = lane_count(graph)
    if mode is None and not loops and (shape := _flat_shape(graph)) is not None:
        if operations(graph) >= FUNCTION and len(graph.equations) <= LARGE_KERNEL:
            width *= PAIRED_VECTORS
        whole, reason = Spread(width, width // 2), "every equation is elementwise over one shape"
        return Layout("flat", width, symbol, shape, reason, whole)
    spread, reason = _spread(graph, symbol, width), "asked for"
    if mode is None:
        mode, reason = _rule(graph, symbol, spread)
    if mode == "batch" and not outer:
        mode, reason = "inner", "there is no batch"
    if mode == "batch":
        width, vectors = min(width, TURNABLE), _vectors(graph, symbol)
        if kept(graph) * width * vectors <= ROOM_FOR_LOOPS:
            width = min(width * vectors, MOST_LANES)
        spread = Spread(width, width // 2)
    return Layout(mode, width, symbol, outer, reason, spread)


def has_loops(graph: Graph) -> bool:
    """Whether the program itself has loops or branches."""
    return any(not isinstance(e.primitive, ElementPrimitive) for e in graph.equations)


def queue_loop(graph: Graph, symbol: Symbol | None) -> tuple[int, Equation] | None:
    """The loop of a kernel that can be run from a queue: the only one, of scalars, with a condition per example."""
    loops = [(k, e) for k, e in enumerate(graph.equations) if not isinstance(e.primitive, ElementPrimitive)]
    if symbol is None or len(loops) != 1:
        return None
    ((number, equation),) = loops
    op = equation.primitive
    if not isinstance(op, Mapped) or not isinstance(op.primitive, While) or op.size != symbol:
        return None
    carried = equation.inputs[op.primitive.cond_consts + op.primitive.body_consts :]
    scalars = all(v.type.rank == 1 for v in equation.outputs) and all(
        a.type.rank - (axis is not None) == 0 for a, axis in zip(equation.inputs, op.in_axes, strict=True)
    )
    results = all(a.type.shape == (symbol,) for a in graph.outputs)
    return (number, equation) if scalars and results and carried else None


def _vectors(graph: Graph, symbol: Symbol | None) -> int:
    """Vectors per block of examples."""
    if (queue := queue_loop(graph, symbol)) is not None and len(queue[1].inputs) <= VECTOR_REGISTERS // 6:
        return WAITING_VECTORS
    if any(map(_waits, graph.equations)):
        return PAIRED_VECTORS
    reads = any(isinstance(e.primitive, ElementPrimitive) and e.primitive.waits for e in graph.equations)
    if reads:
        return WAITING_VECTORS
    return PAIRED_VECTORS if _is_dense(graph, symbol) else 1


def _is_dense(graph: Graph, symbol: Symbol | None) -> bool:
    """Whether there is much to compute for what is read and written, in the kernel's own code."""
    if any(work_of(e.primitive, [a.type for a in e.inputs]) is not None for e in graph.equations):
        return False
    arrays = [a.type for a in (*graph.inputs, *graph.outputs) if symbol in a.type.shape]
    return operations(graph) >= DENSE * sum(math.prod(example(t.shape, symbol)) for t in arrays)


def _waits(equation: Equation) -> bool:
    """Whether this is a loop or a branch in which one instruction waits for another."""
    work = work_of(equation.primitive, [a.type for a in equation.inputs])
    return not isinstance(equation.primitive, ElementPrimitive) and not (work is not None and work.independent)


def lane_count(graph: Graph) -> int:
    """As many lanes as fit one register: of the widest float, where the work is, or else of the widest integer."""
    dtypes = set(_dtypes(graph))
    floats = {d for d in dtypes if d.kind == "f"}
    return max(VECTOR_BYTES // max((d.itemsize for d in floats or dtypes), default=8), 1)


def mask_dtype(graph: Graph) -> DType:
    """The integers that bools are kept as: as wide as the widest float, or else as the narrowest integer."""
    dtypes = set(_dtypes(graph)) - {BOOL}
    floats = [d.itemsize for d in dtypes if d.kind == "f"]
    return DTYPES[f"i{8 * (max(floats) if floats else min((d.itemsize for d in dtypes), default=8))}"]


def _dtypes(graph: Graph) -> Iterator[DType]:
    yield from (a.type.dtype for a in (*graph.inputs, *graph.outputs))
    for equation in graph.equations:
        yield from (v.type.dtype for v in equation.outputs)
        for inner in subgraphs(equation.primitive):
            yield from _dtypes(inner)


def _flat_shape(graph: Graph) -> Shape | None:
    """The one shape of all arrays and equations, complex numbers counted as one element; None if there is none."""
    pairs = pair_inputs(graph) | pair_outputs(graph).keys()
    variables = [*graph.inputs, *(v for e in graph.equations for v in e.outputs)]
    shapes = {v.type.shape[:-1] if v in pairs else v.type.shape for v in variables} - {()}
    if len(shapes) > 1 or not all(_is_elementwise(e, pairs) for e in graph.equations):
        return None
    return shapes.pop() if shapes else None


def _is_elementwise(equation: Equation, pairs: Set[Atom]) -> bool:
    op = equation.primitive
    if isinstance(op, Part):
        return equation.inputs[0] in pairs
    if isinstance(op, Interleave):
        return equation.outputs[0] in pairs
    if isinstance(op, CheckIndex):
        return False  # whose error names an example, not an element
    return isinstance(op, Elementwise) or (isinstance(op, Broadcast) and op.axes == ())


def _spread(graph: Graph, symbol: Symbol | None, width: int) -> Spread:
    """Short rows in lanes, or as scalars where that takes fewer instructions: a long fold along each of them does."""
    choices = (Spread(width, 2, unrolls(graph)), Spread(width, 2), Spread(width, width // 2))
    return min(choices, key=lambda spread: along_rows(graph, symbol, spread))


def _rule(graph: Graph, symbol: Symbol | None, spread: Spread) -> tuple[str, str]:
    singles = 0.0
    if symbol is None:
        shape = graph.outputs[0].type.shape
        if has_loops(graph) or not shape or shape < (spread.width,):
            return "inner", "there is no batch"
        singles = GATHER * fetched_singly(graph)
        graph, symbol = as_batch(graph), ROWS
    examples, rows = singles + across_examples(graph, symbol, spread.width), along_rows(graph, symbol, spread)
    mode = "batch" if examples <= (1.0 if singles else CLOSE) * rows else "inner"
    return mode, f"about {examples:.3g} vector instructions an example with lanes over examples, {rows:.3g} along rows"
