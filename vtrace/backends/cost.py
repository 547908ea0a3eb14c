"""A rough estimate of how long a kernel takes: enough to decide whether threads are worth it."""

import math
from collections.abc import Callable, Iterator

from vtrace.backends.estimate import FUNCTION, TRIPS
from vtrace.backends.layout import Layout
from vtrace.ir.graph import Equation, Graph
from vtrace.ir.primitive import Primitive
from vtrace.ir.types import Shape
from vtrace.ops.contraction import Dot
from vtrace.ops.control import Cond, Mapped, Scan, While
from vtrace.ops.kinds import FLOATS, Elementwise, Uniform
from vtrace.ops.procedure import work_of

NANOSECONDS = 0.03
"""For one element of one simple operation, in a vector register or streaming from a near cache."""
JUMP = 6
"""Simple operations that take as long as a read or a write at a place that data decides, in one lane."""

Elements = Callable[[Shape], int]
"""How many elements of a shape one item has."""


def nanoseconds_per_item(graph: Graph, layout: Layout) -> float:
    """The estimated time for one step along the parallel axis."""

    def elements(shape: Shape) -> int:
        axis = layout.parallel_axis(shape)
        if axis is None:
            return 0  # all items share it
        return 1 if layout.mode == "flat" else _static((*shape[:axis], *shape[axis + 1 :]))

    moved = sum(elements(a.type.shape) for a in (*graph.inputs, *graph.outputs))
    return NANOSECONDS * (moved + sum(_equation(e, elements) for e in graph.equations))


def is_bounded(graph: Graph) -> bool:
    """Whether the work is known before it is done: there is no `while` in the graph, however deep."""
    return not any(isinstance(op, While) for op in _primitives(graph))


def _static(shape: Shape) -> int:
    return math.prod(d for d in shape if isinstance(d, int))


def _equation(equation: Equation, elements: Elements) -> int:
    """In simple operations."""
    op = equation.primitive
    result = max((elements(v.type.shape) for v in equation.outputs), default=0)
    if (work := work_of(op, [a.type for a in equation.inputs])) is not None:
        return math.ceil(work.operations + JUMP * work.jumps)
    if isinstance(op, Dot):
        x = equation.inputs[0].type.shape
        return result * math.prod(d for a in op.contract[0] if isinstance(d := x[a], int))
    if isinstance(op, Uniform) and op.kinds == FLOATS:
        return FUNCTION * result
    if isinstance(op, Elementwise):
        return int(op.work) * result
    if isinstance(op, Mapped):
        return elements((op.size,)) * _control(op.primitive)
    return max([result, _control(op), *(elements(a.type.shape) for a in equation.inputs)])


def _control(op: Primitive) -> int:
    """A branch or a loop of one example; 0 for anything else."""
    if isinstance(op, Cond):
        return max(map(_graph, op.branches))
    if isinstance(op, While):
        return TRIPS * (_graph(op.cond) + _graph(op.body))
    if isinstance(op, Scan):
        return op.length * _graph(op.body)
    return _static((op.size,)) * _control(op.primitive) if isinstance(op, Mapped) else 0


def _graph(graph: Graph) -> int:
    return sum(_equation(e, _static) for e in graph.equations)


def _primitives(graph: Graph) -> Iterator[Primitive]:
    """Those of a graph and of the graphs within it."""
    for equation in graph.equations:
        waiting = [equation.primitive]
        while waiting:
            op = waiting.pop()
            yield op
            if isinstance(op, Mapped):
                waiting.append(op.primitive)
            for inner in _graphs(op):
                yield from _primitives(inner)


def _graphs(op: Primitive) -> tuple[Graph, ...]:
    if isinstance(op, Cond):
        return op.branches
    if isinstance(op, While):
        return (op.cond, op.body)
    return (op.body,) if isinstance(op, Scan) else ()
