"""How many vector instructions one example would take in either layout: what the choice between them rests on.

It counts what the machine code will do, coarsely: a simple operation is 1, a function FUNCTION, an element fetched by a
gather GATHER, one that is turned around in registers TURN. Lanes over examples share every instruction; lanes along
rows pay for the last, partly filled vector of each row, for scalars, and for joining lanes at the end of a fold.
"""

import math
from collections.abc import Sequence

from vtrace.backends.pairs import pair_inputs, pair_outputs
from vtrace.backends.spread import Spread
from vtrace.ir.graph import Equation, Graph
from vtrace.ir.primitive import ElementPrimitive, Primitive
from vtrace.ir.types import ArrayType, Shape, Symbol, count, static_shape
from vtrace.ops.complex_parts import Interleave, Part
from vtrace.ops.contraction import Dot
from vtrace.ops.control import Cond, Mapped, Scan, While
from vtrace.ops.indexing import Gather
from vtrace.ops.kinds import FLOATS, Elementwise, Reduction, Uniform
from vtrace.ops.movement import Broadcast, Reshape, Slice, Transpose
from vtrace.ops.procedure import Work, work_of
from vtrace.ops.windows import Windows

FUNCTION = 10
"""How many simple operations a transcendental function is worth."""
TRIPS = 100
"""How many trips a `while` is taken to make: nobody knows, but loops are seldom short."""
WAIT = 4.0
"""The least for a trip of a loop where no other example's trip runs beside it: one waits for the one before."""
GATHER = 1.5
"""For each element, whatever the number of lanes."""
JUMP = 2.5
"""For each read or write at a place that data decides, half of which are scatters; those of one example are plain."""
TURN = 5.0
"""Loads and shuffles, for a vector of elements."""
TURN_LONG = 7.0
"""The same for rows of more than SHORT_ROW elements, which do not stay in registers."""
SHORT_ROW = 16
"""Rows of at most this many elements are turned around as one stretch of memory; longer ones in square tiles."""
SHORT = 2.0
"""For a product of rows shorter than half a vector: what they are multiplied by is repeated for every few elements."""
BLOCK = 3.0
"""The same where several such rows share a vector: both operands must be put in order."""
UNROLLED = 16
"""Folds of at most this many elements become straight-line code."""
JOIN = 8.0
"""For joining the lanes of an accumulator."""
ROOM_FOR_ROWS = 1 << 18
"""The most memory for rows that are turned around, in bytes per thread; past it, elements are read one by one."""
ROOM_FOR_KEPT = 1 << 19
"""The most memory for all that a block of examples keeps: beyond the second-level cache lanes over examples lose."""


def example(shape: Shape, symbol: Symbol | None) -> tuple[int, ...]:
    """The shape of one example's part of a value."""
    return tuple(d for d in shape if d != symbol and isinstance(d, int))


def across_examples(graph: Graph, symbol: Symbol, width: int) -> float:
    """Vector instructions for one example where the lanes are examples."""
    moved = sum(_turned(a.type, symbol, width) for a in (*graph.inputs, *graph.outputs))
    if kept(graph) * width > ROOM_FOR_KEPT:
        return math.inf
    return moved + sum(_operations(e, symbol, width) for e in graph.equations) / width


def _turned(type_: ArrayType, symbol: Symbol, width: int) -> float:
    """Moving one example's part of an input or output between memory and lanes."""
    if symbol not in type_.shape:
        return 0.0
    size = math.prod(example(type_.shape, symbol))
    if size == 1 or type_.shape[-1] == symbol:
        return size / width
    fits = size * width * type_.dtype.itemsize <= ROOM_FOR_ROWS
    turn = TURN if size <= SHORT_ROW else TURN_LONG
    return turn * size / width if fits and type_.shape[0] == symbol else GATHER * size


_NOT_KEPT = (Elementwise, Broadcast, Reshape, Transpose, Slice, Windows, Part, Interleave)
"""What is computed where it is read."""


