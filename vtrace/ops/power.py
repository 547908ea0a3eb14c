"""Powers: with an exponent that is an array, and with one that is known while tracing."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.errors import DTypeError, UsageError
from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.primitive import ErrorExample, Example, primitive
from vtrace.ir.types import BOOL, DTYPES, FLOAT64, INT64, Array, ArrayType
from vtrace.ops.kinds import NUMBERS, Binary, Elementwise, require_kind

MOST_PRODUCTS = 64
"""A float power beyond this exponent is left to the general `power`, whose error does not grow with the exponent."""


@final
@primitive("pow")
@dataclass(frozen=True)
class Pow(Binary):
    """x ** y. Integers wrap around; a negative integer exponent is NumPy's ValueError, and 0 in compiled code."""

    kinds = NUMBERS
    domain = (0.0, 7.0)

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.power(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        if x.dtype.kind == "f":
            return e.math("power", x, y)
        result = power_by_bits(e, e.constant(1, x.dtype), x, y, 8 * x.dtype.itemsize)
        if x.dtype.kind == "u":
            return result
        zero = e.constant(0, x.dtype)
        return e.select(e.compare("lt", y, zero), zero, result)


def power_by_bits(e: Emitter, result: Value, x: Value, y: Value, bits: int) -> Value:
    """result * x ** y for an unsigned `y` of that many bits, eight at a time: few exponents need more than once."""
    zero, one = e.constant(0, x.dtype), e.constant(1, x.dtype)
    for _ in range(8):
        odd = e.compare("ne", e.and_(y, one), zero)
        result = e.select(odd, e.mul(result, x), result)
        x, y = e.mul(x, x), e.shift_right(y, one)
    if bits == 8:
        return result
    return e.when(e.compare("ne", y, zero), lambda: power_by_bits(e, result, x, y, bits - 8), result)


@final
@primitive("integer_pow")
@dataclass(frozen=True)
class IntegerPow(Elementwise):
    """x ** exponent, by repeated multiplication: for floats up to |exponent| - 1 roundings where NumPy's has one."""

    exponent: int

    def infer(self, x: ArrayType) -> ArrayType:
        require_kind("integer_pow", x.dtype, NUMBERS)
        if x.dtype.kind != "f" and self.exponent < 0:
            raise UsageError(f"Integers to negative integer powers are not allowed: {x} ** {self.exponent}")
        if x.dtype.kind != "f" and self.exponent > np.iinfo(x.dtype).max:
            raise UsageError(f"integer_pow: the exponent {self.exponent} is out of bounds for {x.dtype}")
        return x

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.power(x, np.asarray(self.exponent, x.dtype)))

    def scalar(self, e: Emitter, x: Value) -> Value:
        if x.dtype.kind != "f":
            return power_by_squaring(e, x, self.exponent)
        if abs(self.exponent) > MOST_PRODUCTS:
            return e.math("power", x, e.constant(self.exponent, x.dtype))
        if self.exponent in (-2, -3):
            return _inverse_power(e, x, -self.exponent)
        result = power_by_squaring(e, x, abs(self.exponent))
        return result if self.exponent >= 0 else e.div(e.constant(1, x.dtype), result)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in (d for d in DTYPES.values() if d.kind in NUMBERS):
            yield Example(cls(2), (ArrayType(dtype, (3,)),))
        for exponent in (0, 1, 3, 7, -1, -2, -3, -4, 64, 65, -65):
            yield Example(cls(exponent), (ArrayType(FLOAT64, (3,)),), -2.0, 2.0)
        yield Example(cls(5), (ArrayType(INT64, ()),))
        yield Example(cls(3), (ArrayType(DTYPES["f32"], (2, 3)),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        i8 = DTYPES["i8"]
        yield ErrorExample(cls(2), (ArrayType(BOOL, (3,)),), DTypeError, "integer_pow does not work on bool")
        yield ErrorExample(cls(-1), (ArrayType(i8),), UsageError, "Integers to negative integer powers are not allowed")
        yield ErrorExample(cls(200), (ArrayType(i8),), UsageError, "exponent 200 is out of bounds for int8")


def _inverse_power(e: Emitter, x: Value, exponent: int) -> Value:
    """x ** -2 or x ** -3 with one division and what it and the products have rounded off, so to half a unit."""
    one = e.constant(1, x.dtype)
    product, lost = x, e.constant(0, x.dtype)
    for _ in range(exponent - 1):
        longer = e.mul(product, x)
        lost = e.fma(lost, x, e.fma(product, x, e.neg(longer)))
        product = longer
    result = e.div(one, product)
    minus = e.neg(result)
    usual = e.fma(result, e.fma(minus, lost, e.fma(minus, product, one)), result)
    # beyond these bounds products overflow, or what they lose is too small for a float
    bound = (90 if x.dtype.itemsize == 4 else 900) // exponent
    size = e.abs(x)
    ordinary = e.and_(
        e.compare("ge", size, e.constant(2.0**-bound, x.dtype)), e.compare("le", size, e.constant(2.0**bound, x.dtype))
    )
    in_full = _inverse_square_in_full if exponent == 2 else _inverse_cube_in_full
    return e.rarely(e.invert(ordinary), in_full, (x,), usual)


def _inverse_square_in_full(e: Emitter, x: Value) -> Value:
    """x ** -2 for any x: in this order nothing overflows on the way."""
    return e.div(e.div(e.constant(1, x.dtype), x), x)


def _inverse_cube_in_full(e: Emitter, x: Value) -> Value:
    """x ** -3 for any x."""
    return e.div(_inverse_square_in_full(e, x), x)


def power_by_squaring(e: Emitter, x: Value, exponent: int) -> Value:
    """x ** exponent for exponent >= 0; about 2 log2(exponent) products."""
    result: Value | None = None
    while exponent:
        if exponent & 1:
            result = x if result is None else e.mul(result, x)
        exponent >>= 1
        if exponent:
            x = e.mul(x, x)
    return e.constant(1, x.dtype) if result is None else result
