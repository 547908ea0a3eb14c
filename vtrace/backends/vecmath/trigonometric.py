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


def reduced(x: Number, finish: Callable[[Reduced], Number]) -> Number:
    """`finish` of the reduced x; the costly reduction of huge numbers is a branch that is rarely taken."""
    huge = (abs(x) > x.by_format(*REDUCTION_LIMIT)) & (abs(x) < math.inf)
    return huge.when(lambda: finish(Reduced(*reduce_huge(x))), finish(reduce(x)))


def quarter_turn(reduced: Reduced, turns: int) -> Number:
    """sin(x + turns * pi/2)."""
    n, r = reduced
    sine, cosine = sin_kernel(r), cos_kernel(r)
    shifted = n + turns
    odd = (shifted & 1).differs(0)
    size = odd.select(cosine.total(), sine.total())
    return (shifted & 2).differs(0).select(-size, size)


def sin(x: Number) -> Number:
    """The sine of x radians."""
    # The sign of -0.0 is lost in the reduction.
    return (abs(x) < x.format.epsilon).select(x, reduced(x, lambda turned: quarter_turn(turned, 0)))


def cos(x: Number) -> Number:
    """The cosine of x radians."""
    return reduced(x, lambda turned: quarter_turn(turned, 1))


def tan(x: Number) -> Number:
    """The tangent of x radians."""
    return (abs(x) < x.format.epsilon).select(x, reduced(x, tangent))


def tangent(reduced: Reduced) -> Number:
    """tan(x)."""
    n, r = reduced
    sine = fast_two_sum(*sin_kernel(r))
    cosine = fast_two_sum(*cos_kernel(r))
    odd = (n & 1).differs(0)
    top = Double(odd.select(-cosine.high, sine.high), odd.select(-cosine.low, sine.low))
    bottom = Double(odd.select(sine.high, cosine.high), odd.select(sine.low, cosine.low))
    return divide(top, bottom).total()