def kept(graph: Graph) -> int:
    """Bytes of one example that must be kept: arguments, results, and what folds and loops compute."""
    symbols = {d for a in (*graph.inputs, *graph.outputs) for d in a.type.shape if isinstance(d, Symbol)}
    batched = [a.type for a in (*graph.inputs, *graph.outputs) if not symbols or symbols & set(a.type.shape)]
    return sum(map(_bytes, batched)) + _kept_inside(graph)


def _kept_inside(graph: Graph) -> int:
    """The same for what is neither argument nor result."""
    total = 0
    for equation in graph.equations:
        if not isinstance(equation.primitive, _NOT_KEPT):
            total += sum(_bytes(v.type) for v in equation.outputs)
        if (work := _work(equation)) is not None:
            total += work.scratch
        for inner in subgraphs(equation.primitive):  # its arguments lie outside of it, all examples may share them
            total += sum(_bytes(a.type) for a in inner.outputs) + _kept_inside(inner)
    return total


def _bytes(type_: ArrayType) -> int:
    return math.prod(example(type_.shape, None)) * type_.dtype.itemsize


def _work(equation: Equation) -> Work | None:
    """What the equation takes if it is a procedure."""
    return work_of(equation.primitive, [a.type for a in equation.inputs])


def _operations(equation: Equation, symbol: Symbol | None, width: int) -> float:
    """Operations on single elements, for one example; `width` times what each lane does for itself."""
    op = equation.primitive
    if (work := _work(equation)) is not None:
        return work.operations + JUMP * width * work.jumps
    if not isinstance(op, ElementPrimitive):
        return trips_of(op) * sum(_operations(e, None, width) for g in subgraphs(op) for e in g.equations)
    result = math.prod(example(equation.outputs[0].type.shape, symbol))
    return result * weight_of(op, [a.type.shape for a in equation.inputs])


def operations(graph: Graph) -> float:
    """Operations on single elements of a graph of one example."""
    return sum(_operations(e, None, 1) for e in graph.equations)


def weight_of(op: Primitive, operands: Sequence[Shape]) -> float:
    """Operations for one element of the result."""
    if isinstance(op, Dot):
        return math.prod(d for a in op.contract[0] if isinstance(d := operands[0][a], int))
    if isinstance(op, Reduction):
        return math.prod(d for a in op.axes if isinstance(d := operands[0][a], int))
    if isinstance(op, Elementwise):
        return FUNCTION if isinstance(op, Uniform) and op.kinds == FLOATS else op.work
    return 0.0 if isinstance(op, Windows) else 0.5


def along_rows(graph: Graph, symbol: Symbol | None, spread: Spread) -> float:
    """Vector instructions for one example where the lanes are neighbouring elements of its rows."""
    pairs = pair_inputs(graph) | pair_outputs(graph).keys()
    arrays = [a for a in (*graph.inputs, *graph.outputs) if symbol in a.type.shape]
    rows = [(a in pairs, example(a.type.shape, symbol)) for a in arrays]
    moved = sum(2 * spread.vectors(row[:-1]) if is_pairs else spread.vectors(row) for is_pairs, row in rows)
    return moved + sum(_row_cost(e, symbol, spread) for e in graph.equations)


def _row_cost(equation: Equation, symbol: Symbol | None, spread: Spread) -> float:
    op, width = equation.primitive, spread.width
    if (work := _work(equation)) is not None:
        return work.operations + work.jumps
    if not isinstance(op, ElementPrimitive):
        return trips_of(op) * max(WAIT, sum(_row_cost(e, None, spread) for g in subgraphs(op) for e in g.equations))
    result = example(equation.outputs[0].type.shape, symbol)
    if isinstance(op, Interleave):
        return spread.vectors(result[:-1])
    operands = [a.type.shape for a in equation.inputs]
    weight = weight_of(op, operands)
    if not isinstance(op, Dot | Reduction):
        columns = GATHER * math.prod(result) if result and _reads_columns(op, operands) else 0.0
        return spread.vectors(result) * weight + columns
    if folds_rows(equation, result, spread):
        return _of_rows(result, weight, width)
    if (lanes := spread.lanes(result)) > 1:
        short = 1.0 if lanes >= width // 2 else SHORT if spread.rows(result) == 1 else BLOCK
        return spread.vectors(result) * weight * (short + GATHER * lanes * _strided(op, operands))
    if weight < width // 2:
        return math.prod(result) * weight
    return _of_rows(result, weight, width, 1.0 + GATHER * width * _crosses(op, operands))


