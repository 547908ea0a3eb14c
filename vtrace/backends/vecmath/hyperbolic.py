"""sinh, cosh, tanh, from the double-word exponential."""

import math

from vtrace.backends.vecmath import coefficients as c
from vtrace.backends.vecmath.doubled import Double, divide, fast_two_sum, two_sum
from vtrace.backends.vecmath.exponential import exp_double, expm1_double
from vtrace.backends.vecmath.number import Number


def tanh(x: Number) -> Number:
    size = abs(x)
    limit = x.by_format(9.5, 20.0)
    # expm1(2 x) / (expm1(2 x) + 2), with both halved.
    grown = expm1_double(2.0 * size.clamp(0.0, limit))
    below, error = two_sum(grown.high, x.like(1.0))
    result = divide(grown, Double(below, error + grown.low)).total()
    result = (size < x.format.epsilon / 4).select(size, result)
    return result.copysign(x)


def sinh(x: Number) -> Number:
    size = abs(x)
    z = size * size
    small = (size * z).fma(z.polynomial(c.SINH), size)
    grown = exp_double(size.clamp(0.0, overflow_limit(x)))
    high, low = fast_two_sum(grown.high, -0.0625 / grown.high)
    large = 2.0 * (high + (low + grown.low))
    result = (size < 1.0).select(small, large)
    return (size < math.inf).select(result, size).copysign(x)


def cosh(x: Number) -> Number:
    size = abs(x)
    grown = exp_double(size.clamp(0.0, overflow_limit(x)))
    high, low = fast_two_sum(grown.high, 0.0625 / grown.high)
    return (size < math.inf).select(2.0 * (high + (low + grown.low)), size)


def overflow_limit(x: Number) -> float:
    """An x whose exp(x) / 2 is infinite, while 2**(n - 2) still is a number."""
    return (x.format.bias + 2.25) * 0.6931471805599453
