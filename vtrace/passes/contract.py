"""Matrix products: a `dot` that is large becomes `matmul`, or `batched_matmul` with batch axes.

Which ones do: floats, something contracted, free axes on both sides (a matrix-vector product is limited by memory, and
fuses), and too much work for a loop nest. A batch axis that is free on one side is an axis like any other here, so
`vmap(vmap(dot))` ends as one matrix product.

A large product adds in another order than `dot` does: this is the one pass that may change the last bits of a result.
"""

import math
from collections import Counter
from dataclasses import dataclass
from functools import partial

from vtrace.ir.graph import Atom, Equation, Graph, Var
from vtrace.ir.types import ArrayType, Shape, Symbol, count, symbols_of
from vtrace.ops.contraction import Dot
from vtrace.ops.matmul import BatchedMatmul, Matmul
from vtrace.ops.movement import Reshape, Transpose
from vtrace.passes.rewrite import Rewriter, rewrite

SMALL_WORK = 32**3
"""Products of this many multiplications or fewer stay in the kernel: a call costs more than it saves."""

SMALL_EXAMPLE = 16**3
"""So do those of a batch with this many for one example or fewer: the matrix that all examples share stays in the
cache, lanes are examples, and the kernel is not split (a layer of a perceptron, with what follows it)."""

Product = Matmul | BatchedMatmul


def contract(graph: Graph) -> Graph:
    """`dot[contract=((1,),(0,))] x y  =>  matmul x y`, where the matrices are large; transposes become flags."""
    if not any(isinstance(e.primitive, Dot | Product) for e in graph.equations):
        return graph
    graph = rewrite(rewrite(graph, _dot_to_matmul), _transposed_operand)
    uses = Counter(a.index for e in graph.equations for a in e.inputs if isinstance(a, Var))
    uses.update(a.index for a in graph.outputs if isinstance(a, Var))
    return rewrite(graph, partial(_transposed_result, uses))


def _is_swap(equation: Equation | None) -> bool:
    """Whether it swaps the last two axes, and no others."""
    if equation is None or not isinstance(equation.primitive, Transpose):
        return False
    permutation = equation.primitive.permutation
    n = len(permutation)
    return permutation == (*range(n - 2), n - 1, n - 2)


def _transposed_operand(rewriter: Rewriter, equation: Equation) -> tuple[Atom, ...] | None:
    """`matmul (transpose x) y  =>  matmul[transpose=(True, False)] x y`"""
    op = equation.primitive
    if not isinstance(op, Product):
        return None
    operands, new = list(equation.inputs), list(op.transpose)
    for side, atom in enumerate(operands):
        source = rewriter.definition(atom)
        if source is not None and _is_swap(source) and (isinstance(op, BatchedMatmul) or atom.type.rank == 2):
            operands[side], new[side] = source.inputs[0], not op.transpose[side]
    if tuple(new) == op.transpose:
        return None
    return (rewriter.emit(type(op)((new[0], new[1])), *operands),)


def _transposed_result(uses: Counter[int], rewriter: Rewriter, equation: Equation) -> tuple[Atom, ...] | None:
    """`transpose (matmul x y)  =>  matmul[transpose=(True, True)] y x`, where nothing else reads the product."""
    if not _is_swap(equation):
        return None
    (product,) = equation.inputs
    source = rewriter.definition(product)
    if source is None or not isinstance(source.primitive, Product) or not isinstance(product, Var):
        return None
    x, y = source.inputs
    if uses[product.index] > 1 or (isinstance(source.primitive, Matmul) and x.type.rank != 2):
        return None
    left, right = source.primitive.transpose
    return (rewriter.emit(type(source.primitive)((not right, not left)), y, x),)


