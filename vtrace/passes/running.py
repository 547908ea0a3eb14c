"""Running sums, products and extrema as loops, for where a library cannot be called: inside of other loops."""

from vtrace.ir.builder import Builder, replay
from vtrace.ir.graph import Atom, Equation, Graph, Literal
from vtrace.ir.primitive import Primitive
from vtrace.ir.types import BOOL, ArrayType, DType, static_shape
from vtrace.ops.arithmetic import Add, Maximum, Minimum, Mul
from vtrace.ops.control import Scan
from vtrace.ops.extrema import greatest, least
from vtrace.ops.logic import And, Or
from vtrace.ops.movement import Broadcast, Transpose
from vtrace.ops.scan import CumMax, CumMin, CumProd, CumSum

Running = CumSum | CumProd | CumMax | CumMin


def running_to_loop(graph: Graph) -> Graph:
    """`cumsum[axis=0] x  =>  scan[body=add] -0.0 x`"""
    if not any(isinstance(e.primitive, Running) for e in graph.equations):
        return graph
    return replay(graph, _rule)


def _rule(builder: Builder, equation: Equation, inputs: tuple[Atom, ...]) -> tuple[Atom, ...] | None:
    op = equation.primitive
    if not isinstance(op, Running):
        return None
    (x,) = inputs
    join, first = _step(op, x.type.dtype)
    row = x.type.drop((op.axis,))
    others = [a for a in range(x.type.rank) if a != op.axis]
    rows = builder.emit(Transpose((op.axis, *others)), x) if op.axis else x
    start = builder.emit(Broadcast(row.shape, ()), first) if row.rank else first
    (length,) = static_shape((x.type.shape[op.axis],))
    _, running = builder.emit_all(Scan(_body(join, row), 0, 1, length), start, rows)
    back = (*range(1, op.axis + 1), 0, *range(op.axis + 1, x.type.rank))
    return (builder.emit(Transpose(back), running) if op.axis else running,)


def _step(op: Running, dtype: DType) -> tuple[Primitive, Literal]:
    """What joins two elements, and what is joined with the first one: it leaves every bit of it as it is."""
    match op:
        case CumSum():
            return Add(), Literal.of(-0.0 if dtype.kind == "f" else 0, dtype)
        case CumProd():
            return Mul(), Literal.of(1, dtype)
        case CumMax():
            return Or() if dtype == BOOL else Maximum(), Literal.of(least(dtype), dtype)
        case CumMin():
            return And() if dtype == BOOL else Minimum(), Literal.of(greatest(dtype), dtype)


def _body(join: Primitive, row: ArrayType) -> Graph:
    builder = Builder()
    total = builder.emit(join, builder.input(row, "carry"), builder.input(row, "x"))
    return builder.build([total, total])
