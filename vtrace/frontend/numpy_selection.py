"""Choosing elements by conditions and positions: where, take, triangles, comparisons with a tolerance."""

from typing import Any

import numpy as np

from vtrace.errors import DTypeError, IndexOutOfRangeError, ShapeError, UnsupportedError, UsageError
from vtrace.frontend.complex_tracer import ComplexTracer
from vtrace.frontend.core import (
    BOOL,
    FLOAT64,
    INT64,
    alias,
    axis_index,
    axis_tuple,
    broadcast_together,
    check_dtype,
    convert,
    count,
    full,
    reshape,
    static_int,
)
from vtrace.frontend.dispatch import UFUNC_HANDLERS, implements
from vtrace.frontend.numpy_elementwise import select, truth
from vtrace.frontend.numpy_movement import broadcast_to_
from vtrace.frontend.promotion import result_type
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit, lift
from vtrace.frontend.tracer import Tracer
from vtrace.ops.indexing import TakeAlong
from vtrace.ops.movement import Pad


@implements(np.where)
def where(condition: Any, *choices: Any) -> Tracer:
    if len(choices) != 2:
        raise UnsupportedError(
            f"{at_user_line()}: np.where(condition) with a traced condition has a shape that depends on the values; "
            "use np.where(condition, x, y), or vtrace.numpy.where(condition, size=...)"
        )
    x, y = map(lift, choices)
    dtype = result_type(x, y)
    return select(*broadcast_together("np.where", truth(lift(condition)), convert(x, dtype), convert(y, dtype)))


@implements(np.select)
def select_(condlist: Any, choicelist: Any, default: Any = 0) -> Tracer:
    for at, condition in enumerate(condlist):
        if lift(condition).dtype != BOOL:
            raise DTypeError(f"{at_user_line()}: invalid entry {at} in condlist: should be boolean ndarray")
    dtype = result_type(*map(lift, choicelist), lift(default))
    result = convert(default, dtype)
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        result = where(condition, convert(choice, dtype), result)
    return result


@implements(np.round, np.around)
def round_(a: Any, decimals: int = 0) -> Any:
    x, places = lift(a), static_int(decimals, "decimals")
    if isinstance(x, ComplexTracer):
        return ComplexTracer(round_(x.re, places), round_(x.im, places))
    if x.dtype.kind != "f":
        if places < 0:  # by way of floats, as in NumPy
            return convert(round_(convert(x, FLOAT64), places), x.dtype)
        return UFUNC_HANDLERS[np.rint](x) if x.dtype.kind == "b" else alias(x)
    if places == 0:
        return UFUNC_HANDLERS[np.rint](x)
    factor = 10.0 ** abs(places)
    return np.rint(x * factor) / factor if places > 0 else np.rint(x / factor) * factor


@implements(np.nan_to_num)
def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    result = _finite(lift(x), nan, posinf, neginf)
    if copy or not isinstance(x, Tracer) or not x.ndim:
        return result
    from vtrace.frontend.assignment import assign  # built on this module

    assign(x, result)
    return x


def _finite(t: Tracer, nan: Any, posinf: Any, neginf: Any) -> Tracer:
    if isinstance(t, ComplexTracer):
        return ComplexTracer(_finite(t.re, nan, posinf, neginf), _finite(t.im, nan, posinf, neginf))
    if t.dtype.kind != "f":
        return alias(t)
    info = np.finfo(t.dtype)
    high, low = info.max if posinf is None else posinf, info.min if neginf is None else neginf
    result = t
    for condition, value in ((np.isnan(t), nan), (t == np.inf, high), (t == -np.inf, low)):
        result = where(condition, broadcast_to_(convert(value, t.dtype), t.shape), result)
    return result


@implements(np.isclose)
def isclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Any:
    x, y = lift(a), lift(b)
    if y.dtype.kind not in "fc":
        y = convert(y, result_type(y, lift(1.0)))
    result = (np.abs(x - y) <= atol + rtol * np.abs(y)) & np.isfinite(y) | (x == y)
    return result | (np.isnan(x) & np.isnan(y)) if equal_nan else result


@implements(np.allclose)
def allclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Any:
    return np.all(isclose(a, b, rtol, atol, equal_nan))


@implements(np.array_equiv)
def array_equiv(a1: Any, a2: Any) -> Any:
    x, y = lift(a1), lift(a2)
    try:
        np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        return False
    return np.all(x == y)


