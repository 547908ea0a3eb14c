"""Positions: unravelled, as open grids, on diagonals; and elements chosen, placed and replaced by them."""

from typing import Any

import numpy as np

from vtrace.errors import DTypeError, ShapeError, UnsupportedError, UsageError
from vtrace.frontend.assignment import assign
from vtrace.frontend.core import (
    BOOL,
    INT64,
    axis_index,
    broadcast_together,
    convert,
    count,
    full,
    reshape,
    static_shape_argument,
    view,
)
from vtrace.frontend.dispatch import implements
from vtrace.frontend.numpy_assembly import resize
from vtrace.frontend.numpy_counting import traced_target
from vtrace.frontend.numpy_elementwise import truth
from vtrace.frontend.numpy_movement import stack
from vtrace.frontend.numpy_selection import where
from vtrace.frontend.promotion import result_type
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit, lift
from vtrace.frontend.tracer import Tracer
from vtrace.ops.indexing import Gather, TakeAlong

_NEEDS_SHAPE = "has a shape that depends on the values of a traced condition; use np.where(condition, x, other)"


def flat_of(x: Tracer) -> Tracer:
    """`x.flat`: its elements in a row, which write through to it."""
    return view(x, lambda t: reshape(t, (t.size,)), None, lambda base, value: reshape(value, base.shape))


def _inside(index: Tracer, size: int) -> Any:
    """The index, and an IndexError when the kernel runs where it is negative or too large."""
    number: Any = convert(index, INT64)
    outside = where(number < 0, size, number)
    return number + reshape(emit(Gather(0), full((size,), 0, INT64), outside), index.shape)


@implements(np.unravel_index)
def unravel_index(indices: Any, shape: Any = None, order: str = "C") -> tuple[Any, ...]:
    index, extents = lift(indices), static_shape_argument(shape)
    if index.dtype.kind not in "iu":
        raise DTypeError(f"{at_user_line()}: only int indices permitted, got {index.type}")
    if order not in ("C", "F"):
        raise UsageError(f"{at_user_line()}: only 'C' or 'F' order is permitted")
    rest = _inside(index, count(extents))
    result = []
    for extent in reversed(extents) if order == "C" else extents:
        rest, here = rest // max(extent, 1), rest % max(extent, 1)
        result.append(here)
    return tuple(reversed(result) if order == "C" else result)


@implements(np.ravel_multi_index)
def ravel_multi_index(multi_index: Any, dims: Any, mode: Any = "raise", order: str = "C") -> Any:
    indices, extents = [lift(i) for i in multi_index], static_shape_argument(dims)
    if len(indices) != len(extents):
        raise ShapeError(
            f"{at_user_line()}: need {len(extents)} index arrays, one for each of dims, got {len(indices)}"
        )
    modes = (mode,) * len(extents) if isinstance(mode, str) else tuple(mode)
    total: Any = 0
    items = list(zip(indices, extents, modes, strict=True))
    for index, extent, how in items if order == "C" else reversed(items):
        if index.dtype.kind not in "iu":
            raise DTypeError(f"{at_user_line()}: only int indices permitted, got {index.type}")
        total = total * extent + _brought_inside(index, extent, how)
    return total


def _brought_inside(index: Tracer, extent: int, mode: str) -> Any:
    if mode == "raise":
        return _inside(index, extent)
    number = convert(index, INT64)
    if mode == "wrap":
        return number % extent
    if mode == "clip":
        return np.clip(number, 0, extent - 1)
    raise UsageError(f"{at_user_line()}: mode must be one of 'clip', 'raise', or 'wrap' (got {mode!r})")


@implements(np.ix_)
def ix_(*args: Any) -> tuple[Any, ...]:
    result = []
    for at, given in enumerate(args):
        x = lift(given)
        if x.ndim != 1:
            raise ShapeError(f"{at_user_line()}: Cross index must be 1 dimensional")
        if x.dtype == BOOL:
            if not x.is_constant:
                raise UnsupportedError(f"{at_user_line()}: np.ix_ of a traced mask {_NEEDS_SHAPE}")
            x = lift(np.flatnonzero(x.constant()))
        result.append(reshape(x, (1,) * at + (x.size,) + (1,) * (len(args) - at - 1)))
    return tuple(result)


@implements(np.diag_indices_from)
def diag_indices_from(arr: Any) -> Any:
    x = lift(arr)
    if x.ndim < 2 or len(set(x.shape)) > 1:
        raise ShapeError(f"{at_user_line()}: All dimensions of input must be of equal length, and two or more")
    return np.diag_indices(x.shape[0], x.ndim)


