"""Medians, quantiles and percentiles, with NumPy's methods of interpolation; and those that leave NaN out."""

from collections.abc import Callable
from typing import Any

import numpy as np

from vtrace.errors import DTypeError, IndexOutOfRangeError, ShapeError, UsageError
from vtrace.frontend.core import (
    INT64,
    axis_index,
    axis_tuple,
    broadcast_to,
    convert,
    count,
    reshape,
    transpose,
)
from vtrace.frontend.dispatch import implements
from vtrace.frontend.numpy_selection import where
from vtrace.frontend.numpy_sorting import row_along_rows, sort
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import DType
from vtrace.ops.sorting import OrderStatistics


def _between(alpha: float, beta: float) -> Callable[[Any, Any], Any]:
    return lambda n, q: n * q + (alpha + q * (1 - alpha - beta)) - 1


_CONTINUOUS: dict[str, Callable[[Any, Any], Any]] = {
    "linear": lambda n, q: (n - 1) * q,
    "interpolated_inverted_cdf": _between(0, 1),
    "hazen": _between(0.5, 0.5),
    "weibull": _between(0, 0),
    "median_unbiased": _between(1 / 3.0, 1 / 3.0),
    "normal_unbiased": _between(3 / 8.0, 3 / 8.0),
    "averaged_inverted_cdf": lambda n, q: n * q - 1,
    "midpoint": lambda n, q: 0.5 * (np.floor((n - 1) * q) + np.ceil((n - 1) * q)),
}
"""Where a quantile stands among n sorted elements, by the names of the methods: between two of them, as a rule."""


def _step(index: Any, stay: Callable[[Any, Any], Any]) -> Any:
    """The element after `index`, or the one at it where `stay(fraction, index)` holds; not before the first."""
    before = np.floor(index)
    return np.maximum(_choose(stay(index - before, index), before, before + 1), 0)


def _choose(condition: Any, x: Any, y: Any) -> Any:
    return where(condition, x, y) if isinstance(condition, Tracer) else np.where(condition, x, y)


_DISCRETE: dict[str, Callable[[Any, Any], Any]] = {
    "lower": lambda n, q: np.floor((n - 1) * q),
    "higher": lambda n, q: np.ceil((n - 1) * q),
    "nearest": lambda n, q: np.round((n - 1) * q),
    "inverted_cdf": lambda n, q: _step(n * q - 1, lambda fraction, _: fraction == 0),
    "closest_observation": lambda n, q: _step(
        n * q - 1 - 0.5, lambda fraction, index: (fraction == 0) & (np.floor(index) % 2 == 1)
    ),
}
"""The same for the methods that always take one of the elements."""


def _rows(a: Any, axis: Any) -> tuple[Tracer, tuple[int, ...]]:
    """The array with the axes to reduce made one, which is the last; the shape of the result with these axes as 1."""
    x = lift(a)
    axes = axis_tuple(tuple(axis) if isinstance(axis, list) else axis, x.ndim)
    kept = tuple(1 if a in axes else extent for a, extent in enumerate(x.shape))
    others = [a for a in range(x.ndim) if a not in axes]
    rows = transpose(x, (*others, *axes))
    return reshape(rows, (*(x.shape[a] for a in others), count([x.shape[a] for a in axes]))), kept


