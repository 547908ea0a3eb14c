"""Functions whose results are as long as the values say, for a length that is given: nonzero, unique, and sets.

All of them pick elements by a mask: the first `size` that it marks, and something else where there are fewer.
"""

from typing import Any

import numpy as np

from vtrace.errors import ShapeError, UsageError
from vtrace.frontend.core import BOOL, INT64, axis_index, convert, count, full, reshape, scalar, static_int
from vtrace.frontend.numpy_elementwise import truth
from vtrace.frontend.numpy_movement import concatenate, moveaxis
from vtrace.frontend.numpy_searching import isin
from vtrace.frontend.numpy_selection import where
from vtrace.frontend.numpy_sorting import argsort, lexsort, sort
from vtrace.frontend.promotion import result_type
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit, lift
from vtrace.ops.arithmetic import Add
from vtrace.ops.indexing import Gather
from vtrace.ops.scatter import Scatter


class Picked:
    """The first `size` elements that a mask, a vector, marks: their positions `at`, and `real` where there are such."""

    def __init__(self, mask: Any, size: Any, name: str) -> None:
        self.size = static_int(size, "size")
        if self.size < 0:
            raise UsageError(f"{at_user_line()}: vtrace.numpy.{name}: size must not be negative, got {self.size}")
        number: Any = np.cumsum(mask)
        self.number: Any = number[-1] if mask.size else 0
        self.real: Any = lift(np.arange(self.size) < self.number)
        target = where(mask, number - 1, self.size)  # what has no room is left out, as what is not marked is
        start = full((self.size,), 0, INT64)
        self.at: Any = emit(Scatter(None, drop=True, wrap=False), start, target, lift(np.arange(mask.size)))

    def of(self, values: Any, fill: Any = None) -> Any:
        """These of the rows of `values`, then `fill`: None is the first one, or 0 if there is none."""
        if not self.size:
            return values[:0]
        if not values.shape[0]:
            return full((self.size, *values.shape[1:]), 0 if fill is None else fill, values.dtype)
        found: Any = emit(Gather(0), values, self.at)
        fill = where(self.number > 0, found[0], np.zeros((), values.dtype)) if fill is None else fill
        return where(reshape(self.real, (self.size,) + (1,) * (values.ndim - 1)), found, fill)


def nonzero_of_size(a: Any, size: Any, fill_value: Any) -> tuple[Any, ...]:
    """The positions of the first `size` elements that are not 0: see `vtrace.numpy.nonzero`."""
    x = lift(a)
    if not x.ndim:
        raise ShapeError(f"{at_user_line()}: Calling nonzero on 0d arrays is not allowed. Use np.atleast_1d(x)")
    picked = Picked(reshape(truth(x), (x.size,)), size, "nonzero")
    fills = fill_value if isinstance(fill_value, tuple) else (0 if fill_value is None else fill_value,) * x.ndim
    if len(fills) != x.ndim:
        raise ShapeError(f"{at_user_line()}: fill_value must be a number or a tuple of {x.ndim}, got {fill_value!r}")
    at = np.unravel_index(picked.at, x.shape) if x.size else (picked.at,) * x.ndim
    pairs = zip(at, fills, strict=True)
    return tuple(where(picked.real, index, scalar(fill, "fill_value")) for index, fill in pairs)


class Different:
    """Rows in ascending `order`, if that is asked for, and which of them are the `first` of their kind."""

    def __init__(self, rows: Any, order: bool, equal_nan: bool = True) -> None:
        size = rows.shape[0]
        self.order: Any = _order(rows) if order or rows.ndim > 1 else None
        self.rows: Any = sort(rows) if self.order is None else emit(Gather(0), rows, self.order)
        after, before = self.rows[1:], self.rows[:-1]
        differs = after != before
        if equal_nan and rows.dtype.kind in "fc":
            differs = differs & ~(np.isnan(after) & np.isnan(before))
        differs = differs if rows.ndim == 1 else np.any(differs, axis=1)
        self.first: Any = concatenate([full((1,), True, BOOL), differs]) if size else full((0,), True, BOOL)


