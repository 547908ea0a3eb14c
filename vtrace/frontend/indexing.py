"""`x[...]`: NumPy's basic and advanced indexing, with static and with traced indices.

Every index is first brought to a list of items, one per axis of the array and one per new axis. Slices, integers and
new axes become `slice` and `reshape`; a traced integer and index arrays become `gather`. Several index arrays are one
gather over the axes they cover, merged into one.
"""

import operator
from collections.abc import Sequence
from types import EllipsisType
from typing import Any, TypeAlias

import numpy as np

from vtrace.errors import ConcretizationError, IndexOutOfRangeError, UnsupportedError
from vtrace.frontend.complex_tracer import ComplexTracer
from vtrace.frontend.core import INT64, convert, count, reshape, shape_of, transpose, view
from vtrace.frontend.numpy_movement import slice_axis
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit, lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import Array
from vtrace.ops.index_check import CheckIndex
from vtrace.ops.indexing import Gather

Item: TypeAlias = "int | slice | Array | Tracer | None"
"""A normalised item: an integer and an array of integers are in range and not negative, a slice has all its parts."""

_VALID = (
    "only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or boolean arrays are valid "
    "indices"
)


def _fail(message: str) -> IndexOutOfRangeError:
    return IndexOutOfRangeError(f"{at_user_line()}: {message}")


def _raw_items(index: Any) -> list[Any]:
    """The index as a list, with lists made arrays, constants made known, and boolean masks made positions."""
    items: list[Any] = []
    for item in index if isinstance(index, tuple) else (index,):
        if isinstance(item, list | tuple):
            holds_tracer = any(isinstance(v, Tracer) for v in item)
            item = lift(item) if holds_tracer else np.asarray(item, dtype=None if len(item) else np.int64)
        if isinstance(item, Tracer):
            item = item.constant() if item.is_constant else _check_traced(item)
        if isinstance(item, bool | np.bool_) or (
            isinstance(item, np.ndarray) and item.ndim == 0 and item.dtype == bool
        ):
            raise UnsupportedError(f"{at_user_line()}: indexing with a single bool is not supported on traced arrays")
        items.append(item)
    return items


def _check_traced(item: Tracer) -> Tracer:
    if item.dtype.kind == "b":
        raise UnsupportedError(
            f"{at_user_line()}: x[mask] with a traced mask {item.type} has a shape that depends on the values; "
            "use np.where(mask, x, other), which keeps the shape"
        )
    if item.dtype.kind not in "iu":
        raise _fail(_VALID if item.ndim == 0 else "arrays used as indices must be of integer (or boolean) type")
    return convert(item, INT64)


def parse(x: Tracer, index: Any, bounded: bool = True) -> list[Item]:
    """One item per axis of `x`, in order, and None for each new axis.

    An index that is known and out of range is an error or, without `bounded`, stays as it is, in an array.
    """
    items = _raw_items(index)
    used = sum(_axes_used(i) for i in items)
    if used > x.ndim:
        raise _fail(f"too many indices for array: array is {x.ndim}-dimensional, but {used} were indexed")
    dots = [n for n, i in enumerate(items) if isinstance(i, EllipsisType)]
    if len(dots) > 1:
        raise _fail("an index can only have a single ellipsis ('...')")
    at = dots[0] if dots else len(items)
    items[at : at + len(dots)] = [slice(None)] * (x.ndim - used)
    result: list[Item] = []
    axis = 0
    for item in items:
        result.extend(_normalised(item, x, axis, bounded))
        axis += _axes_used(item)
    return result


def _axes_used(item: Any) -> int:
    if item is None or isinstance(item, EllipsisType):
        return 0
    return item.ndim if isinstance(item, np.ndarray) and item.dtype == bool else 1


def _normalised(item: Any, x: Tracer, axis: int, bounded: bool) -> list[Item]:
    if item is None or isinstance(item, Tracer):
        return [item]
    extent = x.shape[axis]
    if isinstance(item, slice):
        return [_static_slice(item, extent)]
    if isinstance(item, np.ndarray) and item.dtype == bool:
        return list(_positions(item, x, axis))
    if isinstance(item, np.ndarray) and item.ndim:
        return [_positions_of(item, axis, extent, bounded)]
    try:
        number = operator.index(item)
    except TypeError:
        raise _fail(_VALID) from None
    if not bounded:
        return [np.asarray(number, np.int64)]
    if not -extent <= number < extent:
        raise _fail(f"index {number} is out of bounds for axis {axis} with size {extent}")
    return [number % extent]


def _positions_of(item: Array, axis: int, extent: int, bounded: bool) -> Array:
    """An index array that is known, counted from the start."""
    if item.dtype.kind not in "iu":
        raise _fail("arrays used as indices must be of integer (or boolean) type")
    if not bounded:
        return item.astype(np.int64)
    outside = item[(item < -extent) | (item >= extent)]
    if outside.size:
        raise _fail(f"index {outside.flat[0]} is out of bounds for axis {axis} with size {extent}")
    positions = item.astype(np.int64)  # an int8 may not hold the extent
    return np.where(positions < 0, positions + extent, positions)


def _positions(mask: Array, x: Tracer, axis: int) -> tuple[Array, ...]:
    for i, extent in enumerate(mask.shape):
        if x.shape[axis + i] != extent:
            raise _fail(
                f"boolean index did not match indexed array along axis {axis + i}; size of axis is "
                f"{x.shape[axis + i]} but size of corresponding boolean axis is {extent}"
            )
    return mask.nonzero()