def folds_rows(equation: Equation, result: Shape, spread: Spread) -> bool:
    """Whether the many elements of a fold take less where lanes lie along what is folded, not along the result.

    Of a matrix times a vector, for one: neighbours in the result are of different rows. `result` is one example's.
    """
    op, operands = equation.primitive, [a.type.shape for a in equation.inputs]
    if not isinstance(op, Dot | Reduction) or not all(isinstance(d, int) for d in result):
        return False
    if (lanes := spread.lanes(result)) == 1 or not _strided(op, operands) or _crosses(op, operands):
        return False
    if count(result)[0] * equation.outputs[0].type.dtype.itemsize > ROOM_FOR_ROWS:
        return False
    weight = weight_of(op, operands)
    if count(result)[0] <= UNROLLED or weight < spread.width:
        return False
    gathered = spread.vectors(result) * weight * (1.0 + GATHER * lanes)
    return _of_rows(static_shape(result), weight, spread.width) < gathered


def _of_rows(result: tuple[int, ...], weight: float, width: int, reads: float = 1.0) -> float:
    """A fold along rows, whose lanes are joined at the end."""
    return math.prod(result) * (math.ceil(weight / width) * reads + JOIN)


def unrolls(graph: Graph) -> bool:
    """Whether all folds of a graph are straight-line code."""
    folds = (e for e in graph.equations if isinstance(e.primitive, Dot | Reduction))
    if any(weight_of(e.primitive, [a.type.shape for a in e.inputs]) > UNROLLED for e in folds):
        return False
    return all(unrolls(inner) for e in graph.equations for inner in subgraphs(e.primitive))


def _strided(op: Dot | Reduction, operands: Sequence[Shape]) -> bool:
    """With lanes along the result's last axis: does some operand step over its rows?"""
    if isinstance(op, Reduction):
        return len(operands[0]) - 1 in op.axes
    free = [op.free(side, len(operands[side])) for side in (0, 1)]
    side = 1 if free[1] else 0
    return not free[side] or free[side][-1] != len(operands[side]) - 1


def _reads_columns(op: Primitive, operands: Sequence[Shape]) -> bool:
    """With lanes along the result's last axis: does each lane read another row?"""
    if isinstance(op, Transpose):
        return op.permutation[-1] != len(op.permutation) - 1
    if isinstance(op, Gather):
        return op.axis == len(operands[0]) - 1 and len(operands[1]) == op.batch_rank
    return False


def _crosses(op: Dot | Reduction, operands: Sequence[Shape]) -> bool:
    """With lanes along the last folded axis: does some operand step over its rows?"""
    if isinstance(op, Reduction):
        return bool(op.axes) and op.axes[-1] != len(operands[0]) - 1
    return any(axes and axes[-1] != len(shape) - 1 for axes, shape in zip(op.contract, operands, strict=True))


def trips_of(op: Primitive) -> float:
    """How often the body of a loop runs, or is taken to run."""
    if isinstance(op, Mapped):
        return trips_of(op.primitive) * (op.size if isinstance(op.size, int) else 1)
    if isinstance(op, While):
        return TRIPS
    return op.length if isinstance(op, Scan) else 1.0


def subgraphs(op: Primitive) -> tuple[Graph, ...]:
    """The graphs of a loop or a branch, batched or not."""
    if isinstance(op, Mapped):
        return subgraphs(op.primitive)
    if isinstance(op, Cond):
        return op.branches
    if isinstance(op, While):
        return (op.cond, op.body)
    return (op.body,) if isinstance(op, Scan) else ()
