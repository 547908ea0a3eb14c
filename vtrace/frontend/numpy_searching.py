"""Searching in sorted arrays and among values: searchsorted, digitize, isin."""

from typing import Any

import numpy as np

from vtrace.errors import DTypeError, ShapeError, UnsupportedError, UsageError
from vtrace.frontend.core import BOOL, convert, full, reshape, strong
from vtrace.frontend.dispatch import implements
from vtrace.frontend.numpy_selection import where
from vtrace.frontend.numpy_sorting import sort
from vtrace.frontend.promotion import result_type
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit, lift
from vtrace.frontend.tracer import Tracer
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
