"""Primitives on complex operands: what moves, chooses or adds elements works on both parts alike; products do not."""

from collections.abc import Sequence
from typing import Any

from vtrace.errors import DTypeError
from vtrace.frontend.complex_tracer import ComplexTracer, complex_rule
from vtrace.frontend.complexes.arithmetic import multiply
from vtrace.frontend.control.loops import scan
from vtrace.frontend.core import alias, count, full, reshape, transpose
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit
from vtrace.frontend.tracer import Tracer
from vtrace.ir.primitive import Primitive
from vtrace.ops import indexing, movement, reduction, selection
from vtrace.ops import scan as running
from vtrace.ops.arithmetic import Add, Sub
from vtrace.ops.contraction import Dot
from vtrace.ops.scatter import Scatter
from vtrace.ops.windows import Windows

_ALL = slice(None)
_NUMBERS: dict[type[Primitive], slice] = {
    movement.Broadcast: _ALL,
    movement.Concatenate: _ALL,
    movement.Pad: _ALL,
    movement.Reshape: _ALL,
    movement.Reverse: _ALL,
    movement.Slice: _ALL,
    movement.Transpose: _ALL,
    reduction.ReduceSum: _ALL,
    running.CumSum: _ALL,
    selection.Select: slice(1, None),
    indexing.Gather: slice(0, 1),
    indexing.TakeAlong: slice(0, 1),
    indexing.DynamicSlice: slice(0, 1),
    indexing.DynamicUpdateSlice: slice(0, 2),
    Windows: _ALL,
}
"""Which operands are the numbers; the others are conditions and positions, the same for both parts."""

SHORT = 16
"""The longest product that is written out; longer ones are loops."""


@complex_rule(*_NUMBERS)
def by_parts(op: Primitive, *operands: Tracer) -> ComplexTracer:
    numbers = operands[_NUMBERS[type(op)]]
    if len({t.dtype for t in numbers}) > 1:
        given = " and ".join(str(t.type) for t in numbers)
        raise DTypeError(f"{at_user_line()}: {op.name} needs operands of one dtype, got {given}")
    re = [t.re if isinstance(t, ComplexTracer) else t for t in operands]
    im = [t.im if isinstance(t, ComplexTracer) else t for t in operands]
    return ComplexTracer(emit(op, *re), emit(op, *im))


@complex_rule(Scatter)
def scatter(op: Scatter, x: Any, index: Tracer, updates: Any) -> ComplexTracer:
    """By parts, where they do not mix."""
    if not isinstance(op.combine, Add | Sub | None):
        raise DTypeError(
            f"{at_user_line()}: updates of {x.type} at traced positions by {op.combine.name} do not work on complex "
            "numbers; assign, add or subtract"
        )
    return ComplexTracer(emit(op, x.re, index, updates.re), emit(op, x.im, index, updates.im))


@complex_rule(Dot)
def dot(op: Dot, x: Any, y: Any) -> ComplexTracer:
    """Four real ones."""
    re: Any = emit(op, x.re, y.re)
    im: Any = emit(op, x.re, y.im)
    return ComplexTracer(re - emit(op, x.im, y.im), im + emit(op, x.im, y.re))


def rows_of(x: ComplexTracer, axes: Sequence[int]) -> Any:
    """`x` with these axes as a single one, in front."""
    rest = [a for a in range(x.ndim) if a not in axes]
    front = transpose(x, [*axes, *rest])
    return reshape(front, (count([x.shape[a] for a in axes]), *(x.shape[a] for a in rest)))


@complex_rule(reduction.ReduceProd)
def product(op: reduction.ReduceProd, x: ComplexTracer) -> Any:
    rows = rows_of(x, op.axes)
    result: Any = full(rows.shape[1:], 1, x.dtype)
    if len(rows) > SHORT:
        return scan(lambda c, row: (multiply(c, row), None), result, rows, len(rows), False)[0]
    for n in range(len(rows)):
        result = multiply(result, rows[n]) if n else alias(rows[n])
    return result


@complex_rule(running.CumProd)
def running_product(op: running.CumProd, x: ComplexTracer) -> Any:
    def step(carry: ComplexTracer, row: ComplexTracer) -> Any:
        following = multiply(carry, row)
        return following, following

    rows = rows_of(x, (op.axis,))
    _, products = scan(step, full(rows.shape[1:], 1, x.dtype), rows, len(rows), False)
    order = list(range(1, x.ndim))
    order.insert(op.axis, 0)
    return transpose(products, order)
