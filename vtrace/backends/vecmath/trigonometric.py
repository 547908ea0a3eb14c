"""sin, cos and tan: x = n pi/2 + r with |r| <= pi/4, a polynomial for each of sin(r) and cos(r), and n says which."""

import math
from collections.abc import Callable
from typing import NamedTuple

from vtrace.backends.vecmath import coefficients as c
from vtrace.backends.vecmath.doubled import Double, divide, fast_two_sum, two_product, two_sum
from vtrace.backends.vecmath.number import Number
from vtrace.backends.vecmath.payne_hanek import reduce_huge
from vtrace.backends.vecmath.scaling import round_product


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


REDUCTION_LIMIT = (2.0**16, 2.0**36)
"""Up to here `reduce` is good, for float32 and float64."""


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
    # The sign of -0.0 is lost in the reduction.
    return (abs(x) < x.format.epsilon).select(x, unless_huge(x, quarter_turn(reduce(x), 0), sin_of_huge))


def cos(x: Number) -> Number:
    """The cosine of x radians."""
    return unless_huge(x, quarter_turn(reduce(x), 1), cos_of_huge)


def tan(x: Number) -> Number:
    """The tangent of x radians."""
    return (abs(x) < x.format.epsilon).select(x, unless_huge(x, tangent(reduce(x)), tan_of_huge))


def tangent(reduced: Reduced) -> Number:
    """tan(x)."""
    n, r = reduced
    sine = fast_two_sum(*sin_kernel(r))
    cosine = fast_two_sum(*cos_kernel(r))
    odd = (n & 1).differs(0)
    top = Double(odd.select(-cosine.high, sine.high), odd.select(-cosine.low, sine.low))
    bottom = Double(odd.select(sine.high, cosine.high), odd.select(sine.low, cosine.low))
    return divide(top, bottom).total()
