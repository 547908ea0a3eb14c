"""Products and norms: dot, matmul, einsum and what NumPy builds from them, all by the `dot` primitive."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from vtrace.errors import ShapeError
from vtrace.frontend.complex_tracer import ComplexTracer
from vtrace.frontend.complexes.arithmetic import squared_size
from vtrace.frontend.core import (
    BOOL,
    INT64,
    axis_index,
    axis_tuple,
    broadcast_to,
    check_dtype,
    convert,
    reshape,
    shape_of,
    static_int,
    transpose,
)
from vtrace.frontend.dispatch import UFUNC_HANDLERS, implements
from vtrace.frontend.numpy_elementwise import truth
from vtrace.frontend.numpy_matrices import singular_value_norm
from vtrace.frontend.numpy_movement import moveaxis, reshape_
from vtrace.frontend.promotion import result_type
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit, lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import DType
from vtrace.ops.contraction import Dot

Axes = Sequence[int]


def _operand(x: Tracer, place: str) -> str:
    return x.name or f"the {place} operand"


def contract(name: str, x: Tracer, y: Tracer, axes: tuple[Axes, Axes], batch: tuple[Axes, Axes] = ((), ())) -> Tracer:
    """Sum of products over paired axes, in the dtype NumPy gives; or an error with both shapes."""
    for i, j in (*zip(*axes, strict=True), *zip(*batch, strict=True)):
        if x.shape[i] != y.shape[j]:
            left, right = _operand(x, "first"), _operand(y, "second")
            raise ShapeError(
                f"{at_user_line()}: {name}: {left} has shape {x.shape}, {right} has shape {y.shape}: "
                f"axis {i} of {left} ({x.shape[i]}) must equal axis {j} of {right} ({y.shape[j]})"
            )
    dtype = result_type(x, y)
    op = Dot((tuple(axes[0]), tuple(axes[1])), (tuple(batch[0]), tuple(batch[1])))
    if dtype == BOOL:  # true where any product is true
        return truth(emit(op, convert(x, INT64), convert(y, INT64)))
    return emit(op, convert(x, dtype), convert(y, dtype))


def _strong(value: Any) -> Tracer:
    """Operands of products are arrays to NumPy: a Python number counts with its own dtype."""
    x = lift(value)
    return convert(x, x.dtype)


def conjugated(value: Any) -> Tracer:
    x = _strong(value)
    if isinstance(x, ComplexTracer):
        x = UFUNC_HANDLERS[np.conjugate](x)
    return x


@implements(np.dot)
def dot(a: Any, b: Any) -> Any:
    x, y = _strong(a), _strong(b)
    if x.ndim == 0 or y.ndim == 0:
        return UFUNC_HANDLERS[np.multiply](x, y)
    return contract("dot", x, y, ((x.ndim - 1,), (max(y.ndim - 2, 0),)))


@implements(np.inner)
def inner(a: Any, b: Any, /) -> Any:
    x, y = _strong(a), _strong(b)
    if x.ndim == 0 or y.ndim == 0:
        return UFUNC_HANDLERS[np.multiply](x, y)
    return contract("inner", x, y, ((x.ndim - 1,), (y.ndim - 1,)))


@implements(np.outer)
def outer(a: Any, b: Any) -> Any:
    x, y = _strong(a), _strong(b)
    return UFUNC_HANDLERS[np.multiply](reshape(x, (x.size, 1)), reshape(y, (1, y.size)))


@implements(np.linalg.outer)
def linalg_outer(x1: Any, x2: Any, /) -> Any:
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ShapeError(f"{at_user_line()}: np.linalg.outer takes vectors, got shapes {np.shape(x1)}, {np.shape(x2)}")
    return outer(x1, x2)


@implements(np.vdot)
def vdot(a: Any, b: Any, /) -> Any:
    x, y = conjugated(a), _strong(b)
    return contract("vdot", reshape_(x, x.size), reshape_(y, y.size), ((0,), (0,)))


@implements(np.tensordot, np.linalg.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Tracer:
    x, y = _strong(a), _strong(b)
    if isinstance(axes, int):
        left, right = tuple(range(x.ndim - axes, x.ndim)), tuple(range(axes))
    else:
        left, right = (normalize_axis_tuple(s, t.ndim) for s, t in zip(axes, (x, y), strict=True))
    if len(left) != len(right) or max(len(left), 0) > min(x.ndim, y.ndim):
        raise ShapeError(f"{at_user_line()}: tensordot: axes {axes} do not pair axes of {x.shape} and {y.shape}")
    return contract("tensordot", x, y, (left, right))


def _broadcast_leading(x: Tracer, y: Tracer, core: int) -> tuple[Tracer, Tracer, tuple[int, ...]]:
    """Both operands with the leading axes (all but the last `core`) they broadcast to."""
    try:
        lead = np.broadcast_shapes(x.shape[: x.ndim - core], y.shape[: y.ndim - core])
    except ValueError:
        raise ShapeError(
            f"{at_user_line()}: matmul: the leading axes of {x.shape} and {y.shape} do not broadcast"
        ) from None
    return broadcast_to(x, lead + x.shape[x.ndim - core :]), broadcast_to(y, lead + y.shape[y.ndim - core :]), lead


def _matmul(a: Any, b: Any, dtype: DType | None = None) -> Any:
    x, y = _strong(a), _strong(b)
    if dtype is not None:
        x, y = convert(x, check_dtype(dtype, "matmul")), convert(y, dtype)
    for t, place in ((x, "first"), (y, "second")):
        if t.ndim == 0:
            raise ShapeError(
                f"{at_user_line()}: matmul: {_operand(t, place)} is a scalar; use * to multiply by a scalar"
            )
    if x.ndim == 1 or y.ndim <= 2:
        if x.ndim == 1 and y.ndim > 2:
            return contract("matmul", x, y, ((0,), (y.ndim - 2,)))
        return contract("matmul", x, y, ((x.ndim - 1,), (max(y.ndim - 2, 0),)))
    if x.ndim == 2:
        return moveaxis(contract("matmul", x, y, ((1,), (y.ndim - 2,))), 0, -2)
    x, y, lead = _broadcast_leading(x, y, 2)
    n = len(lead)
    return contract("matmul", x, y, ((n + 1,), (n,)), (range(n), range(n)))


UFUNC_HANDLERS[np.matmul] = _matmul
implements(np.linalg.matmul)(lambda x1, x2, /: _matmul(x1, x2))


def _vecdot(a: Any, b: Any, axis: int = -1) -> Any:
    x, y = conjugated(a), _strong(b)
    x, y, lead = _broadcast_leading(moveaxis(x, axis, -1), moveaxis(y, axis, -1), 1)
    n = len(lead)
    return contract("vecdot", x, y, ((n,), (n,)), (range(n), range(n)))


UFUNC_HANDLERS[np.vecdot] = _vecdot


@implements(np.linalg.vecdot)
def linalg_vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    return _vecdot(x1, x2, axis)


if hasattr(np, "matvec"):  # since NumPy 2.2

    def _matvec(a: Any, b: Any, dtype: DType | None = None) -> Any:
        _enough("matvec", (a, 2), (b, 1))
        return _matmul(a, lift(b)[..., None], dtype)[..., 0]

    def _vecmat(a: Any, b: Any, dtype: DType | None = None) -> Any:
        _enough("vecmat", (a, 1), (b, 2))
        return _matmul(conjugated(a)[..., None, :], b, dtype)[..., 0, :]

    UFUNC_HANDLERS.update({np.matvec: _matvec, np.vecmat: _vecmat})


def _enough(name: str, *operands: tuple[Any, int]) -> None:
    """ShapeError where an operand has fewer axes than these."""
    for value, rank in operands:
        if lift(value).ndim < rank:
            shape = shape_of(lift(value).shape)
            raise ShapeError(f"{at_user_line()}: {name}: an operand of shape {shape} does not have enough dimensions")


@implements(np.kron)
def kron(a: Any, b: Any) -> Any:
    x, y = _strong(a), _strong(b)
    rank = max(x.ndim, y.ndim)
    left, right = ((1,) * (rank - t.ndim) + t.shape for t in (x, y))
    product = UFUNC_HANDLERS[np.multiply](
        reshape(x, [e for s in left for e in (s, 1)]), reshape(y, [e for s in right for e in (1, s)])
    )
    return reshape(product, [p * q for p, q in zip(left, right, strict=True)])


@implements(np.diagonal, np.linalg.diagonal)
def diagonal(a: Any, offset: int = 0, axis1: int | None = None, axis2: int | None = None) -> Tracer:
    x = lift(a)
    i, j = axis_index(0 if axis1 is None else axis1, x.ndim), axis_index(1 if axis2 is None else axis2, x.ndim)
    offset = static_int(offset, "offset")
    length = max(0, min(x.shape[i] + min(offset, 0), x.shape[j] - max(offset, 0)))
    rows = np.arange(length)
    taken = moveaxis(x, (i, j), (0, 1))[rows - min(offset, 0), rows + max(offset, 0)]
    return moveaxis(taken, 0, -1)


@implements(np.trace)
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Any:
    return np.sum(diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


implements(np.linalg.trace)(lambda x, /, *, offset=0, dtype=None: trace(x, offset, -2, -1, dtype))


@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    t = lift(x)
    t = t if t.dtype.kind in "fc" else convert(t, np.dtype(np.float64))
    axes = axis_tuple(axis, t.ndim)
    if axis is None and ord is None:
        flat = reshape(t, (t.size,))
        parts = [flat.re, flat.im] if isinstance(flat, ComplexTracer) else [flat]
        result = UFUNC_HANDLERS[np.sqrt](sum(contract("norm", part, part, ((0,), (0,))) for part in parts))
        return reshape(result, (1,) * t.ndim) if keepdims else result
    if len(axes) == 1:
        return _vector_norm(t, 2 if ord is None else ord, axes[0], keepdims)
    if len(axes) != 2:
        raise ShapeError(f"{at_user_line()}: np.linalg.norm: improper number of dimensions to norm: axis {axes}")
    return _matrix_norm(t, ord, tuple(axis_index(a, t.ndim) for a in (axis if axis is not None else axes)), keepdims)


def _extremum(order: float) -> Any:
    """The largest of numbers that are not negative, 0 if there are none; or the smallest."""
    return partial(np.max, initial=0) if order > 0 else np.min


def _vector_norm(t: Tracer, order: Any, axis: int, keepdims: bool) -> Any:
    size = np.abs(t)
    if order in (math.inf, -math.inf):
        return _extremum(order)(size, axis=axis, keepdims=keepdims)
    if order == 0:
        return np.sum((t != 0).astype(size.dtype), axis=axis, keepdims=keepdims)
    if order == 1:
        return np.sum(size, axis=axis, keepdims=keepdims)
    if order == 2:
        return np.sqrt(np.sum(squared_size(t), axis=axis, keepdims=keepdims))
    if isinstance(order, str):
        raise ShapeError(f"{at_user_line()}: np.linalg.norm: invalid norm order {order!r} for vectors")
    return np.sum(size**order, axis=axis, keepdims=keepdims) ** (1.0 / order)


def _matrix_norm(t: Tracer, order: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if order in (None, "fro", "f"):
        return np.sqrt(np.sum(squared_size(t), axis=axes, keepdims=keepdims))
    if order in (1, -1, math.inf, -math.inf):
        summed, ranged = axes if abs(order) == 1 else axes[::-1]
        sums = np.sum(np.abs(t), axis=summed, keepdims=True)
        result = _extremum(order)(sums, axis=ranged, keepdims=True)
        return result if keepdims else np.squeeze(result, axes)
    if order in (2, -2, "nuc"):
        result = singular_value_norm(t, order, axes)
        return np.expand_dims(result, tuple(axes)) if keepdims else result
    raise ShapeError(f"{at_user_line()}: np.linalg.norm: Invalid norm order for matrices: {order!r}")


@implements(np.linalg.vector_norm)
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    t = lift(x)
    axes = axis_tuple(axis, t.ndim)
    others = [a for a in range(t.ndim) if a not in axes]
    rows = reshape_(transpose(t, [*axes, *others]), (-1 if t.size else 0, *(t.shape[a] for a in others)))
    result = norm(rows, ord, 0)
    return reshape_(result, [1 if a in axes else n for a, n in enumerate(t.shape)]) if keepdims else result


implements(np.linalg.matrix_norm)(lambda x, /, *, keepdims=False, ord="fro": norm(x, ord, (-2, -1), keepdims))


@implements(np.cross, np.linalg.cross)
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = moveaxis(lift(a), axisa, -1), moveaxis(lift(b), axisb, -1)
    if x.shape[-1] != 3 or y.shape[-1] != 3:
        raise ShapeError(f"{at_user_line()}: np.cross: vectors need 3 elements, got shapes {x.shape} and {y.shape}")
    (x0, x1, x2), (y0, y1, y2) = ([t[..., i] for i in range(3)] for t in (x, y))
    return np.stack([x1 * y2 - x2 * y1, x2 * y0 - x0 * y2, x0 * y1 - x1 * y0], axis=axisc)
