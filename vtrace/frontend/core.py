"""The steps that NumPy takes on its own and the IR takes by equations: casts, broadcasts, reshapes, views."""

import math
import operator
import sys
import weakref
from collections.abc import Callable, Sequence
from typing import Any, SupportsIndex
from warnings import warn

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from vtrace.errors import DTypeError, ShapeError
from vtrace.frontend.complex_tracer import ComplexTracer
from vtrace.frontend.source import at_user_line, is_internal
from vtrace.frontend.trace import atom_of, current_frame, emit, lift, literal
from vtrace.frontend.tracer import Tracer, View
from vtrace.ir.types import DTYPES, Array, DType, part_dtype, short_name
from vtrace.ops.logic import Or
from vtrace.ops.movement import Broadcast, Reshape, Transpose
from vtrace.ops.selection import Convert


def shape_of(x: Any) -> str:
    """A shape as NumPy's error texts print it: `(3,)`."""
    return str(tuple(x)).replace(" ", "")


def check_dtype(dtype: Any, what: str) -> DType:
    """`dtype` if it is supported; else DTypeError naming the function that would give it."""
    wanted: DType = np.dtype(dtype)
    try:
        short_name(wanted)
    except DTypeError as error:
        raise DTypeError(f"{at_user_line()}: {what} gives {wanted}: {error}") from None
    return wanted


def convert(x: Any, dtype: DType) -> Tracer:
    """`x` as `dtype`; a constant is cast here and now, as NumPy casts it."""
    x = lift(x)
    if x.dtype == dtype:
        return x if not x.weak else strong(x)
    if isinstance(x, ComplexTracer) or dtype.kind == "c":
        return _convert_complex(x, dtype)
    if x.is_constant:
        value = x.constant()
        with np.errstate(all="ignore"):
            return literal(np.array(value.item(), dtype) if x.weak else value.astype(dtype))
    return emit(Convert(dtype), x)


def convert_real(x: Any, dtype: DType) -> Tracer:
    """`convert` for what is no number if it is complex: a DTypeError then, where a cast would only warn."""
    x = lift(x)
    if x.dtype.kind == "c":
        raise DTypeError(f"{at_user_line()}: expected real numbers, got {x.type}; take a part of them (x.real, x.imag)")
    return convert(x, dtype)


def _convert_complex(x: Tracer, dtype: DType) -> Tracer:
    """To or from complex numbers. A real one has the imaginary part 0; a cast to a real one drops it, as NumPy does."""
    if dtype.kind == "c":
        part = part_dtype(dtype)
        if isinstance(x, ComplexTracer):
            return ComplexTracer(convert(x.re, part), convert(x.im, part))
        re = convert(x, part)
        return ComplexTracer(re, full(re.shape, 0, part))
    assert isinstance(x, ComplexTracer)
    if dtype == BOOL:
        return emit(Or(), convert(x.re, BOOL), convert(x.im, BOOL))
    warn("Casting complex values to real discards the imaginary part", np.exceptions.ComplexWarning, _stack_level())
    return convert(x.re, dtype)


def _stack_level() -> int:
    """How far up the user's line is, for a warning."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and is_internal(frame.f_code.co_filename):
        frame, level = frame.f_back, level + 1
    return level


def strong(x: Tracer) -> Tracer:
    """The same value, no longer a Python number."""
    result = alias(x)
    result.weak = False
    return result


def alias(x: Tracer) -> Tracer:
    """Another tracer of the same value: a copy, as far as assignment goes."""
    if isinstance(x, ComplexTracer):
        return ComplexTracer(alias(x.re), alias(x.im), x.weak)
    frame = current_frame()
    return Tracer(atom_of(x, frame) if frame else x.atom, frame, x.weak, x.source)


def reshape(x: Tracer, shape: Sequence[int]) -> Tracer:
    """`x` with another static shape of as many elements."""
    return alias(x) if x.shape == tuple(shape) else emit(Reshape(tuple(shape)), x)


def transpose(x: Tracer, permutation: Sequence[int]) -> Tracer:
    """Result axis i is axis `permutation[i]` of `x`."""
    if tuple(permutation) == tuple(range(x.ndim)):
        return alias(x)
    return emit(Transpose(tuple(permutation)), x)


def broadcast_to(x: Tracer, shape: Sequence[int]) -> Tracer:
    """`x` stretched to `shape` by NumPy's rules; the caller has checked that they allow it."""
    shape = tuple(shape)
    if x.shape == shape:
        return x
    lead = len(shape) - x.ndim
    kept = tuple(a for a, extent in enumerate(x.shape) if extent == shape[lead + a])
    squeezed = reshape(x, tuple(x.shape[a] for a in kept)) if len(kept) < x.ndim else x
    return emit(Broadcast(shape, tuple(lead + a for a in kept)), squeezed)


