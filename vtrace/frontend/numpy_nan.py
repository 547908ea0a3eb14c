"""Reductions that leave NaN out."""

from collections.abc import Callable
from typing import Any

import numpy as np

from vtrace.frontend.complexes.arithmetic import squared_size
from vtrace.frontend.core import axis_tuple, convert, full, scalar
from vtrace.frontend.dispatch import UFUNC_HANDLERS, implements
from vtrace.frontend.numpy_elementwise import select
from vtrace.frontend.numpy_reduction import (
    argmax,
    argmin,
    cumprod,
    cumsum,
    masked,
    max_,
    mean,
    min_,
    prod,
    std,
    sum_,
    var,
)
from vtrace.frontend.trace import lift
from vtrace.frontend.tracer import Tracer


def _holes(x: Tracer) -> Tracer | None:
    """Where the NaNs are; None where there can be none."""
    holes: Tracer | None = UFUNC_HANDLERS[np.isnan](x) if x.dtype.kind in "fc" else None
    return holes


def _filled(x: Tracer, value: Any) -> Tracer:
    """`x` with `value` in place of NaN."""
    holes = _holes(x)
    return x if holes is None else select(holes, full(x.shape, value, x.dtype), x)


def _with_neutral(function: Callable[..., Tracer], neutral: int) -> Callable[..., Tracer]:
    def handler(
        a: Any,
        axis: Any = None,
        dtype: Any = None,
        *,
        keepdims: bool = False,
        initial: Any = neutral,
        where: Any = True,
    ) -> Tracer:
        return function(_filled(lift(a), neutral), axis, dtype, keepdims=keepdims, initial=initial, where=where)

    return handler


implements(np.nansum)(_with_neutral(sum_, 0))
implements(np.nanprod)(_with_neutral(prod, 1))


def _running(function: Callable[..., Tracer], neutral: int) -> Callable[..., Tracer]:
    def handler(a: Any, axis: Any = None, dtype: Any = None) -> Tracer:
        return function(_filled(lift(a), neutral), axis, dtype)

    return handler


implements(np.nancumsum)(_running(cumsum, 0))
implements(np.nancumprod)(_running(cumprod, 1))


def _extremum(function: Callable[..., Tracer], ufunc: np.ufunc, neutral: float) -> Callable[..., Any]:
    def handler(a: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True) -> Any:
        x = masked(ufunc, lift(a), where, initial)
        holes = _holes(x)
        if holes is None:
            return function(x, axis, keepdims=keepdims, initial=initial)
        whole = x.dtype.kind == "c"
        last = complex(neutral, neutral) if whole else neutral
        start = None if initial is None else last
        result: Any = function(_filled(x, last), axis, keepdims=keepdims, initial=start)
        unknown: Any = function(x, axis, keepdims=keepdims) if whole else np.nan  # the first NaN, with its other part
        result = np.where(np.all(holes, axis=axis, keepdims=keepdims), unknown, result)
        return result if initial is None else convert(ufunc(result, scalar(initial, "initial")), x.dtype)

    return handler


implements(np.nanmax)(_extremum(max_, np.fmax, -np.inf))
implements(np.nanmin)(_extremum(min_, np.fmin, np.inf))


def _position(function: Callable[..., Tracer], neutral: float) -> Callable[..., Tracer]:
    def handler(a: Any, axis: Any = None, *, keepdims: bool = False) -> Tracer:
        return function(_filled(lift(a), neutral), axis, keepdims=keepdims)

    return handler


implements(np.nanargmax)(_position(argmax, -np.inf))
implements(np.nanargmin)(_position(argmin, np.inf))


def _numbers(holes: Tracer, axis: Any, keepdims: bool, where: Any) -> Any:
    """How many elements that count are none."""
    return sum_(~holes, axis, keepdims=keepdims, where=where)


@implements(np.nanmean)
def nanmean(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, where: Any = True) -> Any:
    x = lift(a)
    holes = _holes(x)
    if holes is None:
        return mean(x, axis, dtype, keepdims=keepdims, where=where)
    total = sum_(_filled(x, 0), axis, dtype, keepdims=keepdims, where=where)
    return convert(total / _numbers(holes, axis, keepdims, where), total.dtype)


@implements(np.nanvar)
def nanvar(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    ddof: float = 0,
    *,
    keepdims: bool = False,
    mean: Any = None,
    correction: float | None = None,
    where: Any = True,
) -> Any:
    x = lift(a)
    holes = _holes(x)
    if holes is None:
        return var(x, axis, dtype, None, ddof, keepdims=keepdims, mean=mean, correction=correction, where=where)
    x = x if dtype is None else convert(x, np.dtype(dtype))
    axes = axis_tuple(axis, x.ndim)
    centre = nanmean(x, axes, keepdims=True, where=where) if mean is None else lift(mean)
    squares = squared_size(select(holes, full(x.shape, 0, x.dtype), convert(x - centre, x.dtype)))
    total = sum_(squares, axes, keepdims=keepdims, where=where)
    degrees = _numbers(holes, axes, keepdims, where) - (ddof if correction is None else correction)
    return convert(np.where(degrees > 0, total / degrees, np.nan), total.dtype)


@implements(np.nanstd)
def nanstd(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    ddof: float = 0,
    *,
    keepdims: bool = False,
    mean: Any = None,
    correction: float | None = None,
    where: Any = True,
) -> Any:
    x = lift(a)
    if _holes(x) is None:
        return std(x, axis, dtype, None, ddof, keepdims=keepdims, mean=mean, correction=correction, where=where)
    return np.sqrt(nanvar(x, axis, dtype, None, ddof, keepdims=keepdims, mean=mean, correction=correction, where=where))
