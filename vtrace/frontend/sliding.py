"""Convolution and correlation: windows of one operand, times the other."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from vtrace.errors import ShapeError, UsageError
from vtrace.frontend.core import convert, reshape, static_shape_argument, transpose
from vtrace.frontend.dispatch import implements
from vtrace.frontend.numpy_linalg import conjugated, contract
from vtrace.frontend.numpy_movement import flip, moveaxis
from vtrace.frontend.numpy_padding import pad
from vtrace.frontend.promotion import result_type
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit, lift
from vtrace.frontend.tracer import Tracer
from vtrace.ops.windows import Windows

MODES = ("valid", "same", "full")


def windows(
    x: Tracer, axes: Sequence[int], sizes: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> Tracer:
    """The primitive, for axes in any order; the axes of a window come first, in the order of `axes`."""
    order = sorted(range(len(axes)), key=lambda n: axes[n])
    parts = (tuple(p[n] for n in order) for p in (axes, sizes, strides, dilations))
    places = [order.index(n) for n in range(len(axes))]
    return transpose(emit(Windows(*parts), x), [*places, *range(len(axes), len(axes) + x.ndim)])


@implements(np.lib.stride_tricks.sliding_window_view)
def sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Tracer:
    t = lift(x)
    sizes = static_shape_argument(window_shape)
    axes = tuple(range(t.ndim)) if axis is None else normalize_axis_tuple(axis, t.ndim, allow_duplicate=True)
    if len(sizes) != len(axes):
        raise ShapeError(f"{at_user_line()}: np.sliding_window_view: {sizes} has not one size for each of axes {axes}")
    if writeable:
        raise UsageError(f"{at_user_line()}: np.sliding_window_view: traced windows cannot be written to")
    if len(set(axes)) == len(axes):
        return _checked(t, axes, sizes)
    for a, size in zip(axes, sizes, strict=True):  # windows of windows: an axis that is named twice
        t = _checked(t, (a,), (size,))
    return t


def _checked(x: Tracer, axes: Sequence[int], sizes: Sequence[int]) -> Tracer:
    if any(s < 0 for s in sizes):
        raise UsageError(f"{at_user_line()}: `window_shape` cannot contain negative values")
    if any(s > x.shape[a] for a, s in zip(axes, sizes, strict=True)):
        raise ShapeError(f"{at_user_line()}: window shape {tuple(sizes)} cannot be larger than input array {x.shape}")
    if 0 in sizes:
        shape = [n + 1 - dict(zip(axes, sizes, strict=True)).get(a, 1) for a, n in enumerate(x.shape)]
        return lift(np.zeros((*shape, *sizes), x.dtype))
    ones = (1,) * len(axes)
    return moveaxis(windows(x, axes, sizes, ones, ones), range(len(axes)), range(x.ndim, x.ndim + len(axes)))


def _vector(name: str, value: Any) -> Tracer:
    x = lift(value)
    x = convert(reshape(x, (1,)) if x.ndim == 0 else x, x.dtype)
    if x.ndim != 1:
        raise ShapeError(f"{at_user_line()}: {name}: object too deep for desired array: it has shape {x.shape}")
    if x.size == 0:
        raise ShapeError(f"{at_user_line()}: {name}: the arrays must not be empty")
    return x


def correlation(name: str, x: Tracer, taps: Tracer, low: Sequence[int], high: Sequence[int]) -> Tracer:
    """Sums of products of `taps` with the windows of `x`, padded with zeros: of arrays with as many axes."""
    dtype = result_type(x, taps)
    x, taps = convert(x, dtype), convert(taps, dtype)
    padded = pad(x, list(zip(low, high, strict=True))) if any((*low, *high)) else x
    rank = x.ndim
    axes, ones = tuple(range(rank)), (1,) * rank
    seen = windows(padded, axes, taps.shape, ones, ones)
    return contract(name, taps, seen, (axes, axes))


@implements(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> Tracer:
    x, taps = _vector("np.correlate", a), _vector("np.correlate", v)
    if taps.size > x.size:  # NumPy's, too, is the other one back to front
        return flip(conjugated(correlate(taps, x, mode)))
    return correlation("np.correlate", x, conjugated(taps), *_edges(mode, taps.size))


@implements(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Tracer:
    x, taps = _vector("np.convolve", a), _vector("np.convolve", v)
    if taps.size > x.size:
        x, taps = taps, x
    return correlation("np.convolve", x, flip(taps), *_edges(mode, taps.size))


def _edges(mode: str, size: int) -> tuple[tuple[int], tuple[int]]:
    """How many zeros are put before and after."""
    name = {0: "valid", 1: "same", 2: "full", "v": "valid", "s": "same", "f": "full"}.get(mode, mode)
    if name not in MODES:
        raise UsageError(f"{at_user_line()}: mode must be one of 'valid', 'same', or 'full' (got {mode!r})")
    if name == "valid":
        return (0,), (0,)
    return ((size - 1,), (size - 1,)) if name == "full" else ((size // 2,), (size - 1 - size // 2,))
