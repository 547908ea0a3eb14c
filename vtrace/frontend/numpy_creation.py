"""Arrays made anew: from lists that hold tracers, of one value, and of numbers in a row."""

from typing import Any

import numpy as np

from vtrace.errors import DTypeError, ShapeError, UsageError
from vtrace.frontend.core import alias, check_dtype, convert, full, reshape, static_int, static_shape_argument
from vtrace.frontend.dispatch import implements
from vtrace.frontend.numpy_movement import broadcast_arrays, broadcast_to_, moveaxis, reshape_, stack
from vtrace.frontend.promotion import result_type
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift
from vtrace.frontend.tracer import Tracer


def holds_tracer(value: Any) -> bool:
    """Whether `value` is a tracer or a nested list that holds one."""
    return isinstance(value, Tracer) or (isinstance(value, list | tuple) and any(map(holds_tracer, value)))


def array(object: Any, dtype: Any = None) -> Tracer:
    """np.array: a copy of a tracer, or nested lists stacked."""
    if isinstance(object, list | tuple) and holds_tracer(object):
        rows = [array(item) if isinstance(item, list | tuple) else lift(item) for item in object]
        if len({r.shape for r in rows}) > 1:
            shapes = ", ".join(str(r.shape) for r in rows)
            raise ShapeError(f"{at_user_line()}: the rows of an array must have one shape, got {shapes}")
        result = stack(rows)
    else:
        result = alias(lift(np.asarray(object) if isinstance(object, list | tuple) else object))
    return convert(result, check_dtype(dtype, "np.array") if dtype is not None else result.dtype)


def asarray(a: Any, dtype: Any = None, **kwargs: Any) -> Any:
    """`a` as an array: itself if it is one already."""
    if isinstance(a, Tracer):
        return a if dtype is None or a.dtype == np.dtype(dtype) else a.astype(dtype)
    return array(a, dtype) if holds_tracer(a) else np.asarray(a, dtype, **kwargs)


def filled(shape: Any, value: Any, dtype: Any) -> Tracer:
    """An array of one value that may be assigned traced values to."""
    return full(static_shape_argument(shape), value, check_dtype(dtype, "the array"))


def _filled_like(a: Any, value: Any, dtype: Any, shape: Any) -> Tracer:
    x = lift(a)
    return filled(x.shape if shape is None else shape, value, x.dtype if dtype is None else dtype)


@implements(np.zeros_like, np.empty_like)
def zeros_like(a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None) -> Tracer:
    return _filled_like(a, 0, dtype, shape)


@implements(np.ones_like)
def ones_like(a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None) -> Tracer:
    return _filled_like(a, 1, dtype, shape)


@implements(np.full_like)
def full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None
) -> Tracer:
    x = lift(a)
    wanted = x.shape if shape is None else static_shape_argument(shape)
    value = convert(fill_value, x.dtype if dtype is None else check_dtype(dtype, "np.full_like"))
    return alias(broadcast_to_(value, wanted))


@implements(np.copy)
def copy(a: Any, order: str = "K", subok: bool = False) -> Tracer:
    return alias(lift(a))


@implements(np.astype)
def astype(x: Any, dtype: Any, /, *, copy: bool = True, casting: str = "unsafe") -> Tracer:
    t = lift(x)
    target = check_dtype(dtype, "astype")
    if not np.can_cast(t.dtype, target, casting):  # type: ignore[arg-type]  # a str
        raise DTypeError(
            f"{at_user_line()}: Cannot cast array data from {t.dtype!r} to {target!r} according to the rule {casting!r}"
        )
    return t if t.dtype == target and not copy else alias(convert(t, target))


@implements(np.linspace)
def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None, axis: int = 0
) -> Any:
    if static_int(num, "num") < 0:
        raise UsageError(f"{at_user_line()}: Number of samples, {num}, must be non-negative.")
    first, last = lift(start), lift(stop)
    kind = np.result_type(result_type(first, last), float(num))
    divisions = num - 1 if endpoint else num
    first, last = convert(first, kind), convert(last, kind)
    delta: Any = last - first
    positions = np.arange(num, dtype=kind).reshape((num,) + (1,) * delta.ndim)
    step = delta / divisions if divisions > 0 else delta * np.nan
    points: Any = positions * step + first if divisions > 0 else positions * delta + first
    if endpoint and num > 1:
        points = np.concatenate([points[:-1], broadcast_to_(last, delta.shape)[None]])
    points = moveaxis(points, 0, axis) if axis else points
    result = (
        convert(np.floor(points), np.dtype(dtype)) if dtype is not None and np.dtype(dtype).kind in "iu" else points
    )
    result = result if dtype is None else convert(result, check_dtype(dtype, "np.linspace"))
    return (result, step) if retstep else result


@implements(np.logspace)
def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None, axis: int = 0
) -> Any:
    first, last, root = lift(start), lift(stop), lift(base)
    rank = len(np.broadcast_shapes(first.shape, last.shape, root.shape))
    if root.ndim:
        first, last = (reshape(t, (1,) * (rank - t.ndim) + t.shape) for t in (first, last))
        root = np.expand_dims(reshape(root, (1,) * (rank - root.ndim) + root.shape), axis)  # type: ignore[assignment]  # a tracer
    powers = np.power(root, linspace(first, last, num, endpoint, axis=axis))
    return powers if dtype is None else astype(powers, dtype)


@implements(np.geomspace)
def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    first, last = lift(start), lift(stop)
    if any(t.is_constant and np.any(t.constant() == 0) for t in (first, last)):
        raise UsageError(f"{at_user_line()}: Geometric sequence cannot include zero")
    given = lift(np.zeros((), dtype))
    kind = result_type(first, last, lift(float(num)), given)
    first, last = convert(first, kind), convert(last, kind)
    sign = np.sign(first)
    low, high = np.broadcast_arrays(first / sign, last / sign)
    points: Any = logspace(np.log10(low), np.log10(high), num, endpoint)
    if num > 0:
        points[0] = low
    if num > 1 and endpoint:
        points[-1] = high
    points = convert(points * sign, kind)
    points = moveaxis(points, 0, axis) if axis else points
    return convert(points, kind if dtype is None else check_dtype(dtype, "np.geomspace"))


@implements(np.meshgrid)
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Tracer, ...]:
    if indexing not in ("xy", "ij"):
        raise UsageError(f"{at_user_line()}: Valid values for `indexing` are 'xy' and 'ij'.")
    rank = len(xi)
    grids: list[Any] = [reshape_(x, (1,) * i + (-1,) + (1,) * (rank - i - 1)) for i, x in enumerate(xi)]
    if indexing == "xy" and rank > 1:
        grids = [np.swapaxes(g, 0, 1) for g in grids]
    return tuple(grids) if sparse else broadcast_arrays(*grids)
