"""Floor division and its remainder, which has the sign of the divisor as in Python."""

from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.primitive import primitive
from vtrace.ir.types import Array
from vtrace.ops.kinds import NUMBERS, Binary


@final
@primitive("floor_div")
@dataclass(frozen=True)
class FloorDiv(Binary):
    """x // y, rounded down; for integers 0 where y is 0, and MIN // -1 is MIN."""

    kinds = NUMBERS

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.floor_divide(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        if x.dtype.kind == "f":
            return float_divmod(e, x, y)[0]
        return e.select(is_zero(e, y), e.constant(0, x.dtype), integer_divmod(e, x, y)[0])


@final
@primitive("mod")
@dataclass(frozen=True)
class Mod(Binary):
    """x % y, x - x // y * y: the sign of y as in Python; for integers 0 where y is 0."""

    kinds = NUMBERS

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.remainder(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        if x.dtype.kind == "f":
            return float_divmod(e, x, y)[1]
        return e.select(is_zero(e, y), e.constant(0, x.dtype), integer_divmod(e, x, y)[1])


def is_zero(e: Emitter, x: Value) -> Value:
    return e.compare("eq", x, e.constant(0, x.dtype))


def signs_differ(e: Emitter, x: Value, y: Value) -> Value:
    """Whether exactly one of the two is below zero."""
    zero = e.constant(0, x.dtype)
    return e.xor(e.compare("lt", x, zero), e.compare("lt", y, zero))


def integer_divmod(e: Emitter, x: Value, y: Value) -> tuple[Value, Value]:
    """The rounded-down quotient and its remainder; any values where y is 0."""
    quotient, remainder = e.int_div(x, y), e.int_rem(x, y)
    if x.dtype.kind == "u":
        return quotient, remainder
    down = e.and_(e.invert(is_zero(e, remainder)), signs_differ(e, remainder, y))
    return (
        e.select(down, e.sub(quotient, e.constant(1, x.dtype)), quotient),
        e.select(down, e.add(remainder, y), remainder),
    )


def float_divmod(e: Emitter, x: Value, y: Value) -> tuple[Value, Value]:
    """NumPy's `npy_divmod`, step by step, so that every bit agrees: the exact `fmod` first, the quotient from it."""
    zero, one, half = (e.constant(c, x.dtype) for c in (0, 1, 0.5))
    exact = e.math("fmod", x, y)
    quotient = e.div(e.sub(x, exact), y)
    down = e.and_(e.compare("ne", exact, zero), signs_differ(e, exact, y))
    quotient = e.select(down, e.sub(quotient, one), quotient)
    remainder = e.select(down, e.add(exact, y), exact)
    remainder = e.select(is_zero(e, exact), e.copysign(zero, y), remainder)

    floor = e.floor(quotient)  # the quotient is whole up to rounding, which may have left it just below
    floor = e.select(e.compare("gt", e.sub(quotient, floor), half), e.add(floor, one), floor)
    plain = e.div(x, y)
    floor = e.select(is_zero(e, quotient), e.copysign(zero, plain), floor)
    return e.select(is_zero(e, y), plain, floor), remainder
