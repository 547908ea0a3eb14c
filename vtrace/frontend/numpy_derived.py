"""Ufuncs that are expressed by others: powers, remainders, angles, limits, floating-point odds and ends."""

import math
from typing import Any

import numpy as np

from vtrace.errors import UsageError
from vtrace.frontend.complexes.order import clipped
from vtrace.frontend.complexes.roots import constant_power
from vtrace.frontend.core import BOOL, alias, broadcast_to, convert
from vtrace.frontend.dispatch import UFUNC_HANDLERS, implements
from vtrace.frontend.numpy_elementwise import apply, constant_like, less, register, select
from vtrace.frontend.promotion import resolve, result_type
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit, lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.primitive import Primitive
from vtrace.ir.types import DType
from vtrace.ops import arithmetic, comparison, division, logic, power, rounding, selection, transcendental

_SMALL_POWERS = (0, 1, 2, 3, 4)
"""Float powers that are products: within 2 ULP of NumPy's, and many times faster than the general power."""


def _power(x: Any, y: Any, dtype: DType | None = None) -> Any:
    """`x ** y`; a constant integer exponent becomes products."""
    base, exponent = lift(x), lift(y)
    if exponent.is_constant and exponent.ndim == 0:
        dtypes = resolve(np.power, (base, exponent), dtype)
        if dtypes[0].kind == "c":
            return constant_power(convert(base, dtypes[0]), exponent.constant().item())
        return _constant_power(convert(base, dtypes[0]), convert(exponent, dtypes[1]))
    return apply(np.power, _general_power, base, exponent, dtype=dtype)


def _constant_power(x: Tracer, y: Tracer) -> Tracer:
    exponent = y.constant().item()
    if x.dtype.kind in "iu":
        if exponent < 0:
            raise UsageError(f"{at_user_line()}: Integers to negative integer powers are not allowed.")
        return emit(power.IntegerPow(exponent), x)
    if exponent in _SMALL_POWERS:
        return emit(power.IntegerPow(int(exponent)), x)
    return _general_power(x, broadcast_to(y, x.shape))


def _general_power(x: Tracer, y: Tracer) -> Tracer:
    return emit(power.Pow(), x, y)


def _float_power(x: Any, y: Any, dtype: DType | None = None) -> Any:
    return apply(np.float_power, _general_power, x, y, dtype=dtype)


UFUNC_HANDLERS[np.power] = _power
UFUNC_HANDLERS[np.float_power] = _float_power
register(np.square, lambda x: emit(power.IntegerPow(2), x))


def _reciprocal(x: Tracer) -> Tracer:
    one = constant_like(x, 1)
    return emit(arithmetic.Div(), one, x) if x.dtype.kind == "f" else _truncated_quotient(one, x)


def _truncated_quotient(one: Tracer, x: Tracer) -> Tracer:
    """1 / x of integers: x where it is 1 or -1, and else 0; of 0, what this processor's division gives NumPy."""
    magnitude = emit(arithmetic.Abs(), x) if x.dtype.kind == "i" else x
    zero = constant_like(x, 0)
    with np.errstate(all="ignore"):
        of_zero = constant_like(x, np.reciprocal(np.zeros(1, x.dtype))[0])
    small = select(emit(comparison.Equal(), x, zero), of_zero, zero)
    return select(emit(comparison.Equal(), magnitude, one), x, small)


register(np.reciprocal, _reciprocal)
register(np.divmod, lambda x, y: (emit(division.FloorDiv(), x, y), emit(division.Mod(), x, y)))


def _fmod(x: Tracer, y: Tracer) -> Tracer:
    """The remainder with the sign of x."""
    if x.dtype.kind == "f":
        size = emit(division.Mod(), emit(arithmetic.Abs(), x), emit(arithmetic.Abs(), y))
        return emit(rounding.CopySign(), size, x)
    remainder = emit(division.Mod(), x, y)
    if x.dtype.kind == "u":
        return remainder
    differ = less(emit(logic.Xor(), x, y), 0)
    nonzero = emit(comparison.NotEqual(), remainder, constant_like(x, 0))
    return select(emit(logic.And(), differ, nonzero), emit(arithmetic.Sub(), remainder, y), remainder)


