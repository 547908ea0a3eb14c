"""Long rows are sorted by calls on whole arrays; short ones, and rows within loops, by networks within kernels."""

import math

import numpy as np

from vtrace.ir.builder import Builder, replay
from vtrace.ir.graph import Atom, Equation, Graph, Literal
from vtrace.ir.primitive import Primitive
from vtrace.ir.types import DType, Symbol
from vtrace.ops.argsort import ArgSort
from vtrace.ops.control import Mapped
from vtrace.ops.indexing import Gather
from vtrace.ops.long_sort import ArgPartitionRows, ArgSortRows, PartitionRows, SortRows
from vtrace.ops.movement import Transpose
from vtrace.ops.sorting import OrderStatistics, Sort

ALONE = 64
"""Elements of all that is sorted without a batch from which on a call is faster than scalar code."""
MOST_BYTES = 1 << 14
"""Bytes of one example from which on lanes over examples would not find room for it in the cache..."""
SHORT = {"sort": 32, "argsort": 256, "order_statistics": 128}
"""... where networks are faster for many rows of up to so many elements alone: each is read once, from memory."""
LONGEST = {"sort": 2048, "argsort": 2048, "order_statistics": 1024}
"""Elements of a row up to which a network is faster: measured with AVX2, where NumPy is as fast from there on."""
LONGEST_OF_BYTES = {"sort": 2048, "argsort": 512, "order_statistics": 1024}
"""The same for elements that NumPy sorts by radix."""


LONGEST_PARTED = {"sort": 8192, "argsort": 8192}
"""Bytes of a row up to which to sort it by a network is faster than to partition it: with AVX-512 three times as fast
for 1000 elements, of any type. With AVX2 NumPy had been as fast from 1600 bytes on."""


def sorting(graph: Graph) -> Graph:
    """`mapped[sort] x:f64[b,10000]  =>  sort_rows x`: a library call for what is long or, without a batch, large."""
    if not any(isinstance(_innermost(e.primitive), Sort | ArgSort | OrderStatistics) for e in graph.equations):
        return graph
    return replay(graph, _rule)


def _innermost(op: Primitive) -> Primitive:
    while isinstance(op, Mapped):
        op = op.primitive
    return op


def _rule(builder: Builder, equation: Equation, inputs: tuple[Atom, ...]) -> tuple[Atom, ...] | None:
    op = _innermost(equation.primitive)
    if not isinstance(op, Sort | ArgSort | OrderStatistics):
        return None
    (x,) = inputs
    axes = _batch_axes(equation.primitive, x.type.rank)
    (row,) = (a for a in range(x.type.rank) if a not in axes)
    outer = [x.type.shape[a] for a in axes]
    size = x.type.shape[row]
    assert isinstance(size, int)
    if _is_short(op, size, outer, x.type.dtype):
        return None
    order = (*axes, row)
    rows = x if order == tuple(range(x.type.rank)) else builder.emit(Transpose(order), x)
    if isinstance(op, Sort):
        return (builder.emit(PartitionRows(op.positions) if op.positions else SortRows(), rows),)
    if isinstance(op, ArgSort):
        return (builder.emit(ArgPartitionRows(op.positions) if op.positions else ArgSortRows(), rows),)
    parted = builder.emit(PartitionRows(tuple(sorted(set(op.positions)))), rows)
    return (builder.emit(Gather(len(outer)), parted, Literal.of(np.array(op.positions, np.int64))),)


def _batch_axes(op: Primitive, rank: int) -> list[int]:
    """The axes of the operand that `mapped` takes away, from the outermost one in."""
    left, found = list(range(rank)), []
    while isinstance(op, Mapped):
        (axis,) = op.in_axes
        assert axis is not None
        found.append(left.pop(axis))
        op = op.primitive
    return found


def _is_short(op: Sort | ArgSort | OrderStatistics, size: int, outer: list[int | Symbol], dtype: DType) -> bool:
    """Whether a network is the faster way."""
    if size <= 1 or op == OrderStatistics(()):
        return True
    elements = size * math.prod(d for d in outer if isinstance(d, int))
    if not any(isinstance(d, Symbol) for d in outer):
        return elements <= ALONE
    longest = (LONGEST_OF_BYTES if dtype.itemsize <= 2 else LONGEST)[op.name]
    if isinstance(op, Sort | ArgSort) and op.positions:
        longest = min(longest, LONGEST_PARTED[op.name] // dtype.itemsize)
    if elements * dtype.itemsize > MOST_BYTES:
        longest = min(longest, SHORT[op.name])
    return size <= longest
