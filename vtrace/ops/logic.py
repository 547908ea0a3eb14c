"""Logic on bools, the same bit by bit on integers, and shifts."""

from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.primitive import primitive
from vtrace.ir.types import Array
from vtrace.ops.kinds import BOOLS, INTEGERS, Binary, Unary


@final
@primitive("and")
@dataclass(frozen=True)
class And(Binary):
    """x & y: both, or bitwise for integers."""

    kinds = BOOLS + INTEGERS

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.bitwise_and(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.and_(x, y)


@final
@primitive("or")
@dataclass(frozen=True)
class Or(Binary):
    """x | y: either, or bitwise for integers."""

    kinds = BOOLS + INTEGERS

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.bitwise_or(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.or_(x, y)


@final
@primitive("xor")
@dataclass(frozen=True)
class Xor(Binary):
    """x ^ y: exactly one, or bitwise for integers."""

    kinds = BOOLS + INTEGERS

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.bitwise_xor(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.xor(x, y)


@final
@primitive("not")
@dataclass(frozen=True)
class Not(Unary):
    """~x: the other truth value, or every bit flipped for integers."""

    kinds = BOOLS + INTEGERS

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.invert(x))

    def scalar(self, e: Emitter, x: Value) -> Value:
        return e.invert(x)


@final
@primitive("shift_left")
@dataclass(frozen=True)
class ShiftLeft(Binary):
    """x << y; 0 where `y` is negative or not below the width of the dtype."""

    kinds = INTEGERS
    domain = (-8.0, 80.0)

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.left_shift(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.select(in_width(e, y), e.shift_left(x, y), e.constant(0, x.dtype))


@final
@primitive("shift_right")
@dataclass(frozen=True)
class ShiftRight(Binary):
    """x >> y, keeping the sign; 0, or -1 for a negative `x`, where `y` is negative or not below the width."""

    kinds = INTEGERS
    domain = (-8.0, 80.0)

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.right_shift(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        zero = e.constant(0, x.dtype)
        far = e.select(e.compare("lt", x, zero), e.constant(-1, x.dtype), zero) if x.dtype.kind == "i" else zero
        return e.select(in_width(e, y), e.shift_right(x, y), far)


def in_width(e: Emitter, y: Value) -> Value:
    """Whether 0 <= y < the number of bits of its dtype."""
    below = e.compare("lt", y, e.constant(8 * y.dtype.itemsize, y.dtype))
    return e.and_(below, e.compare("ge", y, e.constant(0, y.dtype)))
