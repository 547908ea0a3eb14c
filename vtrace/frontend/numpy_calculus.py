"""Differences, gradients, integrals and running sums along an axis."""

from typing import Any

import numpy as np

from vtrace.errors import ArgumentError, DTypeError, ShapeError, UsageError
from vtrace.frontend.core import axis_index, convert, full, reshape, static_int
from vtrace.frontend.dispatch import UFUNC_HANDLERS, implements
from vtrace.frontend.numpy_movement import broadcast_to_, concatenate
from vtrace.frontend.numpy_reduction import cumprod, cumsum
from vtrace.frontend.numpy_selection import where
from vtrace.frontend.promotion import result_type
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift
from vtrace.frontend.tracer import Tracer


def _along(axis: int, *index: Any) -> tuple[Any, ...]:
    """An index of one axis."""
    return (*(slice(None),) * axis, *index)


@implements(np.diff)
def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = np._NoValue, append: Any = np._NoValue) -> Any:
    x = lift(a)
    axis, times = axis_index(axis, x.ndim), static_int(n, "n")
    if times == 0:
        return x
    if times < 0:
        raise UsageError(f"{at_user_line()}: order must be non-negative but got {times}")

    def edge(value: Any) -> Tracer:
        t = lift(value)
        one = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
        return broadcast_to_(t, one) if t.ndim == 0 else t

    parts = [edge(prepend)] if prepend is not np._NoValue else []
    parts += [x, *([edge(append)] if append is not np._NoValue else [])]
    result: Any = concatenate(parts, axis) if len(parts) > 1 else x
    subtract = np.not_equal if result.dtype == bool else np.subtract
    for _ in range(times):
        later, earlier = result[_along(axis, slice(1, None))], result[_along(axis, slice(None, -1))]
        result = UFUNC_HANDLERS[subtract](later, earlier)
    return result


@implements(np.ediff1d)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    x = lift(ary)
    flat: Any = reshape(x, (x.size,))

    def edge(value: Any, name: str) -> Tracer:
        t = lift(value)
        if not (t.weak or np.can_cast(t.dtype, x.dtype, "same_kind")):
            raise DTypeError(
                f"{at_user_line()}: dtype of `{name}` must be compatible with input `ary` under the `same_kind` rule."
            )
        return reshape(convert(t, x.dtype), (t.size,))

    parts = [edge(to_begin, "to_begin")] if to_begin is not None else []
    parts += [np.subtract(flat[1:], flat[:-1]), *([edge(to_end, "to_end")] if to_end is not None else [])]
    return concatenate(parts)


