"""Sums of products: `dot` rounds a product and its sum once, `mul` and `reduce_sum` twice, and that takes longer."""

from collections import Counter
from functools import partial

from vtrace.ir.graph import Atom, Equation, Graph, Var
from vtrace.ops.arithmetic import Mul
from vtrace.ops.contraction import Dot
from vtrace.ops.reduction import ReduceSum
from vtrace.passes.rewrite import Rewriter, rewrite
from vtrace.passes.rules import made_by


def sums(graph: Graph) -> Graph:
    """`reduce_sum[axes=(1,)] (mul x y)  =>  dot x y`, for floats whose product nothing else reads."""
    if not any(isinstance(e.primitive, ReduceSum) for e in graph.equations):
        return graph
    uses = Counter(a.index for e in graph.equations for a in e.inputs if isinstance(a, Var))
    uses.update(a.index for a in graph.outputs if isinstance(a, Var))
    return rewrite(graph, partial(_sum_of_products, uses))


def _sum_of_products(uses: Counter[int], rewriter: Rewriter, equation: Equation) -> tuple[Atom, ...] | None:
    op = equation.primitive
    if not isinstance(op, ReduceSum) or not op.axes:
        return None
    (product,) = equation.inputs
    factors = made_by(rewriter, product, Mul)
    if factors is None or product.type.dtype.kind != "f" or not isinstance(product, Var) or uses[product.index] > 1:
        return None
    kept = tuple(a for a in range(product.type.rank) if a not in op.axes)
    return (rewriter.emit(Dot((op.axes, op.axes), (kept, kept)), *factors[1]),)