@implements(np.array_equal)
def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> Any:
    x, y = lift(a1), lift(a2)
    if x.shape != y.shape:
        return False
    same = x == y
    return np.all(same | (np.isnan(x) & np.isnan(y)) if equal_nan else same)


@implements(np.take)
def take(a: Any, indices: Any, axis: int | None = None, out: None = None, mode: str = "raise") -> Tracer:
    x = lift(a)
    if axis is None:
        x, axis = reshape(x, (x.size,)), 0
    axis = axis_index(axis, x.ndim)
    at: Any = indices if isinstance(indices, Tracer) else np.asarray(indices)
    if mode not in ("raise", "clip", "wrap"):
        raise UsageError(f"{at_user_line()}: mode must be one of 'clip', 'raise', or 'wrap' (got {mode!r})")
    if mode != "raise" and at.dtype.kind in "iu":
        at = at.astype(np.int64)  # which holds the extent
    if mode == "clip":
        at = np.clip(at, 0, x.shape[axis] - 1)
    elif mode == "wrap":
        at = at % x.shape[axis]
    return alias(x[(*(slice(None),) * axis, at)])


@implements(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Tracer:
    x, at = lift(arr), lift(indices)
    if axis is None:
        x, axis = reshape(x, (x.size,)), 0
    if x.ndim != at.ndim:
        raise ShapeError(f"{at_user_line()}: `indices` and `arr` must have the same number of dimensions")
    if at.dtype.kind not in "iu":
        raise IndexOutOfRangeError(f"{at_user_line()}: `indices` must be an integer array")
    axis = axis_index(axis, x.ndim)
    others = np.broadcast_shapes(*((*t.shape[:axis], *t.shape[axis + 1 :]) for t in (x, at)))
    wide = [broadcast_to_(t, (*others[:axis], t.shape[axis], *others[axis:])) for t in (x, convert(at, INT64))]
    return emit(TakeAlong(axis), *wide)


def _triangle(m: Any, keep: Any) -> Tracer:
    x = lift(m)
    if x.ndim == 0:
        raise ShapeError(f"{at_user_line()}: a triangle of an array needs an axis, got {x.type}")
    if x.ndim < 2:
        x = broadcast_to_(x, (x.size, x.size))
    return where(keep(*x.shape[-2:]), x, full((), 0, x.dtype))


@implements(np.tril)
def tril(m: Any, k: int = 0) -> Tracer:
    return _triangle(m, lambda rows, columns: np.tri(rows, columns, k, dtype=bool))


@implements(np.triu)
def triu(m: Any, k: int = 0) -> Tracer:
    return _triangle(m, lambda rows, columns: ~np.tri(rows, columns, k - 1, dtype=bool))


@implements(np.diag)
def diag(v: Any, k: int = 0) -> Any:
    x = lift(v)
    if x.ndim == 2:
        return np.diagonal(x, k)
    if x.ndim != 1:
        raise ShapeError(f"{at_user_line()}: Input must be 1- or 2-d.")
    n = x.size + abs(k)
    wide = emit(Pad((max(k, 0),), (max(-k, 0),)), x, full((), 0, x.dtype))
    return where(np.eye(n, k=k, dtype=bool), wide, full((), 0, x.dtype))


@implements(np.diagflat)
def diagflat(v: Any, k: int = 0) -> Any:
    x = lift(v)
    return diag(reshape(x, (x.size,)), k)


@implements(np.sinc)
def sinc(x: Any) -> Any:
    y = np.pi * lift(x)
    y = where(y == 0, full((), 1e-20 * np.pi, y.dtype), y)
    return np.sin(y) / y


# Questions about the type alone, which is known


implements(np.shape)(lambda a: lift(a).shape)
implements(np.ndim)(lambda a: lift(a).ndim)
implements(np.size)(lambda a, axis=None: count([lift(a).shape[i] for i in axis_tuple(axis, lift(a).ndim)]))
implements(np.common_type)(lambda *arrays: np.common_type(*(np.empty((), lift(a).dtype) for a in arrays)))
implements(np.result_type)(lambda *values: np.result_type(*(_type_sample(v) for v in values)))
implements(np.can_cast)(lambda from_, to, casting="safe": np.can_cast(_type_sample(from_), to, casting))


def _type_sample(value: Any) -> Any:
    if not isinstance(value, Tracer):
        return value
    return {"i": 0, "f": 0.0, "c": 0j}[value.dtype.kind] if value.weak else check_dtype(value.dtype, "np.result_type")
