"""NumPy functions that only move elements: shapes, axes, joining, repeating, padding."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from vtrace.errors import DTypeError, ShapeError, UsageError
from vtrace.frontend.core import (
    alias,
    axis_index,
    axis_tuple,
    broadcast_to,
    check_dtype,
    convert,
    count,
    layout,
    reshape,
    shape_of,
    static_int,
    static_shape_argument,
    strong,
    transpose,
    view,
)
from vtrace.frontend.dispatch import implements
from vtrace.frontend.promotion import result_type
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit, lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import Array
from vtrace.ops.movement import Concatenate, Reverse, Slice


def _reversed(x: Tracer) -> Tracer:
    """`x.T`"""
    return transpose(x, range(x.ndim)[::-1])


@implements(np.reshape)
def reshape_(a: Any, shape: Any = None, order: str = "C", *, copy: bool | None = None) -> Tracer:
    x = lift(a)
    _check_order(order)
    if order == "K":
        raise UsageError(f"{at_user_line()}: order 'K' is not permitted for reshaping")
    if order == "A":
        order = "F" if layout(x).flags.fnc else "C"
    wanted = static_shape_argument(shape)
    in_memory: Any = order
    if wanted.count(-1) == 1 and (rest := count([s for s in wanted if s != -1])) and x.size % rest == 0:
        wanted = tuple(x.size // rest if s == -1 else s for s in wanted)
    if count(wanted) != x.size or -1 in wanted:
        raise ShapeError(
            f"{at_user_line()}: cannot reshape array of size {x.size} and shape {shape_of(x.shape)} "
            f"into shape {shape_of(static_shape_argument(shape))}"
        )

    def reshaped(t: Tracer) -> Tracer:
        return _reversed(reshape(_reversed(t), wanted[::-1])) if order == "F" else reshape(t, wanted)

    return alias(reshaped(x)) if copy else view(x, reshaped, lambda n: n.reshape(wanted, order=in_memory))


@implements(np.ravel)
def ravel(a: Any, order: str = "C") -> Tracer:
    x = lift(a)
    _check_order(order)
    if order == "K":
        x, order = transpose_(x, _axes_in_memory(layout(x))), "C"
    return reshape_(x, x.size, order)


def _check_order(order: str) -> None:
    if order not in ("C", "A", "K", "F"):
        raise UsageError(f"{at_user_line()}: order must be one of 'C', 'F', 'A', or 'K' (got {order!r})")


def _axes_in_memory(x: Array) -> list[int]:
    """The axes by falling strides, whatever their sign. One whose stride says nothing stays where it is, as it does in
    the insertion sort of NumPy's iterators."""
    strides = [abs(stride) if extent > 1 else 0 for stride, extent in zip(x.strides, x.shape, strict=True)]
    axes = list(range(x.ndim))[::-1]
    for n, axis in enumerate(axes):
        place = n
        for before in reversed(range(n)):
            if strides[axis] and (other := strides[axes[before]]):
                if other <= strides[axis]:
                    break
                place = before
        axes.insert(place, axes.pop(n))
    return axes[::-1]


@implements(np.transpose, np.permute_dims)
def transpose_(a: Any, axes: Any = None) -> Tracer:
    x = lift(a)
    if axes is None:
        permutation: tuple[int, ...] = tuple(reversed(range(x.ndim)))
    else:
        if len(tuple(axes)) != x.ndim:
            raise ShapeError(f"{at_user_line()}: axes {tuple(axes)} don't match array of shape {shape_of(x.shape)}")
        permutation = normalize_axis_tuple(axes, x.ndim)
    return view(x, lambda t: transpose(t, permutation), lambda n: n.transpose(permutation))


@implements(np.matrix_transpose, np.linalg.matrix_transpose)
def matrix_transpose(x: Any, /) -> Tracer:
    if np.ndim(x) < 2:
        raise ShapeError(f"{at_user_line()}: matrix transpose needs at least 2 dimensions, got shape {np.shape(x)}")
    return swapaxes(x, -1, -2)


@implements(np.swapaxes)
def swapaxes(a: Any, axis1: int, axis2: int) -> Tracer:
    x = lift(a)
    order = list(range(x.ndim))
    i, j = axis_index(axis1, x.ndim), axis_index(axis2, x.ndim)
    order[i], order[j] = order[j], order[i]
    return transpose_(x, order)


