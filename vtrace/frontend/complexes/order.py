"""The greatest and the smallest of complex numbers, and their order: by real part, then by imaginary part."""

from typing import Any

import numpy as np

from vtrace.frontend.complex_tracer import ComplexTracer, complex_rule
from vtrace.frontend.complexes.comparison import is_nan
from vtrace.frontend.complexes.primitives import rows_of
from vtrace.frontend.core import reshape
from vtrace.frontend.trace import lift
from vtrace.ops import reduction
from vtrace.ops.argreduce import ArgMax, ArgMin


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
