"""Searching in sorted arrays, and sets: searchsorted, digitize, isin, unique."""

from typing import Any

import numpy as np

from vtrace.errors import DTypeError, ShapeError, UnsupportedError, UsageError
from vtrace.frontend.core import BOOL, INT64, broadcast_to, convert, full, reshape, static_int, strong
from vtrace.frontend.dispatch import implements
from vtrace.frontend.numpy_movement import concatenate
from vtrace.frontend.numpy_selection import where
from vtrace.frontend.numpy_sorting import argsort, sort
from vtrace.frontend.promotion import result_type
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit, lift
from vtrace.frontend.tracer import Tracer
from vtrace.ops.arithmetic import Add
from vtrace.ops.scatter import Scatter
from vtrace.ops.searching import SearchSorted

FEW = 32
"""So many candidates are compared one by one; more are sorted and searched."""


@implements(np.searchsorted)
def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Tracer:
    rows, values = strong(lift(a)), strong(lift(v))  # Python numbers are no weak ones here
    if rows.ndim != 1:
        raise ShapeError(f"{at_user_line()}: object too deep for desired array: np.searchsorted takes a sorted vector")
    if side not in ("left", "right", "l", "r"):
        raise UsageError(f"{at_user_line()}: search side must be one of 'left' or 'right' (got {side!r})")
    if sorter is not None:
        rows = lift(np.take(rows, sorter))
    dtype = result_type(rows, values)
    return emit(SearchSorted(side.startswith("r")), convert(rows, dtype), convert(values, dtype))


@implements(np.digitize)
def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    edges = lift(bins)
    if lift(x).dtype.kind == "c" or edges.dtype.kind == "c":
        raise DTypeError(f"{at_user_line()}: x and bins may not be complex")
    if edges.ndim != 1:
        raise ShapeError(f"{at_user_line()}: np.digitize: bins must have one axis, got {edges.type}")
    side, size = "left" if right else "right", edges.shape[0]
    if edges.is_constant:
        steps = np.diff(edges.constant())
        if not (np.all(steps >= 0) or np.all(steps <= 0)):
            raise UsageError(f"{at_user_line()}: bins must be monotonically increasing or decreasing")
        if np.all(steps >= 0):
            return searchsorted(edges, x, side)
        return size - searchsorted(edges[::-1], x, side)
    if size < 2:
        return searchsorted(edges, x, side)
    falling = edges[0] > edges[-1]
    rising = where(falling, edges[::-1], edges)
    found = searchsorted(rising, x, side)
    return where(falling, size - found, found)


@implements(np.isin)
def isin(
    element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False, *, kind: Any = None
) -> Any:
    x, candidates = lift(element), lift(test_elements)
    candidates = reshape(candidates, (candidates.size,))
    dtype = result_type(x, candidates)
    x, candidates = convert(x, dtype), convert(candidates, dtype)
    size = candidates.size
    found: Any
    if size == 0:
        found = full(x.shape, False, BOOL)
    elif size <= FEW:
        found = np.any(x[..., None] == candidates, axis=-1)
    else:
        ordered: Any = sort(candidates)
        found = ordered[np.minimum(searchsorted(ordered, x), size - 1)] == x
    return ~found if invert else found


@implements(np.unique)
def unique(ar: Any, *_: Any, **__: Any) -> Any:
    raise UnsupportedError(
        f"{at_user_line()}: np.unique has a length that depends on the values; use vtrace.numpy.unique(x, size=...), "
        "which gives the first `size` of them and fills up with fill_value"
    )


def unique_of_size(
    ar: Any, size: Any, fill_value: Any, index: bool, inverse: bool, counts: bool, equal_nan: bool
) -> tuple[Tracer, ...]:
    """The first `size` different values in order, and what else is asked for: see `vtrace.numpy.unique`."""
    array, room = lift(ar), static_int(size, "size")
    x = reshape(array, (array.size,))
    if x.size == 0 and room:
        raise ShapeError(f"{at_user_line()}: vtrace.numpy.unique: size is {room}, but the array is empty")
    if room < 0:
        raise UsageError(f"{at_user_line()}: vtrace.numpy.unique: size must not be negative, got {room}")
    order: Any = argsort(x) if index or inverse else None
    ordered: Any = sort(x) if order is None else np.take(x, order)
    differs = ordered[1:] != ordered[:-1]
    if equal_nan and x.dtype.kind == "f":
        differs = differs & ~(np.isnan(ordered[1:]) & np.isnan(ordered[:-1]))
    first: Any = concatenate([full((min(x.size, 1),), True, BOOL), differs]) if x.size else full((0,), True, BOOL)
    number: Any = np.cumsum(first) - 1
    target = where(first, number, room)  # what is no first one is left out, as what has no room is
    fill = (
        ordered[:1] if fill_value is None and x.size else full((1,), 0 if fill_value is None else fill_value, x.dtype)
    )

    def chosen(values: Any, start: Tracer) -> Tracer:
        return emit(Scatter(None, drop=True, wrap=False), start, target, convert(values, start.dtype))

    results = [chosen(ordered, broadcast_to(lift(fill), (room,)))]
    if index:
        start = order[:1] if x.size else full((1,), 0, INT64)
        results.append(chosen(order, broadcast_to(lift(start), (room,))))
    if inverse:
        back = emit(Scatter(None), full((x.size,), 0, INT64), lift(order), lift(number))
        results.append(reshape(back, array.shape))
    if counts:
        ones = full((x.size,), 1, INT64)
        results.append(emit(Scatter(Add(), drop=True, wrap=False), full((room,), 0, INT64), lift(number), ones))
    return tuple(results)