@dataclass(frozen=True)
class _Side:
    """One operand of a `dot`, its axes sorted. Axes that both operands share come in the order of the result."""

    atom: Atom
    shared: tuple[int, ...]
    free: tuple[int, ...]
    contracted: tuple[int, ...]

    def extents(self, axes: tuple[int, ...]) -> Shape:
        return tuple(self.atom.type.shape[a] for a in axes)

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The batch extents among the free axes."""
        return symbols_of(self.extents(self.free))

    @property
    def is_ragged(self) -> bool:
        """Whether its free axes cannot be merged into one: a batch extent times a number has no name in the IR."""
        return len(self.free) > 1 and bool(self.symbols)

    def sharing(self) -> "_Side":
        """The same, with the batch as an axis that both share, though the other has only one matrix for all."""
        batch = tuple(a for a in self.free if isinstance(self.atom.type.shape[a], Symbol))
        return _Side(self.atom, batch, tuple(a for a in self.free if a not in batch), self.contracted)


def _dot_to_matmul(rewriter: Rewriter, equation: Equation) -> tuple[Atom, ...] | None:
    if not isinstance(equation.primitive, Dot):
        return None
    dot, (x, y) = equation.primitive, equation.inputs
    if not is_matrix_product(dot, x.type, y.type):
        return None
    pairs = sorted(zip(*dot.contract, strict=True))
    left = _Side(x, dot.batch_axes[0], dot.free(0, x.type.rank), tuple(i for i, _ in pairs))
    right = _Side(y, dot.batch_axes[1], dot.free(1, y.type.rank), tuple(j for _, j in pairs))
    if left.shared:
        return (_product(rewriter, left, right),) if not (left.symbols or right.symbols) else None
    if not right.is_ragged:
        return (_product(rewriter, left, right),)
    if left.is_ragged:
        return None
    # one matrix times each of a batch, whose axis is somewhere among the free ones of the second operand
    product = _product(rewriter, left, right.sharing())
    n, at = len(left.free), next(i for i, d in enumerate(right.extents(right.free)) if isinstance(d, Symbol))
    order = (*range(1, 1 + n + at), 0, *range(1 + n + at, product.type.rank))
    return (rewriter.emit(Transpose(order), product),)


def is_matrix_product(dot: Dot, x: ArrayType, y: ArrayType) -> bool:
    """Whether this `dot` is worth a call."""
    rows, row_symbols = count(tuple(x.shape[a] for a in dot.free(0, x.rank)))
    columns, column_symbols = count(tuple(y.shape[a] for a in dot.free(1, y.rank)))
    inner, inner_symbols = count(tuple(x.shape[a] for a in dot.contract[0]))
    if x.dtype.kind != "f" or inner_symbols or inner <= 1:
        return False
    if (rows == 1 and not row_symbols) or (columns == 1 and not column_symbols):
        return False
    if rows == columns == 1:  # an outer product of batches
        return False
    batched = dot.batch_axes[0] or row_symbols or column_symbols
    return rows * columns * inner > (SMALL_EXAMPLE if batched else SMALL_WORK)


def _product(rewriter: Rewriter, x: _Side, y: _Side) -> Atom:
    """The product of two sides, with the shape of the `dot`: shared axes, free ones of x, free ones of y."""
    left, left_flag = _matrix(rewriter, x, keep_rows=not (x.shared or y.shared))
    right, right_flag = _matrix(rewriter, y, keep_rows=False)
    # the flag of y says where its contracted axis lies: last means that it is to be transposed
    op = BatchedMatmul if x.shared or y.shared else Matmul
    product = rewriter.emit(op((left_flag, not right_flag)), left, right)
    shared = x.extents(x.shared) or y.extents(y.shared)
    return _reshape(rewriter, product, shared + x.extents(x.free) + y.extents(y.free))


def _matrix(rewriter: Rewriter, side: _Side, keep_rows: bool) -> tuple[Atom, bool]:
    """One operand as a matrix, and whether its contracted axis comes first. Rows may stay several axes."""
    order = tuple(range(side.atom.type.rank))
    inner = math.prod(d for d in side.extents(side.contracted) if isinstance(d, int))
    shared, free = side.extents(side.shared), side.extents(side.free)
    if (*side.shared, *side.contracted, *side.free) == order and not side.is_ragged:
        return _reshape(rewriter, side.atom, (*shared, inner, *_merged(free))), True
    atom = side.atom
    if (*side.shared, *side.free, *side.contracted) != order:
        atom = rewriter.emit(Transpose((*side.shared, *side.free, *side.contracted)), atom)
    rows = free if keep_rows else _merged(free)
    return _reshape(rewriter, atom, (*shared, *rows, inner)), False


def _merged(shape: Shape) -> Shape:
    """One axis in place of several."""
    return shape if len(shape) == 1 else (math.prod(d for d in shape if isinstance(d, int)),)


def _reshape(rewriter: Rewriter, atom: Atom, shape: Shape) -> Atom:
    return atom if atom.type.shape == shape else rewriter.emit(Reshape(shape), atom)
