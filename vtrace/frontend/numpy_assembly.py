"""Arrays put together and taken apart: joining, splitting, blocks, insertion and deletion at known places."""

from itertools import pairwise
from typing import Any

import numpy as np

from vtrace.errors import IndexOutOfRangeError, ShapeError, UnsupportedError, UsageError
from vtrace.frontend.core import (
    alias,
    axis_index,
    broadcast_to,
    convert,
    count,
    fitted,
    full,
    reshape,
    static_int,
    static_shape_argument,
)
from vtrace.frontend.dispatch import implements
from vtrace.frontend.numpy_movement import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    concatenate,
    moveaxis,
    part_along,
    reshape_,
)
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift
from vtrace.frontend.tracer import Tracer


@implements(np.vstack)
def vstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Tracer:
    return concatenate([atleast_2d(a) for a in tup], 0, dtype=dtype, casting=casting)


@implements(np.hstack)
def hstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Tracer:
    tracers = [atleast_1d(a) for a in tup]
    return concatenate(tracers, 0 if tracers and tracers[0].ndim == 1 else 1, dtype=dtype, casting=casting)


@implements(np.dstack)
def dstack(tup: Any) -> Tracer:
    return concatenate([atleast_3d(a) for a in tup], 2)


@implements(np.column_stack)
def column_stack(tup: Any) -> Tracer:
    return concatenate([reshape_(a, (np.size(a), 1)) if np.ndim(a) < 2 else lift(a) for a in tup], 1)


@implements(np.append)
def append(arr: Any, values: Any, axis: int | None = None) -> Tracer:
    return concatenate([lift(arr), lift(values)], axis)


@implements(np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Tracer]:
    x = lift(ary)
    axis = axis_index(axis, x.ndim)
    extent = x.shape[axis]
    if isinstance(indices_or_sections, int | np.integer):
        if indices_or_sections <= 0:
            raise ShapeError(f"{at_user_line()}: number sections must be larger than 0.")
        each, more = divmod(extent, indices_or_sections)
        sizes = [each + 1] * more + [each] * (indices_or_sections - more)
        points = [sum(sizes[:i]) for i in range(len(sizes) + 1)]
    else:
        points = [0, *(static_int(i, "indices") for i in indices_or_sections), extent]
    return [part_along(x, axis, a, b) for a, b in pairwise(points)]


@implements(np.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Tracer]:
    x = lift(ary)
    extent = x.shape[axis_index(axis, x.ndim)]
    if isinstance(indices_or_sections, int | np.integer) and (indices_or_sections <= 0 or extent % indices_or_sections):
        raise ShapeError(f"{at_user_line()}: array split does not result in an equal division")
    return array_split(ary, indices_or_sections, axis)


@implements(np.unstack)
def unstack(x: Any, /, *, axis: int = 0) -> tuple[Tracer, ...]:
    return tuple(moveaxis(x, axis, 0))


def _halves(name: str, axis: int, rank: int) -> Any:
    def handler(ary: Any, indices_or_sections: Any) -> list[Tracer]:
        x = lift(ary)
        if x.ndim < rank:
            raise ShapeError(f"{at_user_line()}: {name} only works on arrays of {rank} or more dimensions")
        return split(x, indices_or_sections, axis)

    return handler


implements(np.vsplit)(_halves("vsplit", 0, 2))
implements(np.dsplit)(_halves("dsplit", 2, 3))


@implements(np.hsplit)
def hsplit(ary: Any, indices_or_sections: Any) -> list[Tracer]:
    x = lift(ary)
    if x.ndim == 0:
        raise ShapeError(f"{at_user_line()}: hsplit only works on arrays of 1 or more dimensions")
    return split(x, indices_or_sections, 1 if x.ndim > 1 else 0)


@implements(np.block)
def block(arrays: Any) -> Tracer:
    depth = _depth(arrays)
    rank = max(depth, _rank(arrays))

    def joined(item: Any, level: int) -> Tracer:
        if isinstance(item, list):
            return concatenate([joined(i, level + 1) for i in item], -(depth - level))
        x = lift(item)
        return alias(reshape(x, (1,) * (rank - x.ndim) + x.shape))

    return joined(arrays, 0)


