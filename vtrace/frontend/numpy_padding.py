"""np.pad: around an array along one axis after the other, as NumPy does."""

from collections.abc import Callable
from typing import Any

import numpy as np

from vtrace.errors import ArgumentError, ShapeError, UnsupportedError, UsageError
from vtrace.frontend.core import convert, full, transpose
from vtrace.frontend.dispatch import implements
from vtrace.frontend.numpy_movement import broadcast_to_, concatenate, flip, part_along
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit, lift
from vtrace.frontend.tracer import Tracer
from vtrace.ops.movement import Pad

_REPEATING = frozenset({"edge", "reflect", "symmetric", "wrap"})
"""The modes that repeat elements: padding the positions tells which."""
_STATISTICS: dict[str, Callable[..., Any]] = {"maximum": np.max, "minimum": np.min, "mean": np.mean}


@implements(np.pad)
def pad(
    array: Any,
    pad_width: Any,
    mode: str = "constant",
    *,
    constant_values: Any = 0,
    end_values: Any = 0,
    stat_length: Any = None,
    reflect_type: str = "even",
) -> Tracer:
    x = lift(array)
    widths = _widths(pad_width, x.ndim)
    if mode in ("constant", "empty"):
        value = lift(constant_values if mode == "constant" else 0)
        if value.ndim == 0:
            low, high = (tuple(int(w) for w in widths[:, side]) for side in (0, 1))
            return emit(Pad(low, high), x, convert(value, x.dtype))
    for axis, (low, high) in enumerate(widths.tolist()):
        if low + high and not x.shape[axis] and mode not in ("constant", "empty"):
            raise UsageError(
                f"{at_user_line()}: can't extend empty axis {axis} using modes other than 'constant' or 'empty'"
            )
        if mode in ("constant", "empty"):
            first, last = _pair(value, x.ndim, axis)
            x = _between(x, axis, _filled(x, axis, low, first), _filled(x, axis, high, last))
        elif mode in _REPEATING:
            x = _repeated(x, axis, low, high, mode, reflect_type)
        elif mode == "linear_ramp":
            x = _ramps(x, axis, low, high, _pair(lift(end_values), x.ndim, axis))
        elif mode in _STATISTICS:
            x = _between(x, axis, *_summaries(x, axis, low, high, mode, stat_length))
        else:
            raise UnsupportedError(f"{at_user_line()}: np.pad with mode={mode!r} is not supported on traced arrays")
    return x


def _widths(pad_width: Any, rank: int) -> Any:
    """How much to add before and after each axis."""
    if isinstance(pad_width, dict):
        given: list[Any] = [pad_width.get(i, pad_width.get(i - rank, (0, 0))) for i in range(rank)]
        pad_width = [(w, w) if np.ndim(w) == 0 else tuple(w) for w in given]
    widths = np.asarray(pad_width)
    if widths.dtype.kind not in "iu":
        raise ArgumentError(f"{at_user_line()}: `pad_width` must be of integral type.")
    if widths.size and widths.min() < 0:
        raise UsageError(f"{at_user_line()}: index can't contain negative values")
    try:
        return np.broadcast_to(widths, (rank, 2))
    except ValueError:
        raise ShapeError(f"{at_user_line()}: np.pad: pad_width of shape {widths.shape} for {rank} axes") from None


def _pair(values: Tracer, rank: int, axis: int) -> tuple[Any, Any]:
    """What holds before and after one of the axes."""
    wide: Any = broadcast_to_(values, (rank, 2))
    return wide[axis, 0], wide[axis, 1]


def _between(x: Tracer, axis: int, before: Tracer, after: Tracer) -> Tracer:
    return concatenate([convert(before, x.dtype), x, convert(after, x.dtype)], axis)


def _filled(x: Tracer, axis: int, width: int, value: Any) -> Tracer:
    return full((*x.shape[:axis], width, *x.shape[axis + 1 :]), value, x.dtype)


def _repeated(x: Tracer, axis: int, low: int, high: int, mode: str, reflect_type: str) -> Tracer:
    size = x.shape[axis]
    rows = np.pad(np.arange(size), (low, high), mode=mode)  # type: ignore[call-overload]  # one of _REPEATING
    padded: Any = x[(*(slice(None),) * axis, rows)]
    if reflect_type == "even" or mode not in ("reflect", "symmetric"):
        return lift(padded)
    if max(low, high) > size - (mode == "reflect"):
        raise UnsupportedError(
            f"{at_user_line()}: np.pad with reflect_type='odd' by more than the array holds is not supported"
        )
    first, last = part_along(x, axis, 0, 1), part_along(x, axis, size - 1, size)
    before, after = part_along(padded, axis, 0, low), part_along(padded, axis, low + size, low + size + high)
    return _between(x, axis, 2 * first - before, 2 * last - after)


def _ramps(x: Tracer, axis: int, low: int, high: int, ends: tuple[Any, Any]) -> Tracer:
    size = x.shape[axis]
    edges = part_along(x, axis, 0, 1), part_along(x, axis, size - 1, size)
    sides: list[Any] = [
        np.linspace(np.broadcast_to(end, edge.shape), edge, width, endpoint=False, dtype=x.dtype, axis=0)
        for end, edge, width in zip(ends, edges, (low, high), strict=True)
    ]
    moved = [transpose(lift(s), [*range(1, axis + 1), 0, *range(axis + 1, s.ndim)]) for s in sides]
    moved = [m.reshape(*x.shape[:axis], m.shape[axis], *x.shape[axis + 1 :]) for m in moved]
    return _between(x, axis, moved[0], flip(moved[1], axis))


def _summaries(x: Tracer, axis: int, low: int, high: int, mode: str, stat_length: Any) -> tuple[Any, Any]:
    """The statistic of the first and of the last elements, or of all, as often as asked for."""
    size = x.shape[axis]
    if stat_length is None:
        lengths = [size, size]
    else:
        lengths = [min(int(n), size) for n in np.broadcast_to(np.asarray(stat_length), (x.ndim, 2))[axis]]
        if min(lengths) < 1 and mode != "mean":
            raise UsageError(f"{at_user_line()}: stat_length of 0 yields no value for padding")
    sides = []
    for start, stop, width in ((0, lengths[0], low), (size - lengths[1], size, high)):
        value: Any = _STATISTICS[mode](part_along(x, axis, start, stop), axis=axis, keepdims=True)
        value = np.rint(value) if mode == "mean" and x.dtype.kind in "iu" else value
        sides.append(broadcast_to_(convert(value, x.dtype), (*x.shape[:axis], width, *x.shape[axis + 1 :])))
    return sides[0], sides[1]
