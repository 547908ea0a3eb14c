"""Weighted means, covariances, and histograms of several variables."""

import math
from typing import Any

import numpy as np

from vtrace.errors import DTypeError, ShapeError, UsageError
from vtrace.frontend.core import (
    FLOAT64,
    axis_tuple,
    broadcast_to,
    check_dtype,
    convert,
    full,
    reshape,
    strong,
    transpose,
)
from vtrace.frontend.dispatch import implements
from vtrace.frontend.numpy_counting import bin_edges, bincount
from vtrace.frontend.numpy_movement import atleast_2d, concatenate
from vtrace.frontend.numpy_reduction import mean
from vtrace.frontend.numpy_searching import searchsorted
from vtrace.frontend.promotion import result_type
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift
from vtrace.frontend.tracer import Tracer


@implements(np.average)
def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False) -> Any:
    x = lift(a)
    if weights is None:
        result: Any = mean(x, axis, keepdims=keepdims)
        scale: Any = full(result.shape, x.size / max(result.size, 1), result.dtype)
        return (result, scale) if returned else result
    w = _spread_weights(strong(lift(weights)), x, axis)
    dtype = result_type(x, w)
    dtype = np.dtype(np.result_type(dtype, np.float64)) if x.dtype.kind in "iub" else dtype
    scale = np.sum(w, axis=axis, dtype=dtype, keepdims=keepdims)
    result = np.sum(np.multiply(x, w, dtype=dtype), axis=axis, dtype=dtype, keepdims=keepdims) / scale
    return (result, broadcast_to(scale, result.shape)) if returned else result


def _spread_weights(w: Tracer, x: Tracer, axis: Any) -> Tracer:
    """Weights of the shape of `x`, from weights of the axes that are averaged over."""
    if w.shape == x.shape:
        return w
    if axis is None:
        raise ShapeError(f"{at_user_line()}: np.average: Axis must be specified when shapes of a and weights differ.")
    axes = tuple(axis_tuple(axis, x.ndim))
    given = tuple(np.lib.array_utils.normalize_axis_tuple(axis, x.ndim))
    if w.shape != tuple(x.shape[i] for i in given):
        raise ShapeError(
            f"{at_user_line()}: np.average: weights have shape {w.shape}, the array {x.shape}: Shape of weights must "
            "be consistent with shape of a along specified axis."
        )
    ordered = transpose(w, [given.index(i) for i in axes])
    return broadcast_to(reshape(ordered, [n if i in axes else 1 for i, n in enumerate(x.shape)]), x.shape)


@implements(np.cov)
def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    if ddof is not None and ddof != int(ddof):
        raise UsageError(f"{at_user_line()}: ddof must be integer")
    parts = [_variables(m, rowvar, "m"), *([_variables(y, rowvar, "y", is_second=True)] if y is not None else [])]
    kind = result_type(*parts, lift(np.float64(0))) if dtype is None else check_dtype(dtype, "np.cov")
    x: Any = concatenate([convert(p, kind) for p in parts]) if len(parts) > 1 else convert(parts[0], kind)
    w: Any = None
    for given, name in ((fweights, "fweights"), (aweights, "aweights")):
        if given is not None:
            w = _weights(given, name, x.shape[1]) if w is None else w * _weights(given, name, x.shape[1])
    degrees = (0 if bias else 1) if ddof is None else ddof
    if w is None:
        centred = x - np.mean(x, axis=1, keepdims=True)
        factor: Any = max(x.shape[1] - degrees, 0)
        scaled = centred
    else:
        total = np.sum(w)
        centred = x - average(x, axis=1, weights=w, keepdims=True)
        factor = total - (degrees if aweights is None else degrees * np.sum(w * lift(aweights)) / total)
        factor = np.maximum(factor, 0)
        scaled = centred * w
    product = np.dot(centred, np.conj(scaled.T)) / factor
    return np.squeeze(convert(product, kind) if dtype is None else product)


def _variables(value: Any, rowvar: bool, name: str, is_second: bool = False) -> Tracer:
    """One row for each variable."""
    x = lift(value)
    if x.ndim > 2:
        raise ShapeError(f"{at_user_line()}: {name} has more than 2 dimensions")
    if x.ndim < 2:
        return reshape(x, (1, x.size))
    return x if rowvar or (is_second and x.shape[0] == 1) else lift(x.T)


def _weights(value: Any, name: str, size: int) -> Tracer:
    w = lift(value)
    if w.ndim > 1:
        raise ShapeError(f"{at_user_line()}: cannot handle multidimensional {name}")
    if w.shape != (size,):
        raise ShapeError(f"{at_user_line()}: incompatible numbers of samples and {name}")
    if name == "fweights" and w.dtype.kind not in "iub" and not (w.is_constant and _whole(w.constant())):
        raise DTypeError(f"{at_user_line()}: fweights must be integer, got {w.type}")
    return convert(w, FLOAT64) if name == "aweights" else w


def _whole(values: Any) -> bool:
    return bool(np.all(values == np.around(values)))


@implements(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    c: Any = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    deviations = np.sqrt(np.real(np.diagonal(c)))
    result = c / deviations[:, None] / deviations[None, :]
    if result.dtype.kind != "c":
        return np.clip(result, -1, 1)
    parts = np.clip(result.real, -1, 1), np.clip(result.imag, -1, 1)
    return parts[0] + 1j * parts[1]


@implements(np.histogramdd)
def histogramdd(sample: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    x: Any = lift(sample)
    x = atleast_2d(x).T if isinstance(sample, list | tuple) or x.ndim != 2 else x
    if x.ndim != 2:
        raise ShapeError(f"{at_user_line()}: np.histogramdd: a sample has one or two dimensions, got {x.shape}")
    number = x.shape[1]
    each = [bins] * number if isinstance(bins, int | np.integer) else list(bins)
    if len(each) != number:
        raise ShapeError(
            f"{at_user_line()}: The dimension of bins must be equal to the dimension of the sample x: {number}"
        )
    ranges = [None] * number if range is None else list(range)
    if len(ranges) != number:
        raise ShapeError(f"{at_user_line()}: range argument must have one entry per dimension")
    edges = [bin_edges(x[:, i], b, r) for i, (b, r) in enumerate(zip(each, ranges, strict=True))]
    sizes = [e.shape[0] + 1 for e in edges]
    place: Any = np.zeros(x.shape[0], int)
    for i, (e, size) in enumerate(zip(edges, sizes, strict=True)):
        place = place * size + searchsorted(e, x[:, i], "right") - (x[:, i] == e[-1])
    counts: Any = bincount(place, weights, math.prod(sizes))
    counts = reshape(counts, sizes)[(slice(1, -1),) * number].astype(float)
    if density:
        total = counts.sum()
        for i, e in enumerate(edges):
            counts = counts / reshape(np.diff(e), [n if i == j else 1 for j, n in enumerate(counts.shape)])
        counts = counts / total
    return counts, edges


@implements(np.histogram2d)
def histogram2d(
    x: Any, y: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> tuple[Any, Any, Any]:
    if np.ndim(x) != 1 or np.shape(x) != np.shape(y):
        raise ShapeError(f"{at_user_line()}: x and y must have the same length.")
    shared = not isinstance(bins, int | np.integer) and len(bins) not in (1, 2)
    counts, edges = histogramdd([x, y], [bins, bins] if shared else bins, range, density, weights)
    return counts, edges[0], edges[1]
