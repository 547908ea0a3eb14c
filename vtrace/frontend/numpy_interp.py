"""Interpolation between points: np.interp."""

from typing import Any

import numpy as np

from vtrace.errors import DTypeError, ShapeError, UsageError
from vtrace.frontend.complex_tracer import ComplexTracer
from vtrace.frontend.core import FLOAT64, INT64, convert, convert_real
from vtrace.frontend.dispatch import implements
from vtrace.frontend.numpy_movement import concatenate
from vtrace.frontend.numpy_searching import searchsorted
from vtrace.frontend.numpy_selection import where
from vtrace.frontend.numpy_sorting import argsort
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift
from vtrace.frontend.tracer import Tracer


@implements(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    places, values = lift(xp), lift(fp)
    if places.ndim != 1 or values.ndim != 1:
        raise ShapeError(f"{at_user_line()}: Data points must be 1-D sequences, got {places.type} and {values.type}")
    if places.shape != values.shape:
        what = f"{places.shape[0]} places and {values.shape[0]} values"
        raise ShapeError(f"{at_user_line()}: fp and xp are not of the same length: {what}")
    if not places.size:
        raise ShapeError(f"{at_user_line()}: array of sample points is empty")
    if "c" in (lift(x).dtype.kind, places.dtype.kind):
        raise DTypeError(f"{at_user_line()}: np.interp between complex places is not defined")
    if isinstance(values, ComplexTracer):
        return _complex(x, places, values, left, right, period)
    if period is not None:
        return _between(*_periodic(convert(x, FLOAT64), places, values, period), None, None)
    return _between(lift(x), places, values, left, right)


def _complex(x: Any, xp: Any, fp: ComplexTracer, left: Any, right: Any, period: Any) -> Any:
    """Each part for itself; where `x` is NaN, only the real one is."""
    (re_left, im_left), (re_right, im_right) = (
        (v, v) if v is None else (np.real(lift(v)), np.imag(lift(v))) for v in (left, right)
    )
    re: Any = interp(x, xp, fp.re, re_left, re_right, period)
    im: Any = interp(x, xp, fp.im, im_left, im_right, period)
    return ComplexTracer(re, where(np.isnan(lift(x)), 0.0, im) if fp.size > 1 else im)


def _periodic(x: Tracer, places: Tracer, values: Tracer, period: Any) -> tuple[Tracer, Tracer, Tracer]:
    """`x` within one period, and the points of it in order, with those before and after."""
    if not isinstance(period, Tracer) and not period:
        raise UsageError(f"{at_user_line()}: period must be a non-zero value")
    period = abs(convert(period, FLOAT64))
    within: Any = convert(places, FLOAT64) % period
    order: Any = argsort(within)
    within, ordered = within[order], values[order]
    ends = concatenate([within[-1:] - period, within, within[:1] + period])
    return lift(x % period), ends, concatenate([ordered[-1:], ordered, ordered[:1]])


def _between(x: Tracer, places: Tracer, values: Tracer, left: Any, right: Any) -> Any:
    """As NumPy computes it, by slopes, in float64; what lies exactly at a point gets its value."""
    size = places.size
    if not (_exact(x) and _exact(places)):  # NumPy compares what is rounded to float64
        x, places = convert(x, FLOAT64), convert(places, FLOAT64)
    number: Any = searchsorted(places, x, "right")
    at, ends, fp = convert(x, FLOAT64), convert(places, FLOAT64), convert(values, FLOAT64)
    first, last = (fp[0] if left is None else left), (fp[-1] if right is None else right)
    low: Any = np.clip(number - 1, 0, max(size - 2, 0))
    result: Any = fp[low] if size == 1 else _on_lines(at, ends, fp, lift(low))
    if size > 1:
        result = where(at == ends[-1], fp[-1], result)
    result = where(
        at < ends[0], convert_real(first, FLOAT64), where(at > ends[-1], convert_real(last, FLOAT64), result)
    )
    return where(np.isnan(at), at, result) if size > 1 else result


def _exact(x: Tracer) -> bool:
    """Whether float64 holds these numbers as they are, so that they can be compared in their own dtype."""
    return not x.weak and (x.dtype.kind in "fb" or x.dtype.itemsize < INT64.itemsize)


def _on_lines(x: Tracer, xp: Any, fp: Any, low: Any) -> Any:
    """On the line from point `low` to the next one; NumPy's rules for points at infinity."""
    start, base = xp[low], fp[low]
    finite = False
    if xp.is_constant and fp.is_constant:
        with np.errstate(all="ignore"):
            rises: Any = np.diff(fp.constant()) / np.diff(xp.constant())
        finite = bool(np.isfinite(rises).all() and np.isfinite(fp.constant()).all())
        slope: Any = lift(rises)[low]
    elif xp.size <= x.size:
        slope = (np.diff(fp) / np.diff(xp))[low]
    else:
        slope = (fp[low + 1] - base) / (xp[low + 1] - start)
    line = slope * (x - start) + base
    if not finite:  # or else no NaN can come of it
        above = fp[low + 1]
        backwards = slope * (x - xp[low + 1]) + above
        backwards = where(np.isnan(backwards) & (base == above), base, backwards)
        line = where(np.isnan(line), backwards, line)
    return where(x == start, base, line)
