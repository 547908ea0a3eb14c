"""`ufunc.accumulate`, `reduce` and `reduceat`: a ufunc of two operands along an axis, from the first element on."""

from typing import Any

import numpy as np

from vtrace.errors import IndexOutOfRangeError, ShapeError, UnsupportedError
from vtrace.frontend.control.loops import scan
from vtrace.frontend.core import axis_index, axis_tuple, convert, count, reshape, static_int, transpose
from vtrace.frontend.dispatch import UFUNC_HANDLERS, call_function, qualified_name
from vtrace.frontend.promotion import resolve
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit, lift
from vtrace.frontend.tracer import Tracer
from vtrace.ops.scan import CumMax, CumMin

_FUNCTIONS = {np.add: np.cumsum, np.multiply: np.cumprod}
_EXTREMA = {np.maximum: CumMax, np.minimum: CumMin}


def accumulate(ufunc: np.ufunc, array: Any, axis: int = 0, dtype: Any = None) -> Tracer:
    """`ufunc.accumulate(array, axis, dtype)`: element i along `axis` joins elements 0 to i."""
    if axis is None:
        raise ShapeError(f"{at_user_line()}: accumulate does not allow multiple axes")
    if ufunc in _FUNCTIONS:
        return call_function(_FUNCTIONS[ufunc], (array,), {"axis": axis, "dtype": dtype})  # type: ignore[no-any-return]
    x = _operand(ufunc, array, dtype)
    axis = axis_index(axis, x.ndim)
    if ufunc in _EXTREMA and x.dtype.kind != "c":
        return emit(_EXTREMA[ufunc](axis), x)
    if x.shape[axis] == 0:
        return x
    others = [a for a in range(x.ndim) if a != axis]
    rows = transpose(x, [axis, *others])
    _, joined = _joined(ufunc, rows)
    every: Any = np.concatenate([rows[:1], joined])
    return transpose(every, np.argsort([axis, *others]).tolist())


def reduce(ufunc: np.ufunc, array: Any, axis: Any = 0, dtype: Any = None, keepdims: bool = False) -> Tracer:
    """`ufunc.reduce(array, axis, dtype, keepdims=keepdims)` along one axis, of a ufunc that is no reduction of ours."""
    x = _operand(ufunc, array, dtype)
    axes = axis_tuple(axis, x.ndim)
    if len(axes) != 1:
        return _along_axes(ufunc, x, axes, keepdims)
    (axis,) = axes
    if x.shape[axis] == 0:
        if ufunc.identity is None:
            raise ShapeError(
                f"{at_user_line()}: zero-size array to reduction operation {ufunc.__name__} which has no identity"
            )
        start: Any = np.full((*x.shape[:axis], *x.shape[axis + 1 :]), ufunc.identity, x.dtype)
        return lift(np.expand_dims(start, axis) if keepdims else start)
    rows = transpose(x, [axis, *(a for a in range(x.ndim) if a != axis)])
    last, _ = _joined(ufunc, rows)
    return np.expand_dims(last, axis) if keepdims else last  # type: ignore[return-value]  # a tracer


def reduceat(ufunc: np.ufunc, array: Any, indices: Any, axis: int = 0, dtype: Any = None) -> Tracer:
    """`ufunc.reduceat(array, indices, axis, dtype)`: from each index up to the next one, or the element alone where
    that is not larger. The indices are known while tracing."""
    x = lift(array) if dtype is None else _operand(ufunc, array, dtype)
    along = axis_index(axis, x.ndim)
    starts = [static_int(k, "an index") for k in indices]
    for k in starts:
        if not 0 <= k < x.shape[along]:
            raise IndexOutOfRangeError(
                f"{at_user_line()}: index {k} out-of-bounds in {ufunc.__name__}.reduceat [0, {x.shape[along]})"
            )
    before = (slice(None),) * along
    parts: list[Any] = []
    for k, stop in zip(starts, [*starts, x.shape[along]][1:], strict=True):
        part: Any = x[(*before, slice(k, max(stop, k + 1)))]
        parts.append(ufunc.reduce(part, axis=along, keepdims=True))
    whole: Any = ufunc.reduce(x, axis=along, keepdims=True)  # for its dtype
    result: Any = np.concatenate(parts, along) if parts else whole[(*before, slice(0, 0))]
    return lift(result if dtype is None else convert(result, x.dtype))


def _along_axes(ufunc: np.ufunc, x: Tracer, axes: tuple[int, ...], keepdims: bool) -> Tracer:
    """The same along no axis or along several, made one."""
    if not axes:
        return x if ufunc.identity is None else UFUNC_HANDLERS[ufunc](np.asarray(ufunc.identity, x.dtype), x)
    try:
        ufunc.reduce(np.ones((1, 1), x.dtype), axis=(0, 1))
    except ValueError as error:
        raise ShapeError(f"{at_user_line()}: {error}") from None
    others = [a for a in range(x.ndim) if a not in axes]
    flat = reshape(transpose(x, [*axes, *others]), (count([x.shape[a] for a in axes]), *(x.shape[a] for a in others)))
    result = reduce(ufunc, flat, 0)
    return reshape(result, [1 if a in axes else n for a, n in enumerate(x.shape)]) if keepdims else result


def _joined(ufunc: np.ufunc, rows: Tracer) -> Any:
    """The last result, and all of them after the first, as they come by taking the rows in order."""

    def step(total: Any, row: Any) -> Any:
        joined = convert(UFUNC_HANDLERS[ufunc](total, row), rows.dtype)
        return joined, joined

    return scan(step, rows[0], rows[1:], rows.shape[0] - 1, False)


def _operand(ufunc: np.ufunc, array: Any, dtype: Any) -> Tracer:
    """The array in the dtype that the ufunc gives for two of them; cast to `dtype`, however unsafe that is."""
    x = lift(array) if dtype is None else convert(array, np.dtype(dtype))
    dtypes = resolve(ufunc, (x, x), None if dtype is None else np.dtype(dtype))
    if dtypes[-1] != dtypes[0]:
        raise UnsupportedError(
            f"{at_user_line()}: {qualified_name(ufunc)}.reduce and .accumulate of {x.dtype} are not supported on "
            f"traced arrays: the result is {dtypes[-1]}"
        )
    return convert(x, dtypes[0])