def _static_slice(item: slice, extent: int) -> slice:
    parts = (item.start, item.stop, item.step)
    if any(isinstance(p, Tracer) and not p.is_constant for p in parts):
        raise ConcretizationError(
            f"{at_user_line()}: the bounds of a slice must be Python integers, as they decide the shape of the result; "
            "for a window of fixed length at a traced position write x[start + np.arange(length)]"
        )
    start, stop, step = item.indices(extent)
    number = len(range(start, stop, step))
    # An empty slice may start outside; any empty range inside means the same.
    return slice(start, stop, step) if number else slice(0, 0, 1)


def is_static(items: Sequence[Item]) -> bool:
    """Whether no item is traced."""
    return not any(isinstance(i, Tracer) for i in items)


def is_basic(items: Sequence[Item]) -> bool:
    """Whether NumPy would make a view: no index arrays."""
    return not any(isinstance(i, np.ndarray | Tracer) and i.ndim for i in items)


def getitem(x: Tracer, index: Any) -> Tracer:
    """`x[index]`."""
    if isinstance(x, ComplexTracer):
        return ComplexTracer(getitem(x.re, index), getitem(x.im, index))
    items = parse(x, index)
    if not is_basic(items):
        return _advanced(x, items)
    if is_static(items):
        result = view(x, lambda t: taken(t, items), lambda n: n[mirror_index(items)])
    else:
        from vtrace.frontend.assignment import write_row  # built on this module

        result = view(x, lambda t: _rows(t, items), None, lambda t, value: write_row(t, items, value))
    if result.origin is not None:
        result.origin.index = index
    return result


def mirror_index(items: Sequence[Item]) -> tuple[Any, ...]:
    """The same index for a NumPy array."""
    return tuple(slice(i.start, None if i.stop < 0 else i.stop, i.step) if isinstance(i, slice) else i for i in items)


def taken(x: Tracer, items: Sequence[Item]) -> Tracer:
    """Slices, static integers and new axes; any other item leaves its axis as it is."""
    whole = _per_axis(x, items)
    part = slice_axis(x, *zip(*((s.start, s.stop, s.step) for s in whole), strict=True)) if whole else x
    extents = iter(part.shape)
    shape: list[int] = []
    for item in items:
        if item is None:
            shape.append(1)
            continue
        extent = next(extents)
        if not isinstance(item, int):
            shape.append(extent)
    return reshape(part, shape)


def _per_axis(x: Tracer, items: Sequence[Item]) -> list[slice]:
    """What is cut out along each axis of `x`."""
    cuts = []
    for axis, item in enumerate(i for i in items if i is not None):
        if isinstance(item, slice):
            cuts.append(item)
        else:
            cuts.append(slice(item, item + 1, 1) if isinstance(item, int) else slice(0, x.shape[axis], 1))
    return cuts


def _rows(x: Tracer, items: Sequence[Item]) -> Tracer:
    """Basic indexing in which some integers are traced: a gather for each, the last axis first."""
    result = taken(x, items)
    kept = [i for i in items if not isinstance(i, int)]
    for axis in reversed(range(len(kept))):
        item = kept[axis]
        if isinstance(item, Tracer):
            result = emit(Gather(axis), result, item)
    return result


def _advanced(x: Tracer, items: Sequence[Item]) -> Tracer:
    """Indexing with at least one index array; integers count as index arrays then, as in NumPy."""
    items = [np.asarray(i, dtype=np.int64) if isinstance(i, int) else i for i in items]
    places = [n for n, i in enumerate(items) if isinstance(i, np.ndarray | Tracer)]
    y = taken(x, items)
    extents = [x.shape[sum(i is not None for i in items[:n])] for n in places]
    axes = [sum(i is not None for i in items[:n]) for n in places]
    values = [i for i in items if isinstance(i, np.ndarray | Tracer)]
    if len(places) == 1:
        return emit(Gather(places[0]), y, lift(values[0]))
    adjacent = places == list(range(places[0], places[-1] + 1))
    front = places[0] if adjacent else 0
    rest = [a for a in range(y.ndim) if a not in places]
    y = transpose(y, [*rest[:front], *places, *rest[front:]])
    y = reshape(y, (*y.shape[:front], count(extents), *y.shape[front + len(places) :]))
    return emit(Gather(front), y, _linear(values, extents, axes))


def _linear(values: Sequence["Array | Tracer"], extents: Sequence[int], axes: Sequence[int]) -> Tracer:
    """One index into the merged axes."""
    checked_values = [
        checked(v, extent, axis) if isinstance(v, Tracer) else v
        for v, extent, axis in zip(values, extents, axes, strict=True)
    ]
    try:
        np.broadcast_shapes(*(v.shape for v in checked_values))
    except ValueError:
        shapes = " ".join(shape_of(v.shape) for v in checked_values)
        raise _fail(f"shape mismatch: indexing arrays could not be broadcast together with shapes {shapes}") from None
    total: Any = 0
    for n, value in enumerate(checked_values):
        total = total + value * count(extents[n + 1 :])
    return convert(total, INT64)


def checked(index: Tracer, extent: int, axis: int) -> Tracer:
    """A traced index, counted from the start where negative; one outside is an IndexError when the kernel runs."""
    return emit(CheckIndex(extent, axis), index)
