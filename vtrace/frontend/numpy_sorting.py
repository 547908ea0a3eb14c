"""NumPy's sorts: sort, argsort, partition, argpartition and lexsort along an axis, and the largest elements."""

from typing import Any

import numpy as np

from vtrace.errors import DTypeError, ShapeError, UsageError
from vtrace.frontend.assignment import assign
from vtrace.frontend.complex_tracer import ComplexTracer
from vtrace.frontend.complexes.order import sorting_keys
from vtrace.frontend.core import INT64, axis_index, convert, count, reshape, static_int, transpose
from vtrace.frontend.dispatch import implements
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit_all, lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.primitive import Primitive
from vtrace.ops.argsort import ArgSort
from vtrace.ops.mapped import Mapped
from vtrace.ops.sorting import Sort
from vtrace.ops.top_k import TopK

_KINDS = ("quicksort", "heapsort", "mergesort", "stable")
FEW = 16
"""So many elements at most are the largest ones found by looking at each: more are found sooner by sorting."""


def along_rows(op: Primitive, x: Tracer, axis: int) -> tuple[Tracer, ...]:
    """The results of `op`, which takes a vector and gives vectors, for each row of `x` along `axis`."""
    if x.ndim == 1:
        return emit_all(op, x)
    others = [a for a in range(x.ndim) if a != axis]
    rows = transpose(x, (*others, axis))
    flat = reshape(rows, (count(rows.shape[:-1]), rows.shape[-1]))
    results = emit_all(Mapped(op, (0,), flat.shape[0]), flat)
    back = (*range(axis), x.ndim - 1, *range(axis, x.ndim - 1))
    return tuple(transpose(reshape(r, (*rows.shape[:-1], r.shape[-1])), back) for r in results)


def row_along_rows(op: Primitive, x: Tracer, axis: int) -> Tracer:
    """The same for an `op` with one result."""
    (result,) = along_rows(op, x, axis)
    return result


def _with_axis(a: Any, axis: Any) -> tuple[Tracer, int]:
    """The array, flat if `axis` is None, and its axis."""
    x = lift(a)
    return (reshape(x, (x.size,)), 0) if axis is None else (x, axis_index(axis, x.ndim))


def _check_kind(kind: Any, stable: Any) -> None:
    if kind is not None and (not isinstance(kind, str) or kind not in _KINDS):
        raise UsageError(f"{at_user_line()}: sort kind must be one of {', '.join(map(repr, _KINDS))} (got {kind!r})")
    if kind is not None and stable is not None:
        raise UsageError(f"{at_user_line()}: `kind` and `stable` parameters can't be provided at the same time")


@implements(np.sort)
def sort(a: Any, axis: Any = -1, kind: Any = None, *, stable: Any = None) -> Tracer:
    _check_kind(kind, stable)
    x, along = _with_axis(a, axis)
    if isinstance(x, ComplexTracer):
        return lift(np.take_along_axis(x, _complex_order(x, along), along))
    return row_along_rows(Sort(), x, along)


@implements(np.argsort)
def argsort(a: Any, axis: Any = -1, kind: Any = None, *, stable: Any = None) -> Tracer:
    """Always the stable one: of the orders NumPy may give, it is the one that is defined."""
    _check_kind(kind, stable)
    x, along = _with_axis(a, axis)
    if isinstance(x, ComplexTracer):
        return lift(_complex_order(x, along))
    return row_along_rows(ArgSort(), x, along)


def _complex_order(x: ComplexTracer, axis: int) -> Any:
    return lexsort(sorting_keys(x), axis)


def _positions(kth: Any, size: int) -> tuple[int, ...]:
    """The places that `kth` names, from the start."""
    if isinstance(kth, Tracer) and not kth.is_constant:
        raise DTypeError(f"{at_user_line()}: Partition index must be integer, and known while tracing, not {kth.type}")
    wanted = np.atleast_1d(kth.constant() if isinstance(kth, Tracer) else kth)
    if wanted.dtype == object or wanted.dtype.kind not in "iu":
        raise DTypeError(f"{at_user_line()}: Partition index must be integer, and known while tracing")
    for k in wanted.ravel():
        if not -size <= k < size:
            raise UsageError(f"{at_user_line()}: kth(={k}) out of bounds ({size})")
    return tuple(sorted({int(k) % size for k in wanted.ravel()}))


@implements(np.partition)
def partition(a: Any, kth: Any, axis: Any = -1, kind: str = "introselect") -> Tracer:
    x, along = _with_axis(a, axis)
    positions = _positions(kth, x.shape[along])
    return sort(x, along) if isinstance(x, ComplexTracer) else row_along_rows(Sort(positions), x, along)


@implements(np.argpartition)
def argpartition(a: Any, kth: Any, axis: Any = -1, kind: str = "introselect") -> Tracer:
    x, along = _with_axis(a, axis)
    positions = _positions(kth, x.shape[along])
    return argsort(x, along) if isinstance(x, ComplexTracer) else row_along_rows(ArgSort(positions), x, along)


@implements(np.sort_complex)
def sort_complex(a: Any) -> Tracer:
    x = sort(a)
    return x if x.dtype.kind == "c" else convert(x, np.dtype(np.complex64 if x.dtype.char in "bhBH" else np.complex128))


@implements(np.lexsort)
def lexsort(keys: Any, axis: int = -1) -> Any:
    rows = [lift(key) for key in keys]
    if not rows:
        raise DTypeError(f"{at_user_line()}: need sequence of keys with len > 0 in lexsort")
    if any(r.shape != rows[0].shape for r in rows):
        raise ShapeError(f"{at_user_line()}: all keys need to be the same shape")
    along = axis_index(axis, rows[0].ndim)
    order: Any = argsort(rows[0], along)
    for key in rows[1:]:
        within: Any = argsort(np.take_along_axis(key, order, along), along)
        order = np.take_along_axis(order, within, along)
    return order


def sort_in_place(x: Tracer, axis: Any = -1, kind: Any = None, stable: Any = None) -> None:
    """`x.sort()`"""
    if axis is None:
        raise DTypeError(
            f"{at_user_line()}: x.sort() takes an axis: 'NoneType' object cannot be one; use np.sort(x, None)"
        )
    assign(x, sort(x, axis, kind, stable=stable))


def partition_in_place(x: Tracer, kth: Any, axis: Any = -1, kind: str = "introselect") -> None:
    """`x.partition(kth)`"""
    assign(x, partition(x, kth, axis, kind))


def largest(operand: Any, k: Any, axis: Any = -1) -> tuple[Tracer, Tracer]:
    """The `k` largest elements along `axis` in descending order, NaN first, and their positions."""
    x, number = lift(operand), static_int(k, "k")
    along = axis_index(axis, x.ndim)
    size = x.shape[along]
    if not 0 <= number <= size:
        raise ShapeError(f"{at_user_line()}: top_k: k is {number}, and axis {axis} has {size} elements")
    if 0 < number <= FEW:
        values, at = along_rows(TopK(number), x, along)
        return values, at
    backwards = lift(np.flip(x, along))
    order: Any = np.flip(argsort(backwards, along), along)
    first = (*(slice(None),) * along, slice(0, number))
    positions: Any = np.subtract(np.asarray(size - 1, INT64), order[first])
    return lift(np.take_along_axis(x, positions, along)), lift(positions)
