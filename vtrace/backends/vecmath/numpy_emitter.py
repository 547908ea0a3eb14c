"""The arithmetic of the emitter protocol on NumPy arrays: lowering rules run with no compiler, lane by lane.

The error tables and tests of the vector math functions are made with it. `fma` is exact, so results have the bits of
the compiled code.
"""

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from vtrace.ir.emitter import Value
from vtrace.ir.types import Array, DType

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    name: getattr(operator, name) for name in ("eq", "ne", "lt", "le", "gt", "ge")
}


def _two_sum(x: Array, y: Array) -> tuple[Array, Array]:
    total = x + y
    shadow = total - x
    return total, (x - (total - shadow)) + (y - shadow)


def _split(x: Array) -> tuple[Array, Array]:
    """Veltkamp's splitting into two halves of 26 bits."""
    scaled = x * (2.0**27 + 1.0)
    high = scaled - (scaled - x)
    return high, x - high


def _two_product(x: Array, y: Array) -> tuple[Array, Array]:
    """Dekker's exact product."""
    product = x * y
    (x_high, x_low), (y_high, y_low) = _split(x), _split(y)
    return product, ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low


def _sum_to_odd(x: Array, y: Array) -> Array:
    """x + y in float64, with the last bit set where it is inexact, so that a later rounding is the only one."""
    total, error = _two_sum(x, y)
    bits = total.view(np.int64)
    inexact_even = (error != 0) & np.isfinite(total) & ((bits & 1) == 0)
    step = np.where((error > 0) == (total > 0), 1, -1)
    return np.where(inexact_even, bits + step, bits).view(np.float64)


def _fma64(x: Array, y: Array, z: Array) -> Array:
    """Boldo and Melquiond's exact fma, with rationals where its intermediate results would leave the range."""
    x, y, z = np.broadcast_arrays(x, y, z)
    product, product_error = _two_product(x, y)
    small, small_error = _two_sum(z, product_error)
    big, big_error = _two_sum(product, small)
    result = big + _sum_to_odd(small_error, big_error)
    simple = x * y + z
    size = np.abs(product)
    in_range = (size > 2.0**-900) & (np.maximum(np.maximum(size, np.abs(z)), np.maximum(abs(x), abs(y))) < 2.0**990)
    easy = (x == 0) | (y == 0) | ~np.isfinite(x) | ~np.isfinite(y) | ~np.isfinite(z)
    easy |= (size <= 2.0**-900) & (np.abs(z) > 2.0**-800)
    result = np.asarray(np.where(in_range, result, simple))
    hard = ~(in_range | easy)
    for position in zip(*np.nonzero(hard), strict=True):
        exact = Fraction(float(x[position])) * Fraction(float(y[position])) + Fraction(float(z[position]))
        try:
            result[position] = float(exact) if exact else simple[position]
        except OverflowError:
            result[position] = np.inf if exact > 0 else -np.inf
    return result


def _fma32(x: Array, y: Array, z: Array) -> Array:
    """The product is exact in float64, and the sum rounded to odd there."""
    wide = _sum_to_odd(np.atleast_1d(x.astype(np.float64) * y), np.atleast_1d(z.astype(np.float64)))
    return wide.astype(np.float32).reshape(np.broadcast_shapes(x.shape, y.shape, z.shape))


class NumpyEmitter:
    """Values are arrays; the methods are those of `vtrace.ir.emitter.Emitter`, without loops and bounds checks."""

    def constant(self, value: Any, dtype: DType) -> Value:
        return np.asarray(value, dtype)

    def add(self, x: Array, y: Array) -> Value:
        return self._quiet(np.add, x, y)

    def sub(self, x: Array, y: Array) -> Value:
        return self._quiet(np.subtract, x, y)

    def mul(self, x: Array, y: Array) -> Value:
        return self._quiet(np.multiply, x, y)

    def div(self, x: Array, y: Array) -> Value:
        return self._quiet(np.divide, x, y)

    def int_div(self, x: Array, y: Array) -> Value:
        quotient = self._quiet(np.floor_divide, x, y)
        inexact = self._quiet(np.multiply, quotient, y) != x
        return np.asarray(quotient + (inexact & ((x < 0) != (y < 0))).astype(x.dtype), x.dtype)

    def int_rem(self, x: Array, y: Array) -> Value:
        return self._quiet(np.fmod, x, y)

    def neg(self, x: Array) -> Value:
        return self._quiet(np.negative, x)

    def fma(self, x: Array, y: Array, z: Array) -> Value:
        with np.errstate(all="ignore"):
            return (_fma32 if x.dtype.itemsize == 4 else _fma64)(x, y, z)

    def abs(self, x: Array) -> Value:
        return self._quiet(np.abs, x)

    def sqrt(self, x: Array) -> Value:
        return self._quiet(np.sqrt, x)

    def floor(self, x: Array) -> Value:
        return self._quiet(np.floor, x)

    def ceil(self, x: Array) -> Value:
        return self._quiet(np.ceil, x)

    def trunc(self, x: Array) -> Value:
        return self._quiet(np.trunc, x)

    def round(self, x: Array) -> Value:
        return self._quiet(np.rint, x)

    def copysign(self, x: Array, y: Array) -> Value:
        return self._quiet(np.copysign, x, y)

    def compare(self, op: str, x: Array, y: Array) -> Value:
        return np.asarray(_COMPARISONS[op](x, y))

    def select(self, condition: Array, x: Array, y: Array) -> Value:
        return np.where(condition, x, y)

    def when(self, condition: Array, then: Callable[[], Value], otherwise: Value) -> Value:
        return self.select(condition, np.asarray(then()), np.asarray(otherwise)) if condition.any() else otherwise

    def rarely(
        self,
        condition: Array,
        function: Callable[..., Value],
        args: tuple[Array, ...],
        otherwise: Value,
        *,
        together: bool = False,
    ) -> Value:
        return self.when(condition, lambda: function(self, *args), otherwise)

    def and_(self, x: Array, y: Array) -> Value:
        return np.asarray(x & y)

    def or_(self, x: Array, y: Array) -> Value:
        return np.asarray(x | y)

    def xor(self, x: Array, y: Array) -> Value:
        return np.asarray(x ^ y)

    def invert(self, x: Array) -> Value:
        return np.asarray(~x)

    def shift_left(self, x: Array, y: Array) -> Value:
        return np.asarray(x << y)

    def shift_right(self, x: Array, y: Array) -> Value:
        return np.asarray(x >> y)

    def convert(self, x: Array, dtype: DType) -> Value:
        with np.errstate(all="ignore"):
            return np.asarray(x.astype(dtype))

    def lookup(self, table: tuple[int, ...], index: Array, dtype: DType) -> Value:
        return np.asarray(np.array(table, dtype).take(index.astype(np.int64), mode="clip"))

    def bitcast(self, x: Array, dtype: DType) -> Value:
        return np.asarray(x).view(dtype)

    @staticmethod
    def _quiet(function: np.ufunc, *args: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(function(*args))
