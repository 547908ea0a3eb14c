"""sin, cos and tan: x = n pi/2 + r with |r| <= pi/4, a polynomial for each of sin(r) and cos(r), and n says which."""

import math
from collections.abc import Callable
from typing import NamedTuple

from vtrace.backends.vecmath import coefficients as c
from vtrace.backends.vecmath.doubled import Double, divide, fast_two_sum, two_product, two_sum
from vtrace.backends.vecmath.number import FLOAT64_FORMAT, Number
from vtrace.backends.vecmath.payne_hanek import reduce_huge
from vtrace.backends.vecmath.scaling import round_product, round_to_integer


class Reduced(NamedTuple):
    """x = n pi/2 + r; only the low two bits of n matter."""

    n: Number
    r: Double


def reduce(x: Number) -> Reduced:
    """x less the nearest multiple of pi/2, by Cody and Waite's method, for |x| below `REDUCTION_LIMIT`.

    With fma the first two steps are exact and the parts of pi/2 use all bits of their floats.
    """
    rounded, n = round_product(x, x.part(c.TWO_OVER_PI, 0))
    first = (-rounded).fma(x.part(c.HALF_PI, 0), x)
    product, error = two_product(rounded, x.part(c.HALF_PI, 1))
    high, low = two_sum(first, -product)
    low = low - rounded.fma(x.part(c.HALF_PI, 2), error)
    return Reduced(n, fast_two_sum(high, low))


def sin_kernel(r: Double) -> Double:
    """sin(r), not yet rounded."""
    z = r.high * r.high
    return Double(r.high, (r.high * z).fma(z.polynomial(c.SIN), (0.5 * z).fma(-r.low, r.low)))


def cos_kernel(r: Double) -> Double:
    """cos(r), not yet rounded."""
    z = r.high * r.high
    half, error = two_product(0.5 * r.high, r.high)
    whole, lost = fast_two_sum(r.high.like(1.0), -half)
    rest = (z * z).fma(z.polynomial(c.COS), r.high.fma(-r.low, lost - error))
    return Double(whole, rest)


REDUCTION_LIMIT = (2.0**40, 2.0**36)
"""Up to here `reduce_wide` (for float32) and `reduce` (for float64) are good."""


def reduce_wide(x: Number, turns: Number) -> Number:
    """x - turns * pi/2 in float64 for a float32 x: one float64 has bits enough."""
    return (-turns).fma(x.like(c.HALF_PI[8][1]), (-turns).fma(x.like(c.HALF_PI[8][0]), x))


def sin_size32(x: Number, shift: float) -> Number:
    """sin(x + shift * pi) for a float32 x and a shift of 0 or 1/2: a polynomial for up to half a turn serves both."""
    wide = x.convert(FLOAT64_FORMAT.dtype)
    half_turns, n = round_to_integer(wide.fma(0.5 * c.TWO_OVER_PI[8][0], shift))
    r = reduce_wide(wide, 2.0 * half_turns - 2.0 * shift)
    z = r * r
    sine = (r * z).fma(z.polynomial(c.SIN_WIDE, size=4), r)
    return (sine.bits() ^ (n << 63)).as_float(FLOAT64_FORMAT).convert(x.dtype)


def tan_size32(x: Number) -> Number:
    """tan(x) for a float32 x."""
    wide = x.convert(FLOAT64_FORMAT.dtype)
    quarters, n = round_product(wide, wide.like(c.TWO_OVER_PI[8][0]))
    r = reduce_wide(wide, quarters)
    z = r * r
    tangent = (r * z).fma(z.polynomial(c.TAN_WIDE, size=4), r)
    odd = (n & 1).differs(0)
    return (odd.select(r.like(-1.0), tangent) / odd.select(tangent, 1.0)).convert(x.dtype)


def unless_huge(x: Number, usual: Number, of_huge: Callable[[Number], Number]) -> Number:
    """`usual`, or `of_huge(x)` where x is beyond the limit."""
    huge = (abs(x) > x.by_format(*REDUCTION_LIMIT)) & (abs(x) < math.inf)
    return huge.rarely(of_huge, (x,), usual)


def quarter_turn(reduced: Reduced, turns: int) -> Number:
    """sin(x + turns * pi/2)."""
    n, r = reduced
    sine, cosine = sin_kernel(r), cos_kernel(r)
    shifted = n + turns
    odd = (shifted & 1).differs(0)
    size = odd.select(cosine.total(), sine.total())
    return (shifted & 2).differs(0).select(-size, size)


def sin_of_huge(x: Number) -> Number:
    """sin(x) for a huge finite x."""
    return quarter_turn(Reduced(*reduce_huge(x)), 0)


def cos_of_huge(x: Number) -> Number:
    """cos(x) for a huge finite x."""
    return quarter_turn(Reduced(*reduce_huge(x)), 1)


def tan_of_huge(x: Number) -> Number:
    """tan(x) for a huge finite x."""
    return tangent(Reduced(*reduce_huge(x)))


def sin(x: Number) -> Number:
    """The sine of x radians."""
    usual = sin_size32(x, 0.0) if x.dtype.itemsize == 4 else quarter_turn(reduce(x), 0)
    # The sign of -0.0 is lost in the reduction.
    return (abs(x) < x.format.epsilon).select(x, unless_huge(x, usual, sin_of_huge))


def cos(x: Number) -> Number:
    """The cosine of x radians."""
    usual = sin_size32(x, 0.5) if x.dtype.itemsize == 4 else quarter_turn(reduce(x), 1)
    return unless_huge(x, usual, cos_of_huge)


def tan(x: Number) -> Number:
    """The tangent of x radians."""
    usual = tan_size32(x) if x.dtype.itemsize == 4 else tangent(reduce(x))
    return (abs(x) < x.format.epsilon).select(x, unless_huge(x, usual, tan_of_huge))


def tangent(reduced: Reduced) -> Number:
    """tan(x)."""
    n, r = reduced
    sine = fast_two_sum(*sin_kernel(r))
    cosine = fast_two_sum(*cos_kernel(r))
    odd = (n & 1).differs(0)
    top = Double(odd.select(-cosine.high, sine.high), odd.select(-cosine.low, sine.low))
    bottom = Double(odd.select(sine.high, cosine.high), odd.select(sine.low, cosine.low))
    return divide(top, bottom).total()