def _triangle(function: Any) -> Any:
    def handler(arr: Any, k: int = 0) -> Any:
        x = lift(arr)
        if x.ndim != 2:
            raise ShapeError(f"{at_user_line()}: input array must be 2-d")
        return function(x.shape[-2], k=k, m=x.shape[-1])

    return handler


implements(np.tril_indices_from)(_triangle(np.tril_indices))
implements(np.triu_indices_from)(_triangle(np.triu_indices))


@implements(np.choose)
def choose(a: Any, choices: Any, out: None = None, mode: str = "raise") -> Any:
    options = list(choices)
    if lift(a).dtype.kind not in "iub":
        raise DTypeError(f"{at_user_line()}: np.choose takes integers, got {lift(a).type}")
    wide = broadcast_together("np.choose", convert(lift(a), INT64), *map(lift, options))
    dtype = result_type(*map(lift, options))
    at = where(wide[0] < 0, len(options), wide[0]) if mode == "raise" else _brought_inside(wide[0], len(options), mode)
    stacked = stack([convert(o, dtype) for o in wide[1:]])
    return reshape(emit(TakeAlong(0), stacked, reshape(lift(at), (1, *wide[0].shape))), wide[0].shape)


def _known(condition: Any, name: str) -> Any:
    mask = lift(condition)
    if not mask.is_constant:
        raise UnsupportedError(f"{at_user_line()}: {name} {_NEEDS_SHAPE}")
    return mask.constant()


@implements(np.compress)
def compress(condition: Any, a: Any, axis: int | None = None) -> Any:
    mask, x = _known(condition, "np.compress"), lift(a)
    if mask.ndim != 1:
        raise ShapeError(f"{at_user_line()}: condition must be a 1-d array")
    x, along = (reshape(x, (x.size,)), 0) if axis is None else (x, axis_index(axis, x.ndim))
    return x[(*(slice(None),) * along, np.flatnonzero(mask))]


@implements(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    mask, x = _known(condition, "np.extract"), lift(arr)
    return reshape(x, (x.size,))[np.flatnonzero(mask)]


def _safely(values: Any, target: Tracer) -> Tracer:
    """Values to be put into an array of a dtype that must hold them."""
    x = lift(values)
    if not (x.weak or isinstance(values, list | tuple) or np.can_cast(x.dtype, target.dtype, "safe")):
        raise DTypeError(
            f"{at_user_line()}: Cannot cast array data from {x.dtype!r} to {target.dtype!r} according to the rule "
            "'safe'"
        )
    return convert(x, target.dtype)


@implements(np.putmask)
def putmask(a: Any, /, mask: Any, values: Any) -> None:
    target, chosen = traced_target(a, "np.putmask"), truth(lift(mask))
    if chosen.size != target.size:
        raise ShapeError(f"{at_user_line()}: putmask: mask and data must be the same size")
    new = _safely(values, target)
    if new.size:
        assign(target, lift(where(reshape(chosen, target.shape), resize(new, target.shape), target)))


@implements(np.place)
def place(arr: Any, mask: Any, vals: Any) -> None:
    target, chosen = traced_target(arr, "np.place"), truth(lift(mask))
    if chosen.size != target.size:
        raise ShapeError(f"{at_user_line()}: place: mask and data must be the same size")
    flat, new = reshape(chosen, (target.size,)), _safely(vals, target)
    if not target.size:
        return
    if not new.size:
        raise ShapeError(f"{at_user_line()}: Cannot insert from an empty array!")
    which: Any = np.maximum(np.cumsum(flat) - 1, 0) % new.size
    taken = reshape(new, (new.size,))[which]
    assign(target, lift(where(reshape(flat, target.shape), reshape(taken, target.shape), target)))


@implements(np.fill_diagonal)
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    target = traced_target(a, "np.fill_diagonal")
    if target.ndim < 2:
        raise ShapeError(f"{at_user_line()}: array must be at least 2-d")
    if target.ndim == 2:
        step = target.shape[1] + 1
        end = target.size if wrap else min(target.shape[1] ** 2, target.size)
    else:
        if len(set(target.shape)) > 1:
            raise ShapeError(f"{at_user_line()}: All dimensions of input must be of equal length")
        step, end = 1 + sum(target.shape[0] ** n for n in range(1, target.ndim)), target.size
    places = np.arange(0, end, step)
    if places.size and lift(val).size:
        flat_of(target)[places] = resize(convert(val, target.dtype), places.shape)
