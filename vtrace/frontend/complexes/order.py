"""The greatest and the smallest of complex numbers, and their order: by real part, then by imaginary part.

Of ufuncs NaN is the result; in sorting and searching it comes last.
"""

from typing import Any

import numpy as np

from vtrace.frontend.complex_tracer import ComplexTracer, complex_rule
from vtrace.frontend.complexes.comparison import is_nan
from vtrace.frontend.complexes.primitives import rows_of
from vtrace.frontend.core import INT64, broadcast_together, full, reshape
from vtrace.frontend.trace import lift
from vtrace.ops import reduction
from vtrace.ops.argreduce import ArgMax, ArgMin
from vtrace.ops.searching import SearchSorted, halves


def _first_best(x: Any, axis: int, greatest: bool) -> Any:
    """Where along `axis` the first of the best elements is, or the first NaN."""
    best, worst = (np.max, -np.inf) if greatest else (np.min, np.inf)
    nan: Any = is_nan(x)
    re, im = np.where(nan, worst, x.re), np.where(nan, worst, x.im)
    ahead = ~nan & (re == best(re, axis=axis, keepdims=True))
    im = np.where(ahead, im, worst)
    found = ahead & (im == best(im, axis=axis, keepdims=True))
    return np.argmax(np.where(np.any(nan, axis=axis, keepdims=True), nan, found), axis=axis)


@complex_rule(ArgMax, ArgMin)
def position(op: ArgMax | ArgMin, x: ComplexTracer) -> Any:
    return _first_best(x, op.axis, isinstance(op, ArgMax))


@complex_rule(reduction.ReduceMax, reduction.ReduceMin)
def extremum(op: reduction.ReduceMax | reduction.ReduceMin, x: ComplexTracer) -> Any:
    rows = rows_of(x, op.axes)
    at = _first_best(rows, 0, isinstance(op, reduction.ReduceMax))
    found: Any = np.take_along_axis(rows, at[None], 0)
    return reshape(lift(found), rows.shape[1:])


def sorting_keys(x: ComplexTracer) -> tuple[Any, ...]:
    """What `np.lexsort` puts in NumPy's order: numbers, then those with one NaN, in the imaginary part first."""
    kind: Any = np.isnan(x.re).astype(np.int8) * 2 + np.isnan(x.im)
    return x.im, x.re, kind


def precedes(x: Any, y: Any) -> Any:
    """Whether `x` comes before `y` in that order."""
    result: Any = np.False_
    for a, b in zip(sorting_keys(x), sorting_keys(y), strict=True):
        result = (a < b) | (~(b < a) & result)
    return result


@complex_rule(SearchSorted)
def place(op: SearchSorted, rows: Any, values: Any) -> Any:
    at: Any = full(values.shape, 0, INT64)

    def before() -> Any:
        return ~precedes(values, rows[at + further]) if op.right else precedes(rows[at + further], values)

    for half in halves(rows.size):
        further = half - 1
        at = at + half * before()
    further = 0
    return at + before() if rows.size else at


def clipped(x: Any, low: Any, high: Any) -> Any:
    """`np.clip` between two limits: where one is equal, or cannot be compared, it takes the place of `x`."""
    x, low, high = broadcast_together("np.clip", x, low, high)
    x = np.where(is_nan(x) | _is_less(low, x), x, low)
    return np.where(is_nan(x) | _is_less(x, high), x, high)


def _is_less(x: Any, y: Any) -> Any:
    """The order of parts; a NaN is not less than any number, nor any number less than it."""
    return (x.re < y.re) | ((x.re == y.re) & (x.im < y.im))