@implements(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    t = lift(y)
    axis = axis_index(axis, t.ndim)
    widths: Any = dx
    if x is not None:
        places = lift(x)
        widths = diff(places) if places.ndim == 1 else diff(places, axis=axis)
        if places.ndim == 1:
            widths = reshape(widths, _shaped(widths, axis, t.ndim))
    return (widths * (t[_along(axis, slice(1, None))] + t[_along(axis, slice(None, -1))]) / 2.0).sum(axis)


def _shaped(vector: Any, axis: int, rank: int) -> list[int]:
    """The shape of a vector that lies along one of several axes."""
    return [vector.size if i == axis else 1 for i in range(rank)]


def _spacings(f: Tracer, axes: tuple[int, ...], varargs: tuple[Any, ...]) -> list[Any]:
    """What lies between the points of each axis: a number, or a vector of the distances of neighbours."""
    if not varargs:
        return [1.0] * len(axes)
    if len(varargs) == 1 and np.ndim(varargs[0]) == 0:
        return list(varargs) * len(axes)
    if len(varargs) != len(axes):
        raise ArgumentError(f"{at_user_line()}: invalid number of arguments")
    result = []
    for axis, given in zip(axes, varargs, strict=True):
        places = lift(given)
        if places.ndim == 0:
            result.append(given)
            continue
        if places.ndim != 1:
            raise ShapeError(f"{at_user_line()}: distances must be either scalars or 1d")
        if places.size != f.shape[axis]:
            raise ShapeError(
                f"{at_user_line()}: when 1d, distances must match the length of the corresponding dimension"
            )
        widths: Any = diff(convert(places, np.dtype(float)) if places.dtype.kind in "iu" else places)
        known = widths.constant() if widths.is_constant else None
        result.append(known[0] if known is not None and known.size and np.all(known == known[0]) else widths)
    return result


@implements(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    x = lift(f)
    axes = tuple(range(x.ndim)) if axis is None else np.lib.array_utils.normalize_axis_tuple(axis, x.ndim)
    spacings = _spacings(x, axes, varargs)
    if edge_order not in (1, 2):
        raise UsageError(f"{at_user_line()}: 'edge_order' must be 1 or 2, got {edge_order!r}")
    x = convert(x, np.dtype(float)) if x.dtype.kind in "iu" else x
    if any(x.shape[a] < edge_order + 1 for a in axes):
        raise ShapeError(
            f"{at_user_line()}: Shape of array too small to calculate a numerical gradient, "
            "at least (edge_order + 1) elements are required."
        )
    results = tuple(_gradient(x, a, widths, edge_order) for a, widths in zip(axes, spacings, strict=True))
    return results[0] if len(results) == 1 else results


def _gradient(x: Tracer, axis: int, widths: Any, edge_order: int) -> Any:
    def part(*index: Any) -> Any:
        return x[_along(axis, slice(*index))]

    if np.ndim(widths) == 0:
        inside = (part(2, None) - part(None, -2)) / (2.0 * widths)
        first, last = widths, widths
        low = (-1.5 / widths, 2.0 / widths, -0.5 / widths)
        high: tuple[Any, ...] = tuple(-w for w in reversed(low))
    else:
        a, b = widths[:-1], widths[1:]
        exact = (-b / (a * (a + b)), (b - a) / (a * b), a / (b * (a + b)))
        weights: list[Any] = [reshape(lift(w), _shaped(w, axis, x.ndim)) for w in exact]
        inside = weights[0] * part(None, -2) + weights[1] * part(1, -1) + weights[2] * part(2, None)
        first, last = widths[0], widths[-1]
        if edge_order == 2:
            low = _one_sided(widths[0], widths[1])
            high = tuple(-w for w in reversed(_one_sided(widths[-1], widths[-2])))
    if edge_order == 1:
        start, end = (part(1, 2) - part(0, 1)) / first, (part(-1, None) - part(-2, -1)) / last
    else:
        start = low[0] * part(0, 1) + low[1] * part(1, 2) + low[2] * part(2, 3)
        end = high[0] * part(-3, -2) + high[1] * part(-2, -1) + high[2] * part(-1, None)
    return convert(concatenate([convert(p, x.dtype) for p in (start, inside, end)], axis), x.dtype)


def _one_sided(a: Any, b: Any) -> tuple[Any, Any, Any]:
    """Weights of an edge point and the two after it, which lie `a` and then `b` further on."""
    return -(2.0 * a + b) / (a * (a + b)), (a + b) / (a * b), -a / (b * (a + b))


@implements(np.unwrap)
def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * np.pi) -> Any:
    x = lift(p)
    axis = axis_index(axis, x.ndim)
    steps = diff(x, axis=axis)
    dtype = result_type(steps, lift(period))
    limit = period / 2 if discont is None else discont
    if dtype.kind in "iu":
        high, rest = divmod(period, 2)
        ambiguous: Any = rest == 0
    else:
        high, ambiguous = period / 2, True
    wrapped = np.mod(steps + high, period) - high
    wrapped = where(np.logical_and(wrapped == -high, steps > 0) & ambiguous, high, wrapped)
    more: Any = where(np.abs(steps) < limit, 0, wrapped - steps)
    first, rest = x[_along(axis, slice(0, 1))], x[_along(axis, slice(1, None))]
    return concatenate([convert(first, dtype), convert(rest + more.cumsum(axis), dtype)], axis)


def _cumulative(function: Any, start: int) -> Any:
    def handler(
        x: Any, /, *, axis: int | None = None, dtype: Any = None, out: None = None, include_initial: bool = False
    ) -> Any:
        t = lift(x)
        t = reshape(t, (1,)) if t.ndim == 0 else t
        if axis is None and t.ndim > 1:
            raise ShapeError(
                f"{at_user_line()}: For arrays which have more than one dimension ``axis`` argument is required."
            )
        along = axis_index(-1 if axis is None else axis, t.ndim)
        result = function(t, along, dtype)
        if not include_initial:
            return result
        one = (*t.shape[:along], 1, *t.shape[along + 1 :])
        return concatenate([full(one, start, result.dtype), result], along)

    return handler


implements(np.cumulative_sum)(_cumulative(cumsum, 0))
implements(np.cumulative_prod)(_cumulative(cumprod, 1))