def _median(a: Any, axis: Any, keepdims: bool, skip_nan: bool) -> Any:
    rows, kept = _rows(a, axis)
    size = rows.shape[-1]
    if not size:
        result: Any = np.mean(rows, axis=-1)  # NaN
    elif skip_nan and rows.dtype.kind in "fc":
        ordered, number = _sorted(rows), _numbers(rows)
        middle = [_at(ordered, np.maximum(n, 0)) for n in ((number - 1) // 2, number // 2)]
        result = where(number % 2 == 1, middle[0], (middle[0] + middle[1]) / 2)
    else:
        positions = ((size - 1) // 2, *([size // 2] if size % 2 == 0 else []))
        is_float = rows.dtype.kind in "fc"
        found: Any = _statistics(rows, (*positions, size - 1) if is_float else positions)
        result = np.mean(found[..., : len(positions)], axis=-1)
        if is_float:
            result = where(np.isnan(found[..., -1]), found[..., -1], result)
    return reshape(lift(result), kept) if keepdims else result


def _statistics(rows: Tracer, positions: tuple[int, ...]) -> Tracer:
    if rows.dtype.kind == "c":
        return _sorted(rows)[..., list(positions)]
    return row_along_rows(OrderStatistics(positions), rows, rows.ndim - 1)


def _sorted(rows: Tracer) -> Tracer:
    return sort(rows)


def _numbers(rows: Tracer) -> Any:
    """How many elements of each row are not NaN."""
    return np.sum(~np.isnan(rows), axis=-1)


def _at(ordered: Any, index: Any) -> Any:
    """One element of each row."""
    at: Any = convert(index, INT64)
    return np.take_along_axis(ordered, at[..., None], -1)[..., 0]


@implements(np.median)
def median(a: Any, axis: Any = None, *, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    return _median(a, axis, keepdims, skip_nan=False)


@implements(np.nanmedian)
def nanmedian(a: Any, axis: Any = None, *, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    return _median(a, axis, keepdims, skip_nan=True)


def _quantile(a: Any, q: Any, axis: Any, method: str, keepdims: bool, weights: Any, skip_nan: bool, scale: int) -> Any:
    if method not in _CONTINUOUS and method not in _DISCRETE:
        names = ", ".join(map(repr, sorted({*_CONTINUOUS, *_DISCRETE})))
        raise UsageError(f"{at_user_line()}: {method!r} is not a valid method. Use one of: {names}")
    if skip_nan and not lift(a).size:
        return np.nanmean(lift(a), axis=axis, keepdims=keepdims)  # whatever q is, as in NumPy
    weak = type(q) in (int, float)
    fractions = _fractions(q, scale)
    rows, kept = _rows(a, axis)
    if not rows.shape[-1]:
        raise IndexOutOfRangeError(f"{at_user_line()}: index -1 is out of bounds for axis 0 with size 0: no quantiles")
    if rows.dtype.kind == "c":
        raise DTypeError(f"{at_user_line()}: a must be an array of real numbers")
    skip_nan = skip_nan and rows.dtype.kind == "f"
    shape = tuple(np.shape(fractions))
    if weights is None:
        result = _all(rows, _flat(fractions), method, skip_nan, weak)
    elif method != "inverted_cdf":
        raise UsageError(f"{at_user_line()}: Only method 'inverted_cdf' supports weights. Got: {method}.")
    else:
        dtype = rows.dtype if weak and rows.dtype.kind == "f" else fractions.dtype
        heavy, _ = _rows(_like(lift(weights), lift(a), axis), axis)
        result = _weighted(rows, _flat(fractions).astype(dtype), heavy, skip_nan)
    result = np.moveaxis(result, -1, 0).reshape(*shape, *rows.shape[:-1])
    return reshape(lift(result), (*shape, *kept)) if keepdims else result


def _flat(q: Any) -> Any:
    """Fractions as a vector."""
    return q.reshape(count(tuple(q.shape)))


def _fractions(q: Any, scale: int) -> Any:
    if isinstance(q, Tracer) and not q.is_constant:
        return q / scale if scale != 1 else q
    fractions = np.asarray(q.constant() if isinstance(q, Tracer) else q)
    fractions = np.asarray(np.true_divide(fractions, scale)) if scale != 1 else fractions
    if not np.all((fractions >= 0) & (fractions <= 1)):
        what = "Percentiles must be in the range [0, 100]" if scale != 1 else "Quantiles must be in the range [0, 1]"
        raise UsageError(f"{at_user_line()}: {what}")
    return fractions


def _all(rows: Tracer, q: Any, method: str, skip_nan: bool, weak: bool) -> Any:
    """The quantiles `q` of every row, along a new last axis."""
    n: Any = rows.shape[-1]
    if skip_nan:
        n = _numbers(rows)[..., None]
        n = n.astype(q.dtype) if q.dtype.kind == "f" else n
    place = (_CONTINUOUS.get(method) or _DISCRETE[method])(n, q)
    if method in _DISCRETE or (method == "linear" and place.dtype.kind in "iu"):
        (result,), largest = _elements(rows, [place], skip_nan)
    else:
        above, below = place >= n - 1, place < 0
        low = _choose(above, n - 1, _choose(below, 0, np.floor(place)))
        (a, b), largest = _elements(rows, [low, _choose(above | below, low, low + 1)], skip_nan)
        # beyond the last element NumPy measures from -1: between equal ones that matters at infinity alone
        gamma = place - _choose(above, -1, low)
        if method == "averaged_inverted_cdf":
            gamma = _choose(gamma == 0, 0.5, 1.0).astype(place.dtype)
        elif method == "midpoint":
            gamma = _choose(place % 1 == 0, 0.0, 0.5).astype(place.dtype)
        result = _interpolated(a, b, gamma, rows.dtype if weak and rows.dtype.kind == "f" else gamma.dtype)
    if rows.dtype.kind == "f" and not skip_nan:
        result = where(np.isnan(largest), largest, result)
    return result


def _like(weights: Tracer, a: Tracer, axis: Any) -> Tracer:
    """Weights of all elements, also where they are given for the axes of `axis` alone, in that order."""
    if weights.dtype.kind == "c":
        raise DTypeError(f"{at_user_line()}: weights must be an array of real numbers")
    if weights.shape == a.shape:
        return weights
    if axis is None:
        raise DTypeError(f"{at_user_line()}: Axis must be specified when shapes of a and weights differ.")
    axes = [axis_index(n, a.ndim) for n in (axis if isinstance(axis, tuple | list) else (axis,))]
    if weights.shape != tuple(a.shape[n] for n in axes):
        raise ShapeError(f"{at_user_line()}: Shape of weights must be consistent with shape of a along specified axis.")
    inner = transpose(weights, [int(n) for n in np.argsort(axes)])
    return broadcast_to(reshape(inner, [d if n in axes else 1 for n, d in enumerate(a.shape)]), a.shape)


def _weighted(rows: Any, q: Any, weights: Any, skip_nan: bool) -> Any:
    """For every row the first element up to which there is a share `q` of the weights."""
    is_float = rows.dtype.kind == "f"
    if skip_nan:
        weights = np.where(np.isnan(rows), 0, weights)
    order = np.argsort(rows, axis=-1)
    ordered = np.take_along_axis(rows, order, -1)
    share: Any = np.cumsum(np.take_along_axis(weights, order, -1), axis=-1, dtype=np.float64)
    share = share / share[..., -1:]
    share = share.astype(q.dtype) if q.dtype.kind == "f" else share
    share = np.where(share == 0, -1, share)  # the least quantile is the first element that has a weight
    at = np.sum(share[..., None, :] < q[:, None], axis=-1)
    result = np.take_along_axis(ordered, np.minimum(at, rows.shape[-1] - 1), -1)
    return np.where(np.isnan(ordered[..., -1:]), np.nan, result) if is_float and not skip_nan else result


def _elements(rows: Tracer, places: list[Any], skip_nan: bool) -> tuple[list[Any], Any]:
    """Those of the sorted rows that stand there, and for floats the largest one, which is NaN if any is."""
    size = rows.shape[-1]
    if not any(isinstance(i, Tracer) for i in places):
        wanted = [i.astype(np.int64) for i in places]
        last = {size - 1} if rows.dtype.kind == "f" else set()
        positions = tuple(sorted(last.union(int(k) for i in wanted for k in i)))
        found: Any = _statistics(rows, positions)
        return [found[..., np.searchsorted(positions, i)] for i in wanted], found[..., -1:]
    ordered: Any = _sorted(rows)
    indices: list[Any] = [np.maximum(convert(i, INT64), 0) for i in places]
    if not skip_nan:
        return [ordered[..., i] for i in indices], ordered[..., -1:]
    return [np.take_along_axis(ordered, i, -1) for i in indices], ordered[..., -1:]


def _interpolated(a: Any, b: Any, t: Any, dtype: DType) -> Any:
    """From `a` to `b`, measured from the nearer one, with fractions rounded to `dtype`."""
    distance = b - a
    from_low = a + distance * convert(t, dtype)
    from_high = convert(b - distance * convert(1 - t, dtype), from_low.dtype)
    return where(t >= 0.5, from_high, from_low)


def _family(skip_nan: bool, scale: int) -> Callable[..., Any]:
    def handler(
        a: Any,
        q: Any,
        axis: Any = None,
        *,
        overwrite_input: bool = False,
        method: str = "linear",
        keepdims: bool = False,
        weights: Any = None,
    ) -> Any:
        return _quantile(a, q, axis, method, keepdims, weights, skip_nan, scale)

    return handler


quantile = implements(np.quantile)(_family(False, 1))
percentile = implements(np.percentile)(_family(False, 100))
implements(np.nanquantile)(_family(True, 1))
implements(np.nanpercentile)(_family(True, 100))
