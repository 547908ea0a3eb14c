"""NumPy's functions that call functions of the user: along an axis, over axes, piece by piece."""

from typing import Any

import numpy as np

from vtrace.errors import ShapeError
from vtrace.frontend.core import axis_index, convert, count, reshape, transpose
from vtrace.frontend.dispatch import implements
from vtrace.frontend.numpy_elementwise import truth
from vtrace.frontend.numpy_movement import moveaxis, stack
from vtrace.frontend.numpy_selection import where
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift


@implements(np.apply_along_axis)
def apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """Unrolled: a row is an array of its own to the function."""
    x = lift(arr)
    along = axis_index(axis, x.ndim)
    lead = (*x.shape[:along], *x.shape[along + 1 :])
    if not count(lead):
        raise ShapeError(f"{at_user_line()}: Cannot apply_along_axis when any iteration dimensions are 0")
    rows = reshape(moveaxis(x, along, -1), (count(lead), x.shape[along]))
    results = [lift(func1d(row, *args, **kwargs)) for row in rows]
    each = results[0].shape
    joined = reshape(stack([convert(r, results[0].dtype) for r in results]), (*lead, *each))
    order = range(joined.ndim)
    return transpose(joined, [*order[:along], *order[len(lead) :], *order[along : len(lead)]])


@implements(np.apply_over_axes)
def apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    x: Any = lift(a)
    for axis in (axes,) if np.ndim(axes) == 0 else axes:
        result = lift(func(x, axis_index(axis, x.ndim)))
        if result.ndim == x.ndim - 1:
            result = lift(np.expand_dims(result, axis_index(axis, x.ndim)))
        if result.ndim != x.ndim:
            raise ShapeError(f"{at_user_line()}: function is not returning an array of the correct shape")
        x = result
    return x


def _rank(value: Any) -> int:
    if isinstance(value, list | tuple):
        return 1 + (_rank(value[0]) if value else 0)
    return lift(value).ndim


@implements(np.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """Every function is called for all of `x`, and what it gives is chosen from."""
    t = lift(x)
    if _rank(condlist) == 0 or (_rank(condlist) == 1 and t.ndim):
        condlist = [condlist]
    conditions: list[Any] = [truth(lift(c)) for c in condlist]
    if not conditions:
        raise ShapeError(f"{at_user_line()}: np.piecewise needs a condition")
    if len(funclist) == len(conditions) + 1:
        anywhere = conditions[0]
        for condition in conditions[1:]:
            anywhere = anywhere | condition
        conditions.append(~anywhere)
    if len(funclist) != len(conditions):
        raise ShapeError(
            f"{at_user_line()}: with {len(conditions)} condition(s), either {len(conditions)} or {len(conditions) + 1} "
            "functions are expected"
        )
    result: Any = np.zeros_like(t)
    for condition, function in zip(conditions, funclist, strict=True):
        value = convert(function(t, *args, **kw) if callable(function) else function, t.dtype)
        result = where(condition, value, result)
    return result
