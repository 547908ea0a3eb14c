"""Arithmetic: the operators of Python on numbers, NumPy's meaning of each.

Integers wrap around and nothing traps: division by an integer zero gives 0, as NumPy's arrays do.
Floor division and powers need more care than a line each: `division.py` and `power.py`.
"""

from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.primitive import primitive
from vtrace.ir.types import Array
from vtrace.ops.kinds import FLOATS, NUMBERS, Binary, Unary


@final
@primitive("add")
@dataclass(frozen=True)
class Add(Binary):
    """x + y; integers wrap around."""

    kinds = NUMBERS

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.add(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.add(x, y)


@final
@primitive("sub")
@dataclass(frozen=True)
class Sub(Binary):
    """x - y; integers wrap around."""

    kinds = NUMBERS

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.subtract(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.sub(x, y)


@final
@primitive("mul")
@dataclass(frozen=True)
class Mul(Binary):
    """x * y; integers wrap around."""

    kinds = NUMBERS

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.multiply(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.mul(x, y)


@final
@primitive("div")
@dataclass(frozen=True)
class Div(Binary):
    """x / y, IEEE division of floats."""

    kinds = FLOATS

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.true_divide(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.div(x, y)


@final
@primitive("neg")
@dataclass(frozen=True)
class Neg(Unary):
    """-x; the smallest signed integer stays as it is, unsigned ones wrap around."""

    kinds = NUMBERS

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.negative(x))

    def scalar(self, e: Emitter, x: Value) -> Value:
        return e.neg(x)


@final
@primitive("abs")
@dataclass(frozen=True)
class Abs(Unary):
    """|x|; the smallest signed integer stays as it is."""

    kinds = NUMBERS

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.absolute(x))

    def scalar(self, e: Emitter, x: Value) -> Value:
        return e.abs(x)


@final
@primitive("sign")
@dataclass(frozen=True)
class Sign(Unary):
    """-1, 0 or 1; NaN for NaN, 0 for both zeros."""

    kinds = NUMBERS

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.sign(x))

    def scalar(self, e: Emitter, x: Value) -> Value:
        zero, one = e.constant(0, x.dtype), e.constant(1, x.dtype)
        result = e.select(e.compare("gt", x, zero), one, zero)
        if x.dtype.kind != "u":
            result = e.select(e.compare("lt", x, zero), e.constant(-1, x.dtype), result)
        return e.select(e.compare("ne", x, x), x, result) if x.dtype.kind == "f" else result


@final
@primitive("maximum")
@dataclass(frozen=True)
class Maximum(Binary):
    """The larger of the two; NaN if either is, and y where they are equal (which shows in signed zeros only)."""

    kinds = NUMBERS

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.maximum(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        return wins(e, "gt", x, y)


@final
@primitive("minimum")
@dataclass(frozen=True)
class Minimum(Binary):
    """The smaller of the two; NaN if either is, and y where they are equal (which shows in signed zeros only)."""

    kinds = NUMBERS

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.minimum(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        return wins(e, "lt", x, y)


def wins(e: Emitter, op: str, x: Value, y: Value) -> Value:
    """x where `x op y` holds or x is NaN, else y (which is NaN where only y is)."""
    better = e.compare(op, x, y)
    if x.dtype.kind == "f":
        better = e.or_(better, e.compare("ne", x, x))
    return e.select(better, x, y)