def _order(rows: Any) -> Any:
    """The order of a vector, or of the rows of a matrix by their first elements, then the second ones."""
    if rows.ndim == 1:
        return argsort(rows, stable=True)
    number, width = rows.shape
    return lexsort([rows[:, n] for n in reversed(range(width))]) if width else lift(np.arange(number))


def unique_of_size(
    ar: Any, size: Any, fill_value: Any, index: bool, inverse: bool, counts: bool, equal_nan: bool, axis: Any = None
) -> tuple[Any, ...]:
    """The first `size` different values in order, and what else is asked for: see `vtrace.numpy.unique`."""
    array = lift(ar)
    along = None if axis is None else axis_index(axis, array.ndim)
    turned = reshape(array, (array.size,)) if along is None else moveaxis(array, along, 0)
    length, *rest = turned.shape
    rows = turned if turned.ndim == 1 else reshape(turned, (length, count(rest)))
    different = Different(rows, index or inverse, equal_nan)
    picked = Picked(different.first, size, "unique")
    if not length and picked.size and fill_value is None:
        raise ShapeError(f"{at_user_line()}: vtrace.numpy.unique: size is {size}, but the array is empty")
    fill = None if fill_value is None else convert(fill_value, array.dtype)
    values = reshape(picked.of(different.rows, fill), (picked.size, *rest))
    results = [values if along is None else moveaxis(values, 0, along)]
    if index:
        results.append(picked.of(different.order))
    number: Any = np.cumsum(different.first) - 1
    if inverse:
        back = emit(Scatter(None), full((length,), 0, INT64), lift(different.order), lift(number))
        results.append(reshape(back, array.shape) if along is None else back)
    if counts:
        zeros, ones = full((picked.size,), 0, INT64), full((length,), 1, INT64)
        results.append(emit(Scatter(Add(), drop=True, wrap=False), zeros, lift(number), ones))
    return tuple(results)


def _pair(ar1: Any, ar2: Any) -> tuple[Any, Any]:
    """Both as vectors of one dtype."""
    x, y = lift(ar1), lift(ar2)
    dtype = result_type(x, y)
    return reshape(convert(x, dtype), (x.size,)), reshape(convert(y, dtype), (y.size,))


def intersection_of_size(ar1: Any, ar2: Any, size: Any, fill_value: Any, indices: bool) -> tuple[Any, ...]:
    """The first `size` values in both, and where they are first in each: see `vtrace.numpy.intersect1d`."""
    pair = _pair(ar1, ar2)
    results: list[Any] = []
    for x, other in (pair, pair[::-1]) if indices else (pair,):
        different = Different(x, indices)
        picked = Picked(different.first & isin(different.rows, other), size, "intersect1d")
        results = results or [picked.of(different.rows, fill_value)]
        if indices:
            results.append(picked.of(different.order, x.size))
    return tuple(results)


def difference_of_size(ar1: Any, ar2: Any, size: Any, fill_value: Any, ordered: bool) -> tuple[Any, ...]:
    """The first `size` values in the first one alone: see `vtrace.numpy.setdiff1d`."""
    x = reshape(lift(ar1), (lift(ar1).size,))
    different = None if ordered else Different(x, False)
    rows, first = (x, full(x.shape, True, BOOL)) if different is None else (different.rows, different.first)
    picked = Picked(lift(first & isin(rows, ar2, invert=True)), size, "setdiff1d")
    return (picked.of(rows, convert(0 if fill_value is None else fill_value, x.dtype)),)


def exclusive_of_size(ar1: Any, ar2: Any, size: Any, fill_value: Any) -> tuple[Any, ...]:
    """The first `size` values in one of both: see `vtrace.numpy.setxor1d`."""
    x, y = _pair(ar1, ar2)
    of_x, of_y = Different(x, False), Different(y, False)
    marks = [a.first & isin(a.rows, other, invert=True) for a, other in ((of_x, y), (of_y, x))]
    values, mask = concatenate([of_x.rows, of_y.rows]), concatenate(marks)
    order = argsort(values, stable=True)
    picked = Picked(emit(Gather(0), mask, order), size, "setxor1d")
    return (picked.of(emit(Gather(0), values, order), fill_value),)
