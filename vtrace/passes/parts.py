"""Long folds without a batch are done in parts, which threads share; sums are the more exact for it.

reduce_sum[axes=(0,)] x:f32[1000000]  =>  reduce_sum[axes=(0,)] (reduce_sum[axes=(1,)] x:f32[61,16384] and the rest)
"""

from vtrace.ir.graph import Atom, Equation, Graph
from vtrace.ir.primitive import Primitive
from vtrace.ir.types import count, static_shape
from vtrace.ops.assembly import Concatenate
from vtrace.ops.contraction import Dot
from vtrace.ops.kinds import Reduction
from vtrace.ops.movement import Reshape, Slice
from vtrace.ops.reduction import ReduceSum
from vtrace.passes.cost import LARGE_FOLD
from vtrace.passes.rewrite import Rewriter, rewrite

PART = 1 << 14
"""Elements of a part: a few microseconds of work."""


def parts(graph: Graph) -> Graph:
    """Cut the folds of whole arrays to one number that are long enough for several threads."""
    if not any(_is_long(e) for e in graph.equations):
        return graph
    return rewrite(graph, _rule)


def _is_long(equation: Equation) -> bool:
    op = equation.primitive
    if not isinstance(op, Reduction | Dot) or equation.outputs[0].type.rank:
        return False
    x = equation.inputs[0].type
    elements, symbols = count(x.shape)
    return elements >= LARGE_FOLD and not symbols and (x.rank == 1 or isinstance(op, Reduction))


def _rule(rewriter: Rewriter, equation: Equation) -> tuple[Atom, ...] | None:
    op = equation.primitive
    if not _is_long(equation):
        return None
    if isinstance(op, Dot):
        return (_in_parts(rewriter, Dot(((1,), (1,)), ((0,), (0,))), op, ReduceSum((0,)), equation.inputs),)
    assert isinstance(op, Reduction)
    (x,) = equation.inputs
    if x.type.rank == 1:
        return (_in_parts(rewriter, op.rebuilt((1,)), op, op, equation.inputs),)
    rows = rewriter.emit(op.rebuilt((x.type.rank - 1,)), x)
    return (rewriter.emit(op.rebuilt(op.axes[:-1]), rows),)


def _in_parts(
    rewriter: Rewriter, of_parts: Primitive, of_rest: Primitive, joining: Primitive, operands: tuple[Atom, ...]
) -> Atom:
    """The fold of rows: one by `of_parts` for each part, one by `of_rest`, and all of them by `joining`."""
    (size,) = static_shape(operands[0].type.shape)
    whole = size - size % PART

    def cut(x: Atom, start: int, stop: int) -> Atom:
        return x if stop - start == size else rewriter.emit(Slice((start,), (stop,), (1,)), x)

    shape = Reshape((whole // PART, PART))
    found = rewriter.emit(of_parts, *(rewriter.emit(shape, cut(x, 0, whole)) for x in operands))
    if whole < size:
        rest = rewriter.emit(of_rest, *(cut(x, whole, size) for x in operands))
        found = rewriter.emit(Concatenate(0), found, rewriter.emit(Reshape((1,)), rest))
    return rewriter.emit(joining, found)
