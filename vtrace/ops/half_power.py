"""Powers with a half-integer exponent: a square root and products, or what Newton makes of it. Faster than `pow`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from vtrace.errors import DTypeError, UsageError
from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.primitive import ErrorExample, Example, primitive
from vtrace.ir.types import DTYPES, FLOAT64, INT64, Array, ArrayType
from vtrace.ops.kinds import FLOATS, Elementwise, require_kind


@final
@primitive("half_pow")
@dataclass(frozen=True)
class HalfPow(Elementwise):
    """x ** (numerator / 2) for floats, within 2 units in the last place of the exact power.

    Zeros, infinities and NaN give what `pow` gives, a negative `x` gives NaN. Made by the `simplify` pass.
    """

    numerator: int
    numerators: ClassVar = (-3, -1, 1, 3, 5)

    def infer(self, x: ArrayType) -> ArrayType:
        require_kind("half_pow", x.dtype, FLOATS)
        if self.numerator not in self.numerators:
            raise UsageError(f"half_pow: the numerator is one of {self.numerators}, not {self.numerator}")
        return x

    def evaluate(self, x: Array) -> Array:
        exponent = np.full((1, *x.shape), self.numerator / 2, x.dtype)  # for a scalar NumPy takes another way
        return np.asarray(np.power(x[np.newaxis], exponent)[0])

    def scalar(self, e: Emitter, x: Value) -> Value:
        if self.numerator < 0:
            return _inverse(e, x, -self.numerator)
        x = _positive(e, x)
        root = e.sqrt(x)
        if self.numerator == 1:
            return root
        return e.mul(x if self.numerator == 3 else e.mul(x, x), root)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for numerator in cls.numerators:
            for name in ("f32", "f64"):
                yield Example(cls(numerator), (ArrayType(DTYPES[name], (40,)),), 0.0, 9.0)
        yield Example(cls(-3), (ArrayType(FLOAT64, ()),), 0.0, 9.0)

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls(1), (ArrayType(INT64, (3,)),), DTypeError, "half_pow does not work on int64")
        yield ErrorExample(cls(2), (ArrayType(FLOAT64),), UsageError, "the numerator is one of .*, not 2")


def _positive(e: Emitter, x: Value) -> Value:
    """x, with the two negative numbers whose powers are not NaN made positive: minus zero and minus infinity."""
    infinity = e.constant(np.inf, x.dtype)
    return e.select(e.compare("eq", x, e.neg(infinity)), infinity, e.add(x, e.constant(0.0, x.dtype)))


def _inverse_in_full(e: Emitter, x: Value) -> Value:
    """x ** -0.5 for any x."""
    return e.div(e.constant(1.0, x.dtype), e.sqrt(_positive(e, x)))


def _inverse_cube_in_full(e: Emitter, x: Value) -> Value:
    """x ** -1.5 for any x: in this order nothing overflows on the way."""
    return e.div(_inverse_in_full(e, x), _positive(e, x))


@dataclass(frozen=True)
class _Format:
    """What the inverse root needs to know of a float type."""

    bits: str
    """The integer type of the same width."""
    guess: int
    """An approximation of -1.5 * (bits of 1.0), less half the bits of a float: the bits of its inverse root, to 3 %."""
    steps: int
    """Newton's steps until the square of the error vanishes."""
    largest: int
    """Powers -1.5 of 2 ** this and of its inverse are far from overflow and underflow."""


_FORMATS = {4: _Format("i32", 0x5F375A86, 2, 76), 8: _Format("i64", 0x5FE6EB50C7B537A9, 3, 600)}


def _inverse(e: Emitter, x: Value, numerator: int) -> Value:
    """x ** -0.5 or x ** -1.5 without a division, which takes several times as long as all of this."""
    form = _FORMATS[x.dtype.itemsize]
    integer = DTYPES[form.bits]
    one, half = e.constant(1.0, x.dtype), e.constant(0.5, x.dtype)
    shifted = e.shift_right(e.bitcast(x, integer), e.constant(1, integer))
    y = e.bitcast(e.sub(e.constant(form.guess, integer), shifted), x.dtype)
    minus_half_x = e.mul(x, e.constant(-0.5, x.dtype))
    for _ in range(form.steps):
        y = e.fma(y, e.fma(e.mul(minus_half_x, y), y, half), y)
    # what is left: x * y * y = 1 - rest, where the product's own rounding must not count
    xy = e.mul(x, y)
    rest = e.fma(e.neg(y), e.fma(x, y, e.neg(xy)), e.fma(e.neg(xy), y, one))
    power, error = y, None
    for _ in range(numerator - 1):
        product = e.mul(power, y)
        lost = e.fma(power, y, e.neg(product))
        power, error = product, lost if error is None else e.fma(error, y, lost)
    correction = e.mul(e.mul(rest, e.constant(numerator / 2, x.dtype)), power)
    usual = e.add(power, correction if error is None else e.add(correction, error))
    smallest, largest = (e.constant(2.0**n, x.dtype) for n in (-form.largest, form.largest))
    ordinary = e.and_(e.compare("ge", x, smallest), e.compare("le", x, largest))
    in_full = _inverse_in_full if numerator == 1 else _inverse_cube_in_full
    return e.rarely(e.invert(ordinary), in_full, (x,), usual)