def _depth(item: Any) -> int:
    """How deep the lists are nested; ShapeError where that differs."""
    if isinstance(item, tuple):
        raise UsageError(f"{at_user_line()}: np.block: only lists can be used to arrange blocks, not a tuple")
    if not isinstance(item, list):
        return 0
    if not item:
        raise ShapeError(f"{at_user_line()}: np.block: List depths are mismatched, or a list is empty")
    depths = {_depth(i) for i in item}
    if len(depths) > 1:
        raise ShapeError(f"{at_user_line()}: np.block: List depths are mismatched: {sorted(d + 1 for d in depths)}")
    return 1 + depths.pop()


def _rank(item: Any) -> int:
    return max(map(_rank, item)) if isinstance(item, list) else lift(item).ndim


@implements(np.resize)
def resize(a: Any, new_shape: Any) -> Tracer:
    x, shape = lift(a), static_shape_argument(new_shape)
    if any(n < 0 for n in shape):
        raise ShapeError(f"{at_user_line()}: all elements of `new_shape` must be non-negative")
    size = count(shape)
    if not x.size or not size:
        return full(shape, 0, x.dtype)
    times = -(-size // x.size)
    flat = reshape(broadcast_to(reshape(x, (x.size,)), (times, x.size)), (times * x.size,))
    return reshape(part_along(flat, 0, 0, size), shape)


def _places(obj: Any, name: str) -> Any:
    """Static positions: a slice, an integer, or an array of integers or bools."""
    if isinstance(obj, Tracer):
        if not obj.is_constant:
            raise UnsupportedError(
                f"{at_user_line()}: {name} at a traced position {obj.type} is not supported on traced arrays: the "
                "places must be known while tracing; use np.where or x.at[i].set(v)"
            )
        return obj.constant()
    return obj


def _flat_if_none(arr: Any, axis: int | None) -> tuple[Tracer, int]:
    x = lift(arr)
    return (reshape(x, (x.size,)), 0) if axis is None else (x, axis_index(axis, x.ndim))


@implements(np.delete)
def delete(arr: Any, obj: Any, axis: int | None = None) -> Tracer:
    x, along = _flat_if_none(arr, axis)
    places = _places(obj, "np.delete")
    try:
        kept = np.delete(np.arange(x.shape[along]), places)
    except IndexError as error:
        raise IndexOutOfRangeError(f"{at_user_line()}: np.delete: {error}") from None
    return x[(*(slice(None),) * along, kept)]


@implements(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Tracer:
    x, along = _flat_if_none(arr, axis)
    size, new = x.shape[along], convert(values, x.dtype)
    obj = _places(obj, "np.insert")
    at = np.arange(size)[obj] if isinstance(obj, slice) else np.asarray(obj)
    at = np.flatnonzero(at) if at.dtype == bool else at
    if at.size and at.dtype.kind not in "iu":
        raise IndexOutOfRangeError(f"{at_user_line()}: np.insert: places are integers, got {obj!r}")
    if new.ndim < x.ndim:
        new = reshape(new, (1,) * (x.ndim - new.ndim) + new.shape)
    if at.size == 1:
        new = moveaxis(new, 0, along) if at.ndim == 0 else new
        number = new.shape[along]
    else:
        number = at.size
    # NumPy says where the new ones go, once for each of them
    if at.size == 1:
        if not -size <= at.item() <= size:
            what = f"index {at.item()} is out of bounds for axis {along} with size {size}"
            raise IndexOutOfRangeError(f"{at_user_line()}: np.insert: {what}")
        at = np.repeat(at.ravel(), number)
    try:
        order = np.insert(np.arange(size), at.astype(np.intp), -1 - np.arange(number))
    except IndexError as error:
        raise IndexOutOfRangeError(f"{at_user_line()}: np.insert: {error}") from None
    complaint = "could not broadcast input array from shape {given} into shape {wanted}"
    room = fitted(new, (*x.shape[:along], number, *x.shape[along + 1 :]), complaint)
    source = np.where(order < 0, size - 1 - order, order)
    return concatenate([x, room], along)[(*(slice(None),) * along, source)]
