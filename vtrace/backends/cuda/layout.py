"""Which part of a kernel a thread of the GPU does.

    flat      every array has one shape and every equation is elementwise: one thread per element
    thread    one thread per example
    warp      32 threads per example: where its long rows are folded, neighbouring threads read neighbouring elements

The choice looks at static extents only, never at the size of the batch, so the bits of a result cannot depend on it.
"""

import dataclasses

from vtrace.backends.cuda.shuffles import WARP
from vtrace.backends.layout import Layout, choose
from vtrace.backends.spread import Spread
from vtrace.ir.graph import Equation, Graph
from vtrace.ir.types import Symbol
from vtrace.ops.contraction import Dot
from vtrace.ops.kinds import Elementwise, Reduction
from vtrace.ops.movement import Broadcast, Reshape, Reverse, Slice, Transpose

LONG_ROW = 4 * WARP
"""The shortest row that a warp folds together."""
WIDEST = 16
"""Bytes that one instruction reads or writes."""
MOST_NEIGHBOURS = 8
"""Each of them has code of its own."""
_DIVISIBLE = (Elementwise, Reduction, Dot, Broadcast, Reshape, Reverse, Slice, Transpose)
"""Without loops and branches, where threads could not wait for each other, and without indices, whose error should
tell of the first that is wrong."""


def choose_for_device(graph: Graph) -> Layout:
    """The layout of a kernel's graph on a GPU: code is scalar, whatever the CPU's vectors are."""
    layout = dataclasses.replace(choose(graph), width=1, spread=Spread(1, 2))
    if layout.mode == "flat":
        return layout
    if layout.symbol is not None and _folds_long_rows(graph, layout.symbol):
        return dataclasses.replace(layout, mode="warp", reason="a warp per example: its rows are long")
    return dataclasses.replace(layout, mode="thread", reason="a thread per example")


def threads_per_item(layout: Layout) -> int:
    """How many threads do one item of the parallel axis together."""
    return WARP if layout.mode == "warp" else 1


def neighbours(graph: Graph) -> int:
    """How many elements of the long rows of a kernel one instruction reads or writes."""
    types = [a.type for a in (*graph.inputs, *graph.outputs)]
    sizes = [t.dtype.itemsize for t in types if t.rank and isinstance(n := t.shape[-1], int) and n >= WARP]
    return min(WIDEST // max(sizes, default=WIDEST // MOST_NEIGHBOURS), MOST_NEIGHBOURS)


def _folds_long_rows(graph: Graph, batch: Symbol) -> bool:
    whole = all(isinstance(e.primitive, _DIVISIBLE) for e in graph.equations)
    return whole and any(_folds_a_long_row(e, batch) for e in graph.equations)


def _folds_a_long_row(equation: Equation, batch: Symbol) -> bool:
    """Whether an example's elements that lie side by side in memory become one."""
    op = equation.primitive
    if not isinstance(op, Reduction | Dot):
        return False
    axes = [op.axes] if isinstance(op, Reduction) else op.contract
    shapes = [a.type.shape for a in equation.inputs]
    rows = [s[-1] for s, folded in zip(shapes, axes, strict=True) if folded and folded[-1] == len(s) - 1]
    long = len(rows) == len(shapes) and all(isinstance(n, int) and n >= LONG_ROW for n in rows)
    return long and any(batch in s for s in shapes)
