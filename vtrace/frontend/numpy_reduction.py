"""NumPy's reductions: sums, means, extrema and their positions, with NumPy's accumulator dtypes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from vtrace.errors import ShapeError, UsageError
from vtrace.frontend.complexes.arithmetic import squared_size
from vtrace.frontend.core import (
    BOOL,
    FLOAT64,
    axis_index,
    axis_tuple,
    check_dtype,
    convert,
    count,
    fitted,
    full,
    reshape,
    scalar,
    strong,
)
from vtrace.frontend.dispatch import UFUNC_HANDLERS, implements, qualified_name
from vtrace.frontend.numpy_elementwise import select, truth
from vtrace.frontend.promotion import accumulator
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit, lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.primitive import Primitive
from vtrace.ir.types import DTYPES, DType
from vtrace.ops import reduction, scan

_INT8 = DTYPES["i8"]


def _kept(result: Tracer, x: Tracer, axes: tuple[int, ...], keepdims: bool) -> Tracer:
    """The result with the reduced axes back, as ones, where `keepdims` asks for them."""
    if not keepdims:
        return result
    return reshape(result, tuple(1 if a in axes else extent for a, extent in enumerate(x.shape)))


def _chosen(x: Tracer, where: Any, neutral: Any) -> Tracer:
    """`x` where it counts, and elsewhere what changes nothing."""
    if where is True:
        return x
    return select(_mask(x, where), x, full(x.shape, neutral, x.dtype))


def _mask(x: Tracer, where: Any) -> Tracer:
    return fitted(convert(where, BOOL), x.shape, "where: a mask of shape {given} does not broadcast to {wanted}")


def _number(x: Tracer, axes: tuple[int, ...], where: Any, keepdims: bool) -> Any:
    """How many elements there are to one of the result; those that count."""
    if where is True:
        return count([x.shape[i] for i in axes])
    return sum_(_mask(x, where), axes, keepdims=keepdims)


def _reduce(op: Callable[[tuple[int, ...]], Primitive], x: Tracer, axis: Any, keepdims: bool) -> Tracer:
    axes = axis_tuple(axis, x.ndim)
    return _kept(emit(op(axes), x) if axes else strong(x), x, axes, keepdims)


@implements(np.sum)
def sum_(
    a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, initial: Any = 0, where: Any = True
) -> Tracer:
    x = lift(a)
    x = convert(x, check_dtype(dtype, "np.sum") if dtype is not None else accumulator(x.dtype))
    x = _chosen(x, where, 0)
    if x.dtype == BOOL:
        result = _reduce(reduction.ReduceOr, x, axis, keepdims)
    else:
        result = _reduce(reduction.ReduceSum, x, axis, keepdims)
    if not axis_tuple(axis, x.ndim) and x.dtype.kind in "fc":
        result = UFUNC_HANDLERS[np.add](result, full((), 0, x.dtype))  # a sum begins with 0, and 0 + -0.0 is 0
    if initial is None:
        _not_empty(np.sum, x, axis_tuple(axis, x.ndim))
    elif not (isinstance(initial, int | float) and initial == 0):
        result = convert(result + convert(scalar(initial, "initial"), x.dtype), x.dtype)
    return result


@implements(np.prod)
def prod(
    a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, initial: Any = 1, where: Any = True
) -> Tracer:
    x = lift(a)
    x = convert(x, check_dtype(dtype, "np.prod") if dtype is not None else accumulator(x.dtype))
    x = _chosen(x, where, 1)
    if x.dtype == BOOL:
        result = _reduce(reduction.ReduceAnd, x, axis, keepdims)
    else:
        result = _reduce(reduction.ReduceProd, x, axis, keepdims)
    if initial is None:
        _not_empty(np.prod, x, axis_tuple(axis, x.ndim))
    elif not (isinstance(initial, int | float) and initial == 1):
        result = convert(result * convert(scalar(initial, "initial"), x.dtype), x.dtype)
    return result


def _mean_dtype(x: Tracer, dtype: Any) -> DType:
    if dtype is not None:
        return check_dtype(dtype, "np.mean")
    return x.dtype if x.dtype.kind in "fc" else FLOAT64


@implements(np.mean)
def mean(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, where: Any = True) -> Tracer:
    x = lift(a)
    x = convert(x, _mean_dtype(x, dtype))
    axes = axis_tuple(axis, x.ndim)
    total = sum_(x, axes, dtype=x.dtype, keepdims=keepdims, where=where)
    return _divide(total, _number(x, axes, where, keepdims))


def _divide(x: Tracer, number: Any) -> Tracer:
    """x / number, back in the dtype of x where that is an integer one (`np.mean(x, dtype=int)`)."""
    result = UFUNC_HANDLERS[np.true_divide](x, number)
    assert isinstance(result, Tracer)
    return convert(result, x.dtype)


@implements(np.var)
def var(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    ddof: float = 0,
    *,
    keepdims: bool = False,
    mean: Any = None,
    correction: float | None = None,
    where: Any = True,
) -> Tracer:
    given = lift(a)
    x = convert(given, _mean_dtype(given, dtype))
    axes = axis_tuple(axis, x.ndim)
    if mean is None:
        total = sum_(x, axes, keepdims=True, where=where)
        squares = squared_size(x - _divide(total, _number(x, axes, where, True)))
    else:  # NumPy subtracts it from the array as it is
        squares = convert(squared_size(given - lift(mean)), x.dtype)
    degrees = _number(x, axes, where, keepdims) - (ddof if correction is None else correction)
    degrees = max(degrees, 0) if where is True else UFUNC_HANDLERS[np.maximum](degrees, 0)
    return _divide(sum_(squares, None if axis is None else axes, keepdims=keepdims, where=where), degrees)


@implements(np.std)
def std(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    ddof: float = 0,
    *,
    keepdims: bool = False,
    mean: Any = None,
    correction: float | None = None,
    where: Any = True,
) -> Tracer:
    variance = var(a, axis, dtype, None, ddof, keepdims=keepdims, mean=mean, correction=correction, where=where)
    result = UFUNC_HANDLERS[np.sqrt](variance)
    assert isinstance(result, Tracer)
    return result


def _not_empty(function: Any, x: Tracer, axes: tuple[int, ...]) -> None:
    if any(x.shape[a] == 0 for a in axes):
        raise ShapeError(
            f"{at_user_line()}: {qualified_name(function)}: zero-size array to reduction operation without identity"
        )


def masked(ufunc: np.ufunc, x: Tracer, where: Any, initial: Any) -> Tracer:
    """`x` where it counts for an extremum, which has no neutral element: elsewhere what is given to begin with."""
    if where is True:
        return x
    if initial is None:
        raise UsageError(
            f"{at_user_line()}: reduction operation {ufunc.__name__!r} does not have an identity, so to use a where "
            "mask one has to specify 'initial'"
        )
    return _chosen(x, where, convert(scalar(initial, "initial"), x.dtype))


def _extremum(
    function: Any, op: Callable[[tuple[int, ...]], Primitive], on_bools: Callable[[tuple[int, ...]], Primitive]
) -> Callable[..., Tracer]:
    ufunc = np.maximum if function is np.max else np.minimum

    def handler(a: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True) -> Tracer:
        x = masked(ufunc, lift(a), where, initial)
        axes = axis_tuple(axis, x.ndim)
        if initial is None:
            _not_empty(function, x, axes)
        elif any(x.shape[i] == 0 for i in axes):
            shape = [n for i, n in enumerate(x.shape) if i not in axes]
            return _kept(full(shape, scalar(initial, "initial"), x.dtype), x, axes, keepdims)
        result = _reduce(on_bools if x.dtype == BOOL else op, x, axis, keepdims)
        return (
            result if initial is None else UFUNC_HANDLERS[ufunc](result, convert(scalar(initial, "initial"), x.dtype))
        )

    return handler


max_ = implements(np.max, np.amax)(_extremum(np.max, reduction.ReduceMax, reduction.ReduceOr))
min_ = implements(np.min, np.amin)(_extremum(np.min, reduction.ReduceMin, reduction.ReduceAnd))


@implements(np.ptp)
def ptp(a: Any, axis: Any = None, *, keepdims: bool = False) -> Tracer:
    result = max_(a, axis, keepdims=keepdims) - min_(a, axis, keepdims=keepdims)
    assert isinstance(result, Tracer)
    return result


@implements(np.any)
def any_(a: Any, axis: Any = None, *, keepdims: bool = False, where: Any = True) -> Tracer:
    return _reduce(reduction.ReduceOr, _chosen(truth(lift(a)), where, False), axis, keepdims)


@implements(np.all)
def all_(a: Any, axis: Any = None, *, keepdims: bool = False, where: Any = True) -> Tracer:
    return _reduce(reduction.ReduceAnd, _chosen(truth(lift(a)), where, True), axis, keepdims)


@implements(np.count_nonzero)
def count_nonzero(a: Any, axis: Any = None, *, keepdims: bool = False) -> Tracer:
    return sum_(truth(lift(a)), axis, keepdims=keepdims)


def _position(function: Any, op: Callable[[int], Primitive]) -> Callable[..., Tracer]:
    def handler(a: Any, axis: Any = None, *, keepdims: bool = False) -> Tracer:
        x = lift(a)
        x = convert(x, _INT8) if x.dtype == BOOL else strong(x)
        axes = axis_tuple(None, x.ndim) if axis is None else (axis_index(axis, x.ndim),)
        if any(x.shape[i] == 0 for i in axes):
            raise ShapeError(f"{at_user_line()}: {qualified_name(function)}: attempt to get {function.__name__} of an "
                             "empty sequence")  # fmt: skip
        flat = reshape(x, (x.size,)) if axis is None else x
        return _kept(emit(op(0 if axis is None else axes[0]), flat), x, axes, keepdims)

    return handler


argmax = implements(np.argmax)(_position(np.argmax, reduction.ArgMax))
argmin = implements(np.argmin)(_position(np.argmin, reduction.ArgMin))


def _scan(op: Callable[[int], Primitive]) -> Callable[..., Tracer]:
    def handler(a: Any, axis: Any = None, dtype: Any = None) -> Tracer:
        x = lift(a)
        x = convert(x, check_dtype(dtype, "a cumulative sum") if dtype is not None else accumulator(x.dtype))
        if axis is None:
            x = reshape(x, (x.size,))
        return emit(op(0 if axis is None else axis_index(axis, x.ndim)), x)

    return handler


cumsum = implements(np.cumsum)(_scan(scan.CumSum))
cumprod = implements(np.cumprod)(_scan(scan.CumProd))
