"""Arithmetic notation for emitter values: formulas here read as formulas, and Python numbers become constants.

A Number records nothing: each operator calls the emitter. Nothing is reassociated, since error terms depend on it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, wraps
from typing import TypeAlias

import numpy as np

from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.types import DType

Coefficients: TypeAlias = Mapping[int, tuple[float, ...]]
"""Constants by the item size of the dtype they serve."""


@dataclass(frozen=True)
class Format:
    """The layout of a float dtype."""

    dtype: DType
    integer: DType
    mantissa: int
    """Stored bits of the significand."""
    bias: int
    """Added to the exponent in memory; also the largest exponent of a finite number."""

    @property
    def shifter(self) -> float:
        """Adding it rounds a number below 2**(mantissa - 2) to an integer, found in the low bits of the sum."""
        return 1.5 * 2.0**self.mantissa

    @property
    def epsilon(self) -> float:
        """The distance from 1 to the next number."""
        return 2.0**-self.mantissa

    @property
    def sign_bit(self) -> int:
        """The integer of which only the bit of the sign is set."""
        return -(1 << (8 * self.dtype.itemsize - 1))

    @property
    def min_normal(self) -> float:
        """The smallest normal number."""
        return 2.0 ** (1 - self.bias)


FLOAT32_FORMAT = Format(np.dtype(np.float32), np.dtype(np.int32), 23, 127)
FLOAT64_FORMAT = Format(np.dtype(np.float64), np.dtype(np.int64), 52, 1023)
_FORMATS = {f.dtype: f for f in (FLOAT32_FORMAT, FLOAT64_FORMAT)}


@dataclass(frozen=True, eq=False)
class Number:
    """A value with operators. Comparisons give a Number of dtype bool."""

    e: Emitter
    value: Value

    @property
    def dtype(self) -> DType:
        return self.value.dtype

    @property
    def format(self) -> Format:
        return _FORMATS[self.dtype]

    def like(self, other: "Operand") -> "Number":
        """`other` as a Number of this dtype."""
        return other if isinstance(other, Number) else Number(self.e, self.e.constant(other, self.dtype))

    def _new(self, value: Value) -> "Number":
        return Number(self.e, value)

    def __add__(self, other: "Operand") -> "Number":
        return self._new(self.e.add(self.value, self.like(other).value))

    def __radd__(self, other: "Operand") -> "Number":
        return self.like(other) + self

    def __sub__(self, other: "Operand") -> "Number":
        return self._new(self.e.sub(self.value, self.like(other).value))

    def __rsub__(self, other: "Operand") -> "Number":
        return self.like(other) - self

    def __mul__(self, other: "Operand") -> "Number":
        return self._new(self.e.mul(self.value, self.like(other).value))

    def __rmul__(self, other: "Operand") -> "Number":
        return self.like(other) * self

    def __truediv__(self, other: "Operand") -> "Number":
        return self._new(self.e.div(self.value, self.like(other).value))

    def __rtruediv__(self, other: "Operand") -> "Number":
        return self.like(other) / self

    def __neg__(self) -> "Number":
        return self._new(self.e.neg(self.value))

    def __abs__(self) -> "Number":
        return self._new(self.e.abs(self.value))

    def __and__(self, other: "Operand") -> "Number":
        return self._new(self.e.and_(self.value, self.like(other).value))

    def __or__(self, other: "Operand") -> "Number":
        return self._new(self.e.or_(self.value, self.like(other).value))

    def __xor__(self, other: "Operand") -> "Number":
        return self._new(self.e.xor(self.value, self.like(other).value))

    def __invert__(self) -> "Number":
        return self._new(self.e.invert(self.value))

    def __lshift__(self, other: "Operand") -> "Number":
        return self._new(self.e.shift_left(self.value, self.like(other).value))

    def __rshift__(self, other: "Operand") -> "Number":
        return self._new(self.e.shift_right(self.value, self.like(other).value))

    def __lt__(self, other: "Operand") -> "Number":
        return self._compare("lt", other)

    def __le__(self, other: "Operand") -> "Number":
        return self._compare("le", other)

    def __gt__(self, other: "Operand") -> "Number":
        return self._compare("gt", other)

    def __ge__(self, other: "Operand") -> "Number":
        return self._compare("ge", other)

    def equals(self, other: "Operand") -> "Number":
        """Whether both are equal."""
        return self._compare("eq", other)

    def differs(self, other: "Operand") -> "Number":
        """Whether both are different, as a NaN is from everything."""
        return self._compare("ne", other)

    def _compare(self, op: str, other: "Operand") -> "Number":
        return self._new(self.e.compare(op, self.value, self.like(other).value))

    def fma(self, factor: "Operand", addend: "Operand") -> "Number":
        """self * factor + addend, rounded once."""
        return self._new(self.e.fma(self.value, self.like(factor).value, self.like(addend).value))

    def sqrt(self) -> "Number":
        return self._new(self.e.sqrt(self.value))

    def trunc(self) -> "Number":
        return self._new(self.e.trunc(self.value))

    def copysign(self, sign: "Number") -> "Number":
        return self._new(self.e.copysign(self.value, sign.value))

    def is_nan(self) -> "Number":
        return self.differs(self)

    def bits(self) -> "Number":
        """The integer with the same bits as this float."""
        return self._new(self.e.bitcast(self.value, self.format.integer))

    def as_float(self, form: Format) -> "Number":
        """The float with the same bits as this integer."""
        return self._new(self.e.bitcast(self.value, form.dtype))

    def convert(self, dtype: DType) -> "Number":
        return self._new(self.e.convert(self.value, dtype))

    def select(self, x: "Number", y: "Operand") -> "Number":
        """x where this bool holds, else y."""
        return self._new(self.e.select(self.value, x.value, x.like(y).value))

    def when(self, then: "Callable[[], Number]", otherwise: "Number") -> "Number":
        """`then()` where this bool holds, computed only if it holds in some lane; else `otherwise`."""
        return self._new(self.e.when(self.value, lambda: then().value, otherwise.value))

    def lookup(self, table: tuple[int, ...]) -> "Number":
        """`table` at this integer, in its dtype."""
        return self._new(self.e.lookup(table, self.value, self.dtype))

    def rarely(
        self,
        function: "Callable[..., Number]",
        args: "tuple[Number, ...]",
        otherwise: "Number",
        *,
        together: bool = False,
    ) -> "Number":
        """`function(*args)` where this bool holds, computed only if it holds in some lane; else `otherwise`."""
        values = tuple(x.value for x in args)
        rule = on_values(function)
        return self._new(self.e.rarely(self.value, rule, values, otherwise.value, together=together))

    def clamp(self, low: float, high: float) -> "Number":
        """Limited to [low, high]; NaN stays."""
        upper = (self > high).select(self.like(high), self)
        return (upper < low).select(self.like(low), upper)

    def polynomial(self, coefficients: Coefficients, size: int | None = None) -> "Number":
        """Horner's scheme; the coefficients for this dtype or another item size, highest power first."""
        first, *rest = coefficients[size or self.dtype.itemsize]
        result = self.like(first)
        for coefficient in rest:
            result = result.fma(self, coefficient)
        return result

    def part(self, constants: Coefficients, position: int) -> "Number":
        """One of the constants of this dtype."""
        return self.like(constants[self.dtype.itemsize][position])

    def by_format(self, single: float, double: float) -> float:
        """The first for float32, the second for float64."""
        return single if self.dtype.itemsize == 4 else double


@cache
def on_values(function: Callable[..., Number]) -> Callable[..., Value]:
    """The rule (emitter, *values) -> value of a function of Numbers: the same object each time it is asked for."""

    @wraps(function)
    def rule(e: Emitter, *args: Value) -> Value:
        return function(*(Number(e, x) for x in args)).value

    return rule


Operand: TypeAlias = Number | float
