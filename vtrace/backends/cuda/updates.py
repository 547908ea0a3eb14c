"""Updates of one array at many positions that data decides, by many threads: how they are divided.

One thread for each update, with atomics, where the order of updates does not matter:

    integers    add, maximum, minimum, and, or, xor: as they are, in 32 bits at least
    floats      maximum and minimum: as integers of the same order, in which NaN is above everything;
                add: as exact sums (see `exact_sum`), rounded once
    set         the number of the last update of each row is found first, which is a maximum

Where many updates are of few elements, there are several arrays of these, so that threads do not wait for each other.

Products depend on the order, and exact sums may need too much memory. There the updates are cut into parts, each of
them with an array of its own, where one thread makes its updates one after the other; the arrays are joined at the end,
in order. How many parts there are depends on static extents only, so the bits are always the same.

With VTRACE_CUDA_ATOMICS=1 floats are added by atomics as they are, in any order.
"""

import math
import os
from dataclasses import dataclass, replace

from vtrace.backends.cuda.exact_sum import DIGITS
from vtrace.backends.cuda.layout import choose_for_device
from vtrace.backends.layout import Layout
from vtrace.ir.graph import Equation, Graph, Var
from vtrace.ir.types import BOOL, DTYPES, INT64, DType, Symbol, static_shape
from vtrace.ops.arithmetic import Add, Maximum, Minimum, Mul, Sub
from vtrace.ops.kinds import Binary, Elementwise
from vtrace.ops.logic import And, Or, Xor
from vtrace.ops.movement import Broadcast, Reshape, Reverse, Slice, Transpose
from vtrace.ops.scatter import Scatter

FEWEST = 256
"""Fewer updates are made by one thread, one after the other."""
LEAST_OF_PART = 64
MOST_THREADS = 1 << 16
MOST_PARTS = 4096
PARTS_BYTES = 256 << 20
"""Of the arrays of all parts."""
EXACT_BYTES = 1 << 29
"""Of all exact sums."""
COPIES, COPIES_BYTES = 32, 4 << 20
"""Arrays for neighbouring updates to take by turns, and their size."""
MANY = 64
"""Updates of an element, from which on they do."""
_PULLED = (Elementwise, Broadcast, Reshape, Reverse, Slice, Transpose)
"""What an index, or the updates, may be computed by where they are read."""
_ATOMIC: dict[type[Binary], str] = {Add: "add", Sub: "sub", And: "and", Or: "or", Xor: "xor"}
_EXTREME: dict[type[Binary], str] = {Maximum: "max", Minimum: "min"}


@dataclass(frozen=True)
class Plan:
    """How the updates of one `scatter` are divided. Where they happen are cells: one for each element and part."""

    kind: str
    """atomic, keys (atomics on floats as integers), exact (sums), last (of the updates of a row), or parts."""
    cell: DType
    operation: str = ""
    """Of the atomics, as LLVM calls it."""
    parts: int = 1
    """Arrays of cells."""
    length: int = 1
    """Updates of a part that follow one another."""
    words: int = 1
    """Of a cell."""
    in_place: bool = False
    """Whether the cells are the result."""

    @property
    def phases(self) -> tuple[str, ...]:
        """Kernels that run one after the other: begin, update and, where the cells are not the result, end."""
        return ("begin", "update") if self.in_place else ("begin", "update", "end")


def scatter_of(graph: Graph) -> tuple[int, Equation] | None:
    """The scatter that is all there is to a kernel, beside what computes its operands; None for another kernel."""
    found = [(k, e) for k, e in enumerate(graph.equations) if isinstance(e.primitive, Scatter)]
    others = [e for e in graph.equations if not isinstance(e.primitive, Scatter)]
    if len(found) != 1 or graph.outputs != found[0][1].outputs:
        return None
    if any(isinstance(d, Symbol) for v in _values(graph) for d in v.type.shape):
        return None
    return found[0] if all(isinstance(e.primitive, _PULLED) for e in others) else None


def _values(graph: Graph) -> list[Var]:
    return [*graph.inputs, *(v for e in graph.equations for v in e.outputs)]


def plan_of(graph: Graph) -> Plan | None:
    """How to divide the updates of a kernel; None if one thread has to make them, or there are few."""
    if (found := scatter_of(graph)) is None:
        return None
    _, equation = found
    op, (x, index, _) = equation.primitive, (a.type for a in equation.inputs)
    assert isinstance(op, Scatter)
    (count,), (rows, *rest) = static_shape(index.shape), static_shape(x.shape)
    inner = math.prod(rest)
    if count < FEWEST or rows * inner == 0:
        return None
    if op.combine is None:
        return Plan("last", INT64, "max")
    plan = _atomic(op.combine, x.dtype)
    if plan is None or (plan.kind == "exact" and rows * inner * plan.words * plan.cell.itemsize > EXACT_BYTES):
        return _in_parts(op.combine, x.dtype, count, rows * inner, inner)
    size = rows * inner * plan.words * plan.cell.itemsize
    if count < MANY * rows or COPIES * size > COPIES_BYTES:
        return plan
    return replace(plan, parts=COPIES, in_place=False)


def _atomic(combine: Binary, dtype: DType) -> Plan | None:
    if dtype.kind == "f":
        if type(combine) in _EXTREME:  # the minimum is the maximum of what has the other sign
            return Plan("keys", DTYPES[f"i{8 * dtype.itemsize}"], "max")
        if isinstance(combine, Add) and atomics_are_asked_for():
            return Plan("atomic", dtype, "fadd", in_place=True)
        if isinstance(combine, Add | Sub):
            return Plan("exact", INT64, "add", words=DIGITS[dtype.itemsize] + 1)
        return None
    operation = _ATOMIC.get(type(combine)) or _EXTREME.get(type(combine))
    if operation is None:
        return None
    cell = dtype if dtype.itemsize >= 4 and dtype != BOOL else DTYPES["i32"]
    unsigned = "u" if cell.kind == "u" and type(combine) in _EXTREME else ""
    return Plan("atomic", cell, unsigned + operation, in_place=cell == dtype)


def _in_parts(combine: Binary, dtype: DType, count: int, elements: int, inner: int) -> Plan | None:
    if not isinstance(combine, Add | Sub | Mul):
        return None
    room = PARTS_BYTES // (elements * dtype.itemsize)
    parts = min(count // LEAST_OF_PART, MOST_PARTS, max(MOST_THREADS // inner, 1), room)
    if parts < 1 or parts * inner == 1:
        return None
    length = -(-count // parts)
    parts = -(-count // length)
    return Plan("parts", dtype, parts=parts, length=length, in_place=parts == 1)


def items_of(graph: Graph, plan: Plan, phase: str) -> int:
    """How many items a phase has, of which a thread does one after the other."""
    found = scatter_of(graph)
    assert found is not None
    x, index, _ = (a.type for a in found[1].inputs)
    (rows, *rest), (count,) = static_shape(x.shape), static_shape(index.shape)
    inner = math.prod(rest)
    if phase == "end":
        return rows * inner
    if plan.kind == "last":
        return rows if phase == "begin" else count
    if phase == "begin":
        return plan.parts * rows * inner
    return (plan.parts if plan.kind == "parts" else count) * inner


def thread_layout(graph: Graph) -> Layout:
    """Threads that work by themselves, whatever the graph."""
    return replace(choose_for_device(graph), mode="thread", reason="a thread per update")


def atomics_are_asked_for() -> bool:
    """Whether floats may be added in any order, by atomics."""
    return os.environ.get("VTRACE_CUDA_ATOMICS", "0") not in ("", "0")