def fitted(value: Tracer, shape: tuple[int, ...], complaint: str) -> Tracer:
    """`value` as it is stored into a part of an array that has `shape`: broadcast, leading ones left out.

    ShapeError where it does not fit: the complaint, with its `{given}` and `{wanted}` shapes filled in.
    """
    while value.ndim > len(shape) and value.shape[0] == 1:
        value = reshape(value, value.shape[1:])
    lead = len(shape) - value.ndim
    if lead < 0 or any(s not in (1, shape[lead + i]) for i, s in enumerate(value.shape)):
        text = complaint.format(given=shape_of(value.shape), wanted=shape_of(shape))
        raise ShapeError(f"{at_user_line()}: {text}")
    return broadcast_to(value, shape)


def broadcast_shapes(name: str, *tracers: Tracer) -> tuple[int, ...]:
    """The shape that all operands broadcast to; ShapeError, worded as NumPy's, where there is none."""
    try:
        return np.broadcast_shapes(*(t.shape for t in tracers))
    except ValueError:
        shapes = " ".join(shape_of(t.shape) for t in tracers)
        raise ShapeError(
            f"{at_user_line()}: {name}: operands could not be broadcast together with shapes {shapes}"
        ) from None


def broadcast_together(name: str, *tracers: Tracer) -> tuple[Tracer, ...]:
    """All operands at the shape they broadcast to."""
    shape = broadcast_shapes(name, *tracers)
    return tuple(broadcast_to(t, shape) for t in tracers)


def full(shape: Sequence[int], value: Any, dtype: DType) -> Tracer:
    """An array of one value."""
    return alias(broadcast_to(convert(value, dtype), tuple(shape)))


def axis_index(axis: SupportsIndex, ndim: int) -> int:
    """One axis, not negative; numpy.exceptions.AxisError where out of range."""
    return int(normalize_axis_index(static_int(axis, "axis"), ndim))


def axis_tuple(axis: Any, ndim: int) -> tuple[int, ...]:
    """The (sorted) axes that an `axis=` argument stands for; None is all of them."""
    if axis is None:
        return tuple(range(ndim))
    if isinstance(axis, list | dict):
        raise DTypeError(f"{at_user_line()}: axis is an integer or a tuple of integers, got {axis!r}")
    return tuple(sorted(normalize_axis_tuple(axis, ndim)))


def static_int(value: Any, name: str) -> int:
    """A Python integer; a traced value is refused with the name of the parameter."""
    if isinstance(value, Tracer) and not value.is_constant:
        raise DTypeError(
            f"{at_user_line()}: {name} must be a Python integer, not a traced array {value.type}: shapes are static"
        )
    try:
        return operator.index(value)
    except TypeError:
        what = f"{value!r} of type {type(value).__name__}"
        raise DTypeError(f"{at_user_line()}: {name} must be an integer, got {what}") from None


def scalar(value: Any, name: str) -> Tracer:
    """A number, traced or not; ShapeError for what has axes."""
    x = lift(value)
    if x.ndim:
        raise ShapeError(f"{at_user_line()}: {name} must be a number, got {x.type}")
    return x


def static_shape_argument(shape: Any) -> tuple[int, ...]:
    """A shape given as an integer or a sequence of integers."""
    if isinstance(shape, Sequence | np.ndarray):
        return tuple(static_int(s, "shape") for s in shape)
    return (static_int(shape, "shape"),)


def view(
    base: Tracer,
    compute: Callable[[Tracer], Tracer],
    mirror: Callable[[Array], Array] | None,
    write: Callable[[Tracer, Tracer], Tracer] | None = None,
) -> Tracer:
    """`compute(base)`, remembered as something that may share memory with `base`.

    `mirror` is the same on NumPy arrays. Whether the memory is shared matters only if one of the two is assigned to, so
    it is found out then. Where the elements of the view depend on traced values, `write(base, value)` takes its place.
    All three work on real arrays: a view of a complex one is a view of each part.
    """
    if isinstance(base, ComplexTracer):
        return ComplexTracer(view(base.re, compute, mirror, write), view(base.im, compute, mirror, write))
    result = alias(compute(base))
    if result.ndim:
        result.origin = View(base, compute, mirror, write)
        base.followers.append(weakref.ref(result))
    return result


def layout(x: Tracer) -> Array:
    """An array laid out in memory as NumPy would lay out `x`; its elements are never touched.

    A view is laid out as what it is a view of says, anything else in C order: memory that is the caller's, or a ufunc's
    result that follows its operands, is not known.
    """
    if isinstance(x, ComplexTracer):
        return layout(x.re)
    if x.origin is None or x.origin.mirror is None:
        return np.empty(x.shape, np.int8)
    return x.origin.mirror(layout(x.origin.base))


def count(shape: Sequence[int]) -> int:
    """The number of elements."""
    return math.prod(shape)


BOOL, INT64, UINT64, FLOAT64 = DTYPES["bool"], DTYPES["i64"], DTYPES["u64"], DTYPES["f64"]
