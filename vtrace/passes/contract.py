"""Matrix products: a `dot` that a BLAS computes best becomes `matmul`.

Which ones do: floats, something contracted, no batch axes, free axes on both sides (a matrix-vector product is limited
by memory, and fuses), and too much work for a loop nest. A batch axis that is free on one side is an axis like any
other here, so `vmap(vmap(dot))` ends as one matrix product.

A BLAS adds in another order than `dot` does: this is the one pass that may change the last bits of a result.
"""

import math
from collections import Counter
from dataclasses import dataclass
from functools import partial

from vtrace.ir.graph import Atom, Equation, Graph, Var
from vtrace.ir.types import ArrayType, Shape, count, symbols_of
from vtrace.ops.contraction import Dot, Matmul
from vtrace.ops.movement import Reshape, Transpose
from vtrace.passes.rewrite import Rewriter, rewrite

SMALL_WORK = 32**3
"""Products of this many multiplications or fewer stay in the kernel: a call costs more than it saves."""

SMALL_EXAMPLE = 16**3
"""So do those of a batch with this many for one example or fewer: the matrix that all examples share stays in the
cache, lanes are examples, and the kernel is not split (a layer of a perceptron, with what follows it)."""

SWAP = (1, 0)


def contract(graph: Graph) -> Graph:
    """`dot[contract=((1,),(0,))] x y  =>  matmul x y`, where the matrices are large; transposes become flags."""
    if not any(isinstance(e.primitive, Dot | Matmul) for e in graph.equations):
        return graph
    graph = rewrite(rewrite(graph, _dot_to_matmul), _transposed_operand)
    uses = Counter(a.index for e in graph.equations for a in e.inputs if isinstance(a, Var))
    uses.update(a.index for a in graph.outputs if isinstance(a, Var))
    return rewrite(graph, partial(_transposed_result, uses))


def _transposed_operand(rewriter: Rewriter, equation: Equation) -> tuple[Atom, ...] | None:
    """`matmul (transpose x) y  =>  matmul[transpose=(True, False)] x y`"""
    if not isinstance(equation.primitive, Matmul):
        return None
    flags = equation.primitive.transpose
    operands, new = list(equation.inputs), list(flags)
    for side, atom in enumerate(operands):
        source = rewriter.definition(atom)
        if source is not None and source.primitive == Transpose(SWAP):
            operands[side], new[side] = source.inputs[0], not flags[side]
    if tuple(new) == flags:
        return None
    return (rewriter.emit(Matmul((new[0], new[1])), *operands),)


def _transposed_result(uses: Counter[int], rewriter: Rewriter, equation: Equation) -> tuple[Atom, ...] | None:
    """`transpose (matmul x y)  =>  matmul[transpose=(True, True)] y x`, where nothing else reads the product."""
    if equation.primitive != Transpose(SWAP):
        return None
    (product,) = equation.inputs
    source = rewriter.definition(product)
    if source is None or not isinstance(source.primitive, Matmul) or not isinstance(product, Var):
        return None
    x, y = source.inputs
    if uses[product.index] > 1 or x.type.rank != 2:
        return None
    left, right = source.primitive.transpose
    return (rewriter.emit(Matmul((not right, not left)), y, x),)


@dataclass(frozen=True)
class _Side:
    """One operand of a `dot`, its axes sorted into free and contracted ones."""

    atom: Atom
    free: tuple[int, ...]
    contracted: tuple[int, ...]

    def extents(self, axes: tuple[int, ...]) -> Shape:
        return tuple(self.atom.type.shape[a] for a in axes)

    @property
    def is_ragged(self) -> bool:
        """Whether its free axes cannot be merged into one: a batch extent times a number has no name in the IR."""
        return len(self.free) > 1 and bool(symbols_of(self.extents(self.free)))


def _dot_to_matmul(rewriter: Rewriter, equation: Equation) -> tuple[Atom, ...] | None:
    if not isinstance(equation.primitive, Dot):
        return None
    dot, (x, y) = equation.primitive, equation.inputs
    if not is_matrix_product(dot, x.type, y.type):
        return None
    pairs = sorted(zip(*dot.contract, strict=True))
    left = _Side(x, dot.free(0, x.type.rank), tuple(i for i, _ in pairs))
    right = _Side(y, dot.free(1, y.type.rank), tuple(j for _, j in pairs))
    if not right.is_ragged:
        return (_product(rewriter, left, right),)
    if left.is_ragged:
        return None
    swapped = _product(rewriter, right, left)
    n = len(right.free)
    order = (*range(n, n + len(left.free)), *range(n))
    return (rewriter.emit(Transpose(order), swapped),)


def is_matrix_product(dot: Dot, x: ArrayType, y: ArrayType) -> bool:
    """Whether this `dot` is worth a BLAS call."""
    rows, row_symbols = count(tuple(x.shape[a] for a in dot.free(0, x.rank)))
    columns, column_symbols = count(tuple(y.shape[a] for a in dot.free(1, y.rank)))
    inner, inner_symbols = count(tuple(x.shape[a] for a in dot.contract[0]))
    if x.dtype.kind != "f" or dot.batch_axes[0] or inner_symbols or inner <= 1:
        return False
    if rows * columns == 1 or (rows == 1 and not row_symbols) or (columns == 1 and not column_symbols):
        return False
    batched = row_symbols or column_symbols
    return rows * columns * inner > (SMALL_EXAMPLE if batched else SMALL_WORK)


def _product(rewriter: Rewriter, x: _Side, y: _Side) -> Atom:
    """The product of two sides as `matmul`, with the shape of the `dot`: the free axes of x, then those of y."""
    left, left_flag = _matrix(rewriter, x, keep_rows=True)
    right, right_flag = _matrix(rewriter, y, keep_rows=False)
    # the flag of y says where its contracted axis lies: last means that BLAS must transpose it
    product = rewriter.emit(Matmul((left_flag, not right_flag)), left, right)
    return _reshape(rewriter, product, x.extents(x.free) + y.extents(y.free))


def _matrix(rewriter: Rewriter, side: _Side, keep_rows: bool) -> tuple[Atom, bool]:
    """One operand as a matrix, and whether its contracted axis comes first. Rows may stay several axes."""
    order = range(side.atom.type.rank)
    inner = math.prod(d for d in side.extents(side.contracted) if isinstance(d, int))
    free = side.extents(side.free)
    if (*side.contracted, *side.free) == tuple(order) and not side.is_ragged:
        return _reshape(rewriter, side.atom, (inner, *_merged(free))), True
    atom = side.atom
    if (*side.free, *side.contracted) != tuple(order):
        atom = rewriter.emit(Transpose((*side.free, *side.contracted)), atom)
    rows = free if keep_rows else _merged(free)
    return _reshape(rewriter, atom, (*rows, inner)), False


def _merged(shape: Shape) -> Shape:
    """One axis in place of several."""
    return shape if len(shape) == 1 else (math.prod(d for d in shape if isinstance(d, int)),)


def _reshape(rewriter: Rewriter, atom: Atom, shape: Shape) -> Atom:
    return atom if atom.type.shape == shape else rewriter.emit(Reshape(shape), atom)
