"""Without a batch: which values run in parallel with the results, row by row.

The parallel axis of such a kernel is axis 0 of its results. A value may have an axis 0 of the same extent, or any
other, and be read at all of its rows for one row of a result: the operands of `y.T @ y`. Only of those that are read
at the row that is computed may one row be kept at a time.
"""

import math

from vtrace.ir.graph import Atom, Equation, Graph, Var
from vtrace.ir.primitive import Primitive
from vtrace.ir.types import Shape, Symbol, static_shape
from vtrace.ops.argreduce import ArgReduction
from vtrace.ops.contraction import Dot
from vtrace.ops.indexing import DynamicSlice, DynamicUpdateSlice, Gather, TakeAlong
from vtrace.ops.kinds import Elementwise, Reduction
from vtrace.ops.movement import Broadcast, Concatenate, Pad, Reshape, Reverse, Slice, Transpose

ROWS = Symbol("rows")
"""What stands for the number of rows in `as_batch`."""


def aligned(graph: Graph) -> set[Var]:
    """The values that are read at row n only where row n of a result is computed."""
    apart: set[Var] = {v for v in graph.inputs if v.type.shape[:1] != graph.outputs[0].type.shape[:1]}
    for equation in reversed(graph.equations):
        follows = not apart.intersection(equation.outputs)
        for position, atom in enumerate(equation.inputs):
            if isinstance(atom, Var) and not (follows and _keeps_rows(equation, position)):
                apart.add(atom)
    return {*graph.inputs, *(v for e in graph.equations for v in e.outputs)} - apart


def as_batch(graph: Graph) -> Graph:
    """The graph as if its rows were examples: the aligned values have ROWS of them. For estimates, not to be run."""
    rows = aligned(graph) | {a for a in graph.outputs if isinstance(a, Var)}
    new = {v: Var(v.index, v.type.with_shape((ROWS, *v.type.shape[1:])), v.name) for v in rows}

    def typed(atom: Atom) -> Atom:
        return new.get(atom, atom) if isinstance(atom, Var) else atom

    def define(var: Var) -> Var:
        return new.get(var, var)

    equations = [
        Equation(e.primitive, tuple(map(typed, e.inputs)), tuple(map(define, e.outputs)), e.source)
        for e in graph.equations
    ]
    return Graph(tuple(map(define, graph.inputs)), tuple(equations), tuple(map(typed, graph.outputs)))


def fetched_singly(graph: Graph) -> float:
    """How many elements lanes over rows would fetch one by one, for each row: where rows do not lie side by side."""
    rows, total = aligned(graph) | {a for a in graph.outputs if isinstance(a, Var)}, 0.0
    for equation in graph.equations:
        for position, atom in enumerate(equation.inputs):
            if equation.outputs[0] in rows and isinstance(atom, Var) and atom not in rows:
                elements = math.prod(static_shape(atom.type.shape)) / static_shape(graph.outputs[0].type.shape)[0]
                total += 0.0 if _side_by_side(equation, position) else elements
    return total


def _side_by_side(equation: Equation, position: int) -> bool:
    """Whether what rows n and n + 1 of the result read of this operand lies side by side, or is the same."""
    op, rank = equation.primitive, equation.inputs[position].type.rank
    match op:
        case Reduction():
            return [a for a in range(rank) if a not in op.axes][:1] == [rank - 1]
        case Dot():
            return _first_of_result(op, position, equation) in (None, rank - 1)
        case Transpose():
            return op.permutation[:1] == (rank - 1,)
        case Broadcast():
            return op.axes[:1] != (0,) or rank == 1
        case Gather():
            return True
        case Reshape():
            return False
    return rank == 1


def _keeps_rows(equation: Equation, position: int) -> bool:
    """Whether row n of the result depends on no row of this operand but n."""
    op, shape = equation.primitive, equation.inputs[position].type.shape
    match op:
        case Elementwise():
            return True
        case Broadcast():
            return op.axes[:1] == (0,)
        case Reduction() | Reverse():
            return 0 not in op.axes
        case ArgReduction() | Concatenate():
            return op.axis != 0
        case Transpose():
            return op.permutation[:1] == (0,)
        case Reshape():
            return bool(shape) and shape[:1] == op.shape[:1]
        case Slice():
            return (op.starts[:1], op.strides[:1]) == ((0,), (1,))
        case Pad():
            return position == 0 and op.low[:1] == (0,)
        case Dot():
            return _first_of_result(op, position, equation) == 0
    return _finds_in_rows(op, position, shape)


def _finds_in_rows(op: Primitive, position: int, shape: Shape) -> bool:
    """The same for reads at positions that are data themselves."""
    if isinstance(op, Gather) and not op.batch_rank:
        return position == 0 if op.axis else position == 1 and bool(shape)
    if isinstance(op, TakeAlong):
        return op.axis != 0 or position == 1
    return isinstance(op, Gather | DynamicSlice | DynamicUpdateSlice) and op.batch_rank > 0


def _first_of_result(op: Dot, position: int, equation: Equation) -> int | None:
    """Which axis of the operand is axis 0 of the result, if it is one of this operand's."""
    if op.batch_axes[0]:
        return op.batch_axes[position][0]
    free = [op.free(side, a.type.rank) for side, a in enumerate(equation.inputs)]
    return free[position][0] if free[position] and (position == 0 or not free[0]) else None