@implements(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Tracer:
    x = lift(a)
    sources = normalize_axis_tuple(source, x.ndim, "source")
    destinations = normalize_axis_tuple(destination, x.ndim, "destination")
    if len(sources) != len(destinations):
        raise ShapeError(
            f"{at_user_line()}: `source` and `destination` arguments must have the same number of elements"
        )
    order = [n for n in range(x.ndim) if n not in sources]
    for dest, src in sorted(zip(destinations, sources, strict=True)):
        order.insert(dest, src)
    return transpose_(x, order)


@implements(np.rollaxis)
def rollaxis(a: Any, axis: int, start: int = 0) -> Tracer:
    x = lift(a)
    axis = axis_index(axis, x.ndim)
    start = start + x.ndim if start < 0 else start
    return moveaxis(x, axis, start - (axis < start))


@implements(np.expand_dims)
def expand_dims(a: Any, axis: Any) -> Tracer:
    x = lift(a)
    extra = axis if isinstance(axis, tuple | list) else (axis,)
    axes = normalize_axis_tuple(extra, x.ndim + len(extra))
    rest = iter(x.shape)
    return reshape_(x, tuple(1 if i in axes else next(rest) for i in range(x.ndim + len(extra))))


@implements(np.squeeze)
def squeeze(a: Any, axis: Any = None) -> Tracer:
    x = lift(a)
    axes = axis_tuple(axis, x.ndim) if axis is not None else tuple(i for i, s in enumerate(x.shape) if s == 1)
    if any(x.shape[i] != 1 for i in axes):
        raise ShapeError(
            f"{at_user_line()}: cannot select an axis to squeeze out which has size not equal to one: "
            f"axis {axis} of shape {shape_of(x.shape)}"
        )
    return reshape_(x, tuple(s for i, s in enumerate(x.shape) if i not in axes))


@implements(np.broadcast_to)
def broadcast_to_(array: Any, shape: Any) -> Tracer:
    x = lift(array)
    wanted = static_shape_argument(shape)
    lead = len(wanted) - x.ndim
    if lead < 0 or any(s not in (1, wanted[lead + i]) for i, s in enumerate(x.shape)):
        raise ShapeError(
            f"{at_user_line()}: np.broadcast_to: an array of shape {shape_of(x.shape)} does not broadcast to "
            f"{shape_of(wanted)}"
        )
    return view(x, lambda t: broadcast_to(t, wanted), lambda n: np.broadcast_to(n, wanted))


@implements(np.broadcast_arrays)
def broadcast_arrays(*args: Any) -> tuple[Tracer, ...]:
    shape = np.broadcast_shapes(*(np.shape(a) for a in args))
    return tuple(broadcast_to_(a, shape) for a in args)


def _at_least(arrays: tuple[Any, ...], shape: Any) -> Any:
    results = tuple(reshape_(a, shape(np.shape(a))) for a in arrays)
    return results[0] if len(results) == 1 else results


@implements(np.atleast_1d)
def atleast_1d(*arys: Any) -> Any:
    return _at_least(arys, lambda s: s or (1,))


@implements(np.atleast_2d)
def atleast_2d(*arys: Any) -> Any:
    return _at_least(arys, lambda s: (1,) * (2 - len(s)) + s)


@implements(np.atleast_3d)
def atleast_3d(*arys: Any) -> Any:
    return _at_least(arys, lambda s: {0: (1, 1, 1), 1: (1, *s, 1), 2: (*s, 1)}.get(len(s), s))


@implements(np.flip)
def flip(m: Any, axis: Any = None) -> Tracer:
    x = lift(m)
    axes = axis_tuple(tuple(axis) if isinstance(axis, list) else axis, x.ndim)
    return view(x, lambda t: emit(Reverse(axes), t), lambda n: np.flip(n, axes))


@implements(np.flipud)
def flipud(m: Any) -> Tracer:
    return flip(m, 0)


@implements(np.fliplr)
def fliplr(m: Any) -> Tracer:
    return flip(m, 1)


@implements(np.rot90)
def rot90(m: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Tracer:
    if len(tuple(axes)) != 2:
        raise ShapeError(f"{at_user_line()}: len(axes) must be 2.")
    first, second = (axis_index(a, lift(m).ndim) for a in axes)
    if first == second:
        raise ShapeError(f"{at_user_line()}: Axes must be different.")
    axes, k = (first, second), static_int(k, "k") % 4
    if k == 0:
        return lift(m)
    if k == 2:
        return flip(flip(m, axes[0]), axes[1])
    return swapaxes(flip(m, axes[1]), *axes) if k == 1 else flip(swapaxes(m, *axes), axes[1])


@implements(np.concatenate)
def concatenate(
    arrays: Any, axis: int | None = 0, out: None = None, *, dtype: Any = None, casting: str = "same_kind"
) -> Tracer:
    tracers = [strong(lift(a)) for a in arrays]
    if not tracers:
        raise ShapeError(f"{at_user_line()}: need at least one array to concatenate")
    target = check_dtype(dtype, "np.concatenate") if dtype is not None else result_type(*tracers)
    wrong = next((t for t in tracers if not np.can_cast(t.dtype, target, casting)), None)  # type: ignore[arg-type]  # a str
    if wrong is not None:
        raise DTypeError(
            f"{at_user_line()}: Cannot cast array data from {wrong.dtype!r} to {target!r} according to the rule "
            f"{casting!r}"
        )
    tracers = [convert(t, target) for t in tracers]
    if axis is None:
        tracers, axis = [reshape(t, (t.size,)) for t in tracers], 0
    ranks = {t.ndim for t in tracers}
    shapes = ", ".join(shape_of(t.shape) for t in tracers)
    if 0 in ranks:
        raise ShapeError(f"{at_user_line()}: zero-dimensional arrays cannot be concatenated; use np.stack")
    if len(ranks) > 1:
        raise ShapeError(f"{at_user_line()}: np.concatenate: arrays need one number of dimensions, got {shapes}")
    axis = axis_index(axis, tracers[0].ndim)
    if len({t.shape[:axis] + t.shape[axis + 1 :] for t in tracers}) > 1:
        raise ShapeError(f"{at_user_line()}: np.concatenate: shapes must agree except on axis {axis}, got {shapes}")
    return emit(Concatenate(axis), *tracers) if len(tracers) > 1 else alias(tracers[0])


@implements(np.stack)
def stack(arrays: Any, axis: int = 0, out: None = None, *, dtype: Any = None, casting: str = "same_kind") -> Tracer:
    tracers = [strong(lift(a)) for a in arrays]
    if not tracers:
        raise ShapeError(f"{at_user_line()}: need at least one array to stack")
    if len({t.shape for t in tracers}) > 1:
        shapes = ", ".join(shape_of(t.shape) for t in tracers)
        raise ShapeError(f"{at_user_line()}: all input arrays must have the same shape, got {shapes}")
    axis = axis_index(axis, tracers[0].ndim + 1)
    shape = (*tracers[0].shape[:axis], 1, *tracers[0].shape[axis:])
    return concatenate([reshape(t, shape) for t in tracers], axis, dtype=dtype, casting=casting)


def part_along(x: Tracer, axis: int, start: int, stop: int) -> Tracer:
    """What lies from `start` to `stop` along an axis."""
    return x[(*(slice(None),) * axis, slice(start, stop))]


@implements(np.roll)
def roll(a: Any, shift: Any, axis: Any = None) -> Tracer:
    x = lift(a)
    if axis is None:
        return reshape(roll(reshape(x, (x.size,)), shift, 0), x.shape)
    shifts, axes = (list(v) if isinstance(v, list | tuple) or np.ndim(v) else [v] for v in (shift, axis))
    number = np.broadcast_shapes((len(shifts),), (len(axes),))[0]
    shifts, axes = (v * number if len(v) == 1 else v for v in (shifts, axes))
    for s, along in zip(shifts, axes, strict=True):
        x = _turned(x, s, axis_index(along, x.ndim))
    return alias(x)


def _turned(x: Tracer, shift: Any, axis: int) -> Tracer:
    """`x` rolled along one axis, by a number that may be traced."""
    size = x.shape[axis]
    if not size:
        return x
    if isinstance(shift, Tracer) and not shift.is_constant:
        if shift.dtype.kind not in "iu":
            raise DTypeError(f"{at_user_line()}: np.roll by {shift.type}: a shift is an integer")
        places: Any = (np.arange(size) - shift.astype(np.int64) % size) % size
        return x[(*(slice(None),) * axis, places)]
    cut = -static_int(shift, "shift") % size
    return concatenate([part_along(x, axis, cut, size), part_along(x, axis, 0, cut)], axis) if cut else x


@implements(np.tile)
def tile(A: Any, reps: Any) -> Tracer:
    x, times = lift(A), static_shape_argument(reps)
    rank = max(x.ndim, len(times))
    shape, times = (1,) * (rank - x.ndim) + x.shape, (1,) * (rank - len(times)) + times
    pairs = list(zip(times, shape, strict=True))
    apart = reshape(x, [e for _, s in pairs for e in (1, s)])
    return reshape(broadcast_to(apart, [e for pair in pairs for e in pair]), [r * s for r, s in pairs])


@implements(np.repeat)
def repeat(a: Any, repeats: Any, axis: int | None = None) -> Tracer:
    x = lift(a)
    if axis is None:
        x, axis = reshape(x, (x.size,)), 0
    axis = axis_index(axis, x.ndim)
    if isinstance(repeats, Tracer):
        static_int(repeats, "repeats")
    rows = np.repeat(np.arange(x.shape[axis]), repeats)
    return x[(*(slice(None),) * axis, rows)]


def slice_axis(x: Tracer, starts: Sequence[int], stops: Sequence[int], strides: Sequence[int]) -> Tracer:
    """The primitive behind `x[a:b:c]`; a whole axis on every axis is `x` itself."""
    if all((a, b, c) == (0, n, 1) for a, b, c, n in zip(starts, stops, strides, x.shape, strict=True)):
        return alias(x)
    return emit(Slice(tuple(starts), tuple(stops), tuple(strides)), x)
