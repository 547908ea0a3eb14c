"""Counting and collecting by position: bincount, histogram, put and their like."""

from typing import Any

import numpy as np

from vtrace.errors import DTypeError, ShapeError, UnsupportedError
from vtrace.frontend.assignment import assign
from vtrace.frontend.core import (
    FLOAT64,
    INT64,
    axis_index,
    broadcast_to,
    convert,
    convert_real,
    count,
    full,
    reshape,
    static_int,
)
from vtrace.frontend.dispatch import implements
from vtrace.frontend.numpy_selection import where
from vtrace.frontend.promotion import result_type
from vtrace.frontend.scatter import updated
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit, lift, literal
from vtrace.frontend.tracer import Tracer
from vtrace.ops.arithmetic import Add
from vtrace.ops.scatter import Scatter


@implements(np.bincount)
def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Tracer:
    values, length = lift(x), static_int(minlength, "minlength")
    if values.ndim != 1:
        raise ShapeError(f"{at_user_line()}: object too deep for desired array: np.bincount takes a vector")
    if values.dtype.kind not in "iub":
        raise DTypeError(f"{at_user_line()}: Cannot cast array data from {values.dtype!r} to int64 in np.bincount")
    if length <= 0:
        raise UnsupportedError(
            f"{at_user_line()}: np.bincount has a length that depends on the values; give minlength=, which is the "
            "length here, and a value that is not below it is an IndexError"
        )
    if weights is not None and lift(weights).shape != values.shape:
        raise ShapeError(f"{at_user_line()}: The weights and list don't have the same length.")
    counted = weights is None or not values.size
    ones = full(values.shape, 1, INT64) if counted else convert_real(weights, FLOAT64)
    index = convert(values, INT64) if values.dtype.kind == "b" else values
    return emit(Scatter(Add(), wrap=False), full((length,), 0, ones.dtype), index, ones)


@implements(np.histogram)
def histogram(a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    x = reshape(lift(a), (lift(a).size,))
    edges, places = _uniform(x, bins, range) if np.ndim(bins) == 0 else _between(x, bins)
    number = edges.shape[0] - 1
    if weights is None:
        ones = full(x.shape, 1, INT64)
    else:
        w = reshape(lift(weights), (lift(weights).size,))
        if w.shape != x.shape:
            raise ShapeError(f"{at_user_line()}: weights should have the same shape as a.")
        ones = w
    counts: Any = emit(Scatter(Add(), drop=True, wrap=False), full((number,), 0, ones.dtype), places, ones)
    if density:
        return counts / np.diff(edges) / counts.sum(), edges
    return counts, edges


def _uniform(x: Tracer, bins: Any, range: Any) -> tuple[Any, Tracer]:
    """Edges of bins of one width, and the bin of each value; a value outside of all gets the number of bins."""
    if x.dtype.kind == "c":
        raise DTypeError(f"{at_user_line()}: np.histogram of complex numbers is not supported: count a part of them")
    if isinstance(bins, str):
        raise UnsupportedError(f"{at_user_line()}: np.histogram chooses no bins for traced values; give their number")
    number = static_int(bins, "bins")
    if number < 1:
        raise ShapeError(f"{at_user_line()}: `bins` must be positive, when an integer")
    if range is None:
        range = (np.min(x), np.max(x)) if x.size else (0.0, 1.0)
    low, high = map(lift, range)
    if low.is_constant and high.is_constant and not low.constant() <= high.constant():
        raise ShapeError(f"{at_user_line()}: max must be larger than min in range parameter.")
    kind = result_type(low, high, x)
    kind = kind if kind.kind == "f" else FLOAT64
    flat = low == high
    low, high = where(flat, low - 0.5, low), where(flat, high + 0.5, high)
    edges: Any = np.linspace(low, high, number + 1, dtype=kind)
    wide: Any = convert(x, FLOAT64)
    inside: Any = (wide >= low) & (wide <= high)
    at: Any = convert(np.clip(where(inside, (wide - low) / (high - low) * number, 0), 0, number - 1), INT64)
    # the quotient is rounded: a value beside an edge goes where comparing says
    at = at - (wide < edges[at])
    at = at + ((wide >= edges[at + 1]) & (at != number - 1))
    return edges, convert(where(inside, at, number), INT64)


def bin_edges(x: Tracer, bins: Any, range: Any) -> Any:
    """The edges of the bins: as many as asked for, of one width, or those given."""
    flat = reshape(x, (x.size,))
    return (_uniform(flat, bins, range) if np.ndim(bins) == 0 else _between(flat, bins))[0]


@implements(np.histogram_bin_edges)
def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    return bin_edges(lift(a), bins, range)


def _between(x: Tracer, bins: Any) -> tuple[Any, Tracer]:
    """The given edges, and the bin of each value."""
    edges = lift(bins)
    if edges.ndim != 1:
        raise ShapeError(f"{at_user_line()}: `bins` must be 1d, when an array")
    number = edges.shape[0] - 1
    right = np.searchsorted(edges, x, side="right") - 1
    last = (x == edges[-1]) & (right == number)
    return edges, convert(where(last, number - 1, where(right < 0, number, right)), INT64)


@implements(np.put)
def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    target = traced_target(a, "np.put")
    index = lift(ind)
    index = reshape(index, (index.size,))
    values = lift(v)
    values = reshape(values, (values.size,))
    if index.size == 0 or values.size == 0:
        return
    repeats = -(-index.size // values.size)
    filled = reshape(broadcast_to(values, (repeats, values.size)), (repeats * values.size,))[: index.size]
    flat = reshape(target, (target.size,))
    assign(target, reshape(updated(flat, index, filled, mode=mode), target.shape))


@implements(np.put_along_axis)
def put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> None:
    target, at = traced_target(arr, "np.put_along_axis"), lift(indices)
    if axis is None:
        flat = reshape(target, (target.size,))
        assign(target, reshape(updated(flat, at, values), target.shape))
        return
    if at.ndim != target.ndim:
        raise ShapeError(f"{at_user_line()}: `indices` and `arr` must have the same number of dimensions")
    axis = axis_index(axis, target.ndim)
    where_: list[Any] = [
        at if a == axis else literal(np.arange(n).reshape([-1 if a == b else 1 for b in range(target.ndim)]))
        for a, n in enumerate(target.shape)
    ]
    assign(target, updated(target, tuple(where_), values))


def traced_target(a: Any, name: str) -> Tracer:
    """The array that a function of NumPy writes to in place."""
    if not isinstance(a, Tracer):
        raise UnsupportedError(
            f"{at_user_line()}: {name} cannot put traced values into a plain NumPy array; make the array with "
            "vtrace.numpy (zeros, empty, full), which can hold traced values"
        )
    return a


def segments(data: Any, ids: Any, number: int, ufunc: np.ufunc, start: Any) -> Tracer:
    """Rows of `data` with one id joined by `ufunc`, from `start`; rows whose id is not in [0, number) are left out."""
    x, at = lift(data), lift(ids)
    if at.dtype.kind not in "iu" or at.ndim == 0 or x.shape[: at.ndim] != at.shape:
        raise ShapeError(
            f"{at_user_line()}: segment ids are integers, one for each row of the data; got {at.type} for {x.type}"
        )
    rest = x.shape[at.ndim :]
    rows = reshape(x, (at.size, *rest))
    flat: Any = reshape(at, (at.size,))
    flat = where(flat < 0, number, flat) if at.dtype.kind == "i" else flat
    begin = full((number, *rest), start, x.dtype)
    assert count(begin.shape) == number * count(rest)
    return updated(begin, flat, rows, ufunc, "drop")
