"""A rough estimate of how long a kernel takes: enough to decide whether threads are worth it."""

import math
from collections.abc import Callable

from vtrace.backends.layout import Layout
from vtrace.ir.graph import Equation, Graph
from vtrace.ir.primitive import Primitive
from vtrace.ir.types import Shape, static_shape
from vtrace.ops.contraction import Dot
from vtrace.ops.control import Cond, Mapped, Scan, While
from vtrace.ops.kinds import FLOATS, Uniform

NANOSECONDS = 0.1
"""For one element of one simple operation, in a vector register or streaming from memory."""
FUNCTION = 10
"""How many simple operations a transcendental function is worth."""
TRIPS = 30
"""How often a `while` is taken to run."""

Elements = Callable[[Shape], int]
"""How many elements of a value belong to one item."""


def nanoseconds_per_item(graph: Graph, layout: Layout) -> float:
    """The estimated time for one step along the parallel axis."""

    def elements(shape: Shape) -> int:
        """The elements that belong to one item; none for what all items share."""
        axis = layout.parallel_axis(shape)
        if axis is None:
            return 0 if layout.extents else _all(shape)
        if layout.mode == "flat":
            return 1
        return _all(tuple(d for a, d in enumerate(shape) if a != axis))

    moved = sum(elements(a.type.shape) for a in (*graph.inputs, *graph.outputs))
    return NANOSECONDS * (moved + _work(graph, elements))


def _all(shape: Shape) -> int:
    return math.prod(static_shape(shape))


def _work(graph: Graph, elements: Elements) -> int:
    """Simple operations for one item."""
    return sum(_equation(e, elements) for e in graph.equations)


def _equation(equation: Equation, elements: Elements) -> int:
    op = equation.primitive
    if isinstance(op, Cond | While | Scan | Mapped):
        return _control(op)
    result = elements(equation.outputs[0].type.shape)
    if isinstance(op, Dot):
        x = equation.inputs[0].type.shape
        return result * math.prod(d for a in op.contract[0] if isinstance(d := x[a], int))
    if isinstance(op, Uniform) and op.kinds == FLOATS:
        return FUNCTION * result
    return max([result, *(elements(a.type.shape) for a in equation.inputs)])


def _control(op: Primitive) -> int:
    """Simple operations for one run of a loop or branch."""
    if isinstance(op, Cond):
        return max(_work(g, _all) for g in op.branches)
    if isinstance(op, While):
        return TRIPS * (_work(op.cond, _all) + _work(op.body, _all))
    if isinstance(op, Scan):
        return op.length * (1 + _work(op.body, _all))
    assert isinstance(op, Mapped)
    return _control(op.primitive) * (op.size if isinstance(op.size, int) else 1)
