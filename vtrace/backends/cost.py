"""A rough estimate of how long a kernel takes: enough to decide whether threads are worth it."""

import math

from vtrace.backends.layout import Layout
from vtrace.ir.graph import Equation, Graph
from vtrace.ir.types import Shape, static_shape
from vtrace.ops.contraction import Dot
from vtrace.ops.kinds import FLOATS, Uniform

NANOSECONDS = 0.1
"""For one element of one simple operation, in a vector register or streaming from memory."""
FUNCTION = 10
"""How many simple operations a transcendental function is worth."""


def nanoseconds_per_item(graph: Graph, layout: Layout) -> float:
    """The estimated time for one step along the parallel axis."""
    moved = sum(_elements(a.type.shape, layout) for a in (*graph.inputs, *graph.outputs))
    return NANOSECONDS * (moved + sum(_equation(e, layout) for e in graph.equations))


def _elements(shape: Shape, layout: Layout) -> int:
    """The elements that belong to one item; none for what all items share."""
    axis = layout.parallel_axis(shape)
    if axis is None:
        return 0
    if layout.mode == "flat":
        return 1
    return math.prod(static_shape(tuple(d for a, d in enumerate(shape) if a != axis)))


def _equation(equation: Equation, layout: Layout) -> int:
    result = _elements(equation.outputs[0].type.shape, layout)
    op = equation.primitive
    if isinstance(op, Dot):
        x = equation.inputs[0].type.shape
        return result * math.prod(d for a in op.contract[0] if isinstance(d := x[a], int))
    if isinstance(op, Uniform) and op.kinds == FLOATS:
        return FUNCTION * result
    return max([result, *(_elements(a.type.shape, layout) for a in equation.inputs)])