register(np.fmod, _fmod)


def _modf(x: Tracer) -> tuple[Tracer, Tracer]:
    whole = emit(rounding.Trunc(), x)
    infinite = emit(selection.IsInf(), x)
    fraction = select(infinite, constant_like(x, 0), emit(arithmetic.Sub(), x, whole))
    return emit(rounding.CopySign(), fraction, x), whole


register(np.modf, _modf)
register(np.signbit, lambda x: less(emit(rounding.CopySign(), constant_like(x, 1), x), 0))


def _ignore_nan(op: Primitive, on_bools: Primitive) -> Any:
    def rule(x: Tracer, y: Tracer) -> Tracer:
        if x.dtype == BOOL:
            return emit(on_bools, x, y)
        if x.dtype.kind != "f":
            return emit(op, x, y)
        x, y = select(emit(selection.IsNan(), x), y, x), select(emit(selection.IsNan(), y), x, y)
        return emit(op, x, y)

    return rule


register(np.fmax, _ignore_nan(arithmetic.Maximum(), logic.Or()))
register(np.fmin, _ignore_nan(arithmetic.Minimum(), logic.And()))


def _heaviside(x: Tracer, at_zero: Tracer) -> Tracer:
    one, zero = constant_like(x, 1), constant_like(x, 0)
    result = select(emit(comparison.Equal(), x, zero), at_zero, select(less(x, 0), zero, one))
    return select(emit(selection.IsNan(), x), x, result)


register(np.heaviside, _heaviside)


def _scaled(factor: float) -> Any:
    return lambda x: emit(arithmetic.Mul(), x, constant_like(x, factor))


register(np.deg2rad, _scaled(math.pi / 180.0))
register(np.radians, _scaled(math.pi / 180.0))
register(np.rad2deg, _scaled(180.0 / math.pi))
register(np.degrees, _scaled(180.0 / math.pi))


def _log_of_sum(exp: Any, log1p: Any, log_two: float) -> Any:
    """log(exp(x) + exp(y)) without overflow: the larger one, plus what the smaller one adds."""

    def rule(x: Tracer, y: Tracer) -> Tracer:
        larger, smaller = emit(arithmetic.Maximum(), x, y), emit(arithmetic.Minimum(), x, y)
        more = log1p(exp(emit(arithmetic.Sub(), smaller, larger)))
        equal = emit(comparison.Equal(), x, y)  # infinities of one sign, whose difference is NaN
        doubled = emit(arithmetic.Add(), x, constant_like(x, log_two))
        return select(equal, doubled, emit(arithmetic.Add(), larger, more))

    return rule


register(
    np.logaddexp,
    _log_of_sum(lambda x: emit(transcendental.Exp(), x), lambda x: emit(transcendental.Log1p(), x), math.log(2.0)),
)
register(
    np.logaddexp2,
    _log_of_sum(
        lambda x: emit(transcendental.Exp2(), x),
        lambda x: emit(arithmetic.Mul(), emit(transcendental.Log1p(), x), constant_like(x, 1 / math.log(2.0))),
        1.0,
    ),
)


@implements(np.clip)
def clip(a: Any, a_min: Any = None, a_max: Any = None, out: None = None, *, min: Any = None, max: Any = None) -> Any:
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    result = lift(a)
    if result.dtype.kind in "iu":  # as in NumPy, a Python integer beyond the dtype's own bounds is no bound
        info = np.iinfo(result.dtype)
        low = None if type(low) is int and low <= info.min else low
        high = None if type(high) is int and high >= info.max else high
    if low is not None and high is not None:
        limits = [result, lift(low), lift(high)]
        dtype = result_type(*limits)
        if dtype.kind == "c":
            return clipped(*(convert(t, dtype) for t in limits))
    if low is not None:
        result = UFUNC_HANDLERS[np.maximum](result, low)
    return alias(result) if high is None else UFUNC_HANDLERS[np.minimum](result, high)
