"""Rounding to whole numbers (still floats), and the sign bit."""

from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.primitive import primitive
from vtrace.ir.types import Array
from vtrace.ops.kinds import FLOATS, Binary, Unary


@final
@primitive("floor")
@dataclass(frozen=True)
class Floor(Unary):
    """The largest whole number that is not above `x`."""

    kinds = FLOATS

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.floor(x))

    def scalar(self, e: Emitter, x: Value) -> Value:
        return e.floor(x)


@final
@primitive("ceil")
@dataclass(frozen=True)
class Ceil(Unary):
    """The smallest whole number that is not below `x`."""

    kinds = FLOATS

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.ceil(x))

    def scalar(self, e: Emitter, x: Value) -> Value:
        return e.ceil(x)


@final
@primitive("trunc")
@dataclass(frozen=True)
class Trunc(Unary):
    """`x` without its fraction: rounded towards zero."""

    kinds = FLOATS

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.trunc(x))

    def scalar(self, e: Emitter, x: Value) -> Value:
        return e.trunc(x)


@final
@primitive("round")
@dataclass(frozen=True)
class Round(Unary):
    """The nearest whole number, halves to the even one."""

    kinds = FLOATS

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.rint(x))

    def scalar(self, e: Emitter, x: Value) -> Value:
        return e.round(x)


@final
@primitive("copysign")
@dataclass(frozen=True)
class CopySign(Binary):
    """The magnitude of `x` with the sign of `y`; the sign of a zero or a NaN counts too."""

    kinds = FLOATS

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.copysign(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.copysign(x, y)
