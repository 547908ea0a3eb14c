"""Double-word arithmetic: unevaluated sums of two floats, which carry about twice the precision of one."""

from typing import NamedTuple

from vtrace.backends.vecmath.number import Coefficients, Number, Operand


class Double(NamedTuple):
    """high + low, where low is at most about half a unit in the last place of high."""

    high: Number
    low: Number

    def total(self) -> Number:
        """The nearest single float."""
        return self.high + self.low


def fast_two_sum(x: Number, y: Number) -> Double:
    """x + y exactly, where |x| >= |y| or x is 0."""
    total = x + y
    return Double(total, y - (total - x))


def two_sum(x: Number, y: Number) -> Double:
    """x + y exactly."""
    total = x + y
    shadow = total - x
    return Double(total, (x - (total - shadow)) + (y - shadow))


def two_product(x: Number, y: Operand) -> Double:
    """x * y exactly, unless it underflows."""
    product = x * y
    return Double(product, x.fma(y, -product))


def add(x: Double, y: Double) -> Double:
    """x + y."""
    total = two_sum(x.high, y.high)
    return fast_two_sum(total.high, total.low + (x.low + y.low))


def multiply(x: Double, y: Double) -> Double:
    """x * y."""
    product = two_product(x.high, y.high)
    return fast_two_sum(product.high, x.high.fma(y.low, x.low.fma(y.high, product.low)))


def divide(x: Double, y: Double) -> Double:
    """x / y, with one division."""
    reciprocal = 1.0 / y.high
    quotient = x.high * reciprocal
    remainder = (-quotient).fma(y.high, x.high) + (-quotient).fma(y.low, x.low)
    # The reciprocal's own error is of second order here, since it only weighs the small remainder.
    return fast_two_sum(quotient, remainder * reciprocal)


def square_root(x: Double) -> Double:
    """The square root of a positive x."""
    root = x.high.sqrt()
    remainder = (-root).fma(root, x.high) + x.low
    return fast_two_sum(root, remainder / (root + root))


def constant(like: Number, constants: Coefficients, first: int = 0) -> Double:
    """Two consecutive parts of a split constant."""
    return Double(like.part(constants, first), like.part(constants, first + 1))
